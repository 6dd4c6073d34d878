"""The address that faces a peer: by the routes of this system, or in a zone."""

from __future__ import annotations

import errno
import os
import sys
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_interface

import pytest

from tests.network.units.loopback import loopback
from tests.network.units.shortage import descriptors_left, open_descriptors
from upnp_trio.errors import NetworkError
from upnp_trio.network.facing import facing
from upnp_trio.network.host_interfaces import host_interfaces
from upnp_trio.network.interfaces import Interface, IpAddress
from upnp_trio.network.system_errors import OutOfResources


def _interface(name: str, index: int, *addresses: str, is_up: bool = True) -> Interface:
    return Interface(name=name, index=index, addresses=tuple(map(ip_interface, addresses)), is_up=is_up)


LO = _interface("lo", 1, "127.0.0.1/8", "::1/128")
ETH0 = _interface("eth0", 2, "192.0.2.7/24", "192.0.2.8/25", "fe80::7/64", "2001:db8::7/64")
ETH1 = _interface("eth1", 3, "198.51.100.7/24", "169.254.1.7/16", "fe80::7/64")
IPV4_ONLY = _interface("wlan0", 4, "10.0.0.7/8")
DOWN = _interface("eth9", 9, "10.9.0.7/24", is_up=False)
ALL = [LO, ETH0, ETH1, IPV4_ONLY, DOWN]


def _no_routes(address: IpAddress) -> tuple[IpAddress, int]:
    raise OSError(errno.ENETUNREACH, os.strerror(errno.ENETUNREACH))


def _in_zone(address: str, zone: str, interfaces: list[Interface] = ALL) -> tuple[str, str, int]:
    found = facing(ip_address(address), zone, interfaces, _no_routes)
    return found.address, found.interface, found.index


@pytest.mark.parametrize("zone", ["eth1", "3"])
def test_a_zone_is_an_interface_s_name_or_its_number(zone: str) -> None:
    assert _in_zone("fe80::9", zone) == ("fe80::7", "eth1", 3)


@pytest.mark.parametrize(
    ("address", "zone", "own"),
    [
        ("192.0.2.200", "eth0", "192.0.2.7"),
        ("192.0.2.8", "eth0", "192.0.2.8"),  # this host itself
        ("203.0.113.1", "eth0", "192.0.2.7"),  # beyond the link
        ("169.254.9.9", "eth0", "192.0.2.7"),
        ("169.254.9.9", "eth1", "169.254.1.7"),
        ("2001:db8::9", "eth0", "2001:db8::7"),
        ("2001:db9::9", "eth0", "2001:db8::7"),  # beyond the link, where no link-local address leads
        ("2001:db8::9", "eth1", "fe80::7"),
    ],
)
def test_the_own_address_in_a_zone_is_the_nearest_one(address: str, zone: str, own: str) -> None:
    assert _in_zone(address, zone)[0] == own


def test_links_are_the_networks_whose_addresses_are_neighbours() -> None:
    found = facing(ip_address("192.0.2.200"), "eth0", ALL, _no_routes)
    assert found.links == (IPv4Network("192.0.2.0/24"), IPv4Network("192.0.2.0/25"))
    found = facing(ip_address("fe80::9"), "eth0", ALL, _no_routes)
    assert found.links == (IPv6Network("fe80::/64"), IPv6Network("2001:db8::/64"))


@pytest.mark.parametrize(
    ("address", "zone", "problem"),
    [
        (
            "fe80::9",
            "eth7",
            "no way to fe80::9%eth7: no interface 'eth7' on this host; it has lo, eth0, eth1, wlan0, eth9",
        ),
        ("fe80::9", "wlan0", "no way to fe80::9 on wlan0, which has no address of IPv6"),
        ("10.9.0.9", "eth9", r"no way to 10\.9\.0\.9 on eth9, which is down"),
        ("fe80::9", "", "no way to fe80::9 without its zone; write the interface behind it, as in fe80::9%eth0"),
        ("203.0.113.1", "", f"cannot find a way to 203.0.113.1: {os.strerror(errno.ENETUNREACH)}; check the address"),
    ],
)
def test_the_error_says_why_there_is_no_way(address: str, zone: str, problem: str) -> None:
    with pytest.raises(NetworkError, match=problem):
        _in_zone(address, zone)


def test_an_ipv6_link_local_address_needs_no_zone_where_one_interface_has_any() -> None:
    assert _in_zone("fe80::9", "", [LO, ETH0, IPV4_ONLY]) == ("fe80::7", "eth0", 2)
    other = _interface("eth1", 3, "fe80::8/64")
    assert _in_zone("fe80::8", "", [LO, ETH0, other]) == ("fe80::8", "eth1", 3)  # this host itself


def test_an_address_that_went_away_after_the_look_is_an_error() -> None:
    with pytest.raises(NetworkError, match=r"no way to 192\.0\.2\.9: it leads from 192\.0\.2\.99, which no interface"):
        facing(ip_address("192.0.2.9"), "", ALL, lambda address: (ip_address("192.0.2.99"), 0))


def test_two_interfaces_with_one_address_are_told_apart_by_the_scope() -> None:
    for index, name in ((2, "eth0"), (3, "eth1")):
        found = facing(ip_address("2001:db8::9"), "", ALL, lambda _, index=index: (ip_address("fe80::7"), index))  # type: ignore[misc]
        assert found.interface == name


# --- this system -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("version", [4, 6])
def test_this_system_reaches_itself_by_loopback(version: int) -> None:
    own = loopback(version)
    before = open_descriptors()
    found = facing(own.addresses[0].ip, "", host_interfaces())
    assert (found.address, found.interface, found.index) == (str(own.addresses[0].ip), own.name, own.index)
    assert open_descriptors() == before


def test_each_own_address_faces_itself() -> None:
    interfaces = host_interfaces()
    for interface in interfaces:
        for own in interface.addresses:
            if interface.is_up:
                zone = interface.name if own.is_link_local else ""
                assert facing(own.ip, zone, interfaces).address == str(own.ip)


@pytest.mark.skipif(sys.platform != "linux", reason="the limit is Linux's")
def test_without_a_descriptor_there_is_an_error_that_may_pass() -> None:
    interfaces = host_interfaces()
    with descriptors_left(0), pytest.raises(OutOfResources, match=r"cannot find a way to 127\.0\.0\.1"):
        facing(ip_address("127.0.0.1"), "", interfaces)
