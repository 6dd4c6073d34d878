"""Whatever happens in whatever order, the model stays sound, bounded, and can be drawn."""

from __future__ import annotations

from collections.abc import Callable

import attrs
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.cli.screens import Screen
from tests.cli.watching.scenes import Datagram, Result, alive, device, frame_of, location, root_device, search, udn
from tests.cli.watching.test_screen import PALETTE
from upnp_trio.cli.watching.controls import Controls
from upnp_trio.cli.watching.frames import Size
from upnp_trio.cli.watching.lines import line_of
from upnp_trio.cli.watching.locations import Probe
from upnp_trio.cli.watching.model import WatchModel
from upnp_trio.cli.watching.painter import Painter
from upnp_trio.cli.watching.records import record_of
from upnp_trio.ssdp.found import DeviceAppeared, DeviceGone, DeviceRebooted, DeviceUpdated, FoundDevice
from upnp_trio.ssdp.messages import ByeBye, Message

NUMBERS = st.integers(3, 6)
SIZE = Size(110, 20)


@st.composite
def devices(draw: st.DrawFn) -> FoundDevice:
    """One of a few devices, which share locations, in any state."""
    places = draw(st.lists(NUMBERS, min_size=1, max_size=3, unique=True))
    return device(
        draw(NUMBERS),
        is_root=draw(st.booleans()),
        boot_id=draw(st.sampled_from([None, 1, 2])),
        config_id=draw(st.sampled_from([None, 1])),
        locations=tuple(location(number, sender=f"192.0.2.{draw(NUMBERS)}") for number in places),
    )


@attrs.define
class World:
    """A model, and the requests that are under way."""

    model: WatchModel = attrs.field(factory=WatchModel)
    now: float = 0.0
    probes: list[Probe] = attrs.field(factory=list)


Step = Callable[[World], object]


def _change(kind: type, found: FoundDevice) -> Step:
    change = DeviceGone(found, "byebye") if kind is DeviceGone else kind(found)
    return lambda world: world.model.change(change, world.now)


def _wait(seconds: float) -> Step:
    def step(world: World) -> object:
        world.now += seconds
        return world.model.settle(world.now)

    return step


def _take(world: World) -> object:
    if (probe := world.model.locations.take(world.now)) is not None:
        world.probes.append(probe)
    return []


def _finish(at: int, number: int | None) -> Step:
    def step(world: World) -> object:
        if not world.probes:
            return []
        probe = world.probes.pop(at % len(world.probes))
        if number is None:
            return world.model.location_failed(probe, "refused", "why", world.now)
        document = root_device(number, devices=(root_device(number + 1),)) if probe.is_description_wanted else None
        return world.model.location_answered(probe, 0.1, world.now, document)

    return step


def _receive(number: int, kind: int) -> Step:
    messages: list[Message | None] = [search(), alive(number, 30), ByeBye(notification_type="a", usn=udn(number)), None]
    message = messages[kind]
    return lambda world: world.model.receive(Datagram(message=message, arrived_at=world.now), is_ours=kind == number)


def _begin(world: World) -> object:
    world.model.search_began(1, world.now)
    return []


def _end(world: World) -> object:
    world.model.search_ended()
    return []


def _answer(number: int, latency: float) -> Step:
    result = Result(udn=udn(number), latency=latency, late_by=max(latency - 1, 0.0))
    return lambda world: world.model.search_result(result, world.now)


STEPS: st.SearchStrategy[Step] = st.one_of(
    st.builds(_change, st.sampled_from([DeviceAppeared, DeviceUpdated, DeviceRebooted, DeviceGone]), devices()),
    st.builds(_wait, st.sampled_from([0.1, 0.6, 4.0, 70.0])),
    st.just(_take),
    st.builds(_finish, st.integers(0, 9), st.none() | NUMBERS),
    st.builds(_receive, NUMBERS, st.integers(0, 3)),
    st.just(_begin),
    st.just(_end),
    st.builds(_answer, NUMBERS, st.floats(0, 3)),
)


@settings(max_examples=150)
@given(st.lists(STEPS, max_size=60))
def test_any_order_of_events_leaves_a_model_that_is_sound(steps: list[Step]) -> None:
    world = World()
    painter, screen = Painter(PALETTE), Screen(SIZE.columns, SIZE.rows)
    for step in steps:
        told = step(world)
        assert isinstance(told, list)
        for happening in told:
            assert line_of(happening, "12:00:00").isprintable()
            assert record_of(happening, "now")["event"]
    model = world.model
    there = {key for key, row in model.devices.items() if row.gone_at is None}
    assert model.table.present == len(there) == model.table.appeared - model.table.gone
    urls = {place.url for key in there for place in model.devices[key].device.locations}
    assert len(model.locations) == len(urls)
    assert len(world.probes) == model.locations._asked_of.total()
    for page in ("list", "details"):
        controls = Controls(page=page, selected=udn(3), shows_embedded=True)
        screen.feed(painter.paint(frame_of(model, controls, SIZE, now=world.now)))
    # everything is asked in the end
    for asked in world.probes:
        model.location_failed(asked, "refused", "why", world.now)
    for _ in range(20):
        world.now += 100.0
        while (probe := model.locations.take(world.now)) is not None:
            model.location_answered(probe, 0.1, world.now, root_device(3))
    assert all(model.locations.state(url).state == "ok" for url in urls)
