"""Root devices and senders as the policy knows them."""

from __future__ import annotations

import attrs

from tests.devices import BASIC
from upnp_trio import RootDevice
from upnp_trio.ssdp.advertisements import AdvertisedRoot, advertisements
from upnp_trio.ssdp.advertising import Origin

__all__ = ["HERE", "Sender", "advertised", "numbered"]


@attrs.frozen(eq=False)
class Sender:
    """Stands for one of our addresses."""

    origin: Origin


HERE = Sender(Origin(base_url="http://192.0.2.7:49152", host="239.255.255.250:1900"))


def advertised(root: RootDevice, *, server: str = "s/1") -> AdvertisedRoot:
    return AdvertisedRoot(
        rows=advertisements(root),
        description_path=f"/{root.udn}/description.xml",
        server=server,
        config_id=1,
        max_age=1800,
    )


def numbered(count: int) -> list[RootDevice]:
    """*count* devices of one type, each with its UDN; the first is `BASIC`."""
    return [BASIC, *(attrs.evolve(BASIC, udn=f"uuid:00000000-0000-0000-0000-{n:012}") for n in range(1, count))]
