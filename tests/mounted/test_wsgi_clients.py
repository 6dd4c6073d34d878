"""Whether a client has left, as far as WSGI servers tell it."""

from __future__ import annotations

import socket
from typing import Any

import pytest

from upnp_trio.mounted.wsgi_clients import hang_up_of


@pytest.mark.parametrize("environ", [{}, {"werkzeug.socket": None}, {"gunicorn.socket": "7"}])
def test_most_servers_do_not_tell(environ: dict[str, Any]) -> None:
    assert hang_up_of(environ) is None


def test_waitress_tells_by_a_function() -> None:
    for answer in (False, True):
        has_left = hang_up_of({"waitress.client_disconnected": lambda answer=answer: answer})
        assert has_left is not None
        assert has_left() is answer


@pytest.mark.parametrize("name", ["werkzeug.socket", "gunicorn.socket"])
def test_others_tell_by_the_connection_of_which_nothing_is_read(name: str) -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        has_left = hang_up_of({name: ours})
        assert has_left is not None
        assert not has_left()
        theirs.send(b"GET")  # the next request
        assert not has_left()
        theirs.close()
        assert has_left()
        assert ours.recv(9) == b"GET"
    assert has_left()  # by a server that has closed it
