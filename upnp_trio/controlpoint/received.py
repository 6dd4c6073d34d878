"""What a control point received, as values: answers to a search of ours, and every datagram of SSDP."""

from __future__ import annotations

import attrs

from upnp_trio.network.endpoint import Address
from upnp_trio.ssdp.messages import Message, SearchResponse

__all__ = ["ReceivedMessage", "SearchResult", "weight_of"]

# A message that waits for its reader counts as one for each begun KiB of its datagram. Real ones have half of that, and
# the longest that are read count as five: a number bounds the memory, too.
WEIGHED_BYTES = 1024


@attrs.frozen(kw_only=True)
class SearchResult:
    """One answer to a search, and how it came."""

    message: SearchResponse
    #: seconds from the moment when its own M-SEARCH left to the moment when it arrived
    latency: float
    #: by how many seconds it came later than MX allows; 0 for an answer in time (UDA 2.0 §1.3.3)
    late_by: float
    #: the interface that it arrived on
    interface: str
    #: the address and the port that it was sent from, the address without a zone
    sender: str
    port: int
    #: which of the search's M-SEARCH messages it answers, from 0
    send: int
    #: the rules that it breaks and that were overlooked, each in words
    forgiven: tuple[str, ...] = ()
    #: the datagram
    payload: bytes = attrs.field(default=b"", repr=False)

    @property
    def usn(self) -> str:
        """USN, which names the device, and the type that was found."""
        return self.message.usn

    @property
    def udn(self) -> str:
        """The device's UDN, the first part of USN."""
        return self.message.usn.partition("::")[0]

    @property
    def search_target(self) -> str:
        """ST."""
        return self.message.search_target

    @property
    def location(self) -> str:
        """LOCATION, which may lead anywhere until it is checked."""
        return self.message.location

    @property
    def server(self) -> str:
        """SERVER, or an empty string."""
        return self.message.server

    @property
    def max_age(self) -> int:
        """How long it is valid, in seconds."""
        return self.message.max_age

    @property
    def boot_id(self) -> int | None:
        """BOOTID, which UDA 1.0 does not have."""
        return self.message.boot_id

    @property
    def config_id(self) -> int | None:
        """CONFIGID, which UDA 1.0 does not have."""
        return self.message.config_id

    @property
    def search_port(self) -> int | None:
        """SEARCHPORT; ``None`` means 1900."""
        return self.message.search_port


@attrs.frozen(kw_only=True)
class ReceivedMessage:
    """A datagram that was sent to SSDP's groups, or that answers a search of ours."""

    #: ``None`` if the datagram is no message
    message: Message | None
    #: why it is no message; empty if it is one
    flaw: str
    #: the rules that it breaks and that were overlooked, each in words
    forgiven: tuple[str, ...]
    payload: bytes
    source: Address
    #: the group, or the address of ours and the port that it was sent to
    destination: Address
    interface: str
    #: trio's clock
    arrived_at: float


def weight_of(received: SearchResult | ReceivedMessage) -> int:
    """How many messages of usual size *received* counts as while it waits for its reader."""
    return 1 + len(received.payload) // WEIGHED_BYTES
