"""``upnp-trio call`` on a network in memory: values there and back, and errors in words."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import trio
import trio.testing

from tests.cli.scenes import Written, among
from tests.devices import GATEWAY
from upnp_trio import UpnpError
from upnp_trio.cli.calling import call_on
from upnp_trio.cli.verbs.call import parse
from upnp_trio.errors import InvalidCall, UnknownService

Clock = trio.testing.MockClock


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing was seen before, and a terminal shows colours."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)


async def called(*calls: str, is_terminal: bool = False) -> Written:
    """What is written for *calls*, each of which is words after the device."""
    written = Written.anew(is_terminal=is_terminal)
    async with among() as control_point:
        for words in calls:
            assert await call_on(control_point, parse(["0c6cd4d5", *words.split(" ")]), written.outputs) == 0
    return written


async def test_out_arguments_are_one_on_each_line_and_aligned(autojump_clock: Clock) -> None:
    written = await called("Limits Order NewCount=15 NewFlavour=Smoked NewNote=thin")
    assert written.output.lines == ["Count    15", "Flavour  Smoked", "Note     thin"]
    assert written.errors.lines == []


async def test_the_service_may_be_named_by_its_type_or_its_id(autojump_clock: Clock) -> None:
    written = await called(
        "SwitchPower SetTarget newTargetValue=yes",
        "urn:schemas-upnp-org:service:SwitchPower:1 GetTarget",
        "urn:upnp-org:serviceId:SwitchPower GetStatus",
    )
    assert written.output.lines == ["RetTargetValue  true", "ResultStatus  true"]


@pytest.mark.parametrize(
    ("name", "given", "shown", "in_json"),
    [
        ("Boolean", "true", "true", True),
        ("Boolean", "0", "false", False),
        ("Ui1", "255", "255", 255),
        ("I8", "-9223372036854775808", "-9223372036854775808", -(2**63)),
        ("R8", "1e30", "1e+30", 1e30),
        ("Fixed", "1.50", "1.5", "1.5"),
        ("String", "a=b&c", "a=b&c", "a=b&c"),
        ("String", "", "", ""),
        ("Date", "2024-02-29", "2024-02-29", "2024-02-29"),
        ("DateTime", "2024-02-29T23:59:58", "2024-02-29T23:59:58", "2024-02-29T23:59:58"),
        ("Base64", "AAEC", "AAEC", "AAEC"),
        ("Hex", "00ff", "00ff", "00ff"),
        ("Uuid", "0c6cd4d5-65ba-4d1e-8b7a-3a6b6a1a2c11", *["0c6cd4d5-65ba-4d1e-8b7a-3a6b6a1a2c11"] * 2),
    ],
)
async def test_values_are_written_and_shown_as_words(
    name: str, given: str, shown: str, in_json: object, autojump_clock: Clock
) -> None:
    calls = [f"EveryType Set{name} New={given}", f"EveryType Get{name}", f"EveryType Get{name} --json"]
    written = await called(*calls)
    line, object_line = written.output.lines
    assert line == f"Current  {shown}".rstrip()
    assert json.loads(object_line) == {"Current": in_json}


async def test_an_action_without_results_is_confirmed_on_a_terminal_alone(autojump_clock: Clock) -> None:
    assert (await called("SwitchPower SetTarget newTargetValue=1")).output.lines == []
    shown = await called("SwitchPower SetTarget newTargetValue=1", is_terminal=True)
    assert shown.output.lines == ["\x1b[2mdone\x1b[0m"]
    written = await called("SwitchPower SetTarget newTargetValue=1 --json", is_terminal=True)
    assert written.output.lines == ["{}"]


@pytest.mark.parametrize(
    ("words", "kind", "message"),
    [
        ("Switchpover GetTarget", UnknownService, "Every type has no service 'Switchpover'; did you mean SwitchPower?"),
        ("SwitchPower Toggle", InvalidCall, "SwitchPower has no action 'Toggle'; the actions are SetTarget, "),
        ("SwitchPower SetTarget", InvalidCall, "SetTarget needs newTargetValue; its arguments are newTargetValue"),
        ("SwitchPower SetTarget Value=1", InvalidCall, "SetTarget has no argument 'Value'; the arguments are "),
        (
            "SwitchPower SetTarget newTargetValue=on",
            InvalidCall,
            "SetTarget cannot be called: newTargetValue is a boolean: 'on' is not a boolean: 0 or 1",
        ),
        ("Limits SetCount New=x", InvalidCall, "SetCount cannot be called: New is a ui2: 'x' is not an integer"),
        ("Limits SetCount New=12", InvalidCall, "SetCount cannot be called: New is 12: it is not a multiple of the"),
        ("Limits Refuse", UpnpError, "UPnP error 701: No ham left"),
    ],
)
async def test_errors_say_what_is_wrong_and_what_there_is(
    words: str, kind: type[Exception], message: str, autojump_clock: Clock
) -> None:
    with pytest.raises(kind) as caught:
        await called(words)
    assert str(caught.value).startswith(message)


async def test_a_service_of_the_embedded_device_that_was_named_is_called(autojump_clock: Clock) -> None:
    connection = GATEWAY.devices[0].devices[0]
    async with among(GATEWAY) as control_point:
        with pytest.raises(UnknownService, match="the services are WANIPConnection, WANPPPConnection"):
            await call_on(control_point, parse([str(connection.udn), "Layer3Forwarding", "X"]), Written.anew().outputs)
