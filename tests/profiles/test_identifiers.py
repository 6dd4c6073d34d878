"""What profiles are told apart by, checked."""

from __future__ import annotations

import pytest

from upnp_trio import DescriptionError
from upnp_trio.profiles.identifiers import MAX_WAKEUP_SECONDS, mac_digits, serial_text, wakeup


@pytest.mark.parametrize("mac", ["00:17:88:0A:BC:DE", " 00-17-88-0a-bc-de\n", "0017880abcde"])
def test_a_mac_address_is_its_digits(mac: str) -> None:
    assert mac_digits(mac) == "0017880abcde"


@pytest.mark.parametrize("mac", ["", "00:17:88:0a:bc", "00:17:88:0a:bc:dg", "00:17-88:0a:bc:de", None, 1])
def test_anything_else_is_refused(mac: str) -> None:
    with pytest.raises(DescriptionError, match=r"mac is .* six bytes"):
        mac_digits(mac)


def test_a_serial_number_is_stripped() -> None:
    assert serial_text(" P0A070000007 ") == "P0A070000007"


def test_waking_takes_a_bounded_number_of_seconds() -> None:
    assert wakeup("00-17-88-0A-BC-DE") == "MAC=00:17:88:0a:bc:de;Timeout=10"
    for seconds in (0, MAX_WAKEUP_SECONDS + 1, True):
        with pytest.raises(DescriptionError, match="seconds is"):
            wakeup("00:17:88:0a:bc:de", seconds)
