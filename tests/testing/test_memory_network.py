"""A network in memory as a stranger would use it: hosts, devices and control points in a line each."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from random import Random

import attrs
import pytest
import trio
import trio.testing

from tests.testing.lamps import LAMP, UDN
from upnp_trio import PortTaken, RootDevice
from upnp_trio.controlpoint import ControlPoint, DeviceAppeared, DeviceGone
from upnp_trio.errors import RequestFailed
from upnp_trio.ssdp.messages import SearchResponse
from upnp_trio.testing import MemoryNetwork, alive, byebye, connection, response, search, update

Clock = trio.testing.MockClock


@pytest.fixture
def network() -> MemoryNetwork:
    return MemoryNetwork(seed=1)


async def found(control_point: ControlPoint) -> list[str]:
    return [result.udn async for result in control_point.search("upnp:rootdevice")]


async def test_a_device_and_a_control_point_are_a_line_each(network: MemoryNetwork, autojump_clock: Clock) -> None:
    lamp, phone = network.host("lamp"), network.host("phone")
    async with lamp.serve(LAMP) as running, phone.control_point() as control_point:
        assert await found(control_point) == [UDN]
        assert (await control_point.describe(UDN)).friendly_name == "Lamp"
    recording = network.recording
    recording.expect(alive(of=running)).sent_from("192.0.2.1").at_least(2).before(byebye(of=running))
    recording.expect(search("upnp:rootdevice")).sent_from(phone).twice()
    recording.expect(response(of=LAMP)).sent_to("192.0.2.2").after(search()).before(byebye())
    recording.expect(connection(to="192.0.2.1", port=49152, outcome="accepted")).sent_from(phone).once()


async def test_a_host_serves_several_devices_with_options(network: MemoryNetwork, autojump_clock: Clock) -> None:
    lamp = network.host("lamp")
    other = attrs.evolve(LAMP, udn="uuid:8e5c1a2e-95cd-4b4b-b4b6-8b7f0c1f9e11")
    async with lamp.serve(LAMP, other, port=80, max_age=100) as running:
        assert len(running.devices) == 2
        assert running.locations[0].startswith("http://192.0.2.1:80/")
        with pytest.raises(PortTaken):
            async with lamp.serve(attrs.evolve(LAMP, udn="uuid:8e5c1a2e-95cd-4b4b-b4b6-8b7f0c1f9e12"), port=80):
                pass


async def test_hosts_get_addresses_of_their_link(network: MemoryNetwork) -> None:
    upstairs = network.add_link("upstairs")
    first, second = network.host(), network.host("tv", "192.0.2.77/24", "fe80::7/64")
    third, fourth = network.host(), network.host("radio", link=upstairs)
    assert list(network.hosts) == ["host1", "tv", "host3", "radio"]
    own = [[str(own) for own in host.nics["eth0"].addresses] for host in (first, second, third, fourth)]
    assert own == [["192.0.2.1/24"], ["192.0.2.77/24", "fe80::7/64"], ["192.0.2.2/24"], ["198.51.100.1/24"]]
    first.change(network.free_address())
    assert str(first.nics["eth0"].addresses[0]) == "192.0.2.3/24"
    assert network.free_address() == "192.0.2.4/24"  # an address that was given up is not given to another host
    assert network.free_address(upstairs) == "198.51.100.2/24"


def test_wrong_names_and_too_many_links_are_errors_that_say_so(network: MemoryNetwork) -> None:
    network.host("lamp")
    with pytest.raises(ValueError, match="there is a host 'lamp' already"):
        network.host("lamp")
    with pytest.raises(ValueError, match="there is a link 'link' already"):
        network.add_link("link")
    network.add_link("second"), network.add_link("third")
    with pytest.raises(ValueError, match="only 3 links have addresses to give"):
        network.host(link=network.add_link("fourth"))
    for _ in range(253):
        network.host()
    with pytest.raises(ValueError, match=r"all addresses of 192\.0\.2\.0/24 are taken"):
        network.host()


async def test_the_date_follows_the_clock(autojump_clock: Clock) -> None:
    network = MemoryNetwork(start=datetime(2030, 1, 1, tzinfo=UTC))
    lamp, phone = network.host(), network.host()
    async with lamp.serve(LAMP), phone.control_point() as control_point:
        await trio.sleep(3600)
        await found(control_point)
    answer = network.recording.expect(response()).datagrams[0]
    assert isinstance(answer.message, SearchResponse)
    assert answer.message.date is not None
    date = parsedate_to_datetime(answer.message.date)
    assert 3600 <= (date - network.start).total_seconds() <= 3602


async def test_a_device_without_a_udn_gets_one_of_its_host(network: MemoryNetwork, autojump_clock: Clock) -> None:
    nameless = attrs.evolve(LAMP, udn=None)
    first, second, again = network.host("a"), network.host("b"), MemoryNetwork(seed=7).host("a")
    async with first.serve(nameless) as one, second.serve(nameless) as two, again.serve(nameless) as three:
        assert one.device.udn == three.device.udn != two.device.udn
    with pytest.raises(ValueError, match="Lamp has no UDN of its own; pass what serves it"):
        alive(of=nameless)
    network.recording.expect(alive(of=one)).sent_from(first)


async def test_bootid_rises_with_each_start_on_a_host(network: MemoryNetwork, autojump_clock: Clock) -> None:
    lamp = network.host()
    async with lamp.serve(LAMP) as running:
        first = running.boot_id
    async with lamp.serve(LAMP) as running:
        assert running.boot_id > first


async def test_options_of_a_program_go_before_the_host_s(network: MemoryNetwork, autojump_clock: Clock) -> None:
    first, second = network.host("a"), network.host("b")
    async with first.serve(LAMP, rng=Random(5)):
        pass
    async with second.serve(LAMP, rng=Random(5)):
        pass
    times = [network.recording.sent_from(address).datagrams[0].time for address in ("192.0.2.1", "192.0.2.2")]
    start = network.recording.expect(byebye(of=LAMP)).sent_from("192.0.2.1").times[-1]
    assert times[1] - times[0] == pytest.approx(start)


# --- what happens to the network ------------------------------------------------------------------------------------


async def test_a_device_is_found_at_its_new_address(network: MemoryNetwork, autojump_clock: Clock) -> None:
    lamp, phone = network.host("lamp"), network.host("phone")
    async with lamp.serve(LAMP), phone.control_point() as control_point:
        await trio.sleep(5)
        assert "192.0.2.1" in control_point.devices[UDN].location
        lamp.change(network.free_address())
        await trio.sleep(5)
        assert "192.0.2.3" in control_point.devices[UDN].location
    network.recording.expect(alive(of=LAMP, at="192.0.2.3")).sent_from("192.0.2.3").after(5)
    network.recording.since(5).expect_no(alive(at="192.0.2.1"))


async def test_an_interface_goes_down_and_comes_up(network: MemoryNetwork, autojump_clock: Clock) -> None:
    lamp, phone = network.host("lamp"), network.host("phone")
    async with lamp.serve(LAMP) as running, phone.control_point() as control_point:
        await trio.sleep(5)
        lamp.take_down()
        await trio.sleep(5)
        assert [location.interface for location in running.where] == ["lo"]  # where it can still be found
        assert await found(control_point) == []
        lamp.bring_up()
        await trio.sleep(5)
        assert await found(control_point) == [UDN]
    network.recording.since(5).until(10).expect_no(alive())


async def test_a_host_that_wakes_up_announces_itself(network: MemoryNetwork, autojump_clock: Clock) -> None:
    lamp = network.host("lamp")
    async with lamp.serve(LAMP):
        await trio.sleep(5)
        with network.partitioned(lamp):
            await trio.sleep(30)
        lamp.sleep()
        await trio.sleep(2)
        network.recording.expect(alive(of=LAMP)).after(35).at_least(3)


async def test_nothing_passes_a_partition(network: MemoryNetwork, autojump_clock: Clock) -> None:
    lamp, phone, tablet = network.host("lamp"), network.host("phone"), network.host("tablet")
    async with lamp.serve(LAMP), phone.control_point() as one, tablet.control_point() as other:
        await trio.sleep(5)
        location = one.devices[UDN].locations[0]
        with network.partitioned(lamp, tablet):
            assert await found(one) == []
            assert await found(other) == [UDN]
            with pytest.raises(RequestFailed):
                await one.fetch(location)
            assert (await other.fetch(location)).status == 200
            await trio.sleep(2000)
            assert UDN not in one.devices
            assert UDN in other.devices
        assert await found(one) == [UDN]
        assert (await one.fetch(location)).status == 200
    network.recording.expect(connection(outcome="unreachable")).sent_from(phone).once()


async def test_a_connection_outlives_a_partition(network: MemoryNetwork, autojump_clock: Clock) -> None:
    near, far = network.host(), network.host()
    listener = far.listen(80)
    async with trio.open_nursery() as nursery:
        accepted: list[bytes] = []

        async def accept() -> None:
            stream = await listener.accept()
            while data := await stream.receive_some(100):
                accepted.append(b"%g " % trio.current_time() + data)

        nursery.start_soon(accept)
        address = far.nics["eth0"].addresses[0].ip
        stream = await near.network.connect(address, 80, served=near.network.facing(address))
        await stream.send_all(memoryview(b"before"))
        with network.partitioned(near):
            await trio.sleep(1)
            await stream.send_all(memoryview(b"meanwhile"))
            stream.close()
            await trio.sleep(60)
            assert len(accepted) == 1
        await trio.sleep(1)
    assert accepted == [b"0.003 before", b"61.003 meanwhile"]


async def test_programs_learn_of_changes(network: MemoryNetwork, autojump_clock: Clock) -> None:
    lamp, phone = network.host("lamp"), network.host("phone")
    seen: list[tuple[float, str]] = []

    async def follow(control_point: ControlPoint) -> None:
        async for change in control_point.changes():
            if isinstance(change, DeviceAppeared | DeviceGone):
                seen.append((trio.current_time() // 10, type(change).__name__))

    async with phone.control_point() as control_point, trio.open_nursery() as nursery:
        nursery.start_soon(follow, control_point)
        async with lamp.serve(LAMP):
            await trio.sleep(20)
        await trio.sleep(20)
        async with lamp.serve(LAMP):
            await trio.sleep(1)
            nursery.cancel_scope.cancel()
    assert seen == [(0, "DeviceAppeared"), (2, "DeviceGone"), (4, "DeviceAppeared")]


# --- run, and beside other loops ------------------------------------------------------------------------------------


def test_run_gives_what_the_function_returns(network: MemoryNetwork) -> None:
    async def double(number: int) -> int:
        await trio.sleep(3600)
        return 2 * number

    assert network.run(double, 21) == 42


def test_update_is_seen_where_the_network_grows(network: MemoryNetwork) -> None:
    async def run() -> None:
        lamp = network.host("lamp")
        async with lamp.serve(LAMP):
            await trio.sleep(5)
            lamp.plug(network.add_link("upstairs"), "198.51.100.1/24", name="eth1")
            await trio.sleep(5)

    network.run(run)
    network.recording.expect(update(of=LAMP)).on("link").before(alive(at="198.51.100.1"))
    assert set(network.recording.on("upstairs").datagrams) < set(network.recording.datagrams)


def test_a_root_device_is_a_value_that_many_hosts_may_serve(network: MemoryNetwork) -> None:
    async def run() -> tuple[RootDevice, RootDevice]:
        async with network.host().serve(LAMP) as one, network.host().serve(LAMP) as two:
            return one.device, two.device

    one, two = network.run(run)
    assert one.udn == two.udn


@pytest.mark.parametrize("opened", ["serve", "control_point"])
def test_beside_asyncio_it_says_what_to_use(network: MemoryNetwork, opened: str) -> None:
    async def main() -> None:
        async with getattr(network.host(), opened)():
            pytest.fail("opened")

    with pytest.raises(RuntimeError, match="use the fixture `upnp_device`"):
        asyncio.run(main())
