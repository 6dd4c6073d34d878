"""Whether the client of a WSGI request has left, which PEP 3333 does not tell and some servers do.

werkzeug and gunicorn give the connection, and waitress a function (with its ``channel_request_lookahead``).
"""

from __future__ import annotations

import select
import socket
import sys
from functools import partial
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable
    from wsgiref.types import WSGIEnvironment

__all__ = ["hang_up_of"]

_CONNECTIONS = ("werkzeug.socket", "gunicorn.socket")
# Linux alone tells of a connection that only the peer has closed. That of both ends is always told.
_HANG_UP = getattr(select, "POLLRDHUP", 0)


def hang_up_of(environ: WSGIEnvironment) -> Callable[[], object] | None:
    """A function that tells whether the client has left; ``None`` where the server does not let it be known."""
    told = environ.get("waitress.client_disconnected")
    if callable(told):
        return told  # type: ignore[no-any-return]  # as waitress documents it
    if sys.platform != "win32" and hasattr(select, "poll"):  # gevent takes it away
        for name in _CONNECTIONS:
            if isinstance(connection := environ.get(name), socket.socket):
                return partial(_has_hung_up, connection, select.poll)
    return None


def _has_hung_up(connection: socket.socket, new_poll: Callable[[], Any]) -> bool:
    """Whether the peer has closed *connection*. Nothing is read, so TLS and a next request are as they were."""
    number = connection.fileno()
    if number < 0:  # the server has closed it
        return True
    poll = new_poll()
    poll.register(number, _HANG_UP)
    return bool(poll.poll(0))
