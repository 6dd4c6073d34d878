"""``upnp-trio subscribe`` on a network in memory."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import attrs
import pytest
import trio
import trio.testing

from tests.cli.scenes import Written
from tests.controlpoint.following import LIGHT, held, light
from tests.controlpoint.scenes import asking, hosts, serving
from tests.services.every_type import Limits, SwitchPower
from tests.services.every_type import device as device_of_every_type
from upnp_trio import RootDevice, Running
from upnp_trio.cli.following import INITIAL_SECONDS, Following
from upnp_trio.cli.verbs.subscribe import parse
from upnp_trio.controlpoint.control_point import ControlPoint
from upnp_trio.errors import RequestFailed, UnknownService
from upnp_trio.testing import Host, Link

Clock = trio.testing.MockClock
TIME = re.compile(r"\d\d:\d\d:\d\d")


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing was seen before."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))


@attrs.frozen
class Scene:
    control_point: ControlPoint
    running: Running
    handler: SwitchPower
    written: Written
    device: Host

    async def follow(self, words: str) -> int:
        """The exit status of ``upnp-trio subscribe`` with *words*."""
        following = Following(parse(words.split(" ")), self.written.outputs)
        return await following.follow(self.control_point)

    def lines(self) -> list[str]:
        """What was written, without times of day."""
        return [TIME.sub("TIME", line) for line in self.written.output.lines]


@asynccontextmanager
async def scene(*others: RootDevice, is_terminal: bool = False) -> AsyncIterator[Scene]:
    device, asker = hosts(Link(seconds=0.001))
    handler = SwitchPower()
    root = attrs.evolve(light(handler), services=[handler, Limits()])  # type: ignore[arg-type]  # like the example's
    async with serving(device, root, *others) as running, asking(asker) as control_point:
        yield Scene(control_point, running, handler, Written.anew(is_terminal=is_terminal), device)


async def test_the_present_values_come_first_and_then_each_change_in_columns(autojump_clock: Clock) -> None:
    async with scene() as on, trio.open_nursery() as nursery:

        async def switch() -> None:
            for value in (True, False):
                await trio.sleep(2)
                on.handler.status = value

        nursery.start_soon(switch)
        assert await on.follow(f"{LIGHT} SwitchPower --count 2") == 0
        assert on.lines() == [
            "Following SwitchPower of Light. Press Ctrl-C to stop.",
            "TIME  SwitchPower  Status = false",
            "TIME  SwitchPower  Status = true",
            "TIME  SwitchPower  Status = false",
            "",
            "2 events of 1 service",
        ]
        assert on.written.errors.lines == []
        await trio.sleep(1)
        assert held(on.running) == 0


async def test_all_services_with_events_are_followed_if_none_is_named(autojump_clock: Clock) -> None:
    async with scene() as on:
        assert await on.follow(f"{LIGHT} --count 0") == 0
        first, *values = on.lines()
        assert first == "Following SwitchPower, Limits of Light. Press Ctrl-C to stop."
        assert "TIME  SwitchPower  Status = false" in [re.sub(" += ", " = ", line) for line in values]
        assert {line.split()[1] for line in values} == {"SwitchPower", "Limits"}
        assert len({line.index(" = ") for line in values}) == 1
        assert trio.current_time() < 5
        await trio.sleep(1)
        assert held(on.running) == 0


async def test_json_is_one_object_for_each_event(autojump_clock: Clock) -> None:
    async with scene() as on, trio.open_nursery() as nursery:

        async def switch() -> None:
            await trio.sleep(2)
            on.handler.status = True

        nursery.start_soon(switch)
        assert await on.follow(f"{LIGHT} SwitchPower --json --count 1") == 0
        first, second = (json.loads(line) for line in on.written.output.lines)
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", first.pop("time"))
        assert first == {
            "service": "SwitchPower",
            "service_id": "urn:upnp-org:serviceId:SwitchPower",
            "seq": 0,
            "initial": True,
            "resubscribed": False,
            "values": {"Status": False},
        }
        assert (second["seq"], second["initial"], second["values"]) == (1, False, {"Status": True})


async def test_it_ends_by_the_timeout_with_its_summary(autojump_clock: Clock) -> None:
    async with scene() as on:
        before = trio.current_time()
        assert await on.follow(f"{LIGHT} SwitchPower --timeout 30") == 0
        assert trio.current_time() - before == pytest.approx(30, abs=0.1)
        assert on.lines()[-1] == "0 events of 1 service"
        await trio.sleep(1)
        assert held(on.running) == 0


async def test_a_signal_unsubscribes_and_the_summary_is_shown(autojump_clock: Clock) -> None:
    async with scene() as on:
        following = Following(parse([LIGHT, "SwitchPower"]), on.written.outputs)
        with trio.move_on_after(10):
            await following.follow(on.control_point)
        assert following.finish() == 0
        assert on.lines()[-1] == "0 events of 1 service"
        await trio.sleep(1)
        assert held(on.running) == 0


async def test_a_signal_before_anything_was_subscribed_to_is_an_interruption(autojump_clock: Clock) -> None:
    assert Following(parse([LIGHT]), Written.anew().outputs).finish() == 130


async def test_a_restart_of_the_device_is_told_of(autojump_clock: Clock) -> None:
    device, asker = hosts(Link(seconds=0.001))
    written = Written.anew()
    async with asking(asker) as control_point, trio.open_nursery() as nursery:

        async def serve_twice(*, task_status: trio.TaskStatus[None]) -> None:
            async with serving(device, light(SwitchPower())):  # type: ignore[arg-type]  # like the example's
                task_status.started()
                await trio.sleep(20)
            await trio.sleep(20)
            async with serving(device, light(SwitchPower())):  # type: ignore[arg-type]  # like the example's
                await trio.sleep_forever()

        await nursery.start(serve_twice)
        assert await Following(parse([LIGHT, "--timeout", "60"]), written.outputs).follow(control_point) == 0
        nursery.cancel_scope.cancel()
    assert [TIME.sub("TIME", line) for line in written.output.lines][2:4] == [
        "TIME  SwitchPower  subscribed again; values may have changed in between",
        "TIME  SwitchPower  Status = false",
    ]


async def test_a_service_that_cannot_be_subscribed_to_is_told_of_beside_the_others(autojump_clock: Clock) -> None:
    async with scene() as on:
        described = await on.control_point.describe(LIGHT)
        limits = described.service("Limits")
        async with trio.open_nursery() as nursery:
            for _ in range(8):
                nursery.start_soon(hold, limits)
            await trio.sleep(1)
            assert await on.follow(f"{LIGHT} --count 0") == 0
            nursery.cancel_scope.cancel()
        (error,) = on.written.errors.lines
        assert error.startswith("Error: Limits of Light at http://192.0.2.7:49152/")
        assert error.endswith("503: it has no place for another subscription; try again later")
        assert on.lines()[-1].split()[1] == "SwitchPower"


async def hold(service: object) -> None:
    async with service.subscribe():  # type: ignore[attr-defined]  # a RemoteService
        await trio.sleep_forever()


async def test_errors_say_what_is_wrong(autojump_clock: Clock) -> None:
    async with scene(device_of_every_type()) as on:
        with pytest.raises(UnknownService, match=r"Light has no service 'Switch'; did you mean SwitchPower\?"):
            await on.follow(f"{LIGHT} Switch")
        on.device.nics["eth0"].silent_ports.add(49152)
        with pytest.raises(RequestFailed, match="not subscribed within 1 s; --timeout gives it longer"):
            await on.follow(f"{LIGHT} SwitchPower --timeout 1")


async def test_a_device_without_events_says_so(autojump_clock: Clock) -> None:
    device, asker = hosts(Link(seconds=0.001))
    plain = attrs.evolve(light(SwitchPower()), services=[])  # type: ignore[arg-type]  # like the example's
    async with serving(device, plain), asking(asker) as control_point:
        with pytest.raises(RequestFailed, match="Light has no service with events"):
            await Following(parse([LIGHT]), Written.anew().outputs).follow(control_point)


async def test_present_values_that_do_not_come_are_not_waited_for_for_ever(autojump_clock: Clock) -> None:
    async with scene() as on:
        port = 49152
        asker = on.control_point._network.host  # type: ignore[attr-defined]  # in memory
        asker.nics["eth0"].silent_ports.add(port)
        before = trio.current_time()
        assert await on.follow(f"{LIGHT} SwitchPower --count 0") == 0
        assert trio.current_time() - before == pytest.approx(INITIAL_SECONDS, abs=1)
