"""Which addresses count as one peer."""

from __future__ import annotations

from upnp_trio.model.peers import peer_of


def test_an_ipv6_prefix_is_one_peer_and_an_ipv4_address_another() -> None:
    assert peer_of("192.0.2.1") == "192.0.2.1"
    assert peer_of("2001:db8:1:2:3::4") == peer_of("2001:db8:1:2::9") == "2001:db8:1:2::"
    assert peer_of("2001:db8:1:3::4") != peer_of("2001:db8:1:2::4")


def test_an_ipv4_address_is_the_same_peer_in_ipv6() -> None:
    assert peer_of("::ffff:192.0.2.1") == peer_of("192.0.2.1")


def test_a_zone_makes_no_other_peer() -> None:
    assert peer_of("fe80::1%eth0") == peer_of("fe80::2") == "fe80::"
