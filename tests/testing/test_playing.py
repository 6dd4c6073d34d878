"""How a scripted device is played: what leaves its body, and what becomes of it when its interface goes."""

from __future__ import annotations

import attrs
import pytest
import trio
import trio.testing

from tests.testing.lamps import LAMP
from upnp_trio.testing import MemoryNetwork, ScriptedDevice, alive, anything, malformed

Clock = trio.testing.MockClock


async def test_the_body_s_own_exception_leaves_as_itself(autojump_clock: Clock) -> None:
    lamp = MemoryNetwork().host("lamp")
    with pytest.raises(ZeroDivisionError):
        async with lamp.play(ScriptedDevice(LAMP)):
            raise ZeroDivisionError
    with pytest.raises(trio.TooSlowError):
        with trio.fail_after(10):
            async with lamp.play(ScriptedDevice(LAMP)):
                await trio.sleep_forever()
    assert lamp.open_sockets == []


async def test_what_it_sends_while_its_interface_is_gone_is_lost(autojump_clock: Clock) -> None:
    network = MemoryNetwork()
    lamp = network.host("lamp")
    async with lamp.play(ScriptedDevice(LAMP, announce_every=10, garbage_every=7)):
        await trio.sleep_until(15)
        lamp.take_down()
        await trio.sleep_until(45)
        network.recording.since(15).expect_no(anything())
        lamp.bring_up()
        await trio.sleep_until(60)
        network.recording.since(45).expect(alive(of=LAMP))
        network.recording.since(45).expect(malformed())
        lamp.change("192.0.2.77/24")
        await trio.sleep_until(75)
        lamp.unplug()
    network.recording.since(60).expect_no(anything())


async def test_it_is_known_by_its_udn(autojump_clock: Clock) -> None:
    nameless = attrs.evolve(LAMP, udn=None)
    network = MemoryNetwork()
    async with network.host("lamp").play(ScriptedDevice(nameless)) as device:
        network.recording.expect(alive(of=device.udn))
        assert repr(device) == "<Playing 'Lamp' at 192.0.2.1>"
