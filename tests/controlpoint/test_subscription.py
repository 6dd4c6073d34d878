"""`service.subscribe()` beside our own device, on a network in memory and trio's mock clock."""

from __future__ import annotations

import gc
import logging
from itertools import count

import pytest
import trio
import trio.testing

from examples.light import SwitchPower
from tests.controlpoint.following import LIGHT, Following, following, held, light, news, open_sockets
from tests.controlpoint.scenes import asking, hosts, serving
from upnp_trio.controlpoint.subscriber import END_SECONDS
from upnp_trio.errors import RequestFailed
from upnp_trio.eventing.waiting_events import MAX_WAITING_EVENTS
from upnp_trio.testing import Link

Clock = trio.testing.MockClock
DAY = 24 * 3600.0


async def settle(seconds: float = 0.1) -> None:
    """Let all that is under way be done."""
    gc.collect()
    await trio.sleep(seconds)
    await trio.testing.wait_all_tasks_blocked()


async def assert_left(scene: Following) -> None:
    """Nothing of a subscription is left behind."""
    await settle()
    assert held(scene.running) == 0
    assert open_sockets(scene.asker) == []


# --- reading -------------------------------------------------------------------------------------------------------


async def test_the_initial_values_come_first_and_then_each_change(autojump_clock: Clock) -> None:
    async with following() as scene:
        async with scene.service.subscribe() as changes:
            first = await news(changes)
            assert (first.values, first.seq, first.is_initial, first.is_resubscribed) == (
                {"Status": False},
                0,
                True,
                False,
            )
            for seq, value in enumerate([True, False, True], 1):
                await scene.service.call("SetTarget", newTargetValue=value)
                change = await news(changes)
                assert (change.values, change.texts, change.seq) == (
                    {"Status": value},
                    {"Status": str(int(value))},
                    seq,
                )
                assert not change.is_initial
            assert held(scene.running) == 1
            assert changes.is_subscribed
        await assert_left(scene)
        assert scene.requests() == ["SUBSCRIBE 200", "UNSUBSCRIBE 200"]


async def test_a_subscription_that_never_began_may_be_closed_twice_and_entered(autojump_clock: Clock) -> None:
    async with following() as scene:
        changes = scene.service.subscribe()
        changes.close()
        with trio.fail_after(1):
            await changes.aclose()
            async with changes:
                assert [change async for change in changes] == []
        await settle()
        assert scene.requests() == []


async def test_a_deadline_while_it_is_entered_ends_it(autojump_clock: Clock) -> None:
    async with following(Link(seconds=0.2)) as scene:
        changes = scene.service.subscribe()
        with trio.move_on_after(0.3) as scope:
            async with changes:
                pytest.fail("the answer cannot be there yet")
        assert scope.cancelled_caught
        await settle(5)
        await assert_left(scene)  # though the caller still has it in hand
        assert not changes.is_subscribed


async def test_what_the_body_does_first_is_not_missed(autojump_clock: Clock) -> None:
    async with following(Link(seconds=0.2)) as scene, scene.service.subscribe() as changes:
        scene.handler.status = True
        values = [(await news(changes)).values["Status"]]
        while not values[-1]:
            values.append((await news(changes)).values["Status"])


async def test_a_plain_loop_subscribes_when_it_begins_and_unsubscribes_at_a_break(autojump_clock: Clock) -> None:
    async with following() as scene:
        changes = scene.service.subscribe()
        await settle()
        assert scene.requests() == []
        del changes
        async for change in scene.service.subscribe():
            assert change.is_initial
            break
        await assert_left(scene)
        assert scene.requests() == ["SUBSCRIBE 200", "UNSUBSCRIBE 200"]


async def test_a_subscription_that_was_never_read_or_was_closed_before_sends_nothing(autojump_clock: Clock) -> None:
    async with following() as scene:
        changes = scene.service.subscribe()
        await changes.aclose()
        with pytest.raises(StopAsyncIteration):
            await anext(changes)
        async with scene.service.subscribe() as changes:
            changes.close()
            with pytest.raises(StopAsyncIteration):
                await anext(changes)
        await assert_left(scene)
        assert scene.requests() == ["SUBSCRIBE 200", "UNSUBSCRIBE 200"]


