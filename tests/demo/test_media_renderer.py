"""The renderer of examples/: the interface that its standards require, and the states of its transport."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest
import trio
from trio.testing import MockClock

from upnp_trio import RootDevice, UpnpError, check
from upnp_trio.cli.references import as_reference, load_reference
from upnp_trio.eventing.last_change import Change, read_last_change

EXAMPLE = Path(__file__).parents[2] / "examples" / "media_renderer.py"
# the actions that each standard requires, and those that DLNA adds
REQUIRED = {
    "RenderingControl": {"ListPresets", "SelectPreset", "GetMute", "SetMute", "GetVolume", "SetVolume"},
    "ConnectionManager": {"GetProtocolInfo", "GetCurrentConnectionIDs", "GetCurrentConnectionInfo"},
    "AVTransport": {
        *("SetAVTransportURI", "GetMediaInfo", "GetTransportInfo", "GetPositionInfo", "GetDeviceCapabilities"),
        *("GetTransportSettings", "Stop", "Play", "Pause", "Seek", "Next", "Previous", "GetCurrentTransportActions"),
    },
}
SONG = "http://192.0.2.7/song.mp3"
DIDL = '<DIDL-Lite><item><res duration="0:03:25.000">http://192.0.2.7/song.mp3</res></item></DIDL-Lite>'

pytestmark = pytest.mark.usefixtures("imports_undone")


@pytest.fixture
def device() -> RootDevice:
    reference = as_reference(f"{EXAMPLE}:device")
    assert reference is not None
    (root,) = load_reference(reference)
    return root


@pytest.fixture
def example(device: RootDevice) -> Any:  # noqa: ANN401  # examples/ is no package whose types could be imported
    return sys.modules["media_renderer"]


@pytest.fixture
def transport(example: Any) -> Any:  # noqa: ANN401
    return example.AVTransport()


def code_of(error: pytest.ExceptionInfo[UpnpError]) -> int:
    return error.value.code


def test_the_device_keeps_every_rule_and_says_what_dlna_looks_for(
    device: RootDevice, caplog: pytest.LogCaptureFixture
) -> None:
    check(device)
    assert caplog.records == []
    assert device.dlna_docs == ("DMR-1.50",)
    assert str(device.device_type) == "urn:schemas-upnp-org:device:MediaRenderer:1"


def test_each_service_has_the_actions_of_its_standard_and_sends_events_as_it_says(device: RootDevice) -> None:
    found, evented = {}, {}
    for service in device.services:
        assert service.handler is not None
        name = service.service_id.rpartition(":")[2]
        assert str(service.service_type) == f"urn:schemas-upnp-org:service:{name}:1"
        found[name] = set(service.handler.actions)
        evented[name] = [variable.name for variable in service.handler.description.evented]
    assert found == REQUIRED
    assert evented == {
        "RenderingControl": ["LastChange"],
        "ConnectionManager": ["SourceProtocolInfo", "SinkProtocolInfo", "CurrentConnectionIDs"],
        "AVTransport": ["LastChange"],
    }


def test_the_first_last_change_has_all_values(example: Any) -> None:  # noqa: ANN401
    changes = read_last_change(example.RenderingControl().variables()["LastChange"])
    assert Change(0, "Volume", "50", (("channel", "Master"),)) in changes
    assert Change(0, "Mute", "0", (("channel", "Master"),)) in changes
    changes = read_last_change(example.AVTransport().variables()["LastChange"])
    assert Change(0, "TransportState", "NO_MEDIA_PRESENT") in changes


def test_a_new_volume_is_all_that_is_told(example: Any) -> None:  # noqa: ANN401
    rendering = example.RenderingControl()
    rendering.last_change.take()
    rendering.set_volume(0, "Master", 20)
    assert read_last_change(rendering.last_change.take()) == [Change(0, "Volume", "20", (("channel", "Master"),))]
    rendering.set_volume(0, "Master", 20)
    assert rendering.last_change.take() is None


def test_the_only_connection_is_0(example: Any) -> None:  # noqa: ANN401
    manager = example.ConnectionManager()
    assert manager.get_current_connection_ids() == "0"
    assert manager.get_current_connection_info(0).direction == "Input"
    with pytest.raises(UpnpError) as refused:
        manager.get_current_connection_info(1)
    assert code_of(refused) == 706


async def test_nothing_can_be_played_until_there_is_something(transport: Any) -> None:  # noqa: ANN401
    for method, arguments in (("play", (0, "1")), ("stop", (0,)), ("pause", (0,))):
        with pytest.raises(UpnpError) as refused:
            getattr(transport, method)(*arguments)
        assert code_of(refused) == 701
    transport.set_uri(0, SONG, DIDL)
    assert transport.get_transport_info(0).state == "STOPPED"
    transport.play(0, "1")
    assert transport.get_transport_info(0).state == "PLAYING"


async def test_the_position_counts_while_it_plays_and_ends_with_the_track(
    transport: Any,  # noqa: ANN401
    autojump_clock: MockClock,
) -> None:
    transport.set_uri(0, SONG, DIDL)
    assert transport.get_position_info(0).duration == "0:03:25"
    transport.play(0, "1")
    await trio.sleep(65)
    transport.pause(0)
    await trio.sleep(10)
    assert transport.get_position_info(0).relative_time == "0:01:05"
    transport.play(0, "1")
    transport.seek(0, "REL_TIME", "0:03:00")
    await trio.sleep(5)
    assert transport.get_position_info(0).relative_time == "0:03:05"
    await trio.sleep(500)
    assert transport.get_position_info(0).relative_time == "0:03:25"
    transport.stop(0)
    assert transport.get_position_info(0).relative_time == "0:00:00"


async def test_what_changes_is_told_once_with_the_actions_that_are_possible_now(transport: Any) -> None:  # noqa: ANN401
    transport.set_uri(0, SONG, "")
    transport.last_change.take()
    transport.play(0, "1")
    assert read_last_change(transport.last_change.take()) == [
        Change(0, "TransportState", "PLAYING"),
        Change(0, "CurrentTransportActions", "Pause,Stop,Seek"),
    ]


async def test_a_new_uri_is_played_at_once_if_something_plays(transport: Any) -> None:  # noqa: ANN401
    transport.set_uri(0, SONG, "")
    transport.play(0, "1")
    transport.set_uri(0, "http://192.0.2.7/other.mp3", "")
    assert transport.get_transport_info(0).state == "PLAYING"
    transport.set_uri(0, "", "")
    assert transport.get_transport_info(0).state == "NO_MEDIA_PRESENT"
    assert transport.get_media_info(0).tracks == 0


@pytest.mark.parametrize(
    ("method", "arguments", "code"),
    [
        ("play", (0, "2"), 717),
        ("play", (1, "1"), 718),
        ("set_uri", (0, "ftp://192.0.2.7/song.mp3", ""), 716),
        ("seek", (0, "REL_TIME", "0:03:26"), 711),
        ("seek", (0, "REL_TIME", "soon"), 711),
        ("seek", (0, "TRACK_NR", "2"), 711),
        ("next", (0,), 711),
        ("previous", (0,), 711),
        ("get_position_info", (7,), 718),
    ],
)
async def test_what_cannot_be_done_is_the_standard_s_error(
    method: str,
    arguments: tuple[object, ...],
    code: int,
    transport: Any,  # noqa: ANN401
) -> None:
    transport.set_uri(0, SONG, DIDL)
    with pytest.raises(UpnpError) as refused:
        getattr(transport, method)(*arguments)
    assert code_of(refused) == code
