"""A device is observed, and its clone answers like it: everything on a network in memory."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import attrs
import pytest
import trio
import trio.testing

from tests.controlpoint.scenes import asking, hosts, serving
from upnp_trio.cli.new_folder import write_folder
from upnp_trio.cli.observing import MAX_CALLS, contents_of, observe, record, timing_of
from upnp_trio.cloning.clone import make_clone
from upnp_trio.cloning.observed import Observed
from upnp_trio.controlpoint.control_point import ControlPoint
from upnp_trio.demo.light import device as light
from upnp_trio.documents.device_file import load_device
from upnp_trio.documents.scpd import parse_scpd
from upnp_trio.errors import RequestFailed, UnknownDevice
from upnp_trio.model.advertising import AdvertisedRow, Advertising
from upnp_trio.model.device import RootDevice, Service
from upnp_trio.model.service import ServiceDescription
from upnp_trio.model.simulation import Recording
from upnp_trio.profiles import wemo_switch
from upnp_trio.testing import Host, Link
from upnp_trio.testing.peers import answer_datagrams, http_response, serve_connections
from upnp_trio.testing.pipes import PipeStream

Clock = trio.testing.MockClock
UDN = "uuid:e427ce1a-3e80-43d0-ad6f-89ec42e46363"


def _light() -> RootDevice:
    return attrs.evolve(light(), udn=UDN)


async def _seen(
    control_point: ControlPoint, device: str = UDN, *, with_answers: bool = False
) -> tuple[Observed, list[str]]:
    """What is observed, and what a person is told of it."""
    described = await control_point.describe(device)
    seen = await observe(control_point, described)
    if with_answers:
        seen = attrs.evolve(seen, recordings=await record(described))
    return seen, [contents_of(described), timing_of(seen)]


def _cloned(seen: Observed, folder: Path, seed: str | None = "here") -> RootDevice:
    files = make_clone(seen, seed=seed, cloned_at="today").files
    write_folder(folder, files, load_device)
    return load_device(folder)


def _answered(seen: Observed) -> list[list[tuple[str, str]]]:
    """What the answers to searches say, beside what depends on time and place."""
    names = ("SERVER", "CACHE-CONTROL", "ST", "USN", "EXT")
    return [[(name, value) for name, value in answer.headers if name in names] for answer in seen.answers]


def _acts(service: Service) -> ServiceDescription:
    assert service.scpd is not None
    return parse_scpd(service.scpd)


async def test_a_device_is_observed(autojump_clock: Clock) -> None:
    host, asker = hosts(Link(seconds=0.001))
    own = Advertising(server="Linux/6.1 UPnP/1.1 lamp/1", headers={"X-Ham": "salted"}, answer_delay=0.3)
    async with serving(host, attrs.evolve(_light(), advertising=own)), asking(asker) as control_point:
        seen, lines = await _seen(control_point)
    assert seen.device.friendly_name == "Demo light"
    assert b"<friendlyName>Demo light</friendlyName>" in seen.document
    assert seen.document_headers["content-type"] == 'text/xml; charset="utf-8"'
    assert len(seen.answers) == 5
    assert all(("X-Ham", "salted") in answer.headers for answer in seen.answers)
    assert seen.unicast is not None
    assert (seen.unicast.number, seen.multicast[1].number) == (5, 3)
    assert 0.3 <= seen.unicast.least <= seen.unicast.most <= 0.33
    assert 0.3 <= seen.multicast[1].least <= seen.multicast[1].most <= 1
    assert seen.recordings == {}
    assert lines[0] == f"Demo light at {seen.location}: 2 services, 1 icon"
    assert lines[1].startswith("5 rows in its answers to searches; unicast after 3")


async def test_rows_that_the_description_does_not_tell_of_are_observed_and_cloned(
    tmp_path: Path, autojump_clock: Clock
) -> None:
    host, asker = hosts(Link(seconds=0.001))
    rows = [AdvertisedRow("roku:ecp", "uuid:roku:ecp:P0A070000007"), AdvertisedRow("urn:Belkin:device:**")]
    headers = {"X-Ham": "salted", "Application-URL": "http://{host}:{port}/apps/"}
    original = attrs.evolve(_light(), advertising=Advertising(rows=rows, description_headers=headers))
    neighbour = attrs.evolve(_light(), udn="uuid:e427ce1a-3e80-43d0-ad6f-89ec42e46364")
    async with serving(host, original, neighbour), asking(asker) as control_point:
        seen, lines = await _seen(control_point)
    assert len(seen.answers) == 7
    assert lines[1].startswith("7 rows in its answers to searches")
    clone = _cloned(seen, tmp_path / "clone", seed=None)
    assert clone.advertising.rows == (rows[0], AdvertisedRow("urn:Belkin:device:**", f"{UDN}::urn:Belkin:device:**"))
    assert clone.advertising.description_headers == (
        ("x-ham", "salted"),
        ("Application-URL", "http://{host}:{port}/apps/"),
    )


@pytest.mark.parametrize("target", ["roku:ecp", "urn:Belkin:device:**", "urn:dial-multiscreen-org:service:dial:1"])
async def test_a_name_that_only_the_searches_of_its_clients_find_is_cloned(
    target: str, tmp_path: Path, autojump_clock: Clock
) -> None:
    """A WeMo switch lists no ``urn:Belkin:device:**``, and DIAL's own server answers no search but that for DIAL."""

    def answers(payload: bytes) -> list[bytes]:
        if f"ST: {target}\r\n".encode() not in payload:
            return []
        usn, location = f"{UDN}::{target}", "http://192.0.2.7:4004/d.xml"
        lines = ["HTTP/1.1 200 OK", "CACHE-CONTROL: max-age=1800", "EXT:", "SERVER: a/1 UPnP/1.0 b/1", f"USN: {usn}"]
        return ["\r\n".join([*lines, f"ST: {target}", f"LOCATION: {location}", "", ""]).encode()]

    host, asker = hosts(Link(seconds=0.001))
    async with _scripted(host, answers), asking(asker) as control_point:
        seen, lines = await _seen(control_point, f"http://{_address(host)}:4004/d.xml")
    assert lines[1].startswith("1 row in its answers to searches")
    assert [answer.mx for answer in seen.answers] == [1]
    clone = _cloned(seen, tmp_path / "clone", seed=None)
    assert clone.advertising.rows == (AdvertisedRow(target, f"{UDN}::{target}"),)