async def test_only_the_variables_that_are_asked_for_are_given(autojump_clock: Clock) -> None:
    async with following() as scene:
        async with scene.service.subscribe(variables="Status") as changes:
            assert (await news(changes)).values == {"Status": False}
        with pytest.raises(ValueError, match="no evented variable 'Target'; it has Status"):
            scene.service.subscribe(variables=["Target"])
        with pytest.raises(ValueError, match="seconds is 0"):
            scene.service.subscribe(seconds=0)


async def test_a_slow_reader_gets_the_newest_values(autojump_clock: Clock) -> None:
    async with following() as scene, scene.service.subscribe() as changes:
        await news(changes)
        for number in range(1, 200):
            scene.handler.status = bool(number % 2)
            await trio.sleep(0.1)
        read = [await news(changes) for _ in range(MAX_WAITING_EVENTS)]
        assert read[-1].seq == 199
        assert read[-1].values == {"Status": True}
        assert changes.joined == 199 - MAX_WAITING_EVENTS
        with trio.move_on_after(5):
            await anext(changes)
            raise AssertionError("there are more")


async def test_several_readers_of_one_service_have_a_subscription_each_on_one_port(autojump_clock: Clock) -> None:
    async with following() as scene, scene.service.subscribe() as one, scene.service.subscribe() as other:
        assert (await news(one)).is_initial
        assert (await news(other)).is_initial
        scene.handler.status = True
        assert (await news(one)).values == (await news(other)).values == {"Status": True}
        assert held(scene.running) == 2
        assert len(scene.asker.nics["eth0"].listeners) == 1


async def test_the_next_subscription_uses_the_same_port(autojump_clock: Clock) -> None:
    async with following() as scene:
        ports = []
        for _ in range(3):
            async with scene.service.subscribe():
                ports += [port for (_, port), each in scene.asker.nics["eth0"].listeners.items() if not each.is_closed]
        assert len(ports) == 3
        assert len(set(ports)) == 1


# --- the first attempt ---------------------------------------------------------------------------------------------


async def test_a_device_that_is_gone_fails_the_reader(autojump_clock: Clock) -> None:
    device, asker = hosts()
    async with asking(asker) as control_point:
        async with serving(device, light(SwitchPower())):
            service = (await control_point.describe(LIGHT)).service("SwitchPower")
        with pytest.raises(RequestFailed, match=r"SUBSCRIBE http://192\.0\.2\.7:49152/.*cannot connect"):
            async for _ in service.subscribe():
                pass
        with pytest.raises(RequestFailed, match="cannot connect"):
            async with service.subscribe():
                raise AssertionError("the body does not begin")
        await settle()
        assert open_sockets(asker) == []


async def test_a_device_that_is_full_says_so_in_words(autojump_clock: Clock) -> None:
    async with following() as scene, trio.open_nursery() as nursery:
        for _ in range(8):  # of one peer
            subscription = scene.service.subscribe()
            await nursery.start(keep, subscription)
        with pytest.raises(
            RequestFailed, match=r"SwitchPower of Light at .* 503: it has no place for another"
        ) as caught:
            await anext(scene.service.subscribe())
        assert caught.value.status == 503
        assert held(scene.running) == 8
        nursery.cancel_scope.cancel()


async def keep(subscription: object, *, task_status: trio.TaskStatus[None]) -> None:
    async with subscription:  # type: ignore[attr-defined]  # a Subscription
        task_status.started()
        await trio.sleep_forever()


# --- for long ------------------------------------------------------------------------------------------------------


