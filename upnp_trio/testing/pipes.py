"""TCP connections in memory, as HTTP needs them."""

from __future__ import annotations

import math
from collections import deque
from contextlib import suppress
from typing import TYPE_CHECKING

import attrs
import trio

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["CAPACITY", "Listener", "Pipe", "PipeStream", "connected_pair"]

# What Linux has room for, about, before a writer has to wait for its reader.
CAPACITY = 256 * 1024
# What one read gives at the most, unless it says how much.
MAX_RECEIVE_BYTES = 64 * 1024


@attrs.define(eq=False)
class Pipe:
    """Bytes in one direction, in memory."""

    #: how long they take
    seconds: float = 0.0
    #: how many of them may wait until a writer has to
    capacity: float = math.inf
    is_closed: bool = False
    is_reset: bool = False
    #: whether the link is gone: what is written arrives nowhere
    is_cut: bool = False
    #: how many pieces were written, which TCP would send as so many segments at least
    writes: int = 0
    #: whether the link is interrupted: what is written waits until it is not, as TCP sends it again until it arrives
    is_held: bool = attrs.field(default=False, init=False)
    #: what has not been read, each piece with the time when it arrives
    _arriving: deque[tuple[float, bytes]] = attrs.field(factory=deque, init=False)
    _size: int = attrs.field(default=0, init=False)
    _closed_at: float = attrs.field(default=math.inf, init=False)
    _lot: trio.lowlevel.ParkingLot = attrs.field(factory=trio.lowlevel.ParkingLot, init=False)

    @property
    def room(self) -> float:
        """How many bytes can be written now."""
        return self.capacity - self._size

    def write(self, data: bytes) -> None:
        """Write all of *data*, even if there is no room for it."""
        if self.is_closed:
            raise trio.BrokenResourceError("the other end is closed")
        if data:
            self._size += len(data)
            self.writes += 1
            self._arriving.append((self._due(), data))
            self._lot.unpark_all()

    async def wait_for_room(self) -> None:
        """Wait until there is room for a byte, or until the pipe is closed."""
        while self.room <= 0 and not self.is_closed:
            await self._lot.park()

    def close(self) -> None:
        """Write and read no more. What was written can still be read."""
        if not self.is_closed:
            self.is_closed = True
            self._closed_at = self._due()
            self._lot.unpark_all()

    def hold(self) -> None:
        """Keep what is written from now on, until `release`. What was written before is under way and arrives."""
        self.is_held = True

    def release(self) -> None:
        """Let what was held arrive."""
        if self.is_held:
            self.is_held = False
            due = self._due()
            self._arriving = deque((min(when, due), data) for when, data in self._arriving)
            if self.is_closed:
                self._closed_at = min(self._closed_at, due)
            self._lot.unpark_all()

    def reset(self) -> None:
        """Break the connection: what was not read is lost."""
        self.is_reset = self.is_closed = True
        self._lot.unpark_all()

    def _due(self) -> float:
        """When what is written now arrives."""
        return math.inf if self.is_cut or self.is_held else trio.current_time() + self.seconds

    def read_now(self, max_bytes: int) -> bytes | None:
        """What has arrived; nothing at the end, ``None`` if that is to be waited for."""
        if self.is_reset:
            raise trio.BrokenResourceError("the other end has reset the connection")
        now, found = trio.current_time(), bytearray()
        while self._arriving and self._arriving[0][0] <= now and len(found) < max_bytes:
            due, piece = self._arriving.popleft()
            taken = max_bytes - len(found)
            found += piece[:taken]
            if piece[taken:]:
                self._arriving.appendleft((due, piece[taken:]))
        if found:
            self._size -= len(found)
            self._lot.unpark_all()
            return bytes(found)
        return b"" if not self._arriving and self._closed_at <= now else None

    async def read(self, max_bytes: int) -> bytes:
        """What has arrived, after waiting for it; nothing at the end."""
        await trio.lowlevel.checkpoint()
        while (data := self.read_now(max_bytes)) is None:
            with trio.move_on_at(self._arriving[0][0] if self._arriving else self._closed_at):
                await self._lot.park()
        return data


