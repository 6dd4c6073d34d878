"""The network of a control point on loopback: what it opens works, and what cannot be opened leaves nothing behind."""

from __future__ import annotations

import errno
import itertools
import logging
import socket
import sys
from collections.abc import Callable
from contextlib import ExitStack
from ipaddress import IPv4Address, ip_address, ip_interface

import attrs
import pytest
import trio

from tests.network.units.loopback import loopback
from tests.network.units.shortage import descriptors_left, open_descriptors
from tests.network.units.system import refusing
from tests.network.units.test_opening import ERRNOS
from upnp_trio.errors import NetworkError, PortTaken
from upnp_trio.exchange import ServedAddress
from upnp_trio.network.changes import Changes
from upnp_trio.network.endpoint import Receiver
from upnp_trio.network.interfaces import Interface
from upnp_trio.network.listeners import DYNAMIC_PORTS
from upnp_trio.network.system_asking import SystemAskingNetwork, open_asking_network
from upnp_trio.network.system_errors import OutOfResources

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the calls are those of Linux")

NETWORK = SystemAskingNetwork(Changes(None))
HERE = ServedAddress(interface="lo", index=1, address="127.0.0.1")
LOOPBACK = ip_address("127.0.0.1")


def _open_receivers(interface: Interface) -> None:
    with NETWORK.open_receivers(interface) as receivers:
        assert receivers


def _open_search_socket(interface: Interface) -> None:
    with NETWORK.open_search_socket(interface, interface.addresses[0]) as opened:
        assert opened.interface == interface


def _listen(interface: Interface) -> None:
    served = ServedAddress(interface=interface.name, index=interface.index, address=str(interface.addresses[0].ip))
    with NETWORK.listen(served) as listener:
        assert listener.served == served


def _face(interface: Interface) -> None:
    assert NETWORK.facing(interface.addresses[0].ip)


ACTS = [_open_receivers, _open_search_socket, _listen, _face]


@pytest.mark.parametrize("version", [4, 6])
@pytest.mark.parametrize("number", ERRNOS, ids=[errno.errorcode[number] for number in ERRNOS])
@pytest.mark.parametrize("act", ACTS)
async def test_any_failing_call_raises_network_error_and_leaks_no_socket(
    act: Callable[[Interface], None], number: int, version: int
) -> None:
    interface = loopback(version, is_loopback=False)
    before = open_descriptors()
    failed: set[str] = set()
    for refused in itertools.count():
        with refusing(refused, number) as calls:
            try:
                act(interface)
            except NetworkError:
                failed.add(calls.names[refused])
        assert open_descriptors() == before, calls.names
        if not calls.were_refused:
            break
    # a port that is taken or forbidden is another one's turn
    expected = {"socket"} if act is _listen and number in (errno.EADDRINUSE, errno.EACCES) else {"socket", "bind"}
    assert failed >= ({"socket", "connect"} if act is _face else expected)


@pytest.mark.parametrize("version", [4, 6])
@pytest.mark.parametrize("act", ACTS)
async def test_running_out_of_descriptors_raises_network_error_and_leaks_none(
    act: Callable[[Interface], None], version: int
) -> None:
    interface = loopback(version, is_loopback=False)
    act(interface)  # what is opened once and kept is open from now on
    before = open_descriptors()
    errors: list[NetworkError] = []
    for left in itertools.count():
        with descriptors_left(left):
            try:
                act(interface)
            except NetworkError as error:
                errors.append(error)
        assert open_descriptors() == before
        if len(errors) == left:
            break
    assert errors
    assert all("Too many open files" in str(error) for error in errors)
    assert any(isinstance(error, OutOfResources) for error in errors)


@pytest.mark.parametrize("address", ["192.0.2.7/24", "2001:db8::7/64", "fe80::7/64"])
@pytest.mark.parametrize("act", [_open_receivers, _open_search_socket, _listen])
async def test_an_interface_that_went_away_after_the_look_raises_network_error_that_names_it(
    act: Callable[[Interface], None], address: str
) -> None:
    gone = Interface(name="gone0", index=9999, addresses=(ip_interface(address),))
    before = open_descriptors()
    with pytest.raises(NetworkError, match="check that the interface still has this address") as caught:
        act(gone)
    assert not isinstance(caught.value, PortTaken)
    assert any(text in str(caught.value) for text in (gone.name, str(gone.addresses[0].ip)))
    assert open_descriptors() == before


