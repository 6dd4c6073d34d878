"""Opening an interface while the system refuses one call after another: a `NetworkError`, and no socket is lost."""

from __future__ import annotations

import errno
import os
import socket
import sys
from collections.abc import Callable
from contextlib import closing
from ipaddress import ip_interface
from itertools import count

import attrs
import pytest

from tests.network.units.loopback import loopback
from tests.network.units.shortage import descriptors_left, open_descriptors
from tests.network.units.system import refusing
from upnp_trio.errors import NetworkError, PortTaken
from upnp_trio.network.changes import Changes
from upnp_trio.network.claims import Claims
from upnp_trio.network.interfaces import Interface
from upnp_trio.network.served_interface import InterfaceOptions, SystemNetwork
from upnp_trio.network.system_errors import GONE_ERRNOS

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the calls are those of Linux")

NETWORK = SystemNetwork(Changes(None), Claims())
OPTIONS = InterfaceOptions(port=0, or_another_port=True)

ERRNOS = [
    *(errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM),
    *(errno.ENODEV, errno.ENXIO, errno.EADDRNOTAVAIL, errno.ENETDOWN),
    *(errno.EADDRINUSE, errno.EACCES, errno.EPERM, errno.EINVAL, errno.EAFNOSUPPORT, errno.ENOPROTOOPT),
]


def _loopback(version: int) -> Interface:
    return loopback(version, is_loopback=False)


def _open(interface: Interface) -> None:
    with NETWORK.open(interface, OPTIONS) as served:
        assert served.endpoint.receivers
        assert len(served.http_listeners) == len(interface.addresses)


def _find_port(interface: Interface) -> None:
    assert NETWORK.find_port([interface])


@pytest.mark.parametrize("version", [4, 6])
@pytest.mark.parametrize("number", ERRNOS, ids=[errno.errorcode[number] for number in ERRNOS])
@pytest.mark.parametrize("act", [_open, _find_port])
async def test_any_failing_call_raises_network_error_and_leaks_no_socket(
    act: Callable[[Interface], None], number: int, version: int
) -> None:
    interface = _loopback(version)
    before = open_descriptors()
    failed: set[str] = set()
    for refused in count():
        with refusing(refused, number) as calls:
            try:
                act(interface)
            except NetworkError:
                failed.add(calls.names[refused])
        assert open_descriptors() == before, calls.names
        if not calls.were_refused:
            break
    if act is _open:
        assert refused > 20
        assert failed >= {"socket", "setsockopt", "bind"}
    elif number in GONE_ERRNOS:  # an address that went away needs no port
        assert failed == set()
    elif number in (errno.EADDRINUSE, errno.EACCES):  # the next port is free
        assert failed == {"socket", "setblocking", "setsockopt"}
    else:
        assert failed == {"socket", "setblocking", "setsockopt", "bind", "listen"}


@pytest.mark.parametrize("version", [4, 6])
async def test_running_out_of_descriptors_raises_network_error_and_leaks_none(version: int) -> None:
    interface = _loopback(version)
    before = open_descriptors()
    _open(interface)  # what is opened once and kept is open from now on
    errors: list[NetworkError] = []
    for left in count():
        with descriptors_left(left):
            try:
                _open(interface)
            except NetworkError as error:
                errors.append(error)
        assert open_descriptors() == before
        if len(errors) == left:
            break
    assert len(errors) > 2
    assert all("Too many open files" in str(error) for error in errors)


@pytest.mark.parametrize(
    "gone",
    [
        Interface(name="gone0", index=9999, addresses=(ip_interface("192.0.2.7/24"),)),
        Interface(name="gone0", index=9999, addresses=(ip_interface("127.0.0.1/8"),)),
        Interface(name="gone0", index=9999, addresses=(ip_interface("fe80::7/64"),)),
        Interface(name="gone0", index=9999, addresses=(ip_interface("2001:db8::7/64"),)),
        Interface(name="gone0", index=9999, addresses=(ip_interface("::1/128"),)),
    ],
    ids=lambda interface: str(interface.addresses[0]),
)
@pytest.mark.parametrize("listen", [True, False])
async def test_an_interface_that_went_away_after_the_look_raises_network_error_with_its_address(
    gone: Interface, listen: bool
) -> None:
    before = open_descriptors()
    with pytest.raises(NetworkError) as caught, NETWORK.open(gone, attrs.evolve(OPTIONS, listen=listen)):
        pass
    assert not isinstance(caught.value, PortTaken)
    assert str(gone.addresses[0].ip) in str(caught.value)
    assert "check that the interface still has this address" in str(caught.value)
    assert open_descriptors() == before


async def test_no_socket_of_an_interface_is_inherited_by_child_processes() -> None:
    with NETWORK.open(_loopback(4), OPTIONS) as served:
        sockets = {receiver.socket for receiver in served.endpoint.receivers}
        sockets |= {sender.socket for sender in served.endpoint.senders.values()}
        assert len(sockets) > 1
        assert not any(opened.get_inheritable() for opened in sockets)
        for http_listener in served.http_listeners:
            assert not http_listener.listener._socket.get_inheritable()  # type: ignore[attr-defined]  # a TcpListener


# --- the port of HTTP ------------------------------------------------------------------------------------------


# Addresses of loopback that no other test run uses at the same time.
ONE, OTHER = (f"127.{os.getpid() >> 8 & 0x7F}.{os.getpid() & 0xFF}.{number}" for number in (1, 2))


def _with(*addresses: str, name: str = "lo") -> Interface:
    return Interface(name=name, index=1, addresses=tuple(ip_interface(f"{address}/8") for address in addresses))


def test_the_port_that_is_found_is_free_at_every_address() -> None:
    first = NETWORK.find_port([_with(ONE, OTHER)])
    with closing(socket.create_server((OTHER, first))):
        assert NETWORK.find_port([_with(ONE, OTHER)]) > first
        assert NETWORK.find_port([_with(ONE)]) == first


def test_an_address_that_went_away_does_not_keep_the_others_from_a_port() -> None:
    first = NETWORK.find_port([_with(ONE)])
    assert NETWORK.find_port([_with("192.0.2.7", name="gone0"), _with(ONE)]) == first
    with closing(socket.create_server((ONE, first))):
        assert NETWORK.find_port([_with("192.0.2.7", name="gone0"), _with(ONE)]) > first


@pytest.mark.parametrize("number", [errno.EMFILE, errno.EPERM, errno.EAFNOSUPPORT])
def test_an_error_that_another_port_cannot_cure_is_raised_at_once_with_the_address(number: int) -> None:
    for refused in range(4):
        with refusing(refused, number) as calls, pytest.raises(NetworkError, match=os.strerror(number)) as caught:
            NETWORK.find_port([_with(ONE)])
        assert not isinstance(caught.value, PortTaken)
        assert ONE in str(caught.value)
        assert len(calls.names) == refused + 1


def test_the_error_of_a_host_without_a_free_port_has_the_cause(monkeypatch: pytest.MonkeyPatch) -> None:
    from upnp_trio.network import listeners

    with closing(socket.create_server((ONE, 0))) as taken:
        port = taken.getsockname()[1]
        monkeypatch.setattr(listeners, "DYNAMIC_PORTS", range(port, port + 1))
        with pytest.raises(PortTaken, match=rf"no TCP port from .* is free at every address.*{ONE}"):
            NETWORK.find_port([_with(ONE)])
