"""Who is on an endpoint's own link."""

from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.server.fakes import fake_endpoint
from upnp_trio.network.interfaces import on_link


@pytest.mark.parametrize(
    ("peer", "own"),
    [
        ("192.168.1.200", "192.168.1.7"),
        ("192.168.1.7", "192.168.1.7"),
        ("10.0.0.9", "10.0.0.7"),
        ("10.0.0.8", "10.0.0.8"),  # ourselves, at another address of the same network
        ("192.168.2.1", None),
        ("8.8.8.8", None),
        ("0.0.0.0", None),
        ("255.255.255.255", None),
    ],
)
def test_a_neighbour_is_told_the_address_on_its_own_link(peer: str, own: str | None) -> None:
    with fake_endpoint("192.168.1.7/24", "10.0.0.7/8", "10.0.0.8/8") as endpoint:
        sender = endpoint.sender_towards(peer)
    assert (sender and str(sender.address)) == own


@pytest.mark.parametrize(
    ("peer", "own"),
    [
        ("fe80::9", "fe80::7"),
        ("fd00::9", "fd00::7"),
        ("2001:db8::9", "2001:db8::7"),  # DHCPv6 gives addresses with a prefix of 128 bits
        ("2001:db8:0:1::9", None),
        ("fd00::8", "fd00::8"),  # ourselves
        ("::", None),
    ],
)
def test_an_ipv6_neighbour_is_told_the_address_of_its_own_scope(peer: str, own: str | None) -> None:
    with fake_endpoint("fe80::7/64", "fd00::7/64", "fd00::8/64", "2001:db8::7/128") as endpoint:
        sender = endpoint.sender_towards(peer)
    assert (sender and str(sender.address)) == own


@given(st.ip_addresses(v=4), st.integers(8, 30))
def test_the_quick_comparison_is_that_of_the_networks(peer: ipaddress.IPv4Address, prefix: int) -> None:
    own = ipaddress.ip_interface(f"192.0.2.7/{prefix}")
    with fake_endpoint(str(own)) as endpoint:
        assert (endpoint.sender_towards(str(peer)) is not None) == (peer in on_link(own))
