"""What a hostile web page, a hostile peer or a confused proxy sends over HTTP, and what it gets.

Each test here fails when the guard that it is about is taken away. The clock that jumps is a test's own argument, as
a fixture's is not the run's.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

import attrs
import pytest
import trio.testing

from tests.http.scenes import read_until_silent, responses
from tests.server.scenes import LoneHost, interface
from tests.site.ham import CALL, CONTROL, DESCRIPTION, ENVELOPE, HAM, ICON, PAGE, SCPD
from upnp_trio import Running, Settings
from upnp_trio.server.serve import serve_on

HOST = "192.0.2.7:49152"
Clock = trio.testing.MockClock
Got = tuple[int, dict[str, str], bytes]


@attrs.frozen
class Device:
    """A device on a network in memory, and how it responds to bytes."""

    host: LoneHost
    running: Running

    async def send(self, sent: bytes, *methods: str) -> tuple[list[Got], bool]:
        """Send *sent* on a new connection; return a response for each of *methods*, and whether it was closed then."""
        client = self.host.client()
        async with client:
            await client.send_all(sent)
            received, closed = await read_until_silent(client)
            return responses(received, *(methods or ("GET",))), closed

    async def ask(self, target: str = DESCRIPTION, method: str = "GET", host: str | None = HOST, **headers: str) -> Got:
        """Send one request without a body and return its response."""
        fields = {"host": host, **headers} if host is not None else headers
        return await self._ask(target, method, fields, b"")

    async def post(self, host: str = HOST, **headers: str) -> Got:
        """Send the envelope of a call and return its response."""
        return await self._ask(
            CONTROL, "POST", {"host": host, "content-length": f"{len(ENVELOPE)}", **headers}, ENVELOPE
        )

    async def _ask(self, target: str, method: str, fields: Mapping[str, str], body: bytes) -> Got:
        lines = [f"{name.replace('_', '-')}: {value}" for name, value in fields.items()]
        request = "\r\n".join([f"{method} {target} HTTP/1.1", *lines, "", ""])
        (got,), _ = await self.send(request.encode() + body, method)
        assert not [name for name in got[1] if name.startswith("access-control")], "no CORS header, ever"
        return got


@asynccontextmanager
async def served(*addresses: str, settings: Settings | None = None) -> AsyncIterator[Device]:
    host = LoneHost(interface(*addresses))
    async with serve_on(host.network, [HAM], settings or Settings(port=49152)) as running:
        yield Device(host, running)


@pytest.fixture
async def device() -> AsyncIterator[Device]:
    async with served() as device:
        yield device


# --- rebinding: the page of a name that now leads to our address -------------------------------------------------

REBOUND = ["rebound.example.com:49152", "192.0.2.7", "192.0.2.8:49152", "localhost:49152"]


@pytest.mark.parametrize("host", REBOUND)
@pytest.mark.parametrize("target", [DESCRIPTION, ICON, SCPD, PAGE, "/", "/none", CONTROL])
async def test_a_request_under_another_name_gets_nothing_of_any_resource(
    autojump_clock: Clock, device: Device, target: str, host: str
) -> None:
    status, headers, body = await device.ask(target, host=host)
    assert (status, headers["content-length"], body) == (403, "0", b"")
    assert device.running.stats.refused == {"host refused": 1}


async def test_a_call_under_another_name_is_refused(autojump_clock: Clock, device: Device) -> None:
    assert (await device.post(REBOUND[0], **_fields(CALL)))[0] == 403
    assert (await device.post(**_fields(CALL)))[0] == 500


async def test_a_body_under_another_name_is_not_asked_for(autojump_clock: Clock, device: Device) -> None:
    headers = {**_fields(CALL), "expect": "100-continue", "content_length": "5"}
    assert (await device.ask(CONTROL, "POST", host=REBOUND[0], **headers))[0] == 403


async def test_a_device_answers_under_its_own_address(autojump_clock: Clock, device: Device) -> None:
    assert (await device.ask())[0] == 200
    assert (await device.ask(f"http://{HOST}{DESCRIPTION}"))[0] == 200
    assert not device.running.stats.refused


async def test_each_address_answers_to_itself_alone(autojump_clock: Clock) -> None:
    async with served("192.0.2.7/24", "198.51.100.7/24") as device:
        for own, other in (("192.0.2.7", "198.51.100.7"), ("198.51.100.7", "192.0.2.7")):
            for host, expected in ((own, 200), (other, 403)):
                async with device.host.client(address=own) as client:
                    await client.send_all(f"GET {DESCRIPTION} HTTP/1.1\r\nHost: {host}:49152\r\n\r\n".encode())
                    received, _ = await read_until_silent(client)
                    assert responses(received, "GET")[0][0] == expected


async def test_names_can_be_allowed_and_the_advertised_one_is(autojump_clock: Clock) -> None:
    settings = Settings(port=49152, advertise_url="http://198.51.100.1:8080", allowed_hosts=["ham.local"])
    async with served(settings=settings) as device:
        for host in (HOST, "198.51.100.1:8080", "ham.local", "ham.local:49152"):
            assert (await device.ask(host=host))[0] == 200
        for host in ("198.51.100.1", "198.51.100.1:49152", "example.com"):
            assert (await device.ask(host=host))[0] == 403


# --- an absolute target that differs from Host --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("target", "host"),
    [
        (f"http://rebound.example.com:49152{DESCRIPTION}", HOST),
        (f"https://{HOST}{DESCRIPTION}", HOST),
        (f"http://rebound.example.com:49152{DESCRIPTION}", "rebound.example.com:49152"),
    ],
)
async def test_an_absolute_target_must_be_ours(autojump_clock: Clock, device: Device, target: str, host: str) -> None:
    assert (await device.ask(target, host=host))[0::2] == (403, b"")


async def test_host_is_ignored_beside_an_absolute_target_of_ours(autojump_clock: Clock, device: Device) -> None:
    assert (await device.ask(f"http://{HOST}{DESCRIPTION}", host="rebound.example.com:49152"))[0] == 200  # §3.2.2


async def test_a_user_in_an_absolute_target_does_not_hide_its_host(autojump_clock: Clock, device: Device) -> None:
    assert (await device.ask(f"http://{HOST}@rebound.example.com{DESCRIPTION}"))[0] == 400


async def test_http_1_0_needs_no_host_and_its_target_is_checked(autojump_clock: Clock, device: Device) -> None:
    assert (await device.send(f"GET {DESCRIPTION} HTTP/1.0\r\n\r\n".encode()))[0][0][0] == 200
    lie = f"GET http://rebound.example.com{DESCRIPTION} HTTP/1.0\r\n\r\n"
    assert (await device.send(lie.encode()))[0][0][0] == 403


# --- the page of another site ------------------------------------------------------------------------------------


@pytest.mark.parametrize("origin", ["http://example.com", "null", "https://192.0.2.7:49152", "http://192.0.2.7"])
@pytest.mark.parametrize("method", ["GET", "POST", "OPTIONS", "SUBSCRIBE"])
async def test_a_script_of_another_site_gets_nothing(
    autojump_clock: Clock, device: Device, method: str, origin: str
) -> None:
    for target in (CONTROL, DESCRIPTION):
        call = {**_fields(CALL), "content_length": "0", "origin": origin}
        status, _, body = await device.ask(target, method, **call)
        assert (status, body) == (403, b"")
    assert device.running.stats.refused == {"origin refused": 2}


async def test_a_script_of_our_own_page_is_served(autojump_clock: Clock, device: Device) -> None:
    assert (await device.ask(PAGE, origin=f"http://{HOST}"))[0] == 200
    assert (await device.post(origin=f"http://{HOST}", **_fields(CALL)))[0] == 500


async def test_a_form_of_another_site_is_refused_even_where_the_browser_sends_no_origin(
    autojump_clock: Clock, device: Device
) -> None:
    assert (await device.post(sec_fetch_site="cross-site", **_fields(CALL)))[0] == 403
    # another site may link to our page
    assert (await device.ask(PAGE, sec_fetch_site="cross-site", sec_fetch_mode="navigate"))[0] == 200


async def test_a_preflight_of_our_own_page_gets_no_permission(autojump_clock: Clock, device: Device) -> None:
    wants = {"origin": f"http://{HOST}", "access_control_request_method": "POST"}
    assert (await device.ask(CONTROL, "OPTIONS", **wants))[0] == 405


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 415),
        ({"content_type": "text/plain", "soapaction": CALL["soapaction"]}, 415),
        ({"content_type": "application/x-www-form-urlencoded", "soapaction": CALL["soapaction"]}, 415),
        ({"content_type": "multipart/form-data; boundary=text/xml", "soapaction": CALL["soapaction"]}, 415),
        ({"soapaction": CALL["soapaction"]}, 415),
        ({"content_type": "text/xml"}, 400),
    ],
)
async def test_a_post_that_needs_no_preflight_is_not_a_call(
    autojump_clock: Clock, device: Device, headers: dict[str, str], status: int
) -> None:
    assert (await device.post(**headers))[0] == status


# --- paths -------------------------------------------------------------------------------------------------------

DIRECTORY, _, NAME = DESCRIPTION.rpartition("/")


@pytest.mark.parametrize(
    "target",
    [
        "/../../../../etc/passwd",
        "/%2e%2e/%2e%2e/etc/passwd",
        "/..%2f..%2fetc%2fpasswd",
        "/..\\..\\etc\\passwd",
        "/..%5c..%5cetc%5cpasswd",
        "//etc/passwd",
        "/etc/passwd%00.xml",
        f"{DIRECTORY}/../../etc/passwd",
        f"{DIRECTORY}/x/../{NAME}",
        f"{DIRECTORY}/./{NAME}",
        f"{DIRECTORY}/%2e/{NAME}",
        f"{DIRECTORY}%2f{NAME}",
        f"{DIRECTORY}%2F{NAME}",
        f"{DIRECTORY}%252f{NAME}",
        f"{DIRECTORY}%5c{NAME}",
        f"{DIRECTORY}\\{NAME}",
        f"/{DESCRIPTION}",
        f"{DIRECTORY}//{NAME}",
        f"{DESCRIPTION}%00",
        f"{DESCRIPTION}%00.png",
        f"{DESCRIPTION}/",
        f"{DESCRIPTION};x",
        f"{DESCRIPTION}%20",
        f"{DESCRIPTION}.",
        DESCRIPTION.upper(),
    ],
)
async def test_there_is_one_path_to_a_document_and_none_out_of_the_site(
    autojump_clock: Clock, device: Device, target: str
) -> None:
    status, _, body = await device.ask(target)
    assert (status, body) == (404, b"404 Not Found\n")


@pytest.mark.parametrize("target", ["*", "192.0.2.7:49152", "file:///etc/passwd", "javascript:alert(1)", "?/", "#"])
async def test_a_target_that_is_not_a_path_is_refused(autojump_clock: Clock, device: Device, target: str) -> None:
    assert (await device.ask(target))[0] in (400, 403)


# --- methods -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "TRACE", "OPTIONS", "NOTIFY", "M-POST", "SUBSCRIBE"])
async def test_a_document_can_only_be_read(autojump_clock: Clock, device: Device, method: str) -> None:
    status, headers, body = await device.ask(DESCRIPTION, method)
    assert (status, headers["allow"]) == (405, "GET, HEAD")
    assert method.encode() not in body  # TRACE, above all, echoes nothing


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "OPTIONS", "M-POST", "SUBSCRIBE", "TRACE"])
async def test_a_control_url_can_only_be_posted_to(autojump_clock: Clock, device: Device, method: str) -> None:
    status, headers, _ = await device.ask(CONTROL, method)
    assert (status, headers["allow"]) == (405, "POST")


@pytest.mark.parametrize("method", ["BREW", "get", "GETX", "PROPFIND", "<script>"[1:-1]])
async def test_an_unknown_method_is_not_echoed(autojump_clock: Clock, device: Device, method: str) -> None:
    status, _, body = await device.ask(DESCRIPTION, method)
    assert (status, body) == (501, b"501 Not Implemented\n")


# --- framing: two readers of one stream must not disagree about where a request ends -----------------------------

SMUGGLED = f"GET {DESCRIPTION} HTTP/1.1\r\nHost: {HOST}\r\n\r\n".encode()


def post(*lines: str, body: bytes = b"") -> bytes:
    head = "\r\n".join([f"POST {CONTROL} HTTP/1.1", f"Host: {HOST}", *lines, "", ""])
    return head.encode("latin-1") + body


@pytest.mark.parametrize(
    "sent",
    [
        pytest.param(post("Content-Length: 0", "Content-Length: 5", body=b"12345"), id="two lengths"),
        pytest.param(post("Content-Length: 0, 5", body=b"12345"), id="two lengths in a list"),
        pytest.param(post("Content-Length: 3", "Transfer-Encoding: chunked", body=b"0\r\n\r\n"), id="both framings"),
        pytest.param(
            post("Transfer-Encoding: chunked", "Content-Length: 5", body=b"0\r\n\r\n"), id="the other way round"
        ),
        pytest.param(
            post("Transfer-Encoding: chunked", body=b"0\r\n\r\n").replace(b"HTTP/1.1", b"HTTP/1.0"),
            id="HTTP/1.0 chunks",
        ),
        pytest.param(post("Content-Length: +0"), id="a signed length"),
        pytest.param(post("Content-Length: 0x0"), id="a length in hexadecimal"),
        pytest.param(post("Content-Length: \u00b2"), id="a digit that is not ASCII"),
        pytest.param(post("Content-Length : 0"), id="a blank before the colon"),
        pytest.param(post("X: y", " Content-Length: 0"), id="a folded line"),
        pytest.param(post("X: y", "\tContent-Length: 0"), id="a folded line with a tab"),
        pytest.param(post("X: y\rContent-Length: 0"), id="a bare CR"),
        pytest.param(post("X: y\x00z", "Content-Length: 0"), id="a NUL"),
        pytest.param(post("Transfer-Encoding: chunked", body=b"0x0\r\n\r\n"), id="a chunk size in 0x"),
        pytest.param(post("Transfer-Encoding: chunked", body=b"-0\r\n\r\n"), id="a negative chunk size"),
        pytest.param(
            post("Transfer-Encoding: chunked", body=b"1\r\nab\r\n0\r\n\r\n"), id="a chunk longer than its size"
        ),
        pytest.param(f" GET {DESCRIPTION} HTTP/1.1\r\nHost: {HOST}\r\n\r\n".encode(), id="a blank before the method"),
        pytest.param(f"GET {DESCRIPTION} x HTTP/1.1\r\nHost: {HOST}\r\n\r\n".encode(), id="a blank in the target"),
        pytest.param(f"GET  {DESCRIPTION} HTTP/1.1\r\nHost: {HOST}\r\n\r\n".encode(), id="two blanks"),
        pytest.param(f"GET\t{DESCRIPTION}\tHTTP/1.1\r\nHost: {HOST}\r\n\r\n".encode(), id="tabs for blanks"),
        pytest.param(f"GET {DESCRIPTION}\r HTTP/1.1\r\nHost: {HOST}\r\n\r\n".encode(), id="a CR in the target"),
        pytest.param(f"GET {DESCRIPTION} HTTP/1.1\r\nHost: {HOST}\r\nHost: {HOST}\r\n\r\n".encode(), id="two Hosts"),
        pytest.param(f"GET {DESCRIPTION} HTTP/1.1\r\n\r\n".encode(), id="no Host"),
        pytest.param(f"GET {DESCRIPTION} HTTP/1.1\r\nHost: {HOST} x\r\n\r\n".encode(), id="two words in Host"),
    ],
)
async def test_a_request_whose_end_is_in_doubt_is_refused_and_nothing_after_it_is_read(
    autojump_clock: Clock, device: Device, sent: bytes
) -> None:
    ((status, headers, _),), _ = await device.send(sent + SMUGGLED, "POST")
    assert (status, headers["connection"]) == (400, "close")


@pytest.mark.parametrize("coding", ["gzip", "chunked, gzip", "gzip, chunked", "identity", "xchunked", "chunked;x"])
async def test_a_transfer_coding_that_we_do_not_know_is_refused(
    autojump_clock: Clock, device: Device, coding: str
) -> None:
    ((status, headers, _),), _ = await device.send(post(f"Transfer-Encoding: {coding}", body=SMUGGLED), "POST")
    assert (status, headers["connection"]) == (501, "close")


async def test_a_request_inside_a_body_is_not_answered(autojump_clock: Clock, device: Device) -> None:
    sent = post(f"Content-Length: {len(SMUGGLED)}", body=SMUGGLED) + SMUGGLED
    got, _ = await device.send(sent, "POST", "GET")
    assert [status for status, _, _ in got] == [415, 200]


async def test_nothing_of_a_request_comes_back_in_an_answer(autojump_clock: Clock, device: Device) -> None:
    mark = "x7f3a9"
    for target, host in ((f"/{mark}", HOST), (DESCRIPTION, mark), (f"http://{mark}/", HOST)):
        _, headers, body = await device.ask(target, host=host, referer=mark, origin=f"http://{mark}", x=mark)
        assert mark not in f"{headers}{body!r}"


def _fields(headers: dict[str, str]) -> dict[str, str]:
    return {name.replace("-", "_"): value for name, value in headers.items()}