async def test_the_clone_answers_like_the_original(tmp_path: Path, autojump_clock: Clock) -> None:
    host, asker = hosts(Link(seconds=0.001))
    original = attrs.evolve(
        _light(), advertising=Advertising(server="Linux/6.1 UPnP/1.1 lamp/1", max_age=600, answer_delay=0.3)
    )
    async with serving(host, original), asking(asker) as control_point:
        remote = await control_point.describe(UDN)
        await remote.service("Dimming").call("SetLoadLevelTarget", newLoadlevelTarget=40)
        seen, _ = await _seen(control_point, with_answers=True)
    assert sum(len(recording.answers) for recording in seen.recordings.values()) == 5
    clone = _cloned(seen, tmp_path / "clone")
    other = Host.on(host.nics["eth0"].link, "192.0.2.77/24")
    async with serving(other, clone), asking(asker) as control_point:
        again, _ = await _seen(control_point, str(clone.udn), with_answers=True)
        remote = await control_point.describe(str(clone.udn))
        dimming = remote.service("Dimming")
        assert await dimming.call("GetLoadLevelStatus") == {"retLoadlevelStatus": 40}
        await dimming.call("SetLoadLevelTarget", newLoadlevelTarget=70)
        assert await dimming.call("GetLoadLevelStatus") == {"retLoadlevelStatus": 70}
    assert seen.recordings[0, 1].variables == {"LoadLevelStatus": "40", "StepDelta": "10"}
    assert again.recordings == seen.recordings
    assert again.unicast is not None
    assert again.unicast.least >= 0.3
    assert _answered(again) == [
        [(name, value.replace(UDN, str(clone.udn))) for name, value in row] for row in _answered(seen)
    ]
    assert [icon.data for icon in again.device.icons] == [icon.data for icon in seen.device.icons]
    assert [_acts(service) for service in again.device.services] == [_acts(service) for service in seen.device.services]


