"""Files, claims and identity on each simulated system."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.systems.scenes import UDN
from tests.systems.system import SimulatedSystem
from tests.systems.windows import MACHINE_GUID


def test_state_is_kept_where_the_system_keeps_it(system: SimulatedSystem) -> None:
    directory = system.module("state").state_directory
    expected = {
        "win32": "/profile/local/upnp_trio",
        "darwin": "/home/me/Library/Application Support/upnp_trio",
        "sunos5": "/home/me/.local/state/upnp_trio",
    }
    environment = {"HOME": "/home/me", "LOCALAPPDATA": "/profile/local"}
    assert directory(environment) == Path(expected[system.kernel.rules.platform])
    assert directory({}) is None


def test_a_udn_is_claimed_by_one_program_at_a_time(system: SimulatedSystem, tmp_path: Path) -> None:
    claims = system.module("network.claims").Claims
    ours, theirs = claims(tmp_path), claims(tmp_path)
    claim = ours.claim(UDN)
    assert claim is not None
    assert theirs.claim(UDN) is None
    claim.close()
    again = theirs.claim(UDN)
    assert again is not None
    again.close()


async def test_boot_ids_rise_over_restarts(system: SimulatedSystem, tmp_path: Path) -> None:
    module = system.module("server.boot_ids")
    given = []
    for _ in range(3):
        given.append(await module.BootIds(lambda: datetime(2026, 1, 1, tzinfo=UTC), tmp_path).next())
    assert given == sorted(set(given))


def test_the_machine_of_windows_has_the_id_of_its_registry(
    windows: SimulatedSystem, monkeypatch: pytest.MonkeyPatch
) -> None:
    identity = windows.module("server.identity")
    monkeypatch.setattr(identity, "_MACHINE_ID_FILES", ())
    assert identity.host_id().startswith(f"{MACHINE_GUID}\0")


def test_a_failing_lock_of_windows_leaves_no_file_open(windows: SimulatedSystem, tmp_path: Path) -> None:
    state = windows.module("state")
    first = state.open_lock(tmp_path / "lock")
    assert first is not None
    before = len(list(Path("/dev/fd").iterdir()))
    assert state.open_lock(tmp_path / "lock") is None
    assert len(list(Path("/dev/fd").iterdir())) == before
