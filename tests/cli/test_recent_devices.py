"""The file of the devices that were seen lately."""

from __future__ import annotations

import json
import os
from pathlib import Path

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from upnp_trio.cli.recent_devices import (
    FILE_NAME,
    KEEP_SECONDS,
    MAX_ACTIONS,
    MAX_DEVICES,
    MAX_FILE_BYTES,
    MAX_SERVICES,
    RecentDevice,
    RecentService,
    read_recent,
    remember,
)

SWITCH = RecentService(
    service_type="urn:schemas-upnp-org:service:SwitchPower:1",
    service_id="urn:upnp-org:serviceId:SwitchPower",
    actions={"SetTarget": ("newTargetValue",), "GetTarget": ()},
)
LIGHT = RecentDevice(
    udn="uuid:1",
    name="Living room \x1b[31m",
    device_type="urn:x:device:y:1",
    location="http://192.0.2.7/",
    services=(SWITCH,),
)


def numbered(number: int) -> RecentDevice:
    return RecentDevice(udn=f"uuid:{number}", name=f"{number}", device_type="t", location="l")


def test_what_is_remembered_is_read_again(tmp_path: Path) -> None:
    remember([LIGHT], tmp_path / "new" / "folder")
    assert read_recent(tmp_path / "new" / "folder") == [LIGHT]


def test_it_is_in_the_state_directory_and_for_its_owner(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    remember([LIGHT])
    assert read_recent() == [LIGHT]
    (file,) = tmp_path.rglob(FILE_NAME)
    assert file.stat().st_mode & 0o077 == 0 or os.name == "nt"


def test_a_device_that_was_only_found_keeps_its_services(tmp_path: Path) -> None:
    remember([LIGHT], tmp_path)
    found = attrs.evolve(LIGHT, udn="UUID:1", name="Hall", services=())
    remember([found], tmp_path)
    assert read_recent(tmp_path) == [attrs.evolve(found, services=(SWITCH,))]


def test_a_device_that_has_moved_does_not_keep_them(tmp_path: Path) -> None:
    remember([LIGHT], tmp_path)
    moved = attrs.evolve(LIGHT, location="http://192.0.2.9/", services=())
    remember([moved], tmp_path)
    assert read_recent(tmp_path) == [moved]


def test_the_newest_devices_are_kept(tmp_path: Path) -> None:
    for seconds in range(3):
        remember([numbered(100 * seconds + index) for index in range(30)], tmp_path, 1_000_000 + seconds)
    names = [device.name for device in read_recent(tmp_path, 1_000_002)]
    assert len(names) == MAX_DEVICES
    assert names[:2] == ["200", "201"]
    assert set(names) == {f"{100 * seconds + index}" for seconds in (1, 2) for index in range(30)} | {
        "0",
        "1",
        "2",
        "3",
    }


def test_a_device_is_forgotten_after_a_month(tmp_path: Path) -> None:
    remember([LIGHT], tmp_path, 1_000_000)
    assert read_recent(tmp_path, 1_000_000 + KEEP_SECONDS - 1) == [LIGHT]
    assert read_recent(tmp_path, 1_000_000 + KEEP_SECONDS) == []


def test_a_large_device_is_kept_without_its_services(tmp_path: Path) -> None:
    actions = {f"{number:0200}": (f"{number:0200}",) for number in range(10_000)}
    services = tuple(attrs.evolve(SWITCH, actions=actions) for _ in range(1000))
    remember(
        [LIGHT, attrs.evolve(numbered(2), services=services), attrs.evolve(numbered(3), udn="u" * 40_000)], tmp_path
    )
    assert read_recent(tmp_path) == [LIGHT, numbered(2)]


def test_the_file_is_bounded(tmp_path: Path) -> None:
    actions = {f"{number:0200}": () for number in range(100)}
    services = (attrs.evolve(SWITCH, actions=actions),)
    remember([attrs.evolve(numbered(number), services=services) for number in range(30)], tmp_path)
    assert (tmp_path / FILE_NAME).stat().st_size <= MAX_FILE_BYTES
    kept = read_recent(tmp_path)
    assert [device.name for device in kept] == [f"{number}" for number in range(len(kept))]
    assert 10 <= len(kept) < 30


def test_a_device_has_so_many_services_and_actions_and_no_more(tmp_path: Path) -> None:
    few = attrs.evolve(SWITCH, actions={f"{number}": () for number in range(10_000)})
    none = attrs.evolve(SWITCH, actions={})
    remember([attrs.evolve(numbered(1), services=(few, *[none] * 1000))], tmp_path)
    (device,) = read_recent(tmp_path)
    assert [len(service.actions) for service in device.services] == [MAX_ACTIONS, *[0] * (MAX_SERVICES - 1)]


def test_names_that_nobody_types_are_left_out(tmp_path: Path) -> None:
    service = attrs.evolve(SWITCH, actions={"x" * 300: (), "Get": ("y" * 300,), "Set": ("z",)})
    remember([attrs.evolve(LIGHT, name="n" * 300, services=(service,))], tmp_path)
    (device,) = read_recent(tmp_path)
    assert device.name == "n" * 256
    assert device.services[0].actions == {"Set": ("z",)}


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff",
        b"{}",
        b'{"form": 2}\n',
        b'{"form": 1}\n7',
        b'{"form": 1}\n{"seen": 0}',
        b'{"form": 1}\n' + b"[" * 100_000,
        b'{"form": 1}\n{"udn": 1, "name": "", "device_type": "", "location": "", "services": [], "seen": 1}',
        b'{"form": 1}\n{"udn": "", "name": "", "device_type": "", "location": "", "services": 5, "seen": 1}',
        b'{"form": 1}\n{"udn": "", "name": "", "device_type": "", "location": "", "services": [], "seen": 1'
        + b"0" * 400
        + b"}",
        b" " * (MAX_FILE_BYTES + 1),
    ],
)
def test_a_file_that_is_not_ours_counts_as_empty_and_is_replaced(content: bytes, tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).write_bytes(content)
    assert read_recent(tmp_path) == []
    remember([LIGHT], tmp_path)
    assert read_recent(tmp_path) == [LIGHT]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["udn", "name", "services", "seen"]), inner)
    ),
)


@given(rows=st.lists(JSON))
def test_any_file_can_be_read(rows: list[object], tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("any")
    text = "\n".join(map(json.dumps, [{"form": 1}, *rows]))
    (folder / FILE_NAME).write_text(text, encoding="ascii")
    assert all(isinstance(device, RecentDevice) for device in read_recent(folder))


def test_where_nothing_can_be_written_nothing_is_remembered(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "file").touch()
    caplog.set_level("INFO")
    remember([LIGHT], tmp_path / "file")
    assert "the devices that were seen are not remembered" in caplog.text
    assert read_recent(tmp_path / "file") == []


def test_without_a_state_directory_nothing_is_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("XDG_STATE_HOME", "HOME", "LOCALAPPDATA", "STATE_DIRECTORY"):
        monkeypatch.delenv(name, raising=False)
    remember([LIGHT])
    assert read_recent() == []
