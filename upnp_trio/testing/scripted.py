"""A device that does not behave, as a value: what it sends, what it serves, and when."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import attrs

from upnp_trio.model.device import RootDevice

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from typing import Any

    from upnp_trio.testing.hosts import Host
    from upnp_trio.testing.playing import Playing

__all__ = ["GARBAGE", "ScriptedDevice"]

#: datagrams that are no message of SSDP, each in its own way
GARBAGE = (
    b"",
    b"\0" * 64,
    b"NOTIFY",
    b"NOTIFY * HTTP/1.1\r\nNTS: ssdp:alive\r\n\r\n",  # nothing that says of what
    b"HTTP/1.1 500 Internal Server Error\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nST: upnp:rootdevice\r\nUSN: uuid:\xff\xfe::\r\n\r\n",  # no LOCATION
    b"\r\n" * 700,
    b"GET / HTTP/1.1\r\nHost: 239.255.255.250:1900\r\n\r\n",
)


def _is_not_negative(instance: ScriptedDevice, attribute: attrs.Attribute[Any], value: Any) -> None:  # noqa: ANN401
    if value is not None and value < 0:
        raise ValueError(f"{attribute.name} is {value}; it must be 0 or more")


@attrs.frozen
class ScriptedDevice:
    """What claims to be *device*, and may do otherwise. Without options, it does what a simple device does.

    ``Host.play`` plays it. All of it can be combined, and ``attrs.evolve`` makes one from another.
    """

    device: RootDevice
    # The others are given by name. Each says so: before attrs 25.4, kw_only of a class cannot leave out the first.

    #: LOCATION, in which ``{host}`` is its own address and ``{port}`` is *port*
    location: str = attrs.field(default="http://{host}:{port}/description.xml", kw_only=True)
    #: the TCP port of HTTP
    port: int = attrs.field(default=8080, validator=_is_not_negative, kw_only=True)
    #: seconds that an announcement holds
    max_age: int = attrs.field(default=1800, validator=_is_not_negative, kw_only=True)
    #: how many sets of alive it sends at its start; 0 leaves it unannounced
    announcements: int = attrs.field(default=2, validator=_is_not_negative, kw_only=True)
    #: seconds from one set to the next after that; ``None``: it is silent after its start
    announce_every: float | None = attrs.field(default=None, validator=_is_not_negative, kw_only=True)
    #: how often it sends each answer to a search: 2 for double ones, 0 for none
    answers: int = attrs.field(default=1, validator=_is_not_negative, kw_only=True)
    #: seconds from a search to its answers, whatever MX says: 6 is late for every search
    answer_after: float = attrs.field(default=0.0, validator=_is_not_negative, kw_only=True)
    #: whether it says byebye at its end; if not, it just leaves
    says_byebye: bool = attrs.field(default=True, kw_only=True)
    #: sent one after another while it is played, one every *garbage_every* seconds; ``None``: never
    garbage: tuple[bytes, ...] = attrs.field(default=GARBAGE, converter=tuple, kw_only=True)
    garbage_every: float | None = attrs.field(default=None, validator=_is_not_negative, kw_only=True)
    #: whether it accepts connections; if not, it refuses them
    accepts: bool = attrs.field(default=True, kw_only=True)
    #: seconds from a request to the response's first byte
    respond_after: float = attrs.field(default=0.0, validator=_is_not_negative, kw_only=True)
    status: str = attrs.field(default="200 OK", kw_only=True)
    content_type: str = attrs.field(default='text/xml; charset="utf-8"', kw_only=True)
    #: the document in place of the one of *device*
    description: bytes | None = attrs.field(default=None, repr=False, kw_only=True)
    #: so many bytes more in the document, as a comment before its end
    padding: int = attrs.field(default=0, validator=_is_not_negative, kw_only=True)
    #: the document comes in pieces of *drip_bytes*, one every *drip_seconds*; ``None``: at once
    drip_seconds: float | None = attrs.field(default=None, validator=_is_not_negative, kw_only=True)
    drip_bytes: int = attrs.field(default=1, kw_only=True)

    def __attrs_post_init__(self) -> None:
        if not self.garbage and self.garbage_every is not None:
            raise ValueError("garbage is empty, so there is nothing to send every garbage_every seconds")
        if self.drip_bytes < 1:
            raise ValueError(f"drip_bytes is {self.drip_bytes}; it must be 1 or more")
        for name in ("announce_every", "garbage_every"):
            if getattr(self, name) == 0:
                raise ValueError(f"{name} is 0; it must be more, or None for never")

    @asynccontextmanager
    async def played_on(self, host: Host, name: str = "eth0") -> AsyncIterator[Playing]:
        """Like `Host.play`."""
        from upnp_trio.testing.playing import play

        async with play(self, host, name) as playing:
            yield playing
