"""One datagram: the message in it, and the answers if it is a search."""

from __future__ import annotations

from random import Random
from typing import assert_never

import attrs

from tests.devices import BASIC, GATEWAY
from tests.ssdp.fakes import Sender
from upnp_trio.errors import MalformedMessage
from upnp_trio.ssdp.advertisements import AdvertisedRoot, advertisements
from upnp_trio.ssdp.advertising import Origin, search_response_head
from upnp_trio.ssdp.drops import NO_MX, NOTHING_MATCHES, Drop
from upnp_trio.ssdp.messages import MAX_DATAGRAM_BYTES, Alive, ByeBye, Message, Search, SearchResponse, Update
from upnp_trio.ssdp.parsing import MAX_LINE_BYTES, parse
from upnp_trio.ssdp.policy import MAX_ANSWERS, SearchPolicy
from upnp_trio.ssdp.rendering import (
    render_alive,
    render_byebye,
    render_search,
    render_search_response,
    render_update,
    search_response_end,
)

__all__ = ["fuzz_one"]

_DATE = "Mon, 23 Nov 2026 12:00:00 GMT"
_PEER = ("192.0.2.9", 50000)


_SENDER = Sender(
    Origin(base_url="http://192.0.2.7:49152", host="239.255.255.250:1900", search_port=50000, adds_nls=True)
)
_ROOTS = [
    AdvertisedRoot(
        rows=advertisements(attrs.evolve(device, udn=udn)),
        description_path=f"/{udn}/description.xml",
        server="Linux/6.1.0 UPnP/1.1 upnp_trio/0.1.0",
        config_id=7,
        max_age=1800,
    )
    for device, udn in [(GATEWAY, GATEWAY.udn), (BASIC, "uuid:e427ce1a-3e80-43d0-ad6f-89ec42e46363")]
]
_OWN_USNS = {row.udn.lower() for root in _ROOTS for row in root.rows}
_ANSWER_LINES = len(
    [
        *("HTTP/1.1 200 OK", "CACHE-CONTROL", "EXT", "LOCATION", "SERVER", "ST", "USN", "BOOTID", "CONFIGID"),
        *("SEARCHPORT", "OPT", "01-NLS", "DATE"),
    ]
)


def fuzz_one(data: bytes) -> None:
    """Parse *data*. What is rendered of the message parses to the same message, and its answers are in order."""
    try:
        message = parse(data)
    except MalformedMessage:
        return
    _check_survival(message)
    if isinstance(message, Search):
        for multicast in (True, False, None):
            _check_answers(data, message, multicast=multicast)


def _render(message: Message) -> bytes:
    match message:
        case Search():
            return render_search(message)
        case Alive():
            return render_alive(message)
        case ByeBye():
            return render_byebye(message)
        case Update():
            return render_update(message)
        case SearchResponse():
            return render_search_response(message)
    assert_never(message)


def _check_survival(message: Message) -> None:
    texts = [value for value in attrs.astuple(message) if isinstance(value, str)]
    rendered = _render(message)
    if not all(text.isascii() and text.isprintable() for text in texts):
        return  # parsed leniently; nothing like it is ever rendered
    if len(rendered) <= MAX_DATAGRAM_BYTES and max(map(len, rendered.split(b"\n"))) <= MAX_LINE_BYTES:
        assert parse(rendered) == message


def _check_answers(data: bytes, search: Search, *, multicast: bool | None) -> None:
    policy = SearchPolicy[Sender](Random(0))
    for root in _ROOTS:
        policy.add(root)
    decision = policy.decide(data, _PEER, _SENDER, on_link=True, multicast=multicast, now=0.0, pending=0)
    if isinstance(decision, Drop):
        assert decision == Drop(NO_MX if multicast and search.mx is None else NOTHING_MATCHES, search)
        return
    assert len(decision.replies) <= MAX_ANSWERS
    for delay, match in decision.replies:
        assert 0 <= delay < (1.0 if search.mx is None else search.mx)
        payload = search_response_head(match, _SENDER.origin, 1) + search_response_end(_DATE)
        # An answer repeats the searcher's ST, which must not become another header.
        assert payload.isascii()
        assert payload.count(b"\n") == payload.count(b"\r\n") == _ANSWER_LINES + 1
        response = parse(payload)
        assert isinstance(response, SearchResponse)
        assert response.search_target == search.search_target or search.search_target.lower() == "ssdp:all"
        assert response.usn.partition("::")[0].lower() in _OWN_USNS
        assert response.location == _SENDER.origin.base_url + match.root.description_path
