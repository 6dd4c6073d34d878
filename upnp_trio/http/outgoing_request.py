"""A request of ours as a value, and as bytes."""

from __future__ import annotations

import re

import attrs
import h11

from upnp_trio.errors import RequestFailed
from upnp_trio.exchange import ServedAddress
from upnp_trio.http.kept_connections import Origin
from upnp_trio.http.request_failures import shown
from upnp_trio.http.request_rules import MAX_HEAD_BYTES
from upnp_trio.model.literal_url import LiteralUrl

__all__ = ["OutgoingRequest"]

# A GET changes nothing, so it may be sent again if the device closed the kept connection at that moment (RFC 9110
# §9.2.2). After any other request nobody could know whether the device has carried it out: the end of a connection does
# not say when it was decided. So each of them has a connection of its own, which cannot have gone stale.
_SAFE_METHODS = frozenset({"GET", "HEAD"})
_PRINTABLE = re.compile(r"(?:[!-~](?:[ -~]*[!-~])?)?")
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
HEADER_RULE = "headers have printable ASCII alone, and no blanks around it"


@attrs.frozen(kw_only=True)
class OutgoingRequest:
    """What is sent, where to, and from where."""

    method: str
    url: LiteralUrl
    served: ServedAddress
    #: beside HOST and those of the framing
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = attrs.field(default=b"", repr=False)

    @property
    def is_safe(self) -> bool:
        """Whether it may be sent twice."""
        return self.method in _SAFE_METHODS

    @property
    def origin(self) -> Origin:
        """The connections that it may use."""
        return Origin(self.url.address, self.url.port, self.served)

    def failure(self, reason: str, status: int | None = None) -> RequestFailed:
        """The error that names this request and says *reason*."""
        return RequestFailed(f"{self.method} {shown(self.url.text)}: {reason}", status)

    def check(self) -> None:
        """Raise `RequestFailed` if a header cannot be sent, as a hostile device may have chosen its value."""
        for name, value in self.headers:
            if not _TOKEN.fullmatch(name) or not _PRINTABLE.fullmatch(value):
                raise self.failure(f"the header {shown(ascii(name))} cannot be {shown(ascii(value))}: {HEADER_RULE}")

    def render(self, *, keeps: bool) -> tuple[bytes, h11.Connection]:
        """The request in one piece, as some devices expect it, and the state of a connection that has sent it."""
        fields = [("HOST", self.url.authority), *self.headers]
        if self.body or self.method == "POST":
            fields.append(("CONTENT-LENGTH", str(len(self.body))))
        if not keeps:
            fields.append(("CONNECTION", "close"))
        protocol = h11.Connection(h11.CLIENT, max_incomplete_event_size=MAX_HEAD_BYTES)
        head = protocol.send(h11.Request(method=self.method, target=self.url.target, headers=fields))
        body = protocol.send(h11.Data(data=self.body)) if self.body else b""
        protocol.send(h11.EndOfMessage())
        return (head or b"") + (body or b""), protocol
