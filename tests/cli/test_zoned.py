"""Addresses as a user can give them to a program."""

from __future__ import annotations

import pytest

from upnp_trio.cli.zoned import zoned


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("fe80::1", "fe80::1%eth0"),
        ("FE80::1", "FE80::1%eth0"),
        ("fe90::1", "fe90::1%eth0"),  # all of fe80::/10 is link-local (RFC 4291 §2.5.6)
        ("febf::1", "febf::1%eth0"),
        ("fec0::1", "fec0::1"),
        ("2001:db8::1", "2001:db8::1"),
        ("192.0.2.7", "192.0.2.7"),
        ("169.254.1.1", "169.254.1.1"),
    ],
)
def test_a_link_local_address_of_ipv6_has_its_zone(address: str, expected: str) -> None:
    assert zoned(address, "eth0") == expected
