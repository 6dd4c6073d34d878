"""What a change of a device means for a subscription to one of its services."""

from __future__ import annotations

import pytest

from upnp_trio.controlpoint.device_news import DeviceNews
from upnp_trio.model.literal_url import LiteralUrl
from upnp_trio.ssdp.found import (
    DeviceAppeared,
    DeviceGone,
    DeviceRebooted,
    DeviceUpdated,
    FoundDevice,
    FoundLocation,
    GoneReason,
)

AT = LiteralUrl.parse("http://192.0.2.7:80/d.xml")


def found(*hosts: str, boot_id: int | None = 1) -> FoundDevice:
    """A device with a LOCATION at each of *hosts*, the newest first."""
    locations = tuple(
        FoundLocation(url=f"http://{host}/d.xml", interface="eth0", index=2, sender="", max_age=1800, expires_at=1800.0)
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
def test_a_device_that_seems_to_be_elsewhere_is_asked_where_it_was(
    change: type[DeviceAppeared | DeviceUpdated],
) -> None:
    assert DeviceNews().meaning(change(found("192.0.2.8", "[2001:db8::7]")), AT) == "ask"
    assert DeviceNews().meaning(change(found("192.0.2.7:8080")), AT) == "ask"
    assert DeviceNews().meaning(change(found("not.a.literal")), AT) == "ask"


def test_an_update_is_a_reason_to_ask_if_the_device_seems_to_have_moved_or_is_waited_for() -> None:
    news = DeviceNews()
    assert news.meaning(DeviceUpdated(found()), AT) == "nothing"
    assert news.meaning(DeviceUpdated(found("[2001:db8::7]", "192.0.2.7")), AT) == "nothing"
    assert news.meaning(DeviceUpdated(found("192.0.2.7", "192.0.2.8")), AT) == "nothing"
    assert news.meaning(DeviceUpdated(found("192.0.2.8", "192.0.2.7")), AT) == "ask"
    assert (
        news.meaning(DeviceUpdated(found("192.0.2.7", "[2001:db8::7]")), LiteralUrl.parse("http://[2001:db8::7]/d.xml"))
        == "nothing"
    )
    assert news.meaning(DeviceUpdated(found()), None) == "ask"


@pytest.mark.parametrize(
    ("boot_id", "meaning"), [(None, "ask"), (1, "ask"), (57, "ask"), (1_000_000_000, "nothing"), (2**31 - 1, "nothing")]
)
def test_a_mere_announcement_is_a_reason_to_ask_if_bootid_does_not_tell_of_a_new_start(
    boot_id: int | None, meaning: str
) -> None:
    assert DeviceNews().meaning_of_alive(boot_id) == meaning
