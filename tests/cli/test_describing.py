"""``upnp-trio describe`` on a network in memory: as text, JSON and XML, and what it does about hostile devices."""

from __future__ import annotations

import json
from pathlib import Path

import attrs
import pytest
import trio
import trio.testing

from tests.cli.scenes import EVERY_TYPE, Written, among
from tests.controlpoint.clients import LOCATION, SERVED, ScriptedClient
from tests.controlpoint.scenes import asking, hosts
from upnp_trio import load_device, parse_description
from upnp_trio.cli.describing import describe_on
from upnp_trio.cli.device_file_text import device_file
from upnp_trio.cli.verbs.describe import parse
from upnp_trio.controlpoint.describing import describe_at
from upnp_trio.documents.publication import publish
from upnp_trio.errors import UnknownDevice
from upnp_trio.server.identity import with_udns
from upnp_trio.testing.peers import http_response, serve_connections
from upnp_trio.testing.pipes import PipeStream

Clock = trio.testing.MockClock
SAMPLES = Path(__file__).parents[1] / "documents" / "samples"


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing was seen before."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))


async def described(*words: str, is_terminal: bool = False) -> Written:
    written = Written.anew(is_terminal=is_terminal)
    async with among() as control_point:
        assert await describe_on(control_point, parse(words), written.outputs) == 0
    return written


async def test_a_person_gets_a_tree(autojump_clock: Clock) -> None:
    written = await described("Every type")
    assert written.errors.lines == []
    lines = written.output.lines
    assert lines[:3] == ["Every type", "  type      urn:example-com:device:EveryType:1", f"  UDN       {EVERY_TYPE}"]
    assert "  SwitchPower  urn:schemas-upnp-org:service:SwitchPower:1" in lines
    assert "      in   newTargetValue  boolean" in lines


async def test_a_script_gets_one_line_of_json(autojump_clock: Clock) -> None:
    written = await described(EVERY_TYPE, "--json")
    (line,) = written.output.lines
    found = json.loads(line)
    assert (found["udn"], found["name"], found["forgiven"]) == (EVERY_TYPE, "Every type", [])
    assert [service["name"] for service in found["services"]] == ["SwitchPower", "Limits", "EveryType"]


async def test_the_document_is_written_as_it_was_fetched(autojump_clock: Clock) -> None:
    written = await described(EVERY_TYPE, "--xml")
    assert written.output.lines == []
    assert parse_description(written.output.data).friendly_name == "Every type"
    assert "Boucherie numérique".encode() in written.output.data


async def test_a_terminal_gets_the_document_in_lines(autojump_clock: Clock) -> None:
    written = await described(EVERY_TYPE, "--xml", is_terminal=True)
    assert written.output.data == b""
    assert written.output.lines[:2] == [
        '<?xml version="1.0" encoding="utf-8"?>',
        *[line for line in written.output.lines if line.startswith("<root ")],
    ]


async def test_a_device_file_can_be_served(tmp_path: Path, autojump_clock: Clock) -> None:
    written = await described(EVERY_TYPE, "--toml")
    assert written.output.lines[:2] == [
        *[line for line in written.output.lines if line.startswith("# Every type, as it described itself at http://")],
        "# It has the UDN of its original: leave that out if both are to be on one network.",
    ]
    (tmp_path / "device.toml").write_text("\n".join(written.output.lines), encoding="utf-8")
    device = load_device(tmp_path / "device.toml")
    assert (str(device.udn), len(device.services)) == (EVERY_TYPE, 3)
    publish(device)


@pytest.mark.parametrize("name", sorted(path.name for path in SAMPLES.glob("*.xml")))
async def test_the_device_file_of_a_real_device_can_be_served(name: str, tmp_path: Path) -> None:
    client = ScriptedClient({LOCATION.text: (SAMPLES / name).read_bytes()})  # a small file
    described = await describe_at(client, LOCATION, SERVED)
    (tmp_path / "device.toml").write_text(device_file(described), encoding="utf-8")
    device = load_device(tmp_path / "device.toml")
    assert (device.friendly_name, device.udn) == (described.friendly_name, described.udn)
    publish(with_udns(device, "test"))


