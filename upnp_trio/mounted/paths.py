"""Which path of ours a request within a web server of others is for."""

from __future__ import annotations

from urllib.parse import quote, unquote

from upnp_trio.model.urls import MAX_FIXED_PATH_CHARACTERS

__all__ = ["decoded_prefix", "target_within"]

_SAFE = "/~!$&'()*+,=:@"
# No document has a longer path, even if all its characters are escaped, but for the prefix.
MAX_SENT_CHARACTERS = 4 * MAX_FIXED_PATH_CHARACTERS


def decoded_prefix(prefix: str) -> str:
    """*prefix* as servers have it in the paths of requests."""
    return unquote(prefix)


def target_within(prefix: str, decoded: str, root_path: str, path: str, query: str, raw: str = "") -> str | None:
    """The request target below *prefix*, which is *decoded*; ``None`` for a path that is not below it.

    *path* and *root_path* are decoded, and *path* begins with *root_path*, where the app is mounted. That is how ASGI
    has them. Some frameworks leave *root_path* out of *path*, as WSGI does, and some programs mount nothing but pass
    requests on. A proxy in front may add to the path, or take away. So *root_path* and the prefix are one place if
    either ends with the other.

    *raw* is the request target as it was sent, if the server gives it: *path* does not tell an encoded slash from one
    that parts a path (RFC 3986 §2.2).
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
    target = prefix + (_as_sent(raw, rest) or quote(rest or "/", safe=_SAFE, errors="replace"))
    return f"{target}?{query}" if query else target


def _as_sent(raw: str, rest: str) -> str:
    """The end of *raw* that means *rest*, if there is an encoded slash in it; empty if there is none."""
    sent = raw.partition("?")[0]
    if "%2f" not in sent.lower() or len(sent) > MAX_SENT_CHARACTERS:
        return ""
    end, left = "", rest
    for part in reversed(sent.split("/")[1:]):  # each part is decoded once, however many there are
        if not left.endswith(meant := f"/{unquote(part)}"):
            return ""
        end, left = f"/{part}{end}", left.removesuffix(meant)
        if not left:
            return end if "%2f" in end.lower() else ""
    return ""


def _below(root: str, path: str) -> str | None:
    if not root:
        return path
    if path != root and not path.startswith(f"{root}/"):
        return None
    return path[len(root) :]
