"""Loopback as an interface to open."""

from __future__ import annotations

import attrs
import pytest

from upnp_trio.network.host_interfaces import host_interfaces
from upnp_trio.network.interfaces import Interface

__all__ = ["loopback"]


def loopback(version: int, *, is_loopback: bool = True) -> Interface:
    """Loopback with its addresses of one version; if not *is_loopback*, it is opened with all that a card has."""
    (found,) = [interface for interface in host_interfaces() if interface.is_loopback]
    of_family = found.of_family(version)
    if not of_family.addresses:
        pytest.skip(f"loopback has no address of IPv{version}")
    return attrs.evolve(of_family, is_loopback=is_loopback)
