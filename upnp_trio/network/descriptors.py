"""How many file descriptors this process may have."""

from __future__ import annotations

import sys

__all__ = ["descriptor_limit"]

# Windows has no such limit for sockets; this is far above any need of ours.
UNLIMITED = 1_000_000


def descriptor_limit() -> int:
    """The number of descriptors that this process may have open at once (``RLIMIT_NOFILE``)."""
    if sys.platform == "win32":
        return UNLIMITED
    else:
        import resource

        soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
        return UNLIMITED if soft == resource.RLIM_INFINITY else soft
