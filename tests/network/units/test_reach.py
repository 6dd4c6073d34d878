"""Where a URL that a stranger announced may lead."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.server.scenes import interface
from upnp_trio.errors import UnsafeUrl
from upnp_trio.model.literal_url import LiteralUrl, unmapped
from upnp_trio.network.interfaces import Interface, on_link
from upnp_trio.network.reach import METADATA_ADDRESSES, own_address_towards

HOME = interface("192.0.2.7/24", "fe80::7/64", "2001:db8::7/64")
AUTO_IP = interface("169.254.7.7/16")
WIDE = interface("10.1.2.3/8", "fd00::3/16", "2001:db8::3/128")
TUNNEL = interface("198.51.100.1/32", "198.51.100.8/31", name="wg0")
IPV6_ONLY = interface("fe80::7/64", "2001:db8::7/64")
LOOPBACK = Interface(name="lo", index=1, addresses=interface("127.0.0.1/8", "::1/128").addresses, is_loopback=True)


@pytest.mark.parametrize(
    ("url", "on", "sender", "own"),
    [
        ("http://192.0.2.9/", HOME, "192.0.2.9", "192.0.2.7/24"),
        ("http://192.0.2.8:80/", HOME, "192.0.2.9", "192.0.2.7/24"),  # another one speaks for it
        ("http://192.0.2.7:1/", HOME, "192.0.2.7", "192.0.2.7/24"),  # a device on this very host
        ("http://[::ffff:192.0.2.9]/", HOME, "192.0.2.9", "192.0.2.7/24"),
        ("http://[fe80::9]/", HOME, "fe80::9", "fe80::7/64"),
        ("http://[2001:db8::9]/", HOME, "2001:db8::9", "2001:db8::7/64"),
        ("http://169.254.9.9/", HOME, "169.254.9.9", "192.0.2.7/24"),  # a device that found no DHCP server
        ("http://169.254.9.9/", AUTO_IP, "169.254.9.8", "169.254.7.7/16"),
        ("http://192.0.2.9:65535/", HOME, "fe80::9", "192.0.2.7/24"),  # announced over IPv6
        (
            "http://[fe80::9%25wlan0]/",
            HOME,
            "fe80::9",
            "fe80::7/64",
        ),  # the zone is the sender's, and means nothing here
        ("http://[fe80::9]/", HOME, "fe80::9%eth0", "fe80::7/64"),
        ("http://[2001:db8::9]/", IPV6_ONLY, "fe80::9", "2001:db8::7/64"),
        ("http://[2001:db8::9]/", WIDE, "2001:db8::9", "2001:db8::3/128"),  # DHCPv6 says nothing of the prefix
        ("http://169.254.9.9/", HOME, "::ffff:169.254.9.9", "192.0.2.7/24"),
        ("http://10.200.0.1/", WIDE, "10.1.2.9", "10.1.2.3/8"),
        ("http://198.51.100.9/", TUNNEL, "198.51.100.9", "198.51.100.8/31"),
        ("http://127.0.0.1:49152/", LOOPBACK, "127.0.0.1", "127.0.0.1/8"),
        ("http://127.3.2.1:49152/", LOOPBACK, "127.0.0.1", "127.0.0.1/8"),
        ("http://[::1]:49152/", LOOPBACK, "::1", "::1/128"),
    ],
)
def test_a_neighbour_is_reached_from_the_address_on_its_link(url: str, on: Interface, sender: str, own: str) -> None:
    assert str(own_address_towards(LiteralUrl.parse(url), on, sender)) == own


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("http://127.0.0.1/", "is this host itself"),
        ("http://[::1]/", "is this host itself"),
        ("http://[::ffff:127.0.0.1]/", "is this host itself"),
        ("http://0.0.0.0/", "is no host's address"),
        ("http://[::]/", "is no host's address"),
        ("http://255.255.255.255/", "is no host's address"),
        ("http://239.255.255.250/", "is no host's address"),
        ("http://[ff02::c]/", "is no host's address"),
        ("http://192.0.2.255/", "is no host's address"),
        ("http://192.0.2.0/", "is no host's address"),
        ("http://198.51.100.1/", "is not on the link of eth0"),
        ("http://[2001:db8:1::9]/", "is not on the link of eth0"),
        ("http://169.254.9.9/", "is not on the link of eth0"),  # announced by 192.0.2.9
        ("http://127.255.255.255/", "is this host itself"),
        ("http://0.1.2.3/", "is not on the link of eth0"),  # Linux takes it for this host
        ("http://10.0.0.1/", "is not on the link of eth0"),
        ("http://240.0.0.1/", "is not on the link of eth0"),
        ("http://[::127.0.0.1]/", "is not on the link of eth0"),  # IPv4-compatible
        ("http://[::ffff:0:192.0.2.9]/", "is not on the link of eth0"),  # IPv4-translated
        ("http://[64:ff9b::192.0.2.9]/", "is not on the link of eth0"),  # through a NAT64
        ("http://[2002:c000:209::]/", "is not on the link of eth0"),  # through a 6to4 relay
        ("http://[fec0::9]/", "is not on the link of eth0"),
        ("http://[2001:db8:0:1::9]/", "is not on the link of eth0"),
    ],
)
def test_a_url_that_leads_elsewhere_is_unsafe(url: str, reason: str) -> None:
    with pytest.raises(UnsafeUrl, match=reason) as caught:
        own_address_towards(LiteralUrl.parse(url), HOME, "192.0.2.9")
    assert str(caught.value).startswith(f"{LiteralUrl.parse(url)} is not fetched: ")


@pytest.mark.parametrize(
    ("url", "on", "reason"),
    [
        ("http://10.255.255.255/", WIDE, "is no host's address"),
        ("http://10.0.0.0/", WIDE, "is no host's address"),
        ("http://169.254.255.255/", AUTO_IP, "is no host's address"),
        ("http://198.51.100.2/", TUNNEL, "is not on the link of wg0"),
        ("http://192.0.2.9/", IPV6_ONLY, "is not on the link of eth0"),
        ("http://[fe80::9]/", AUTO_IP, "is not on the link of eth0"),  # no IPv6 there
        ("http://192.0.2.9/", LOOPBACK, "is not on the link of lo"),
        ("http://[fe80::9]/", LOOPBACK, "is not on the link of lo"),
        ("http://169.254.9.9/", LOOPBACK, "is not on the link of lo"),
        ("http://127.255.255.255/", LOOPBACK, "is no host's address"),
        ("http://[::]/", LOOPBACK, "is no host's address"),
        ("http://0.0.0.0/", LOOPBACK, "is no host's address"),
    ],
)
def test_what_is_a_neighbour_depends_on_the_interface(url: str, on: Interface, reason: str) -> None:
    sender = {LOOPBACK: "169.254.9.9"}.get(on, "192.0.2.9")
    with pytest.raises(UnsafeUrl, match=reason):
        own_address_towards(LiteralUrl.parse(url), on, sender)


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        (LiteralUrl(IPv6Address("::ffff:127.0.0.1"), 80, "/"), "is this host itself"),
        (LiteralUrl(IPv6Address("::ffff:169.254.169.254"), 80, "/"), "credentials"),
        (LiteralUrl(IPv6Address("fe80::a9fe:a9fe%eth0"), 80, "/"), "credentials"),
        (LiteralUrl(IPv6Address("ff02::1%eth0"), 80, "/"), "is no host's address"),
        (LiteralUrl(IPv4Address("192.0.2.9"), 0, "/"), "has no port 0"),
        (LiteralUrl(IPv4Address("192.0.2.9"), 65536, "/"), "has no port 65536"),
    ],
)
def test_a_url_that_was_not_parsed_is_no_way_around(url: LiteralUrl, reason: str) -> None:
    with pytest.raises(UnsafeUrl, match=reason):
        own_address_towards(url, HOME, "192.0.2.9")


_addresses = st.ip_addresses() | st.sampled_from(
    ["192.0.2.0/24", "169.254.0.0/16", "10.0.0.0/8", "127.0.0.0/8", "224.0.0.0/4", "fe80::/64", "2001:db8::/64"]
).flatmap(lambda network: st.ip_addresses(network=network))


@given(_addresses, _addresses, st.sampled_from([HOME, AUTO_IP, WIDE, TUNNEL, IPV6_ONLY, LOOPBACK]))
def test_whatever_is_reached_is_a_neighbour(
    address: IPv4Address | IPv6Address, sender: IPv4Address | IPv6Address, on: Interface
) -> None:
    try:
        own = own_address_towards(LiteralUrl(address, 80, "/"), on, str(sender))
    except UnsafeUrl:
        return
    assert own in on.addresses
    assert unmapped(address) in on_link(own) or (address.is_link_local and (address.version == 6 or address == sender))
    assert address.is_loopback <= on.is_loopback
    assert address not in METADATA_ADDRESSES
    assert not address.is_multicast


@pytest.mark.parametrize("address", sorted(METADATA_ADDRESSES, key=str))
@pytest.mark.parametrize("on", [HOME, AUTO_IP, WIDE, LOOPBACK])
def test_the_services_of_clouds_are_unsafe_whoever_announces_them(address: object, on: Interface) -> None:
    host = f"[{address}]" if ":" in str(address) else str(address)
    with pytest.raises(UnsafeUrl, match="credentials"):
        own_address_towards(LiteralUrl.parse(f"http://{host}/latest/meta-data/"), on, str(address))
