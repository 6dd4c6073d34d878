"""The word that names a device."""

from __future__ import annotations

import pytest

from upnp_trio.cli.device_words import DeviceWord, read_device_word, udn_or_url
from upnp_trio.cli.parsing import UsageError
from upnp_trio.cli.recent_devices import RecentDevice

UUID = "e427ce1a-3e80-43d0-ad6f-89ec42e46363"
RECENT = [
    RecentDevice(udn=f"uuid:{number}", name=name, device_type="", location="")
    for number, name in enumerate(["Living room", "Hall", "hall", "Lamp", "Lamp", "Evil\x1b"])
]


@pytest.mark.parametrize(
    ("word", "read"),
    [
        ("http://192.0.2.7/d.xml", DeviceWord("url", "http://192.0.2.7/d.xml")),
        ("HTTP://192.0.2.7/d.xml", DeviceWord("url", "HTTP://192.0.2.7/d.xml")),
        (f"uuid:{UUID}", DeviceWord("udn", f"uuid:{UUID}")),
        (UUID, DeviceWord("udn", f"uuid:{UUID}")),
        ("uuid:not-a-uuid", DeviceWord("udn", "uuid:not-a-uuid")),  # UDA 1.0 allows it
        ("192.0.2.7", DeviceWord("address", "192.0.2.7")),
        ("fe80::1%eth0", DeviceWord("address", "fe80::1%eth0")),
        ("Living room", DeviceWord("udn", "uuid:0", "Living room")),
        ("living ROOM", DeviceWord("udn", "uuid:0", "Living room")),
        ("Hall", DeviceWord("udn", "uuid:1", "Hall")),  # in this very case
        ("hall", DeviceWord("udn", "uuid:2", "hall")),
    ],
)
def test_a_word_is_a_url_a_udn_an_address_or_a_name(word: str, read: DeviceWord) -> None:
    assert read_device_word(word, RECENT) == read


@pytest.mark.parametrize(
    ("word", "message"),
    [
        ("Lamp", "several devices are called 'Lamp'; name one by its UDN: uuid:3, uuid:4"),
        ("HALL", "several devices are called 'HALL'; name one by its UDN: uuid:1, uuid:2"),
        ("Living rom", "no device called 'Living rom' was seen lately; did you mean 'Living room'?"),
        ("Evil", "no device called 'Evil' was seen lately; did you mean 'Evil?'?"),
        ("x", "no device called 'x' was seen lately; write its UDN or URL, or find it first by upnp-trio search"),
        ("", "no device called '' was seen lately; "),
        ("uuid:", "no device called 'uuid:' was seen lately; "),
    ],
)
def test_a_name_of_no_device_or_of_several_is_wrong_usage(word: str, message: str) -> None:
    with pytest.raises(UsageError) as raised:
        read_device_word(word, RECENT)
    assert str(raised.value).startswith(message)


def test_an_address_is_not_enough_for_a_description() -> None:
    assert udn_or_url(UUID) == f"uuid:{UUID}"
    with pytest.raises(UsageError, match=r"^192\.0\.2\.7 is an address, where several devices may be; name one by"):
        udn_or_url("192.0.2.7")
