"""One datagram: what is read of it, and what a search in it sets free."""

from __future__ import annotations

from random import Random
from typing import assert_never

import attrs

from tests.devices import BASIC, GATEWAY
from upnp_trio.errors import MalformedMessage
from upnp_trio.ssdp.advertisements import AdvertisedRoot, advertisements
from upnp_trio.ssdp.advertising import Origin, search_response_head
from upnp_trio.ssdp.messages import (
    MAX_DATAGRAM_BYTES,
    MAX_LINE_BYTES,
    MAX_MX_SECONDS,
    Alive,
    ByeBye,
    Message,
    Search,
    SearchResponse,
    Update,
    parse,
    render_alive,
    render_byebye,
    render_search,
    render_search_response,
    render_update,
    search_response_end,
)
from upnp_trio.ssdp.search import MAX_ANSWERS, Index, replies

__all__ = ["fuzz_one"]

_DATE = "Mon, 23 Nov 2026 12:00:00 GMT"
_PLACE = Origin(base_url="http://192.0.2.7:49152", host="239.255.255.250:1900", search_port=50000, tells_nls=True)
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
_INDEX = Index(_ROOTS)
_OWN_USNS = {row.udn.lower() for root in _ROOTS for row in root.rows}
_ANSWER_LINES = len(
    [
        *("HTTP/1.1 200 OK", "CACHE-CONTROL", "EXT", "LOCATION", "SERVER", "ST", "USN", "BOOTID", "CONFIGID"),
        *("SEARCHPORT", "OPT", "01-NLS", "DATE"),
    ]
)


def fuzz_one(data: bytes) -> None:
    """Read *data*; what was read is read again from what is written of it, and what it sets free is in order."""
    try:
        message = parse(data)
    except MalformedMessage:
        return
    _check_survival(message)
    if isinstance(message, Search):
        for multicast in (True, False):
            _check_answers(message, multicast=multicast)


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
    written = _render(message)
    if not all(text.isascii() and text.isprintable() for text in texts):
        return  # read leniently; nothing like it is ever written
    if len(written) <= MAX_DATAGRAM_BYTES and max(map(len, written.split(b"\n"))) <= MAX_LINE_BYTES:
        assert parse(written) == message


def _check_answers(search: Search, *, multicast: bool) -> None:
    found = replies(search, _INDEX, Random(0), multicast=multicast)
    assert len(found) <= MAX_ANSWERS
    assert not (multicast and search.mx is None and found)
    window = (search.mx or MAX_MX_SECONDS) if multicast else 1.0
    for reply in found:
        assert 0 <= reply.delay < window
        payload = search_response_head(reply.answer, _PLACE, 1) + search_response_end(_DATE)
        # a stranger's ST is sent back, and must not become a header of its own
        assert payload.isascii()
        assert payload.count(b"\n") == payload.count(b"\r\n") == _ANSWER_LINES + 1
        response = parse(payload)
        assert isinstance(response, SearchResponse)
        assert response.search_target == search.search_target or search.search_target.lower() == "ssdp:all"
        assert response.usn.partition("::")[0].lower() in _OWN_USNS
        assert response.location == _PLACE.base_url + reply.answer.root.description_path
