"""A real device on loopback: what a program's own sockets see of it."""

from __future__ import annotations

import socket
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.testing.strangers import LAMP, search
from upnp_trio.errors import DescriptionError, MalformedMessage
from upnp_trio.ssdp.messages import GROUP, Alive, ByeBye
from upnp_trio.ssdp.parsing import parse
from upnp_trio.testing import DeviceFactory, RealDevice
from upnp_trio.testing.isolation import LOCK_RETRY_SECONDS, loopback_alone

# Announcements leave within a second; a busy machine may take longer.
HEARD_SECONDS = 20.0


@contextmanager
def listening() -> Iterator[socket.socket]:
    """A socket that receives what is announced on loopback, as a program's listener does."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as opened:
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        opened.bind((GROUP, 1900))
        opened.setsockopt(
            socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, socket.inet_aton(GROUP) + socket.inet_aton("127.0.0.1")
        )
        opened.settimeout(HEARD_SECONDS)
        yield opened


def heard(listener: socket.socket, udn: str, kind: type[Alive] | type[ByeBye]) -> Alive | ByeBye:
    """The next message of that kind about a device, whatever others send."""
    while True:
        try:
            message = parse(listener.recv(65536))
        except MalformedMessage:
            continue
        if isinstance(message, kind) and message.usn.startswith(udn):
            return message


def test_it_is_announced_moves_and_says_byebye() -> None:
    with listening() as listener:
        with RealDevice(LAMP) as lamp:
            first = heard(listener, lamp.udn, Alive)
            assert isinstance(first, Alive)
            assert first.location == lamp.location
            assert lamp.location.startswith(f"http://127.0.0.1:{lamp.port}/")
            lamp.move_to("127.0.0.2")
            assert heard(listener, lamp.udn, ByeBye).boot_id == first.boot_id
            second = heard(listener, lamp.udn, Alive)
            assert isinstance(second, Alive)
            assert second.location == lamp.location
            assert lamp.location.startswith(f"http://127.0.0.2:{lamp.port}/")
            assert (second.boot_id or 0) > (first.boot_id or 0)
            lamp.move_to("127.0.0.2")  # where it is already
            assert lamp.running.boot_id == second.boot_id
        assert heard(listener, lamp.udn, ByeBye).boot_id == second.boot_id


def test_it_disappears_without_byebye_and_is_back_with_another_bootid() -> None:
    with listening() as listener, RealDevice(LAMP) as lamp:
        before, location = lamp.running.boot_id, lamp.location
        heard(listener, lamp.udn, Alive)
        lamp.disappear()
        assert not lamp.is_running
        with pytest.raises(urllib.error.URLError, match="refused"):
            urllib.request.urlopen(location)
        lamp.start("127.0.0.3")
        while True:
            message = heard(listener, lamp.udn, (Alive | ByeBye))  # type: ignore[arg-type]  # isinstance takes it
            assert isinstance(message, Alive), "byebye was sent"
            if message.boot_id != before:
                break
        assert message.location.startswith("http://127.0.0.3:")
        assert lamp.running.boot_id > before
        lamp.restart()
        assert lamp.address == "127.0.0.3"
        assert lamp.udn in search()


def test_a_device_without_a_udn_gets_one_that_it_keeps() -> None:
    with RealDevice(LAMP) as lamp, RealDevice(LAMP) as other:
        assert lamp.udn != other.udn
        assert {lamp.udn, other.udn} <= search()
        before = lamp.device.udn
        lamp.restart()
        assert (lamp.device.udn, lamp.udn) == (before, str(before))
    assert lamp.device.udn == before


def test_what_cannot_be_is_an_error_that_says_so() -> None:
    for address in ("192.0.2.1", "::1", "localhost", ""):
        with pytest.raises(ValueError, match="it must be on loopback"):
            RealDevice(LAMP, address)
    lamp = RealDevice(LAMP)
    with pytest.raises(RuntimeError, match="the device is not running; start it"):
        lamp.move_to("127.0.0.2")
    with pytest.raises(RuntimeError, match="not running"):
        _ = lamp.location
    with lamp:
        with pytest.raises(RuntimeError, match="the device is running already"):
            lamp.start()
        with pytest.raises(ValueError, match="it must be on loopback"):
            lamp.move_to("10.0.0.1")


def test_its_options_are_those_of_serve_device() -> None:
    with RealDevice(LAMP, metrics=True) as lamp:
        metrics = urllib.request.urlopen(f"http://{lamp.address}:{lamp.port}/metrics").read()
    assert b"upnp_trio" in metrics


def test_a_factory_ends_its_devices() -> None:
    with DeviceFactory(is_alone=True) as make:
        lamp = make(LAMP)
        assert lamp.is_running
    assert not lamp.is_running


def test_the_lock_is_one_test_s_and_is_released(monkeypatch: pytest.MonkeyPatch, tmp_path: object) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setattr("upnp_trio.testing.isolation.LOCK_WAIT_SECONDS", 2 * LOCK_RETRY_SECONDS)
    with loopback_alone(), pytest.raises(TimeoutError, match="another test has had a device on loopback"):  # noqa: SIM117
        with loopback_alone():
            pass
    with loopback_alone():
        pass


def test_what_is_no_device_is_refused() -> None:
    with pytest.raises(DescriptionError, match="'lamp' is a str; a device is a RootDevice"):
        RealDevice("lamp")  # type: ignore[arg-type]
