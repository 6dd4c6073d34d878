"""Where a URL that a stranger announced may lead."""

from __future__ import annotations

import pytest

from tests.server.fakes import interface
from upnp_trio.errors import UnsafeUrl
from upnp_trio.model.literal_url import LiteralUrl
from upnp_trio.network.interfaces import Interface
from upnp_trio.network.reach import METADATA_ADDRESSES, own_address_towards

HOME = interface("192.0.2.7/24", "fe80::7/64", "2001:db8::7/64")
AUTO_IP = interface("169.254.7.7/16")
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
        ("http://127.0.0.1:49152/", LOOPBACK, "127.0.0.1", "127.0.0.1/8"),
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
    ],
)
def test_a_url_that_leads_elsewhere_is_unsafe(url: str, reason: str) -> None:
    with pytest.raises(UnsafeUrl, match=reason):
        own_address_towards(LiteralUrl.parse(url), HOME, "192.0.2.9")


@pytest.mark.parametrize("address", sorted(METADATA_ADDRESSES, key=str))
@pytest.mark.parametrize("on", [HOME, AUTO_IP, LOOPBACK])
def test_the_services_of_clouds_are_unsafe_whoever_announces_them(address: object, on: Interface) -> None:
    host = f"[{address}]" if ":" in str(address) else str(address)
    with pytest.raises(UnsafeUrl, match="credentials"):
        own_address_towards(LiteralUrl.parse(f"http://{host}/latest/meta-data/"), on, str(address))
