"""Readers of what is found, when something happens at the wrong moment."""

from __future__ import annotations

import gc

import pytest
import trio
import trio.testing

from upnp_trio.controlpoint.finding import Finding
from upnp_trio.network.asking import ReceivedDatagram
from upnp_trio.network.interfaces import Interface
from upnp_trio.ssdp.device_cache import DeviceCache
from upnp_trio.ssdp.found import DeviceAppeared, DeviceUpdated
from upnp_trio.ssdp.messages import Alive
from upnp_trio.ssdp.pending_changes import PendingChanges
from upnp_trio.ssdp.rendering import render_alive

GROUP = ("239.255.255.250", 1900)


def interface(index: int) -> Interface:
    return Interface(name=f"eth{index}", index=index, addresses=())


def announced(index: int, number: int = 1) -> ReceivedDatagram:
    udn = f"uuid:38323636-4558-4dda-9188-cda0e600000{number}"
    location = f"http://192.0.2.{index}:80/{number}"
    alive = Alive(
        notification_type="upnp:rootdevice",
        usn=f"{udn}::upnp:rootdevice",
        location=location,
        server="s",
        max_age=1800,
    )
    payload = render_alive(alive, host="239.255.255.250:1900")
    return ReceivedDatagram(payload, (f"192.0.2.{index}", 1900), trio.current_time(), GROUP)


async def test_a_reader_may_be_collected_while_others_get_a_change(monkeypatch: pytest.MonkeyPatch) -> None:
    finding = Finding(DeviceCache(), lambda change: None, lambda alive: None)
    put = PendingChanges.put

    def put_and_collect(self: PendingChanges, change: object) -> int:
        gc.collect()  # as any allocation may
        return put(self, change)  # type: ignore[arg-type]

    monkeypatch.setattr(PendingChanges, "put", put_and_collect)
    kept = finding.changes()
    gc.disable()  # not before
    try:
        dropped = [finding.changes()]
        dropped.append(dropped)  # type: ignore[arg-type]  # only the garbage collector takes such a circle apart
        del dropped
        finding.receive(announced(1), interface(1))
    finally:
        gc.enable()
    assert isinstance(await anext(kept), DeviceAppeared)
    await trio.testing.wait_all_tasks_blocked()
    assert len(finding._change_readers) == 1


async def test_the_loss_of_an_interface_is_reported_within_a_second(
    autojump_clock: trio.testing.MockClock, nursery: trio.Nursery
) -> None:
    finding = Finding(DeviceCache(), lambda change: None, lambda alive: None)
    nursery.start_soon(finding.expire)
    changes = finding.changes()
    finding.receive(announced(1), interface(1))
    finding.receive(announced(2), interface(2))
    assert isinstance(await anext(changes), DeviceAppeared)
    assert len((await anext(changes)).device.locations) == 2
    await trio.sleep(0.5)
    finding.drop_interface(2)
    with trio.fail_after(1):
        change = await anext(changes)
    assert isinstance(change, DeviceUpdated)
    assert [location.index for location in change.device.locations] == [1]
