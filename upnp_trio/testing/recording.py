"""What passed the links: each datagram, and each attempt to connect, with assertions that read like sentences.

::

    recording.expect(alive(of=lamp)).sent_from("192.0.2.7").at_least(2).before(byebye(of=lamp))
    recording.since(60).expect_no(alive(of=lamp))
"""

from __future__ import annotations

from functools import lru_cache
from operator import methodcaller
from typing import TYPE_CHECKING, TypeVar, overload

import attrs

from upnp_trio.errors import MalformedMessage
from upnp_trio.ssdp.parsing import parse

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from upnp_trio.network.endpoint import Address
    from upnp_trio.ssdp.messages import Message
    from upnp_trio.testing.expectations import Expectation
    from upnp_trio.testing.hosts import Host
    from upnp_trio.testing.links import Link
    from upnp_trio.testing.patterns import Pattern

__all__ = ["Recorded", "RecordedConnection", "RecordedDatagram", "Recording"]

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
        found = _parsed(self.payload)
        if isinstance(found, str):
            raise MalformedMessage(found)
        return found

    def as_bytes(self) -> bytes:
        """All of it, to compare with that of another run."""
        return f"--- {self.time!r} {self.link} {self.source} > {self.destination}\n".encode() + self.payload


@attrs.define(eq=False)
class RecordedConnection:
    """One attempt to connect: when and where it began, and what became of it."""

    time: float
    link: str
    #: the address that it was opened from; each attempt has a port of its own, which no one needs to know
    source: str
    #: address and port
    destination: tuple[str, int]
    #: ``pending``, ``accepted``, ``refused``, ``unreachable``, or ``cancelled`` by the program that tried
    outcome: str = "pending"

    def as_bytes(self) -> bytes:
        """All of it, to compare with that of another run."""
        return f"+++ {self.time!r} {self.link} {self.source} > {self.destination} {self.outcome}\n".encode()


#: an entry of a `Recording`
Recorded = RecordedDatagram | RecordedConnection

# For pytest: of a failed assertion it shows the test's own line alone, of any other error all of its way.
ASSERTIONS_ALONE = methodcaller("errisinstance", AssertionError)


@lru_cache(maxsize=10_000)
def _parsed(payload: bytes) -> Message | str:
    """The message, or why there is none. Expectations look at the same datagrams again and again."""
    try:
        return parse(payload)
    except MalformedMessage as error:
        return str(error)


