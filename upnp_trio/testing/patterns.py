"""What a datagram or a connection may be, in words that an assertion is made of: ``alive(of=lamp)``."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol
from urllib.parse import urlsplit

import attrs

from upnp_trio.errors import MalformedMessage
from upnp_trio.model.device import Device
from upnp_trio.model.names import Udn
from upnp_trio.ssdp.messages import Alive, ByeBye, Message, Search, SearchResponse, Update
from upnp_trio.testing.recording import Recorded, RecordedConnection, RecordedDatagram, addresses_of

if TYPE_CHECKING:
    from upnp_trio.model.device import RootDevice
    from upnp_trio.testing.hosts import Host

__all__ = [
    "HasDevice",
    "Pattern",
    "Subject",
    "alive",
    "anything",
    "byebye",
    "connection",
    "malformed",
    "response",
    "search",
    "update",
]


class HasDevice(Protocol):
    """What has a root device with its UDN, such as `Running`."""

    @property
    def device(self) -> RootDevice:
        """The device."""
        ...


#: whatever says which device is meant: a UDN, a device that has one, or what `Host.serve` and `Host.play` give
Subject = Device | Udn | str | HasDevice


@attrs.frozen
class Pattern:
    """Describes datagrams or connections: *words* say it, and *matches* finds them."""

    words: str
    matches: Callable[[Recorded], bool] = attrs.field(eq=False, repr=False)

    def __str__(self) -> str:
        return self.words


def require_pattern(value: object) -> Pattern:
    """*value*, which a test has given. Raises `TypeError` if it is no pattern."""
    if not isinstance(value, Pattern):
        name = value.__name__ if callable(value) and hasattr(value, "__name__") else "alive"
        raise TypeError(f"{value!r} is no pattern; write {name}(), or {name}(...) with what it is to have")
    return value


def alive(of: Subject | None = None, *, nt: str | None = None, at: str | Host | None = None) -> Pattern:
    """``ssdp:alive``: of a device, with this NT, with a LOCATION at this address or host."""
    return _message("alive", (Alive,), of=of, target=nt, at=at)


def byebye(of: Subject | None = None, *, nt: str | None = None) -> Pattern:
    """``ssdp:byebye``: of a device, with this NT."""
    return _message("byebye", (ByeBye,), of=of, target=nt)


def update(of: Subject | None = None, *, nt: str | None = None, at: str | Host | None = None) -> Pattern:
    """``ssdp:update``: of a device, with this NT, with a LOCATION at this address or host."""
    return _message("update", (Update,), of=of, target=nt, at=at)


def search(target: str | None = None) -> Pattern:
    """M-SEARCH for *target*, or for anything."""
    return _message("search", (Search,), target=target)


def response(of: Subject | None = None, *, st: str | None = None, at: str | Host | None = None) -> Pattern:
    """An answer to a search: of a device, with this ST, with a LOCATION at this address or host."""
    return _message("response", (SearchResponse,), of=of, target=st, at=at)


def malformed() -> Pattern:
    """A datagram that is no message of SSDP."""

    def matches(entry: Recorded) -> bool:
        return isinstance(entry, RecordedDatagram) and _message_of(entry) is None

    return Pattern("malformed datagram", matches)


def connection(*, to: str | Host | None = None, port: int | None = None, outcome: str | None = None) -> Pattern:
    """An attempt to connect: to an address or a host, to a port, with an outcome, as `RecordedConnection` has them."""
    name, addresses = _place(to)
    words = "connection" + _said(" to ", name) + _said(" to port ", port) + _said(" that was ", outcome)

    def matches(entry: Recorded) -> bool:
        return (
            isinstance(entry, RecordedConnection)
            and (addresses is None or entry.destination[0] in addresses)
            and port in (None, entry.destination[1])
            and outcome in (None, entry.outcome)
        )

    return Pattern(words, matches)


def anything(*, containing: bytes = b"") -> Pattern:
    """Any datagram, or one that has these bytes in it."""

    def matches(entry: Recorded) -> bool:
        return isinstance(entry, RecordedDatagram) and containing in entry.payload

    return Pattern(f"datagram with {containing!r}" if containing else "datagram", matches)


def _message(
    word: str,
    kinds: tuple[type[Message], ...],
    *,
    of: Subject | None = None,
    target: str | None = None,
    at: str | Host | None = None,
) -> Pattern:
    udn, name = (None, "") if of is None else udn_of(of)
    place, addresses = _place(at)
    words = word + _said(" of ", udn) + _said(" ", name and f"({name})") + _said(" for ", target) + _said(" at ", place)

    def matches(entry: Recorded) -> bool:
        message = _message_of(entry)
        return (
            isinstance(message, kinds)
            and (udn is None or _udn_in(message) == udn)
            and target in (None, _target_of(message))
            and (addresses is None or _host_of(message) in addresses)
        )

    return Pattern(words, matches)


def udn_of(subject: Subject) -> tuple[str, str]:
    """The UDN in lower case, and the friendly name, which is empty where it is not known.

    Raises `ValueError` for a device that has no UDN of its own; the one it is served under is with what serves it.
    Raises `TypeError` for anything else.
    """
    if isinstance(subject, str | Udn):
        return str(subject if isinstance(subject, Udn) else Udn(subject)).lower(), ""
    device = subject if isinstance(subject, Device) else getattr(subject, "device", None)
    if not isinstance(device, Device):
        raise TypeError(f"{subject!r} is no device: pass one, or its UDN, or what Host.serve or Host.play gives")
    if device.udn is None:
        raise ValueError(
            f"{device.friendly_name} has no UDN of its own; pass what serves it instead: "
            "`async with host.serve(device) as running: ... alive(of=running)`"
        )
    return str(device.udn).lower(), device.friendly_name


def _place(place: str | Host | None) -> tuple[str | None, frozenset[str] | None]:
    """The name of a place and its addresses; ``None`` is anywhere."""
    return (None, None) if place is None else addresses_of(place)


def _said(before: str, value: object) -> str:
    return "" if value is None or value == "" else f"{before}{value}"


def _message_of(entry: Recorded) -> Message | None:
    if isinstance(entry, RecordedDatagram):
        try:
            return entry.message
        except MalformedMessage:
            return None
    return None


def _udn_in(message: Message) -> str:
    return "" if isinstance(message, Search) else message.usn.partition("::")[0].lower()


def _target_of(message: Message) -> str:
    return message.search_target if isinstance(message, Search | SearchResponse) else message.notification_type


def _host_of(message: Message) -> str | None:
    if isinstance(message, Search | ByeBye):
        return None
    try:
        return urlsplit(message.location).hostname
    except ValueError:  # it comes from the network
        return None
