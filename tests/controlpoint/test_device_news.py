"""What a change of a device means for a subscription to one of its services."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address

import pytest

from upnp_trio.controlpoint.device_news import DeviceNews
from upnp_trio.ssdp.found import (
    DeviceAppeared,
    DeviceGone,
    DeviceRebooted,
    DeviceUpdated,
    FoundDevice,
    FoundLocation,
    GoneReason,
)

AT = IPv4Address("192.0.2.7")


def found(*hosts: str, boot_id: int | None = 1) -> FoundDevice:
    """A device with a LOCATION at each of *hosts*, the newest first."""
    locations = tuple(
        FoundLocation(
            url=f"http://{host}:80/d.xml", interface="eth0", index=2, sender="", max_age=1800, expires_at=1800.0
        )
        for host in hosts or ("192.0.2.7",)
    )
    return FoundDevice(
        udn="uuid:1",
        is_root=True,
        device_types=(),
        service_types=(),
        usns=(),
        locations=locations,
        server="",
        boot_id=boot_id,
        config_id=None,
        search_port=None,
        forgiven=(),
    )


@pytest.mark.parametrize("reason", ["byebye", "expired", "interface gone"])
def test_a_device_that_is_said_to_have_gone_is_asked(reason: GoneReason) -> None:
    assert DeviceNews().meaning(DeviceGone(found(), reason), AT) == "ask"


def test_a_device_that_the_cache_has_no_room_for_is_still_there() -> None:
    assert DeviceNews().meaning(DeviceGone(found(), "no room"), AT) == "nothing"


def test_a_device_that_has_started_anew_is_subscribed_to_anew() -> None:
    assert DeviceNews().meaning(DeviceRebooted(found()), AT) == "restart"


def test_a_device_that_appears_is_asked() -> None:
    assert DeviceNews().meaning(DeviceAppeared(found()), AT) == "ask"
    assert DeviceNews().meaning(DeviceAppeared(found()), None) == "ask"


@pytest.mark.parametrize(("boot_id", "meaning"), [(1, "ask"), (2, "restart"), (None, "restart")])
def test_a_device_that_comes_back_has_started_anew_if_bootid_says_so(boot_id: int | None, meaning: str) -> None:
    news = DeviceNews()
    news.meaning(DeviceGone(found(boot_id=1), "byebye"), AT)
    assert news.meaning(DeviceAppeared(found(boot_id=boot_id)), AT) == meaning


@pytest.mark.parametrize("change", [DeviceAppeared, DeviceUpdated])
def test_a_device_that_has_moved_is_subscribed_to_anew(change: type[DeviceAppeared | DeviceUpdated]) -> None:
    assert DeviceNews().meaning(change(found("192.0.2.8", "[2001:db8::7]")), AT) == "restart"
    assert DeviceNews().meaning(change(found("not.a.literal")), AT) == "restart"


def test_an_update_is_a_reason_to_ask_if_the_device_seems_to_have_moved_or_is_waited_for() -> None:
    news = DeviceNews()
    assert news.meaning(DeviceUpdated(found()), AT) == "nothing"
    assert news.meaning(DeviceUpdated(found("[2001:db8::7]", "192.0.2.7")), AT) == "nothing"
    assert news.meaning(DeviceUpdated(found("192.0.2.7", "192.0.2.8")), AT) == "nothing"
    assert news.meaning(DeviceUpdated(found("192.0.2.8", "192.0.2.7")), AT) == "ask"
    assert news.meaning(DeviceUpdated(found("192.0.2.7", "[2001:db8::7]")), IPv6Address("2001:db8::7")) == "nothing"
    assert news.meaning(DeviceUpdated(found()), None) == "ask"
