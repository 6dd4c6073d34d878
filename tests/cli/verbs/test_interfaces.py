"""``upnp-trio interfaces``: the meaning of the words."""

from __future__ import annotations

from upnp_trio.cli.verbs.interfaces import parse


def test_it_takes_names_and_addresses() -> None:
    assert parse([]).names == []
    assert parse(["eth0", "192.0.2.7", "--", "-x"]).names == ["eth0", "192.0.2.7", "-x"]
