"""Reads what a server has sent with h11's client side, one response at a time."""

from __future__ import annotations

import h11

__all__ = ["take_response"]


def take_response(received: bytes, method: str) -> tuple[h11.Response, bytes, bytes] | None:
    """The head and the body of the first response in *received*, which answers *method*, and what follows it.

    ``None`` if it is incomplete.
    """
    connection = h11.Connection(h11.CLIENT)
    connection.send(h11.Request(method=method, target="/", headers=[("Host", "x")]))
    connection.send(h11.EndOfMessage())
    connection.receive_data(received)
    head: h11.Response | None = None
    body = b""
    while not isinstance(event := connection.next_event(), h11.EndOfMessage):
        if event is h11.NEED_DATA:
            return None
        assert event is not h11.PAUSED, f"switched protocols: {received!r}"
        if isinstance(event, h11.Response):
            head = event
        elif isinstance(event, h11.Data):
            body += event.data
    assert head is not None
    return head, body, bytes(connection.trailing_data[0])
