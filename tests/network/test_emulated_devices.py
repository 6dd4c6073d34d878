"""The examples that are devices of well-known makes, run as programs, with what their clients send from another host.

Where the requests come from is said in tests/profiles, which has the searches in the clients' own spelling, too.
"""

from __future__ import annotations

import json
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.network.demands import demand
from tests.network.fetching import Answer, fetch
from tests.network.namespaces import LINK
from tests.network.processes import Program
from tests.network.scenes import DEVICE_ADDRESS, Pair
from tests.network.served import EXAMPLES, REPOSITORY, environment
from tests.network.ssdp import Message, SsdpSocket, m_search, open_listener, open_searcher
from tests.profiles.test_dial import CHROMIUM
from tests.profiles.test_roku import GUIDE
from tests.profiles.test_wemo import ECHO, ENVELOPE

pytestmark = pytest.mark.interop


@contextmanager
def running(name: str, pair: Pair, *, devices: int = 1) -> Iterator[Program]:
    """The example at work on the device's host, until it gets Ctrl-C; then it revokes all that it has announced."""
    command = pair.device.command(sys.executable, str(EXAMPLES / name))
    env = {**environment(), "PYTHONPATH": str(REPOSITORY)}
    with open_listener(pair.asker) as listener, Program(command, cwd=REPOSITORY, env=env) as program:
        program.wait_until(lambda output: output.lower().count("served at") == devices, "Served at")
        announced = listener.receive(1)
        yield program
        program.stop(signal.SIGINT)
        assert "Traceback" not in program.errors
        messages = listener.receive_until(all_revoked)
        assert announced[0].is_alive
        assert messages


def all_revoked(messages: list[Message]) -> bool:
    alive = {message["USN"] for message in messages if message.is_alive}
    return alive == {message["USN"] for message in messages if message.is_byebye}


def found(searcher: SsdpSocket, datagram: bytes, count: int = 1) -> list[Message]:
    before = len(searcher.received)
    searcher.send(datagram)
    return searcher.receive(before + count)[before:]


def ask(pair: Pair, url: str, method: str = "GET", body: object = None, **headers: str) -> Answer:
    """A request with the fields that an Echo sends, and *headers* with dashes for their underlines."""
    data = None if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return fetch(pair.asker, url, method=method, body=data, headers={"Accept": "*/*", **named})


def test_an_echo_pairs_with_the_bridge_and_switches_the_lamp(pair: Pair) -> None:
    form = "application/x-www-form-urlencoded"
    base = f"http://{DEVICE_ADDRESS}"
    with running("hue_lamp.py", pair), open_searcher(pair.asker) as searcher:
        for target in ("urn:schemas-upnp-org:device:basic:1", "upnp:rootdevice"):
            (answer,) = found(searcher, m_search(target, mx=1))
            assert answer["LOCATION"] == f"{base}:80/description.xml"
            assert answer["HUE-BRIDGEID"] == "001788FFFE0ABCDE"
        described = ask(pair, f"{base}:80/description.xml")
        assert b"<modelName>Philips hue bridge 2015</modelName>" in described.body
        paired = ask(pair, f"{base}:80/api", "POST", {"devicetype": "Echo"}, Content_Type=form)
        user = json.loads(paired.body)[0]["success"]["username"]
        lights = json.loads(ask(pair, f"{base}:80/api/{user}/lights").body)
        assert [(key, light["name"], light["state"]["on"]) for key, light in lights.items()] == [("1", "Lamp", False)]
        url = f"{base}:80/api/{user}/lights/1"
        switched = ask(pair, f"{url}/state", "PUT", {"on": True, "bri": 100}, Content_type=form)
        assert json.loads(switched.body)[0] == {"success": {"/lights/1/state/on": True}}
        state = json.loads(ask(pair, url).body)["state"]
        assert (state["on"], state["bri"]) == (True, 100)
        for wrong in ({"on": 1}, {"bri": 255}, {"bri": "all"}):
            assert ask(pair, f"{url}/state", "PUT", wrong).status == 400


def test_a_remote_finds_the_roku_and_presses_its_keys(pair: Pair) -> None:
    with running("roku_remote.py", pair) as program, open_searcher(pair.asker) as searcher:
        (answer,) = found(searcher, GUIDE)
        assert answer["USN"] == "uuid:roku:ecp:P0A070000007"
        location = answer["LOCATION"]
        assert location == f"http://{DEVICE_ADDRESS}:8060/"
        root = ask(pair, location)
        assert b"<deviceType>urn:roku-com:device:player:1-0</deviceType>" in root.body
        info = ask(pair, f"{location}query/device-info")
        assert b"<serial-number>P0A070000007</serial-number>" in info.body
        assert b'<app id="11"' in ask(pair, f"{location}query/apps").body
        for key in ("Home", "Lit_%41"):
            assert ask(pair, f"{location}keypress/{key}", "POST", b"").status == 200
        program.wait_for("^keypress Home$")
        program.wait_for("^keypress Lit_A$")
        assert ask(pair, f"{location}launch/11", "POST", b"").status == 200