async def test_it_is_renewed_for_a_day_without_a_gap(autojump_clock: Clock) -> None:
    async with following() as scene, scene.service.subscribe() as changes:
        await news(changes)
        begin = trio.current_time()
        for number in count(1):
            if trio.current_time() > begin + DAY:
                break
            await trio.sleep(3000)
            scene.handler.status = bool(number % 2)
            change = await news(changes)
            assert (change.seq, change.values) == (number, {"Status": bool(number % 2)})
        requests = scene.requests()
        assert set(requests) == {"SUBSCRIBE 200"}
        assert DAY / 900 <= len(requests) <= DAY / 720 + 2  # 1800 s are granted
        assert held(scene.running) == 1


async def test_a_short_duration_is_renewed_more_often(autojump_clock: Clock) -> None:
    async with following() as scene, scene.service.subscribe(seconds=60) as changes:
        await news(changes)
        await trio.sleep(3600)
        assert 120 <= len(scene.requests()) <= 151
        assert held(scene.running) == 1


async def test_a_lost_event_leads_to_a_new_subscription_with_all_values(autojump_clock: Clock) -> None:
    async with following() as scene, scene.service.subscribe() as changes:
        await news(changes)
        await trio.sleep(60)  # the device has closed its connection
        nic = scene.asker.nics["eth0"]
        ((_, port),) = nic.listeners
        nic.silent_ports.add(port)
        scene.handler.status = True
        await trio.sleep(60)  # the device has given up this event
        nic.silent_ports.clear()
        assert scene.requests() == ["SUBSCRIBE 200"]
        scene.handler.status = False
        change = await news(changes)
        assert (change.seq, change.values, change.is_initial) == (2, {"Status": False}, False)
        change = await news(changes)
        assert (change.seq, change.values) == (0, {"Status": False})
        assert change.is_initial
        assert change.is_resubscribed
        assert scene.requests() == ["UNSUBSCRIBE 200", "SUBSCRIBE 200"]
        assert held(scene.running) == 1


# --- the device goes and comes -------------------------------------------------------------------------------------


async def test_it_goes_on_after_the_device_was_restarted(
    autojump_clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "upnp_trio.controlpoint")
    device, asker = hosts(Link(seconds=0.001))
    async with asking(asker) as control_point:
        async with serving(device, light(SwitchPower())):
            service = (await control_point.describe(LIGHT)).service("SwitchPower")
            changes = service.subscribe()
            assert (await news(changes)).is_initial
        await trio.sleep(100)
        states = [changes.is_subscribed]
        handler = SwitchPower()
        handler.status = True
        async with serving(device, light(handler)) as running:
            change = await news(changes)
            assert (change.values, change.is_initial, change.is_resubscribed) == ({"Status": True}, True, True)
            states.append(changes.is_subscribed)
            assert states == [False, True]
            handler.status = False
            assert (await news(changes)).values == {"Status": False}
            await changes.aclose()
            assert held(running) == 0
    lost, again = [record for record in caplog.records if record.name.startswith("upnp_trio.controlpoint")]
    assert lost.levelname == "WARNING"
    assert lost.getMessage().startswith("the subscription to SwitchPower of Light cannot be kept, and is tried again: ")
    assert again.getMessage() == "subscribed to SwitchPower of Light again"


async def test_it_follows_a_device_that_comes_back_at_another_address(autojump_clock: Clock) -> None:
    device, asker = hosts(Link(seconds=0.001))
    async with asking(asker) as control_point:
        async with serving(device, light(SwitchPower())):
            changes = (await control_point.describe(LIGHT)).service("SwitchPower").subscribe()
            await news(changes)
        device.change("192.0.2.77/24")
        handler = SwitchPower()
        async with serving(device, light(handler)):
            assert (await news(changes)).is_resubscribed
            handler.status = True
            assert (await news(changes)).values == {"Status": True}
        await changes.aclose()


async def test_it_follows_a_device_whose_address_changes_while_it_is_on(autojump_clock: Clock) -> None:
    async with following() as scene, scene.service.subscribe() as changes:
        await news(changes)
        scene.device.change("192.0.2.77/24")
        change = await news(changes, 20)
        assert change.is_resubscribed
        scene.handler.status = True
        assert (await news(changes)).values == {"Status": True}


