"""Listing this host's interfaces returns all of them, or raises an error if the system cannot list them."""

from __future__ import annotations

import errno
import fcntl
import os
import socket
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import ifaddr
import pytest

from tests.network.units.shortage import descriptors_left
from upnp_trio.errors import NetworkError
from upnp_trio.network import host_interfaces as module
from upnp_trio.network.flags import hardware_addresses
from upnp_trio.network.host_interfaces import host_interfaces

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="these are Linux's system calls and files")

# Errors of a machine that is short of something, and of a sandbox. None of them means that an interface went away.
CANNOT_TELL = [
    errno.EMFILE,
    errno.ENFILE,
    errno.ENOMEM,
    errno.ENOBUFS,
    errno.EACCES,
    errno.EPERM,
    errno.EIO,
    errno.EADDRNOTAVAIL,
]
WENT_AWAY = [errno.ENODEV, errno.ENXIO]


def _failing(number: int, *, only_for: str = "") -> Callable[..., Any]:
    """An ``ioctl`` that fails with *number*, for every interface or *only_for* one."""
    real = fcntl.ioctl

    def ioctl(asker: socket.socket, request: int, argument: bytes) -> bytes:
        if not only_for or argument.startswith(only_for.encode() + b"\0"):
            raise OSError(number, os.strerror(number))
        return real(asker, request, argument)

    return ioctl


def test_loopback_is_found_as_it_is() -> None:
    (loopback,) = [interface for interface in host_interfaces() if interface.is_loopback]
    assert loopback.is_up
    assert loopback.index == socket.if_nametoindex(loopback.name)
    assert "127.0.0.1/8" in map(str, loopback.addresses)


@pytest.mark.parametrize("look", [host_interfaces, hardware_addresses])
@pytest.mark.parametrize("left", range(6))
def test_a_look_that_is_short_of_descriptors_is_right_or_an_error(look: Callable[[], object], left: int) -> None:
    expected = look()
    seen: object = None
    with descriptors_left(left):
        try:
            seen = look()
        except NetworkError as error:
            seen = error
    if left == 0:
        assert isinstance(seen, NetworkError)
        assert "Too many open files" in str(seen)
    else:
        assert seen == expected


@pytest.mark.parametrize("look", [host_interfaces, hardware_addresses])
@pytest.mark.parametrize("number", CANNOT_TELL)
def test_flags_that_cannot_be_read_are_an_error_and_never_a_guess(
    look: Callable[[], object], number: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fcntl, "ioctl", _failing(number))
    with pytest.raises(NetworkError, match=os.strerror(number)):
        look()


@pytest.mark.parametrize("number", WENT_AWAY)
def test_an_interface_that_goes_away_during_the_look_is_left_out(number: int, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = [interface for interface in host_interfaces() if interface.name != "lo"]
    monkeypatch.setattr(fcntl, "ioctl", _failing(number, only_for="lo"))
    assert host_interfaces() == expected
    assert "lo" not in dict(hardware_addresses())


@pytest.mark.parametrize("number", CANNOT_TELL)
def test_a_failure_to_list_the_interfaces_is_an_error(number: int, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(include_unconfigured: bool) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(ifaddr, "get_adapters", fail)
    with pytest.raises(NetworkError, match=os.strerror(number)):
        host_interfaces()


def test_an_index_that_ifaddr_could_not_get_is_asked_for_again(monkeypatch: pytest.MonkeyPatch) -> None:
    # getting it needs a descriptor, too, and ifaddr takes every failure for "no index"
    expected = host_interfaces()
    adapters = list(ifaddr.get_adapters(include_unconfigured=True))
    for adapter in adapters:
        adapter.index = None
    monkeypatch.setattr(ifaddr, "get_adapters", lambda include_unconfigured: adapters)
    assert host_interfaces() == expected
    monkeypatch.setattr(fcntl, "ioctl", _failing(errno.EMFILE))
    with pytest.raises(NetworkError):
        host_interfaces()


@pytest.mark.parametrize(
    ("number", "is_error"),
    [
        *((number, True) for number in (errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.EIO)),
        *((number, False) for number in (errno.ENOENT, errno.EACCES, errno.EPERM)),
    ],
)
def test_a_hidden_file_is_skipped_and_a_failure_to_read_one_is_an_error(
    number: int, is_error: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*arguments: object, **options: object) -> None:
        raise OSError(number, os.strerror(number))

    expected = host_interfaces()
    for method in ("read_bytes", "read_text", "stat"):
        monkeypatch.setattr(Path, method, fail)
    if is_error:
        with pytest.raises(NetworkError, match=os.strerror(number)):
            host_interfaces()
    else:
        seen = host_interfaces()
        assert [(each.name, each.index, each.is_up) for each in seen] == [
            (each.name, each.index, each.is_up) for each in expected
        ]


def test_an_interface_whose_name_is_not_ascii_does_no_harm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    table = Path("/proc/net/if_inet6").read_bytes()
    changed = tmp_path / "if_inet6"
    changed.write_bytes(table + "fe800000000000000000000000000007 09 40 20 80     büro0\n".encode())
    expected = host_interfaces()
    monkeypatch.setattr(module, "_IPV6_ADDRESSES", changed)
    assert host_interfaces() == expected
