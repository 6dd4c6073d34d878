"""What anyone tries first: ``upnp-trio demo light``, and ``upnp-client`` to switch it and to see the event."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

import pytest

from tests.network.processes import Program
from tests.network.served import open_served

if TYPE_CHECKING:
    from tests.network.scenes import Pair

pytestmark = pytest.mark.interop


def test_the_light_is_switched_and_its_subscriber_sees_it(pair: Pair, upnp_client: str) -> None:
    env = {**os.environ, "PYTHONUNBUFFERED": "1"}
    with (
        open_served(pair.device, "demo", "light", "--ipv4-only") as served,
        Program(pair.asker.command(upnp_client, "subscribe", served.location, "SwitchPower"), env=env) as listening,
    ):
        listening.wait_until(lambda done: _values(done)[:1] == [False], "the initial event")
        call = [upnp_client, "call-action", served.location, "SwitchPower/SetTarget", "newTargetValue=1"]
        done = pair.asker.run(*call)
        assert (done.returncode, done.stderr) == (0, "")
        assert json.loads(done.stdout)["action"] == "SetTarget"
        listening.wait_until(lambda done: _values(done) == [False, True], "the event of the switch")


def _values(done: str) -> list[object]:
    events = [json.loads(line) for line in done.splitlines() if line.endswith("}")]
    return [event["state_variables"]["Status"] for event in events]
