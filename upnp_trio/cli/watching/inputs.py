"""What the model takes in: as much of the control point's values as it needs, so that tests can do without one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from upnp_trio.ssdp.messages import Message

__all__ = ["Address", "Received", "SearchAnswer"]

Address = tuple[str, int] | tuple[str, int, int, int]


class Received(Protocol):
    """What is needed of a `ReceivedMessage`."""

    @property
    def message(self) -> Message | None: ...
    @property
    def flaw(self) -> str: ...
    @property
    def forgiven(self) -> tuple[str, ...]: ...
    @property
    def payload(self) -> bytes: ...
    @property
    def source(self) -> Address: ...
    @property
    def destination(self) -> Address: ...
    @property
    def interface(self) -> str: ...
    @property
    def arrived_at(self) -> float: ...


class SearchAnswer(Protocol):
    """What is needed of a `SearchResult`."""

    @property
    def udn(self) -> str: ...
    @property
    def latency(self) -> float: ...
    @property
    def late_by(self) -> float: ...
    @property
    def interface(self) -> str: ...
    @property
    def sender(self) -> str: ...