def test_an_echo_finds_three_switches_and_switches_one(pair: Pair) -> None:
    with running("wemo_switches.py", pair, devices=3) as program, open_searcher(pair.asker) as searcher:
        answers = found(searcher, ECHO, 3)
        locations = sorted(answer["LOCATION"] for answer in answers)
        assert locations == [f"http://{DEVICE_ADDRESS}:{port}/setup.xml" for port in (49153, 49154, 49155)]
        assert len({answer["USN"] for answer in answers}) == 3
        assert b"<friendlyName>Fan</friendlyName>" in ask(pair, locations[1]).body
        control = locations[1].replace("setup.xml", "upnp/control/basicevent1")
        for state, word in ((1, "on"), (0, "off")):
            fields = {"Content_type": 'text/xml; charset="utf-8"'}
            action = '"urn:Belkin:service:basicevent:1#{}"'
            body = ENVELOPE.format("SetBinaryState", state).encode()
            called = ask(pair, control, "POST", body, SOAPACTION=action.format("SetBinaryState"), **fields)
            assert called.status == 200
            program.wait_for(f"^Fan is {word}$")
            body = ENVELOPE.format("GetBinaryState", 1).encode()
            called = ask(pair, control, "POST", body, SOAPACTION=action.format("GetBinaryState"), **fields)
            assert f"<BinaryState>{state}</BinaryState>".encode() in called.body
        assert "Kitchen is" not in program.output


def test_pywemo_finds_follows_and_switches_a_switch(pair: Pair) -> None:
    demand(None if find_spec("pywemo") else "pywemo is missing; install pywemo, from PyPI")
    script = str(Path(__file__).with_name("pywemo_client.py"))
    with running("wemo_switches.py", pair, devices=3) as program:
        # it sends from the address of each interface, and asks the kernel for a way to the group
        pair.asker.run("ip", "route", "add", "239.0.0.0/8", "dev", LINK)
        with Program(pair.asker.command(sys.executable, script, "Radio")) as client:
            client.wait_for(r'^\["found", \[\["Switch", "Fan", "221517K0101761"\], \["Switch", "Kitchen"')
            client.wait_for('^\\["event", "0"\\]')  # the first event has the state
            for command, state in (("on", 1), ("off", 0)):
                client.write_line(command)
                client.wait_for(rf'^\["state", {state}\]')
                program.wait_for(f"^Radio is {command}$")
            client.wait_until(lambda output: output.count('"event"') == 3, "an event for each switching")
            client.close_input()
            assert client.wait() == 0, client.errors


def test_youtube_starts_and_stops_on_the_screen(pair: Pair) -> None:
    chrome, page = "package:Google-Chrome.87.Linux", "https://www.youtube.com"
    with running("dial_receiver.py", pair) as program, open_searcher(pair.asker) as searcher:
        (answer,) = found(searcher, CHROMIUM)
        described = ask(pair, answer["LOCATION"])
        apps = described.headers["Application-URL"]
        assert apps == f"http://{DEVICE_ADDRESS}:8008/apps"
        assert urlsplit(answer["LOCATION"]).netloc == urlsplit(apps).netloc
        youtube = f"{apps}/YouTube"
        assert b"<state>stopped</state>" in ask(pair, youtube, Origin=chrome).body
        started = ask(pair, youtube, "POST", b"v=jNQXAC9IVRw", Origin=page, Content_Type="text/plain; charset=utf-8")
        assert (started.status, started.headers["Location"]) == (201, f"{youtube}/run")
        program.wait_for("^YouTube starts v=jNQXAC9IVRw$")
        assert b"<state>running</state>" in ask(pair, youtube, Origin=chrome).body
        assert ask(pair, f"{youtube}/run", "DELETE", Origin=page).status == 200
        assert b"<state>stopped</state>" in ask(pair, youtube, Origin=chrome).body
        assert ask(pair, f"{apps}/Netflix", Origin=chrome).status == 404
        for stranger in ("https://attacker.example", f"{page}.attacker.example", ""):
            assert ask(pair, youtube, "POST", b"", Origin=stranger).status == 403
        assert "YouTube starts" not in program.output.partition("YouTube stops")[2]


def test_plex_finds_the_tuner_and_its_channel(pair: Pair) -> None:
    with running("hdhomerun.py", pair), open_searcher(pair.asker) as searcher:
        (answer,) = found(searcher, m_search("urn:schemas-upnp-org:device:MediaServer:1", mx=1))
        location = answer["LOCATION"]
        assert b"<serialNumber>10ABCDEF</serialNumber>" in ask(pair, location).body
        about = json.loads(ask(pair, location.replace("device.xml", "discover.json")).body)
        assert about["DeviceID"] == "10ABCDEF"
        assert about["BaseURL"] == f"http://{DEVICE_ADDRESS}:5004"
        assert json.loads(ask(pair, f"{about['BaseURL']}/lineup_status.json").body)["ScanInProgress"] == 0
        (channel,) = json.loads(ask(pair, about["LineupURL"]).body)
        assert channel["GuideNumber"] == "1"
        assert ask(pair, f"{about['BaseURL']}/nothing").status == 404