@attrs.define(eq=False, repr=False)
class Recording:
    """What passed one or several links, in the order in which it was sent; what was lost as well.

    It is a sequence of the datagrams; `connections` are beside them. It grows as long as the test runs. The narrowing
    methods, such as `since` and `sent_from`, give a recording of a part, and assert nothing.
    """

    #: datagrams and connections, in order
    entries: list[Recorded] = attrs.field(factory=list)
    #: which part of another recording it is, as in " since 60"; empty for all of it
    _part_of: str = attrs.field(default="", kw_only=True)

    def add(self, time: float, link: str, source: Address, destination: Address, payload: bytes) -> None:
        """Note a datagram."""
        self.entries.append(RecordedDatagram(time, link, source[:2], destination[:2], payload))

    def add_connection(self, time: float, link: str, source: str, destination: tuple[str, int]) -> RecordedConnection:
        """Note an attempt to connect; the caller sets its outcome."""
        connection = RecordedConnection(time, link, source, destination)
        self.entries.append(connection)
        return connection

    @property
    def datagrams(self) -> list[RecordedDatagram]:
        """The datagrams alone."""
        return [entry for entry in self.entries if isinstance(entry, RecordedDatagram)]

    @property
    def connections(self) -> list[RecordedConnection]:
        """The connections alone."""
        return [entry for entry in self.entries if isinstance(entry, RecordedConnection)]

    def __iter__(self) -> Iterator[RecordedDatagram]:
        return iter(self.datagrams)

    @overload
    def __getitem__(self, index: int) -> RecordedDatagram: ...

    @overload
    def __getitem__(self, index: slice) -> list[RecordedDatagram]: ...

    def __getitem__(self, index: int | slice) -> RecordedDatagram | list[RecordedDatagram]:
        return self.datagrams[index]

    def __len__(self) -> int:
        return len(self.datagrams)

    def __repr__(self) -> str:
        return f"<Recording of {len(self.datagrams)} datagrams and {len(self.connections)} connections>"

    def clear(self) -> None:
        """Forget everything so far."""
        self.entries.clear()

    def as_bytes(self) -> bytes:
        """All of it, to compare with that of another run."""
        return b"".join(entry.as_bytes() for entry in self.entries)

    def show(self, *, most: int = 1000) -> str:
        """The recording as lines to read; of more than *most*, the middle ones are left out."""
        from upnp_trio.testing.showing import shown

        return shown(self.entries, most=most)

    # --- parts --------------------------------------------------------------------------------------------------------

    def since(self, time: float) -> Recording:
        """What was sent at *time*, in seconds of the test's clock, or later."""
        return self._part(f"since {in_seconds(time)}", lambda entry: entry.time >= time)

    def until(self, time: float) -> Recording:
        """What was sent before *time*."""
        return self._part(f"until {in_seconds(time)}", lambda entry: entry.time < time)

    def on(self, link: str | Link) -> Recording:
        """What was sent on a link, or on the one with this name."""
        name = link_name(link)
        return self._part(f"on {name}", lambda entry: entry.link == name)

    def sent_from(self, source: str | Host) -> Recording:
        """What was sent from an address, ``192.0.2.7``, whatever its port, or from any address of a host."""
        name, addresses = addresses_of(source)
        return self._part(f"sent from {name}", lambda entry: source_of(entry) in addresses)

    def sent_to(self, destination: str | Host) -> Recording:
        """What was sent to an address, whatever its port, or to any address of a host."""
        name, addresses = addresses_of(destination)
        return self._part(f"sent to {name}", lambda entry: entry.destination[0] in addresses)

    def of(self, *kinds: type[Message]) -> Recording:
        """The datagrams that are messages of one of *kinds*, such as `Alive`."""
        return self._part(
            f"of {', '.join(kind.__name__ for kind in kinds)}",
            lambda entry: isinstance(entry, RecordedDatagram) and isinstance(_parsed(entry.payload), kinds),
        )

    def messages(self, kind: type[M]) -> list[M]:
        """The messages of this *kind*, such as `Alive`."""
        return [message for sent in self if isinstance(message := _parsed(sent.payload), kind)]

    def matching(self, pattern: Pattern) -> Recording:
        """What *pattern* describes."""
        from upnp_trio.testing.patterns import require_pattern

        return self._part(f"that is {require_pattern(pattern)}", pattern.matches)

    def _part(self, words: str, belongs: Callable[[Recorded], bool]) -> Recording:
        part_of = f"{self._part_of}, {words}" if self._part_of else f" {words}"
        return Recording([entry for entry in self.entries if belongs(entry)], part_of=part_of)

    # --- assertions ---------------------------------------------------------------------------------------------------

    def expect(self, pattern: Pattern) -> Expectation:
        """Assert that there is something that *pattern* describes; the result asserts more about it.

        Raises `AssertionError`, with what was seen.
        """
        from upnp_trio.testing.expectations import expected

        __tracebackhide__ = ASSERTIONS_ALONE
        return expected(pattern, self.entries, self._part_of)

    def expect_no(self, pattern: Pattern) -> None:
        """Assert that there is nothing that *pattern* describes. Narrow the recording before, as in ``since(60)``."""
        from upnp_trio.testing.expectations import expected_no

        __tracebackhide__ = ASSERTIONS_ALONE
        expected_no(pattern, self.entries, self._part_of)


def source_of(entry: Recorded) -> str:
    """The address that it was sent from."""
    return entry.source if isinstance(entry, RecordedConnection) else entry.source[0]


def addresses_of(place: str | Host) -> tuple[str, frozenset[str]]:
    """The name of *place*, an address or a host, and its addresses: of a host, all that it has or has had."""
    if isinstance(place, str):
        return place, frozenset([place])
    if not hasattr(place, "all_addresses"):
        raise TypeError(f"{place!r} is neither an address, such as '192.0.2.7', nor a host of a MemoryNetwork")
    return place.name, frozenset(place.all_addresses)


def link_name(link: str | Link) -> str:
    """The name of a link, which may be known by it."""
    return link if isinstance(link, str) else link.name


def in_seconds(time: float) -> str:
    """A time of the test's clock, as short as it can be: a day has milliseconds, too."""
    return f"{time:.12g}"
