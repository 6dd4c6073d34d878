"""HTTP from another host of the network, by Python's own client."""

from __future__ import annotations

import http.client
import socket
from contextlib import closing
from typing import TYPE_CHECKING
from urllib.parse import urlsplit, urlunsplit

import attrs

if TYPE_CHECKING:
    from tests.network.namespaces import Namespace

__all__ = ["Answer", "fetch", "open_stream", "read_answer"]

PATIENCE_SECONDS = 30.0


@attrs.frozen
class Answer:
    """What came back."""

    status: int
    headers: http.client.HTTPMessage
    body: bytes


def open_stream(host: Namespace, url: str, *, address: str = "") -> socket.socket:
    """A connection from *host*, from *address* if given, to where *url* stands; the caller closes it.

    A link-local address in *url* has the interface of *host* behind it: ``http://[fe80::1%25eth0]:80/``.
    """
    parts = urlsplit(url)
    literal, _, zone = (parts.hostname or "").partition("%25")
    family = socket.AF_INET6 if ":" in literal else socket.AF_INET
    stream = host.open_socket(socket.SOCK_STREAM, family)
    try:
        stream.settimeout(PATIENCE_SECONDS)
        if address:
            stream.bind((address, 0))
        stream.connect((literal, parts.port, 0, host.index(zone)) if zone else (literal, parts.port))
    except BaseException:
        stream.close()
        raise
    return stream


def read_answer(stream: socket.socket) -> Answer:
    """The next answer on *stream*, which stays open."""
    with closing(http.client.HTTPResponse(stream)) as response:
        response.begin()
        return Answer(response.status, response.headers, response.read())


def fetch(
    host: Namespace,
    url: str,
    *,
    method: str = "GET",
    headers: dict[str, str] | None = None,
    body: bytes | None = None,
    address: str = "",
) -> Answer:
    """One request from *host* on a connection of its own."""
    parts = urlsplit(url)
    assert parts.hostname is not None
    # without a zone, which means nothing to the other host
    with closing(http.client.HTTPConnection(parts.hostname.partition("%25")[0], parts.port)) as connection:
        connection.sock = open_stream(host, url, address=address)
        target = urlunsplit(("", "", parts.path, parts.query, ""))
        connection.request(method, target, body=body, headers=headers or {})
        response = connection.getresponse()
        return Answer(response.status, response.headers, response.read())