async def test_the_clone_of_a_switch_is_switched_like_the_original(tmp_path: Path, autojump_clock: Clock) -> None:
    host, asker = hosts(Link(seconds=0.001))
    switched: list[bool] = []
    async with (
        serving(host, wemo_switch("Fan", serial="221517K0101769", switch=switched.append)),
        asking(asker) as control_point,
    ):
        seen, _ = await _seen(control_point, "uuid:Socket-1_0-221517K0101769", with_answers=True)
    clone = _cloned(seen, tmp_path / "clone")
    async with serving(host, clone), asking(asker) as control_point:
        service = (await control_point.describe(str(clone.udn))).service("basicevent")
        assert await service.call("SetBinaryState", BinaryState=True) == {"CountdownEndTime": 0}
        assert await service.call("GetBinaryState") == {"BinaryState": True}
        assert await service.call("GetFriendlyName") == {"FriendlyName": "Fan"}
    assert switched == []


async def test_a_device_that_answers_no_unicast_search_is_searched_by_multicast(autojump_clock: Clock) -> None:
    host, asker = hosts(Link(seconds=0.001))
    async with _scripted(host, _answers_multicast), asking(asker) as control_point:
        seen, lines = await _seen(control_point)
    assert seen.unicast is None
    assert seen.multicast[1].number == 3
    assert [answer.mx for answer in seen.answers] == [1]
    assert lines[1].startswith("1 row in its answers to searches; multicast (MX 1) after ")


async def test_a_device_that_answers_no_search_is_observed_by_its_url(autojump_clock: Clock) -> None:
    host, asker = hosts(Link(seconds=0.001))
    async with _scripted(host, lambda payload: []), asking(asker) as control_point:
        with pytest.raises(UnknownDevice):
            await _seen(control_point)
        seen, lines = await _seen(control_point, f"http://{_address(host)}:4004/d.xml")
    assert (seen.answers, seen.unicast, seen.multicast) == ((), None, {})
    assert lines[1] == "it answers no search"


async def test_a_device_is_observed_at_a_link_local_address(autojump_clock: Clock) -> None:
    link = Link(seconds=0.001)
    host, asker = Host.on(link, "fe80::7/64"), Host.on(link, "fe80::9/64")
    async with serving(host, _light()), asking(asker) as control_point:
        seen, _ = await _seen(control_point, with_answers=True)
    assert str(seen.location.address) == "fe80::7"
    assert (len(seen.answers), seen.unicast and seen.unicast.number, seen.multicast[1].number) == (5, 5, 3)
    assert len(seen.recordings) == 2


async def test_a_device_that_does_not_answer_at_all_is_reported(autojump_clock: Clock) -> None:
    host, asker = hosts(Link(seconds=0.001))
    async with asking(asker) as control_point:
        with pytest.raises(RequestFailed):
            await _seen(control_point, f"http://{_address(host)}:4004/d.xml")


async def test_calls_that_fail_are_recorded_as_errors_or_not_at_all(autojump_clock: Clock) -> None:
    host, asker = hosts(Link(seconds=0.001))
    scpd = _scpd(["Fault", "Silence", "Nonsense", "Answer"])
    async with _scripted(host, lambda payload: [], scpd=scpd), asking(asker) as control_point:
        seen, _ = await _seen(control_point, f"http://{_address(host)}:4004/d.xml", with_answers=True)
    assert seen.recordings == {
        (0, 0): Recording(answers={"Answer": {"Out": "<ham>"}}, errors={"Fault": (714, "No such entry")})
    }


async def test_a_device_whose_udn_cannot_be_searched_for_is_observed_without_searches(autojump_clock: Clock) -> None:
    host, asker = hosts(Link(seconds=0.001))
    document = DESCRIPTION.replace(UDN.encode(), "uuid:hâm".encode())
    async with _scripted(host, lambda payload: [], document=document), asking(asker) as control_point:
        seen, _ = await _seen(control_point, f"http://{_address(host)}:4004/d.xml")
    assert (seen.answers, seen.unicast, seen.multicast) == ((), None, {})
    assert str(seen.device.udn) == "uuid:hâm"


