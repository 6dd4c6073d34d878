"""Variables that are evented by multicast are sent to the group of events on every served interface (UDA 2.0 §4.2)."""

from __future__ import annotations

import itertools
from random import Random
from typing import Annotated

import attrs
import trio
import trio.testing
from trio.testing import MockClock

from tests.devices import BASIC
from tests.server.scenes import DEVICE, NOON, LoneHost, interface
from upnp_trio.eventing.moderation import MULTICAST_SECONDS
from upnp_trio.eventing.multicast import EVENT_PORT, MulticastEvent, read_multicast_event
from upnp_trio.server.options import Settings
from upnp_trio.server.serve import serve_on
from upnp_trio.services.handler import ServiceHandler
from upnp_trio.services.markers import StateVariable
from upnp_trio.testing import RecordedDatagram


class Smoke(ServiceHandler, service_type="urn:schemas-upnp-org:service:Smoke:1"):
    alarm: Annotated[bool, StateVariable(multicast=True, level="upnp:/emergency")] = False
    battery: Annotated[int, StateVariable(multicast=True)] = 9
    tests: Annotated[int, StateVariable()] = 0


def settings() -> Settings:
    return Settings(rng=Random(1), utcnow=lambda: NOON, state_dir=None)


def multicast(host: LoneHost) -> list[tuple[RecordedDatagram, MulticastEvent]]:
    """The events that were sent by multicast, in their order."""
    found = [sent for sent in host.sent if sent.destination[1] == EVENT_PORT]
    return [(sent, read_multicast_event(sent.payload)) for sent in found]


async def test_an_event_leaves_on_every_interface_and_family_with_its_level(autojump_clock: MockClock) -> None:
    host = LoneHost(
        interface("192.0.2.7/24"),
        interface("fe80::7/64", "2001:db8::7/64", name="eth1", index=3),
    )
    device = attrs.evolve(BASIC, services=[Smoke()])
    async with serve_on(host.network, [device], settings()) as running:
        running.service(Smoke).alarm = True
        await trio.testing.wait_all_tasks_blocked()
        sent = multicast(host)
        assert {(each.source[0], each.destination[0]) for each, _ in sent} == {
            ("192.0.2.7", "239.255.255.246"),
            ("fe80::7", "ff02::130"),
            ("2001:db8::7", "ff05::130"),
        }
        assert {event for _, event in sent} == {
            MulticastEvent(
                usn=f"{running.device.udn}::urn:schemas-upnp-org:service:Smoke:1",
                service_id="urn:upnp-org:serviceId:Smoke",
                seq=0,
                level="upnp:/emergency",
                boot_id=running.boot_id,
                properties=(("Alarm", "1"),),
            )
        }


async def test_changes_of_one_level_share_a_message_and_seq_rises(autojump_clock: MockClock) -> None:
    host = LoneHost()
    device = attrs.evolve(BASIC, services=[Smoke()])
    async with serve_on(host.network, [device], settings()) as running:
        smoke = running.service(Smoke)
        smoke.alarm, smoke.battery, smoke.tests = True, 8, 1
        await trio.testing.wait_all_tasks_blocked()
        smoke.battery = 7
        await trio.sleep(MULTICAST_SECONDS)
        await trio.testing.wait_all_tasks_blocked()
    assert [(event.seq, event.level, event.properties) for _, event in multicast(host)] == [
        (0, "upnp:/emergency", (("Alarm", "1"),)),
        (1, "upnp:/general", (("Battery", "8"),)),
        (2, "upnp:/general", (("Battery", "7"),)),
    ]


async def test_seq_begins_anew_for_a_device_that_comes_back_after_its_byebye(autojump_clock: MockClock) -> None:
    host = LoneHost()
    smoke = Smoke()
    device = attrs.evolve(BASIC, services=[smoke])
    async with serve_on(host.network, [device], settings()) as running:
        for battery in (8, 7):
            smoke.battery = battery
            await trio.sleep(MULTICAST_SECONDS)
        await running.remove(running.device.udn or "")
        await running.add(device)
        smoke.battery = 6
        await trio.sleep(MULTICAST_SECONDS)
    assert [event.seq for _, event in multicast(host)] == [0, 1, 0]


async def test_a_variable_that_changes_all_the_time_is_sent_ten_times_a_second_and_at_last(
    autojump_clock: MockClock,
) -> None:
    host = LoneHost()
    device = attrs.evolve(BASIC, services=[Smoke()])
    async with serve_on(host.network, [device], settings()) as running:
        smoke, began = running.service(Smoke), trio.current_time()
        for number in range(1, 1001):
            smoke.battery = 9 + number
            await trio.sleep(0.001)
        smoke.alarm = True  # waits for no other variable
        await trio.testing.wait_all_tasks_blocked()
        assert multicast(host)[-1][1].properties == (("Alarm", "1"),)
        await trio.sleep(1)
        found = [(sent.time - began, event) for sent, event in multicast(host) if event.level == "upnp:/general"]
        assert len(found) == 11
        assert all(later - time >= 0.1 - 1e-9 for (time, _), (later, _) in itertools.pairwise(found))
        assert found[-1][1].properties == (("Battery", "1009"),)


async def test_an_interface_that_cannot_send_costs_the_others_nothing(autojump_clock: MockClock) -> None:
    host = LoneHost(interface("192.0.2.7/24"), interface("198.51.100.7/24", name="eth1", index=3))
    device = attrs.evolve(BASIC, services=[Smoke()])
    async with serve_on(host.network, [device], settings()) as running:
        host.nics["eth0"].mute.add(DEVICE)
        running.service(Smoke).alarm = True
        await trio.testing.wait_all_tasks_blocked()
        assert [sent.source[0] for sent, _ in multicast(host)] == ["198.51.100.7"]
        assert running.stats.send_errors["Network is down"] >= 1