async def test_a_device_that_was_cut_off_and_starts_anew_is_followed(autojump_clock: Clock) -> None:
    device, asker = hosts(Link(seconds=0.001))
    async with asking(asker) as control_point:
        async with serving(device, light(SwitchPower())):
            changes = (await control_point.describe(LIGHT)).service("SwitchPower").subscribe()
            await news(changes)
            device.change("192.0.2.7/24", is_up=False)  # no byebye leaves it
            await trio.sleep(1)
        device.change("192.0.2.7/24")
        async with serving(device, light(SwitchPower())):
            assert (await news(changes)).is_resubscribed
        await changes.aclose()


async def test_a_forged_byebye_does_not_end_it(autojump_clock: Clock) -> None:
    async with following() as scene, scene.service.subscribe() as changes:
        await news(changes)
        await trio.sleep(10)
        byebye = "\r\n".join(
            [
                "NOTIFY * HTTP/1.1",
                "HOST: 239.255.255.250:1900",
                "NT: upnp:rootdevice",
                "NTS: ssdp:byebye",
                f"USN: {LIGHT}::upnp:rootdevice",
                *("", ""),
            ]
        )
        for _ in range(100):
            scene.device.send(byebye.encode(), ("239.255.255.250", 1900))
            await trio.sleep(0.1)
        scene.handler.status = True
        change = await news(changes)
        assert (change.seq, change.values) == (1, {"Status": True})
        requests = scene.requests()
        assert set(requests) == {"SUBSCRIBE 200"}  # it was looked whether the device knows it, now and then
        assert len(requests) <= 5


# --- this host -----------------------------------------------------------------------------------------------------


async def test_it_moves_with_the_address_of_this_host(autojump_clock: Clock) -> None:
    async with following() as scene, scene.service.subscribe() as changes:
        await news(changes)
        scene.asker.change("192.0.2.99/24")
        change = await news(changes, 10)
        assert change.is_resubscribed
        assert held(scene.running) == 1
        scene.handler.status = True
        assert (await news(changes)).values == {"Status": True}
        (listener,) = (at for at, each in scene.asker.nics["eth0"].listeners.items() if not each.is_closed)
        assert listener[0] == "192.0.2.99"
    await settle()
    assert open_sockets(scene.asker) == []


async def test_it_goes_on_when_this_host_was_off_the_network_for_a_while(autojump_clock: Clock) -> None:
    async with following() as scene, scene.service.subscribe() as changes:
        await news(changes)
        scene.asker.change()
        await trio.sleep(200)
        scene.asker.change("192.0.2.9/24")
        assert (await news(changes, 10)).is_resubscribed
        assert held(scene.running) <= 2  # the device could not be told of the end of the first one


async def test_after_a_sleep_of_this_host_the_device_is_asked_whether_it_knows_it(autojump_clock: Clock) -> None:
    async with following() as scene, scene.service.subscribe() as changes:
        await news(changes)
        await trio.sleep(60)
        scene.asker.sleep()
        await settle()
        assert scene.requests() == ["SUBSCRIBE 200", "SUBSCRIBE 200"]
        assert held(scene.running) == 1


async def test_a_change_of_the_network_elsewhere_changes_nothing(autojump_clock: Clock) -> None:
    async with following() as scene, scene.service.subscribe() as changes:
        await news(changes)
        scene.asker.plug(Link(), "198.51.100.9/24", name="eth1")
        await settle(10)
        assert scene.requests() == ["SUBSCRIBE 200"]


# --- the end -------------------------------------------------------------------------------------------------------


async def test_an_exception_in_the_body_unsubscribes_and_leaves_as_itself(autojump_clock: Clock) -> None:
    async with following() as scene:
        with pytest.raises(KeyError, match="mine"):
            async with scene.service.subscribe() as changes:
                await news(changes)
                raise KeyError("mine")
        assert held(scene.running) == 0
        with pytest.raises(KeyError, match="mine"):
            async for _ in scene.service.subscribe():
                raise KeyError("mine")
        await assert_left(scene)


