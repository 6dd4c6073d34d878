"""Responses are rendered once a second, and are never older than the site."""

from __future__ import annotations

from datetime import datetime, timedelta

import attrs
import h11

from tests.devices import BASIC
from tests.http.responses import take_response
from tests.server.scenes import NOON, services_of
from upnp_trio.documents.publication import publish
from upnp_trio.exchange import Request, Response, error_response
from upnp_trio.http import response_writer as response_writer_module
from upnp_trio.http.response_writer import ResponseWriter
from upnp_trio.monitoring.events import Events
from upnp_trio.monitoring.stats import Stats
from upnp_trio.server.services import Services
from upnp_trio.site import Site

PUBLICATION = publish(BASIC)
REQUEST = Request("GET", PUBLICATION.description_path, {})


@attrs.define
class Clock:
    now: datetime = NOON

    def __call__(self) -> datetime:
        return self.now


def writer(clock: Clock | None = None) -> ResponseWriter:
    site = Site()
    site.add(PUBLICATION)
    return ResponseWriter(services_of(site), "s/1", clock or Clock(), Stats(), Events())


def response_of(responses: ResponseWriter) -> Response:
    response = responses.site.respond(REQUEST)
    assert isinstance(response, Response)
    return response


def read(sent: bytes, method: str = "GET") -> tuple[h11.Response, bytes]:
    taken = take_response(sent, method)
    assert taken is not None
    head, body, rest = taken
    assert rest == b""
    return head, body


def test_a_response_has_date_server_and_length() -> None:
    (sent,) = writer().render(error_response(404))
    head, body = read(sent)
    assert (head.status_code, head.reason, body) == (404, b"Not Found", b"404 Not Found\n")
    assert dict(head.headers) == {
        b"date": b"Mon, 23 Nov 2026 12:00:00 GMT",
        b"server": b"s/1",
        b"content-type": b"text/plain; charset=utf-8",
        b"content-length": b"14",
    }


def test_the_date_follows_the_clock_of_this_host_wherever_it_is_set() -> None:
    responses = writer(clock := Clock())
    for seconds, date in [
        (0.9, "12:00:00"),
        (1.0, "12:00:01"),
        (0.5, "12:00:00"),
        (-0.1, "11:59:59"),
        (3600, "13:00:00"),
    ]:
        clock.now = NOON + timedelta(seconds=seconds)
        for _ in range(2):
            (sent,) = responses.render(error_response(404))
            assert dict(read(sent)[0].headers)[b"date"] == f"Mon, 23 Nov 2026 {date} GMT".encode()


def test_head_only_leaves_out_the_body_and_closes_adds_connection_close() -> None:
    (sent,) = writer().render(error_response(404), head_only=True, closes=True)
    head, body = read(sent, "HEAD")
    assert (dict(head.headers)[b"content-length"], dict(head.headers)[b"connection"], body) == (b"14", b"close", b"")


def test_not_modified_has_neither_length_nor_body() -> None:
    (sent,) = writer().render(Response(304, (("ETag", '"1"'),)))
    head, body = read(sent)
    assert (head.status_code, body) == (304, b"")
    assert b"content-length" not in dict(head.headers)


def test_the_same_response_is_rendered_once_a_second_and_has_the_date_of_its_second() -> None:
    clock = Clock()
    responses = writer(clock)
    response = response_of(responses)
    first = responses.render(response)
    clock.now = NOON.replace(microsecond=999_999)
    assert responses.render(response_of(responses)) is first
    clock.now = NOON.replace(second=1)
    assert b"Date: Mon, 23 Nov 2026 12:00:01 GMT" in responses.render(response)[0]
    assert read(responses.render(response)[0])[1] == response.body


def test_after_a_change_of_the_site_nothing_rendered_before_it_is_sent() -> None:
    responses = writer()
    assert isinstance(responses.site, Services)
    before = responses.render(response_of(responses))
    responses.site.site.add(publish(attrs.evolve(BASIC, friendly_name="renamed")))
    after = responses.render(response_of(responses))
    assert b"renamed" in after[0]
    assert before != after
    responses.site.site.remove(PUBLICATION.description_path)
    assert b" 404 " in responses.render(response_of(responses))[0]


def test_a_large_body_is_not_copied_for_each_reader() -> None:
    responses = writer()
    body = bytes(4 * 1024 * 1024)
    response = Response(200, (("Content-Type", "image/png"),), body)
    _, sent = responses.render(response)
    assert sent is body
    assert responses.render(response)[1] is body


def test_the_cache_of_responses_is_bounded() -> None:
    responses = writer()
    for number in range(500):
        responses.render(Response(200, (), bytes(response_writer_module.MAX_JOINED_BYTES - number)))
    kept = [len(pieces[0]) for pieces in responses._rendered.values()]
    assert 0 < sum(kept) <= response_writer_module.MAX_CACHED_BYTES
