"""Who calls an action."""

from __future__ import annotations

import attrs

__all__ = ["Caller"]


@attrs.frozen(kw_only=True)
class Caller:
    """The control point that calls an action; a handler gets it as a parameter that is annotated with this class."""

    #: its IP address, without a port or a zone
    address: str
    #: the name of the interface that the call came in on, such as ``eth0``; empty if that is not known
    interface: str = ""
    #: what it writes in USER-AGENT
    user_agent: str | None = None
