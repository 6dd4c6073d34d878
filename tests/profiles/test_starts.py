"""The devices of the profiles at their start: what they do as the real ones do is no mistake of the program."""

from __future__ import annotations

from pathlib import Path

import pytest

from upnp_trio import RootDevice, check, load_device
from upnp_trio.documents.device_writing import render_device_file
from upnp_trio.profiles import (
    dial_receiver,
    hdhomerun_tuner,
    hue_bridge,
    roku_player,
    sonos_player,
    wemo_switch,
    windows_device,
)

MAC = "00:17:88:0a:bc:de"


@pytest.mark.parametrize(
    "device",
    [
        hue_bridge(mac=MAC),
        roku_player(serial="P0A070000007"),
        sonos_player("Kitchen", mac=MAC),
        wemo_switch("Fan", serial="221517K0101769", switch=lambda on: None),
        dial_receiver("TV"),
        hdhomerun_tuner(device_id="12345678"),
        windows_device("NAS"),
    ],
    ids=lambda device: device.model_name,
)
def test_a_device_starts_without_a_warning_and_may_be_written_to_a_file(
    device: RootDevice, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    check(device)
    assert caplog.records == []
    path = tmp_path / "device.toml"
    path.write_text(render_device_file(device), encoding="utf-8")
    assert load_device(path).strict is (device.strict is not None)
