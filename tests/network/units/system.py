"""A system that refuses calls: sockets that count their calls and refuse one of them, and a socket that is broken."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import attrs
import pytest

__all__ = ["Calls", "broken_socket", "refusing"]

#: what opening and preparing a socket calls
METHODS = ("setblocking", "setsockopt", "bind", "connect", "listen", "getsockname")


@attrs.define
class Calls:
    """The calls since the beginning, and the one that fails: its place among them and its errno."""

    refused: int
    errno: int
    names: list[str] = attrs.field(factory=list)

    @property
    def were_refused(self) -> bool:
        """Whether there were so many calls."""
        return len(self.names) > self.refused

    def note(self, name: str) -> None:
        """Count a call, and raise `OSError` if it is the one that fails."""
        self.names.append(name)
        if len(self.names) == self.refused + 1:
            raise OSError(self.errno, os.strerror(self.errno))


@contextmanager
def refusing(refused: int, number: int) -> Iterator[Calls]:
    """Let the call of a socket with the place *refused* (from 0) fail with the errno *number*; others are real."""
    calls = Calls(refused, number)

    class Refusing(socket.socket):
        def __init__(self, *arguments: Any, **options: Any) -> None:  # noqa: ANN401  # as socket.socket has them
            calls.note("socket")
            super().__init__(*arguments, **options)

    def counted(name: str) -> Any:  # noqa: ANN401  # any method
        real = getattr(socket.socket, name)

        def call(self: socket.socket, *arguments: Any) -> Any:  # noqa: ANN401
            calls.note(name)
            return real(self, *arguments)

        return call

    for name in METHODS:
        setattr(Refusing, name, counted(name))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket, "socket", Refusing)
        yield calls


@contextmanager
def broken_socket() -> Iterator[socket.socket]:
    """A socket that is always ready, and whose every recv fails: it listens, and a connection waits for it."""
    with socket.create_server(("127.0.0.1", 0)) as listening, socket.create_connection(listening.getsockname()):
        listening.setblocking(False)
        yield listening