@attrs.define(eq=False, repr=False)
class PipeStream(trio.abc.AsyncResource):
    """One end of a connection, which can be used in ``async with``."""

    incoming: Pipe
    outgoing: Pipe
    peer: str = ""
    #: whether this end was closed, whatever the other one does
    is_closed: bool = attrs.field(default=False, init=False)

    def __repr__(self) -> str:
        return f"<connection with {self.peer}>"

    async def receive_some(self, max_bytes: int | None = None) -> bytes:
        """Wait for data, and return it; nothing at the end. Raises `trio.BrokenResourceError` after a reset."""
        self._require_open()
        return await self.incoming.read(max_bytes or MAX_RECEIVE_BYTES)

    def receive_now(self, max_bytes: int) -> bytes | None:
        self._require_open()
        return self.incoming.read_now(max_bytes)

    def send_now(self, pieces: Sequence[bytes | bytearray | memoryview]) -> int:
        self._require_open()
        data = b"".join(pieces)
        data = data[: int(min(len(data), max(self.outgoing.room, 0)))]
        self.outgoing.write(data)
        return len(data)

    async def send_all(self, data: bytes | bytearray | memoryview) -> None:
        """Send all of *data*, and wait for room if need be. Raises `trio.BrokenResourceError` after a reset."""
        await trio.lowlevel.checkpoint()
        while data:
            await self.outgoing.wait_for_room()
            data = data[self.send_now([data]) :]

    async def send_eof(self) -> None:
        """Send no more; the peer reads to the end, and can still send."""
        await trio.lowlevel.checkpoint()
        self._require_open()
        self.outgoing.close()

    def close(self) -> None:
        """Close both directions at once; what was sent can still be read."""
        self.is_closed = True
        self.incoming.close()
        self.outgoing.close()

    async def aclose(self) -> None:
        self.close()
        await trio.lowlevel.checkpoint()

    def reset(self) -> None:
        """Break the connection; the other end gets `trio.BrokenResourceError`."""
        self.is_closed = True
        self.incoming.reset()
        self.outgoing.reset()

    def _require_open(self) -> None:
        if self.is_closed:
            raise trio.ClosedResourceError("this connection is closed")


def connected_pair(
    near: str, far: str, *, seconds: float = 0.0, capacity: float = math.inf
) -> tuple[PipeStream, PipeStream]:
    """A connection between two addresses, the end of each."""
    there, back = Pipe(seconds, capacity), Pipe(seconds, capacity)
    return PipeStream(back, there, far), PipeStream(there, back, near)


class Listener:
    """Accepts connections in memory, at *place*. It is a context manager that closes it."""

    def __init__(self, place: str = "") -> None:
        self.place = place
        #: raised, one for each accept, before anything is accepted again
        self.failures: list[OSError] = []
        self.is_closed = False
        self._send, self._receive = trio.open_memory_channel[PipeStream](math.inf)

    def __repr__(self) -> str:
        return f"<listener at {self.place}>"

    def __enter__(self) -> Listener:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def connect(self, source: str, address: str = "", *, capacity: float = math.inf) -> PipeStream:
        """The other end of a new connection from *source*, which may be any address, to *address*."""
        near, far = connected_pair(source, address, capacity=capacity)
        self.offer(far)
        return near

    def offer(self, stream: PipeStream) -> None:
        """Let *stream* be accepted."""
        self._send.send_nowait(stream)

    async def accept(self) -> PipeStream:
        """The next connection. Raises `trio.ClosedResourceError` once this is closed."""
        if self.failures:
            await trio.lowlevel.checkpoint()
            raise self.failures.pop(0)
        try:
            return await self._receive.receive()
        except trio.EndOfChannel:
            raise trio.ClosedResourceError("this listener is closed") from None

    def close(self) -> None:
        """Close at once, and reset what has not been accepted."""
        self.is_closed = True
        with suppress(trio.WouldBlock, trio.EndOfChannel, trio.ClosedResourceError):
            while True:
                self._receive.receive_nowait().reset()
        self._send.close()
        self._receive.close()
