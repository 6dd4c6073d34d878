"""Which path of ours a request within a web server of others is for."""

from __future__ import annotations

from urllib.parse import quote, unquote

__all__ = ["decoded_prefix", "target_within"]

_SAFE = "/~!$&'()*+,=:@"


def decoded_prefix(prefix: str) -> str:
    """*prefix* as servers have it in the paths of requests."""
    return unquote(prefix)


def target_within(prefix: str, decoded: str, root_path: str, path: str, query: str) -> str | None:
    """The request target below *prefix*, which is *decoded*; ``None`` for a path that is not below it.

    *path* and *root_path* are decoded, and *path* begins with *root_path*, where the app is mounted. That is how ASGI
    has them. Some frameworks leave *root_path* out of *path*, as WSGI does, and some programs mount nothing but pass
    requests on. A proxy in front may add to the path, or take away. So *root_path* and the prefix are one place if
    either ends with the other.
    """
    root_path = root_path.rstrip("/")
    rest = _below(root_path, path)
    if rest is None:
        rest = path
    is_mounted = bool(root_path) and (root_path.endswith(decoded) or decoded.endswith(root_path))
    if decoded and not is_mounted:
        below = _below(decoded, rest)
        if below is None:
            return None
        rest = below
    target = prefix + quote(rest or "/", safe=_SAFE, errors="replace")
    return f"{target}?{query}" if query else target


def _below(root: str, path: str) -> str | None:
    if not root:
        return path
    if path != root and not path.startswith(f"{root}/"):
        return None
    return path[len(root) :]
