"""What was sent on a link, datagram by datagram."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import attrs

from upnp_trio.errors import MalformedMessage
from upnp_trio.ssdp.parsing import parse

if TYPE_CHECKING:
    from collections.abc import Iterator

    from upnp_trio.network.endpoint import Address
    from upnp_trio.ssdp.messages import Message

__all__ = ["RecordedDatagram", "Recording"]

M = TypeVar("M", bound="Message")


@attrs.frozen
class RecordedDatagram:
    """One datagram: when it was sent on which link, from where and to where."""

    time: float
    link: str
    #: without a scope, which each host numbers by itself
    source: tuple[str, int]
    destination: tuple[str, int]
    payload: bytes

    @property
    def message(self) -> Message:
        """The message; raises `MalformedMessage` if it is none."""
        return parse(self.payload)


@attrs.define(eq=False)
class Recording:
    """The datagrams of one or several links, in the order in which they were sent; those that were lost as well."""

    datagrams: list[RecordedDatagram] = attrs.field(factory=list)

    def add(self, time: float, link: str, source: Address, destination: Address, payload: bytes) -> None:
        self.datagrams.append(RecordedDatagram(time, link, source[:2], destination[:2], payload))

    def of(self, *kinds: type[Message]) -> list[RecordedDatagram]:
        """The datagrams that are messages of one of *kinds*, such as `Alive`; others are left out."""
        return [sent for sent in self.datagrams if isinstance(_parsed(sent), kinds)]

    def messages(self, kind: type[M]) -> list[M]:
        """The messages of this *kind*."""
        return [message for sent in self.datagrams if isinstance(message := _parsed(sent), kind)]

    def clear(self) -> None:
        """Drop what there is."""
        self.datagrams.clear()

    def __iter__(self) -> Iterator[RecordedDatagram]:
        return iter(self.datagrams)

    def __len__(self) -> int:
        return len(self.datagrams)

    def as_bytes(self) -> bytes:
        """All of it, to compare with that of another run."""
        return b"".join(
            f"--- {sent.time!r} {sent.link} {sent.source} > {sent.destination}\n".encode() + sent.payload
            for sent in self.datagrams
        )


def _parsed(sent: RecordedDatagram) -> Message | None:
    try:
        return sent.message
    except MalformedMessage:
        return None
