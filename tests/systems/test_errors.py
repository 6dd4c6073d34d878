"""The errors of each simulated system: none ends a device, keeps its loop busy, or loses what it says."""

from __future__ import annotations

import logging
from ipaddress import ip_address

import attrs
import pytest
import trio
import trio.testing

from tests.systems.scenes import GROUP, NEIGHBOUR, OWN, m_search, search, served, sockets_at
from tests.systems.system import SimulatedSystem
from tests.systems.tcp import TcpSocket
from tests.systems.udp import arrive

Clock = trio.testing.MockClock


# --- Windows: 10054 ---------------------------------------------------------------------------------------------------


async def test_answers_to_closed_ports_cost_no_other_answer(windows: SimulatedSystem, autojump_clock: Clock) -> None:
    """Whoever searches and closes its port sends one "port unreachable" for each answer."""
    kernel = windows.kernel
    kernel.unreachable.add("192.0.2.66")
    async with served(windows) as running:
        for number in range(30):
            arrive(kernel, m_search(mx=1), ("192.0.2.66", 5000 + number), (GROUP, 1900), windows.lan)
        await trio.sleep(3)
        assert len(await search(windows)) == 1
        assert running.stats.answers == 31
        assert not running.stats.send_errors


async def test_a_storm_of_10054_is_read_in_turns_of_the_loop(windows: SimulatedSystem, autojump_clock: Clock) -> None:
    kernel = windows.kernel
    async with served(windows):
        (receiver,) = sockets_at(kernel, OWN)
        before = kernel.calls["recvfrom"]
        for _ in range(10_000):
            receiver.put(kernel.error("ECONNRESET"))
        assert len(await search(windows)) == 1  # it waits behind them
        assert kernel.calls["recvfrom"] < before + 11_000