async def test_a_device_that_gives_too_much_is_not_asked_for_more(
    autojump_clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("upnp_trio.cli.observing.MAX_RECORDED_CHARACTERS", 20)
    host, asker = hosts(Link(seconds=0.001))
    scpd = _scpd([f"Answer{number}" for number in range(10)])
    async with _scripted(host, lambda payload: [], scpd=scpd), asking(asker) as control_point:
        seen, _ = await _seen(control_point, f"http://{_address(host)}:4004/d.xml", with_answers=True)
    assert list(seen.recordings[0, 0].answers) == ["Answer0", "Answer1", "Answer2"]  # of eight characters each


async def test_a_device_that_never_answers_its_calls_costs_a_minute_and_no_more(autojump_clock: Clock) -> None:
    host, asker = hosts(Link(seconds=0.001))
    actions = [f"Silence{number}" for number in range(MAX_CALLS)]
    async with _scripted(host, lambda payload: [], scpd=_scpd(actions)), asking(asker) as control_point:
        started = trio.current_time()
        seen, _ = await _seen(control_point, f"http://{_address(host)}:4004/d.xml", with_answers=True)
    assert seen.recordings == {}
    assert 60 <= trio.current_time() - started <= 70


# --- a device that a test scripts ----------------------------------------------------------------------------------

DESCRIPTION = f"""<root xmlns="urn:schemas-upnp-org:device-1-0">
<specVersion><major>1</major><minor>0</minor></specVersion>
<device><deviceType>urn:x:device:y:1</deviceType><friendlyName>Odd</friendlyName><manufacturer>m</manufacturer>
<modelName>n</modelName><UDN>{UDN}</UDN><serviceList><service><serviceType>urn:x:service:s:1</serviceType>
<serviceId>urn:x:serviceId:s</serviceId><SCPDURL>/s.xml</SCPDURL><controlURL>/c</controlURL><eventSubURL/></service>
</serviceList></device></root>""".encode()
FAULT = b"""<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><s:Fault>
<faultcode>s:Client</faultcode><faultstring>UPnPError</faultstring><detail>
<UPnPError xmlns="urn:schemas-upnp-org:control-1-0"><errorCode>714</errorCode>
<errorDescription>No such entry</errorDescription></UPnPError></detail></s:Fault></s:Body></s:Envelope>"""
ANSWER = b"""<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><u:AnswerResponse
xmlns:u="urn:x:service:s:1"><Out>&lt;ham&gt;</Out></u:AnswerResponse></s:Body></s:Envelope>"""


def _scpd(actions: list[str]) -> bytes:
    entries = "".join(
        f"<action><name>{name}</name><argumentList><argument><name>Out</name><direction>out</direction>"
        "<relatedStateVariable>V</relatedStateVariable></argument></argumentList></action>"
        for name in actions
    )
    return (
        '<scpd xmlns="urn:schemas-upnp-org:service-1-0"><specVersion><major>1</major><minor>0</minor></specVersion>'
        f"<actionList>{entries}<action><name>Reset</name></action></actionList><serviceStateTable>"
        '<stateVariable sendEvents="no"><name>V</name><dataType>string</dataType></stateVariable>'
        "</serviceStateTable></scpd>"
    ).encode()


def _address(host: Host) -> str:
    return str(next(each.ip for each in host.nics["eth0"].addresses if each.version == 4))


def _answers_multicast(payload: bytes) -> list[bytes]:
    if UDN.encode() not in payload and b"ssdp:all" not in payload:
        return []
    lines = ["HTTP/1.1 200 OK", "CACHE-CONTROL: max-age=1800", "EXT:", "SERVER: a/1 UPnP/1.0 b/1", f"USN: {UDN}"]
    return ["\r\n".join([*lines, f"ST: {UDN}", "LOCATION: http://192.0.2.7:4004/d.xml", "", ""]).encode()]


@asynccontextmanager
async def _scripted(
    host: Host,
    answers: Callable[[bytes], Iterable[bytes]],
    *,
    scpd: bytes = b"<scpd><serviceStateTable/></scpd>",
    document: bytes = DESCRIPTION,
) -> AsyncIterator[None]:
    """A device on *host* that answers multicast searches with what *answers* gives."""

    async def serve(stream: PipeStream) -> None:
        request = b""
        while b"\r\n\r\n" not in request:
            if not (received := await stream.receive_some(65536)):
                return
            request += received
        if b"#Silence" in request:
            await trio.sleep_forever()
        status = "500 Internal Server Error" if b"#Fault" in request else "200 OK"
        bodies = {b"/d.xml": document, b"/s.xml": scpd, b"/c": b"<ham/>"}
        body = FAULT if b"#Fault" in request else ANSWER if b"#Answer" in request else bodies[request.split()[1]]
        response = http_response(body, 'Content-Type: text/xml; charset="utf-8"', "Connection: close", status=status)
        await stream.send_all(memoryview(response))

    async with trio.open_nursery() as nursery:
        await nursery.start(partial(answer_datagrams, host, lambda payload, _: answers(payload)))
        await nursery.start(serve_connections, host, 4004, serve)
        yield
        nursery.cancel_scope.cancel()