async def test_a_terminal_hears_what_takes_so_long(autojump_clock: Clock) -> None:
    written = await described("Every type", is_terminal=True)
    texts = [text for _, text in written.errors.texts]
    assert "\r\x1b[2Kreading the description of Every type, 1 s" in texts
    assert texts[-1] == "\r\x1b[2K"


async def test_errors_leave_as_themselves_on_a_terminal_too(autojump_clock: Clock) -> None:
    for is_terminal in (False, True):
        async with among() as control_point:
            with pytest.raises(UnknownDevice):
                await describe_on(control_point, parse(["Nobody"]), Written.anew(is_terminal=is_terminal).outputs)


HOSTILE = """<root xmlns="urn:schemas-upnp-org:device-1-0"><device>
<friendlyName>Lamp\x1b[2J\u202e\x9b31m</friendlyName><UDN>uuid:a\u200b</UDN>
<modelName>{long}</modelName><manufacturer>\u2028x</manufacturer>
<serviceList><service><serviceType>urn:x:service:Y\u202e:1</serviceType><serviceId>\u2066i</serviceId>
<SCPDURL>http://198.51.100.1/</SCPDURL></service>
<service><serviceType>urn:x:service:Z:1</serviceType><serviceId>z</serviceId><SCPDURL>/scpd</SCPDURL></service>
</serviceList></device></root>"""
HOSTILE_SCPD = """<scpd><actionList><action><name>Do\u202e\x1b]0;title\x07</name><argumentList>
<argument><name>A\u200f</name><direction>in</direction><relatedStateVariable>V</relatedStateVariable></argument>
</argumentList></action></actionList><serviceStateTable>
<stateVariable><name>V\u202e</name><dataType>string</dataType><defaultValue>\u2066</defaultValue>
<allowedValueList><allowedValue>\u202e1</allowedValue></allowedValueList></stateVariable>
</serviceStateTable></scpd>"""


@pytest.mark.parametrize("options", [(), ("--json",), ("--xml",), ("--toml",)])
@pytest.mark.parametrize("is_terminal", [False, True])
async def test_nothing_that_a_device_says_controls_the_terminal(
    options: tuple[str, ...], is_terminal: bool, autojump_clock: Clock
) -> None:
    device, asker = hosts()
    documents = {b"/d": HOSTILE.format(long="x" * 100_000), b"/scpd": HOSTILE_SCPD}

    async def serve(stream: PipeStream) -> None:
        request = b""
        while b"\r\n\r\n" not in request:
            request += await stream.receive_some(4096)
        await stream.send_all(memoryview(http_response(documents[request.split()[1]].encode(), "Connection: close")))

    written = Written.anew(is_terminal=is_terminal)
    async with trio.open_nursery() as nursery, asking(asker, listen=False) as control_point:
        await nursery.start(serve_connections, device, 80, serve)
        words = ["http://192.0.2.7/d", *options]
        assert await describe_on(control_point, parse(words), written.outputs) == 0
        nursery.cancel_scope.cancel()
    shown = "".join(text for _, text in written.output.texts)
    if is_terminal and not options:
        for code in ("\x1b[0m", "\x1b[1m", "\x1b[2m", "\x1b[31m", "\x1b[36m"):
            shown = shown.replace(code, "")
    assert all(line.isprintable() for line in shown.split("\n"))
    if not options:
        assert max(map(len, shown.splitlines())) < 1000
        assert "Overlooked" in shown


async def test_a_service_that_cannot_be_described_says_why(autojump_clock: Clock) -> None:
    written = Written.anew()
    async with among() as control_point:
        device = await control_point.describe(EVERY_TYPE, contents=False)
        assert device.services[0].scpd is None
        await describe_on(attrs.evolve(_Only(device)), parse([device.location.text]), written.outputs)  # type: ignore[arg-type]
    assert "    the actions of SwitchPower are not known: its SCPD was not fetched" in written.output.lines


@attrs.frozen
class _Only:
    """A control point that knows one description."""

    device: object

    async def describe(self, device: object, *, contents: bool = True) -> object:
        await trio.lowlevel.checkpoint()
        return self.device