async def test_a_socket_that_gives_nothing_but_10054_is_read_once_a_second(
    windows: SimulatedSystem, autojump_clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    kernel = windows.kernel
    async with served(windows) as running:
        (receiver,) = sockets_at(kernel, OWN)
        receiver.endless_error = "ECONNRESET"
        receiver.put(kernel.error("ECONNRESET"))  # wakes it
        await trio.sleep(5)
        before = kernel.calls["recvfrom"]
        await trio.sleep(10)
        assert kernel.calls["recvfrom"] < before + 11 * 256
        receiver.endless_error = ""
        await trio.sleep(1)
        assert len(await search(windows)) == 1
        assert running.stats.answers == 1
    assert [record for record in caplog.records if "cannot receive" in record.message]


async def test_sendto_that_reports_an_earlier_datagram_sends_this_one_all_the_same(
    windows: SimulatedSystem, autojump_clock: Clock
) -> None:
    kernel = windows.kernel
    async with served(windows) as running:
        kernel.send_errors = ["ECONNRESET"]
        assert len(await search(windows)) == 1
        assert not kernel.send_errors
        assert not running.stats.send_errors
        # of two in a row, the second is this datagram's own
        kernel.send_errors = ["ECONNRESET", "ECONNRESET"]
        assert not await search(windows)
        assert sum(running.stats.send_errors.values()) == 1


# --- too long -------------------------------------------------------------------------------------------------------


async def test_a_datagram_that_is_too_long_is_an_error_on_windows_and_cut_elsewhere(
    system: SimulatedSystem, autojump_clock: Clock
) -> None:
    async with served(system):
        arrive(system.kernel, b"M-SEARCH " * 10_000, (NEIGHBOUR, 5000), (GROUP, 1900), system.lan)
        assert len(await search(system)) == 1


# --- sending ----------------------------------------------------------------------------------------------------------


async def test_a_full_queue_of_the_interface_delays_announcements_and_loses_none(
    system: SimulatedSystem, autojump_clock: Clock
) -> None:
    system.kernel.send_errors = ["ENOBUFS"] * 5
    async with served(system, ipv6=False) as running:
        assert not running.stats.send_errors
        assert running.stats.announcements == 9


async def test_a_full_queue_that_stays_full_is_told_in_words_that_every_system_has(
    system: SimulatedSystem, autojump_clock: Clock
) -> None:
    system.kernel.send_errors = ["ENOBUFS"] * 60
    async with served(system, ipv6=False) as running:
        assert set(running.stats.send_errors) == {"no room in the send buffer"}
        await trio.sleep(10)
        assert running.stats.announcements >= 3


async def test_a_network_that_macos_does_not_allow_is_told_with_where_to_allow_it(
    system: SimulatedSystem, autojump_clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    system.kernel.send_errors = ["EHOSTUNREACH"] * 1000
    async with served(system, ipv6=False):
        await trio.sleep(60)
    (warning,) = [record.message for record in caplog.records if "cannot announce" in record.message]
    assert ("Privacy & Security, Local Network" in warning) == (system.kernel.rules.platform == "darwin")


# --- ports ------------------------------------------------------------------------------------------------------------


async def test_ports_that_the_system_keeps_are_passed_by(system: SimulatedSystem, autojump_clock: Clock) -> None:
    system.kernel.excluded_ports = set(range(49152, 49352))
    async with served(system) as running:
        assert running.port == 49352


async def test_a_port_that_windows_keeps_is_told_with_how_to_list_them(
    system: SimulatedSystem, autojump_clock: Clock
) -> None:
    system.kernel.excluded_ports = {50_000}
    with pytest.raises(system.module("").PortTaken) as refused:
        async with served(system, port=50_000):
            pass
    assert "TCP port 50000" in str(refused.value)
    assert ("excludedportrange" in str(refused.value)) == system.is_windows


async def test_no_other_program_gets_our_port(system: SimulatedSystem, autojump_clock: Clock) -> None:
    constants = system.kernel.rules.constants
    async with served(system) as running:
        other = TcpSocket(system.kernel, False)
        other.setsockopt(constants["SOL_SOCKET"], constants["SO_REUSEADDR"], 1)
        with pytest.raises(OSError, match="EACCES" if system.is_windows else "EADDRINUSE"):
            other.bind((OWN, running.port))


# --- connections ------------------------------------------------------------------------------------------------------


async def test_a_connection_that_is_lost_in_the_queue_ends_nothing(
    system: SimulatedSystem, autojump_clock: Clock
) -> None:
    async with served(system) as running:
        for listening in system.kernel.tcp:
            assert isinstance(listening, TcpSocket)
            assert listening.backlog is not None
            listening.backlog += [system.kernel.error("ECONNRESET"), system.kernel.error("ECONNABORTED")]
            listening.lot.unpark_all()
        await trio.sleep(1)
        assert not running.stats.refused
        assert len(await search(system)) == 1


async def test_a_refused_connection_is_told_in_the_words_of_the_system(
    system: SimulatedSystem, autojump_clock: Clock
) -> None:
    networks = system.module("network.system_asking")
    with networks.open_asking_network() as network:
        address = ip_address(NEIGHBOUR)
        with pytest.raises(OSError, match=r"this system|refused") as refused:
            await network.connect(address, 8080, served=network.facing(address))
    failures = system.module("http.request_failures")
    told = failures.cannot_connect(refused.value)
    assert "Unknown error" not in told
    assert "nothing listens there" in told


# --- interfaces -------------------------------------------------------------------------------------------------------


def test_what_windows_says_of_an_interface_decides(windows: SimulatedSystem) -> None:
    listed = {each.name: each for each in windows.module("network.host_interfaces").host_interfaces()}
    assert [name for name, each in listed.items() if each.is_up] == [
        "Loopback Pseudo-Interface 1",
        "Ethernet",
        "vEthernet (WSL)",
        "office",
    ]
    assert [name for name, each in listed.items() if each.is_loopback] == ["Loopback Pseudo-Interface 1"]
    assert [name for name, each in listed.items() if each.is_point_to_point] == ["office"]
    assert listed["Ethernet"].index == 12


@pytest.mark.parametrize("error", [13, 2, 1168])
def test_an_interface_that_goes_away_while_windows_is_asked_is_left_out(windows: SimulatedSystem, error: int) -> None:
    windows.kernel.row_errors[12] = error
    listed = windows.module("network.host_interfaces").host_interfaces()
    assert "Ethernet" not in {each.name for each in listed}


def test_an_interface_that_windows_says_nothing_of_counts_as_up(windows: SimulatedSystem) -> None:
    windows.kernel.row_errors[12] = 50  # ERROR_NOT_SUPPORTED
    (ethernet,) = [
        each for each in windows.module("network.host_interfaces").host_interfaces() if each.name == "Ethernet"
    ]
    assert ethernet.is_up
    assert not ethernet.is_loopback


@pytest.mark.parametrize("name", ["Ethernet", "192.0.2.7", "192.0.2.0/24"])
async def test_an_interface_is_named_as_windows_shows_it(
    windows: SimulatedSystem, name: str, autojump_clock: Clock
) -> None:
    async with served(windows, interfaces=[name], ipv6=False) as running:
        assert [(where.interface, str(where.address)) for where in running.where] == [("Ethernet", OWN)]


@pytest.mark.parametrize("name", ["vEthernet (WSL)", "office"])
async def test_what_is_not_served_by_itself_is_served_by_its_name(
    windows: SimulatedSystem, name: str, autojump_clock: Clock
) -> None:
    async with served(windows, interfaces=[name]) as running:
        assert {where.interface for where in running.where} == {name}


async def test_an_interface_that_is_not_connected_is_served_when_it_is(
    windows: SimulatedSystem, autojump_clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    async with served(windows) as running:
        wifi = next(each for each in windows.kernel.nics if each.friendly == "Wi-Fi")
        windows.kernel.nics[windows.kernel.nics.index(wifi)] = attrs.evolve(wifi, status=5)
        await trio.sleep(10)
        assert {where.interface for where in running.where} == {"Ethernet", "Wi-Fi"}
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING]