# --- what is opened --------------------------------------------------------------------------------------------


async def _first(receivers: tuple[Receiver, ...], payload: bytes) -> tuple[Receiver, str]:
    """The first receiver that gets *payload*, and the source's address; others on this machine may send, too."""
    found: list[tuple[Receiver, str]] = []

    async def receive(receiver: Receiver) -> None:
        while not found:
            await receiver.wait()
            found.extend((receiver, source[0]) for datagram, source in receiver.drain() if datagram == payload)
        nursery.cancel_scope.cancel()

    async with trio.open_nursery() as nursery:
        for receiver in receivers:
            nursery.start_soon(receive, receiver)
    return found[0]


async def test_a_multicast_search_reaches_the_receivers_of_the_same_host() -> None:
    interface = loopback(4)  # Linux has no route for IPv6's groups on loopback
    payload = b"not SSDP, of %d" % id(interface)
    with (
        trio.fail_after(20),
        NETWORK.open_receivers(interface) as receivers,
        NETWORK.open_search_socket(interface, interface.addresses[0]) as searching,
    ):
        await searching.send(payload, searching.group)
        receiver, source = await _first(receivers, payload)
        assert receiver.multicast
        assert source == str(searching.address)


async def test_a_search_by_broadcast_is_received_and_one_to_the_host_is_left_to_devices() -> None:
    interface = loopback(4, is_loopback=False)
    payload = b"not SSDP, of %d" % id(interface)
    with (
        trio.fail_after(20),
        NETWORK.open_receivers(interface) as receivers,
        socket.socket(type=socket.SOCK_DGRAM) as sending,
    ):
        sending.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        sending.sendto(b"to the host" + payload, ("127.0.0.1", 1900))
        sending.sendto(payload, ("127.255.255.255", 1900))
        receiver, source = await _first(receivers, payload)
        assert receiver.socket.getsockname() == ("127.255.255.255", 1900)
        assert source == "127.0.0.1"
        for each in receivers:
            assert not [datagram for datagram, _ in each.drain() if datagram == b"to the host" + payload]


async def test_listeners_take_the_first_dynamic_ports_that_are_free() -> None:
    with ExitStack() as stack, trio.fail_after(20):
        listeners = [stack.enter_context(NETWORK.listen(HERE)) for _ in range(3)]
        ports = [int(listener.authority.rpartition(":")[2]) for listener in listeners]
        assert ports == sorted(set(ports))
        assert all(port in DYNAMIC_PORTS for port in ports)
        for listener, port in zip(listeners, ports, strict=True):
            ours = await NETWORK.connect(LOOPBACK, port, served=HERE)
            theirs = await listener.listener.accept()
            await ours.send_all(memoryview(b"NOTIFY"))
            assert await theirs.receive_some(100) == b"NOTIFY"
            ours.close()
            theirs.close()


async def test_a_listener_takes_the_port_that_is_asked_for_or_says_that_it_is_taken(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with NETWORK.listen(HERE) as first:
        port = int(first.authority.rpartition(":")[2])
    with NETWORK.listen(HERE, port) as same:
        assert same.authority == f"127.0.0.1:{port}"
        assert not caplog.messages
        with caplog.at_level(logging.WARNING), NETWORK.listen(HERE, port) as another:
            assert another.authority != same.authority
    assert caplog.messages == [f"TCP port {port} is taken at 127.0.0.1; HTTP is on {another.authority[10:]} there"]


async def test_a_connection_leads_from_the_served_address() -> None:
    here = attrs.evolve(HERE, address="127.0.0.2")
    with trio.fail_after(20), NETWORK.listen(HERE) as listener:
        ours = await NETWORK.connect(LOOPBACK, int(listener.authority.rpartition(":")[2]), served=here)
        theirs = await listener.listener.accept()
        assert (ours.peer, theirs.peer) == ("127.0.0.1", "127.0.0.2")
        ours.close()
        theirs.close()


async def test_the_network_of_this_system_is_open_for_as_long_as_the_body() -> None:
    before = open_descriptors()
    with open_asking_network() as network:
        own = next(interface for interface in network.interfaces() if interface.is_loopback)
        assert network.facing(IPv4Address("127.0.0.1")).interface == own.name
        with trio.move_on_after(0.01):
            await network.wait_for_change()
    assert open_descriptors() == before