async def test_a_cancelled_reader_may_go_on_reading(autojump_clock: Clock) -> None:
    async with following() as scene, scene.service.subscribe() as changes:
        await news(changes)
        with trio.move_on_after(1):
            await anext(changes)
        scene.handler.status = True
        assert (await news(changes)).seq == 1


async def test_the_end_of_the_control_point_ends_the_reading_and_unsubscribes(autojump_clock: Clock) -> None:
    read = []

    async def follow(changes: object) -> None:
        async for change in changes:  # type: ignore[attr-defined]  # a Subscription
            read.append(change.seq)

    device, asker = hosts(Link(seconds=0.001))
    async with serving(device, light(SwitchPower())) as running, trio.open_nursery() as nursery:
        async with asking(asker) as control_point:
            service = (await control_point.describe(LIGHT)).service("SwitchPower")
            for _ in range(5):
                nursery.start_soon(follow, service.subscribe())
            await settle(1)
            assert held(running) == 5
        assert held(running) == 0
    assert read == [0] * 5
    assert open_sockets(asker) == []


async def test_at_the_end_all_unsubscribe_side_by_side_and_a_silent_device_is_not_waited_for(
    autojump_clock: Clock,
) -> None:
    device, asker = hosts(Link(seconds=0.001))
    async with serving(device, light(SwitchPower())):
        async with asking(asker) as control_point:
            service = (await control_point.describe(LIGHT)).service("SwitchPower")
            subscriptions = [service.subscribe() for _ in range(8)]
            for each in subscriptions:
                await news(each)
            device.nics["eth0"].silent_ports.add(49152)
            before = trio.current_time()
        assert trio.current_time() - before <= END_SECONDS + 1e-6
        assert open_sockets(asker) == []


class CancelAt(trio.abc.Instrument):
    """Cancels *scope* when the task that runs in it has been run *steps* times."""

    def __init__(self, scope: trio.CancelScope, steps: int) -> None:
        self.scope, self.steps, self.task = scope, steps, trio.lowlevel.current_task()

    def after_task_step(self, task: trio.lowlevel.Task) -> None:
        if task is self.task or task.name.endswith(("Subscriptions._run", "finish_by.<locals>.run")):
            self.steps -= 1
            if self.steps == 0:
                self.scope.cancel()


@pytest.mark.parametrize("how", ["with", "for"])
async def test_a_cancellation_at_any_await_leaves_nothing_behind(autojump_clock: Clock, how: str) -> None:
    async with following() as scene:
        for steps in count(1):
            scene.handler.status = False
            with trio.CancelScope() as scope:
                instrument = CancelAt(scope, steps)
                trio.lowlevel.add_instrument(instrument)
                try:
                    await follow_once(scene, how)
                finally:
                    trio.lowlevel.remove_instrument(instrument)
            await settle(3)
            assert held(scene.running) == 0, steps
            assert open_sockets(scene.asker) == [], steps
            if not scope.cancelled_caught:
                break
        assert steps > 15


async def follow_once(scene: Following, how: str) -> None:
    changes = scene.service.subscribe()
    if how == "with":
        async with changes:
            async for change in changes:
                scene.handler.status = True
                if change.seq:
                    break
    else:
        async for change in changes:
            scene.handler.status = True
            if change.seq:
                break
        changes.close()


@pytest.mark.parametrize("moment", [number / 4000 for number in range(24)])
async def test_the_end_of_the_control_point_at_any_moment_leaves_nothing_behind(
    autojump_clock: Clock, moment: float
) -> None:
    device, asker = hosts(Link(seconds=0.001))
    async with serving(device, light(SwitchPower())) as running:
        async with asking(asker) as control_point:
            service = (await control_point.describe(LIGHT)).service("SwitchPower")
            subscription = service.subscribe()
            with trio.move_on_after(moment):
                async for _ in subscription:
                    pass
        await settle(3)
        assert held(running) == 0
        assert open_sockets(asker) == []
