"""Every seed passes its fuzzing harness, and each harness finds the faults that it is meant to find."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from ipaddress import IPv4Address
from pathlib import Path

import attrs
import pytest

from tests.fuzz import announcements, calls, connections, datagrams, descriptions, searches, subscriptions
from tests.fuzz.harnesses import HARNESSES, seeds
from tests.fuzz.script import read_script
from upnp_trio.control.calls import CallMessage, read_call, render_call
from upnp_trio.documents.description import render_description
from upnp_trio.errors import MalformedMessage
from upnp_trio.eventing import event_inbox, requests
from upnp_trio.eventing.event_order import EventOrder
from upnp_trio.eventing.messages import notify_prefix
from upnp_trio.exchange import Request, Response
from upnp_trio.http import answer_reader, request_failures
from upnp_trio.http.client import HttpAnswer, HttpClient
from upnp_trio.http.kept_connections import KeptConnections
from upnp_trio.http.lenient_head import AnswerHead, read_head
from upnp_trio.http.outgoing_request import OutgoingRequest
from upnp_trio.model.device import RootDevice
from upnp_trio.model.literal_url import LiteralUrl
from upnp_trio.server.discovery import conflicts
from upnp_trio.ssdp.device_cache import DeviceCache
from upnp_trio.ssdp.found import DeviceChange
from upnp_trio.ssdp.holdings import Holdings
from upnp_trio.ssdp.parsing import parse

FOLDER = Path(__file__).parent
SEEDS = [pytest.param(name, path, id=f"{name}-{path.name}") for name in HARNESSES for path in seeds(name)]


def seed(name: str) -> bytes:
    return (FOLDER / "corpus" / name).read_bytes()


ANSWER = seed("http_answers/gupnp")
CALL = seed("calls/gupnp")
CONNECTION = seed("connections/curl")
DATAGRAM = seed("datagrams/async_upnp_client")
DESCRIPTION = seed("descriptions/icon_and_scpd.xml")
EVENT = seed("events/gupnp")
SUBSCRIBE = seed("subscriptions/gupnp")
ELSEWHERE = LiteralUrl(IPv4Address("198.51.100.1"), 80, "/")


@pytest.mark.parametrize(("name", "path"), SEEDS)
def test_a_seed_goes_through_its_harness(name: str, path: Path) -> None:
    HARNESSES[name](path.read_bytes())


def test_every_harness_has_seeds_and_every_seed_a_harness() -> None:
    assert all(len(seeds(name)) >= 10 for name in HARNESSES)
    assert {path.name for path in (FOLDER / "corpus").iterdir()} == set(HARNESSES)


def test_a_script_is_read_piece_by_piece_and_move_by_move() -> None:
    assert read_script(b"GET\xf7| /\xf7\xf7x\xf7?\xf7") == [b"GET", "|", b" /\xf7", "x", b"\xf7?\xf7"]
    assert read_script(b"") == []


# --- the faults that they find -----------------------------------------------------------------------------------


def causes(error: BaseException) -> Iterator[str]:
    """The texts of *error*, of those in a group and of what caused it."""
    for inner in error.exceptions if isinstance(error, BaseExceptionGroup) else [error]:
        if inner is not error:
            yield from causes(inner)
        else:
            yield str(inner)
    if error.__cause__ is not None:
        yield from causes(error.__cause__)


def find(name: str, data: bytes) -> str:
    with pytest.raises((AssertionError, ExceptionGroup, IndexError, ValueError)) as caught:
        HARNESSES[name](data)
    return "\n".join(causes(caught.value))


class _Site:
    version = 0

    def __init__(self, response: Response | Exception) -> None:
        self.response = response

    def respond(self, request: Request) -> Response:
        if isinstance(self.response, Exception):
            raise self.response
        return self.response

    def takes_body(self, request: Request) -> bool:
        return True


@pytest.mark.parametrize(
    ("response", "message"),
    [
        (RuntimeError("a bug in the site"), "a bug in the site"),
        (Response(200, (("X-A", "1\r\nX-B: 2"),)), "a fault while serving"),
    ],
)
def test_a_fault_behind_a_connection_is_found(
    response: Response | Exception, message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    connections.fuzz_one(CONNECTION)  # this caches the status that a good client gets
    monkeypatch.setattr(connections, "open_site", lambda: _Site(response))
    assert message in find("connections", CONNECTION)


def test_an_answer_with_a_header_too_many_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(datagrams, "search_response_end", lambda date: b"DATE: 1\r\nX-A: 1\r\n\r\n")
    find("datagrams", DATAGRAM)


def test_a_message_that_is_read_differently_than_it_was_written_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(datagrams, "render_search", lambda search: DATAGRAM.replace(b"MX:4", b"MX:3"))
    find("datagrams", DATAGRAM)


def test_an_error_of_the_wrong_kind_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(data: bytes) -> None:
        raise ValueError("not ours")

    monkeypatch.setattr(datagrams, "parse", fail)
    assert find("datagrams", DATAGRAM) == "not ours"


def test_a_change_that_is_not_reported_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    def say_nothing(cache: DeviceCache, now: float) -> list[DeviceChange]:
        expire(cache, now)
        return []

    expire = DeviceCache.expire
    monkeypatch.setattr(DeviceCache, "expire", say_nothing)
    find("announcements", seed("announcements/expires"))


def test_a_control_character_of_a_device_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(announcements, "parse_leniently", lambda datagram: (parse(datagram), ()))
    assert "a control character is shown" in find("announcements", seed("announcements/malformed_escapes"))


def test_a_bound_that_does_not_hold_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Holdings, "make_room", lambda holdings: [])
    find("announcements", seed("announcements/many_devices_of_one_address"))


def test_forgiveness_that_refuses_too_much_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(datagram: bytes) -> None:
        raise MalformedMessage("no EXT")

    monkeypatch.setattr(announcements, "parse_leniently", refuse)
    assert "no EXT" in find("announcements", seed("announcements/sonos"))


def test_a_device_that_stops_answering_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(searches, "_GOOD_SEARCH", b"")
    assert "a good client is not answered" in find("searches", DATAGRAM)


def test_a_log_line_with_control_characters_of_a_peer_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    log = conflicts.logger.warning
    monkeypatch.setattr(conflicts.logger, "warning", lambda text, *values: log(f"{text}\x1b[2J", *values))
    assert "a control character is logged" in find("searches", seed("searches/our_udn_from_elsewhere"))


def test_a_description_that_is_read_differently_than_it_was_written_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    def render_another(device: RootDevice) -> bytes:
        return render_description(attrs.evolve(device, serial_number="another"))

    monkeypatch.setattr(descriptions, "render_description", render_another)
    find("descriptions", DESCRIPTION)


def test_a_service_description_that_is_read_differently_than_it_was_written_is_found(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(descriptions, "render_service_description", lambda description, spec_version: b"<scpd/>")
    find("descriptions", seed("descriptions/scpd_switch_power.xml"))


def test_a_call_of_another_action_than_the_envelope_s_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    def read_another(headers: Mapping[str, str], body: bytes) -> CallMessage:
        return attrs.evolve(read_call(headers, body), action="Set")

    monkeypatch.setattr(calls, "read_call", read_another)
    find("calls", CALL)


def test_a_call_that_is_read_differently_than_it_was_written_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    def render_another(service_type: str, action: str, arguments: object) -> object:
        return render_call(service_type, action, [("newTargetValue", "0")])

    monkeypatch.setattr(calls, "render_call", render_another)
    find("calls", CALL)


def test_a_connection_to_a_device_that_is_left_open_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(KeptConnections, "give", lambda kept, origin, stream: None)
    assert "a connection is left open" in find("http_answers", ANSWER)


def test_an_answer_that_is_read_differently_than_h11_reads_it_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    def read_another(head: bytes) -> AnswerHead:
        return read_head(head.replace(b"Content-Length: ", b"Content-Length: 1"))

    monkeypatch.setattr(answer_reader, "read_head", read_another)
    assert "h11 reads" in find("http_answers", ANSWER)


def test_an_answer_longer_than_its_bound_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    ask = HttpClient._ask

    async def ask_without_bound(client: HttpClient, request: OutgoingRequest, max_body_bytes: int) -> HttpAnswer:
        return await ask(client, request, 1_000_000)

    monkeypatch.setattr(HttpClient, "_ask", ask_without_bound)
    find("http_answers", seed("http_answers/malformed_long_body"))


def test_a_control_character_in_an_error_about_an_answer_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(request_failures, "printable", lambda text, limit: text)
    assert "a control character is logged" in find("http_answers", seed("http_answers/redirect_to_loopback"))


def test_an_event_that_leads_elsewhere_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(requests, "read_callbacks", lambda value, subscriber: (ELSEWHERE,))
    assert "leads elsewhere" in find("subscriptions", SUBSCRIBE)


def test_an_event_with_a_header_too_many_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        subscriptions, "notify_prefix", lambda callback, sid: notify_prefix(callback, f"{sid}\r\nX-A: 1")
    )
    find("subscriptions", SUBSCRIBE)


def test_an_event_that_is_refused_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(event_inbox, "_plain", lambda sid: object())
    assert "a good event is refused" in find("events", EVENT)


def test_an_event_that_does_not_reach_its_reader_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(EventOrder, "receive", lambda order, seq, event, now: [])
    assert "list index out of range" in find("events", EVENT)


def test_a_file_from_outside_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(descriptions, "_SECRET", b"\x89PNG")
    assert "leads out of the folder" in find("descriptions", DESCRIPTION)
