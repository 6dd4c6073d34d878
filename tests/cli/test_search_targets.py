"""The words that search targets are written with."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from upnp_trio.cli.parsing import UsageError
from upnp_trio.cli.search_targets import search_target

UUID = "e427ce1a-3e80-43d0-ad6f-89ec42e46363"


@pytest.mark.parametrize(
    ("word", "target"),
    [
        ("root", "upnp:rootdevice"),
        ("ALL", "ssdp:all"),
        ("MediaServer", "urn:schemas-upnp-org:device:MediaServer:1"),
        ("MediaServer:2", "urn:schemas-upnp-org:device:MediaServer:2"),
        ("device:Basic", "urn:schemas-upnp-org:device:Basic:1"),
        ("service:ContentDirectory:3", "urn:schemas-upnp-org:service:ContentDirectory:3"),
        (UUID, f"uuid:{UUID}"),
        (UUID.upper(), f"uuid:{UUID.upper()}"),
        *((word, word) for word in (f"uuid:{UUID}", "uuid:1", "upnp:rootdevice", "ssdp:all", "pnp:rootdevice")),
        *(
            (word, word)
            for word in ("urn:ham-example:device:Slicer:1", "roku:ecp", "urn:dial-multiscreen-org:service:dial:1")
        ),
    ],
)
def test_a_word_is_short_for_a_target_or_is_one(word: str, target: str) -> None:
    assert search_target(word) == target


@pytest.mark.parametrize("word", ["", "a b", "é", "a\nb", "x" * 300 + ":y"])
def test_what_no_header_can_carry_is_wrong_usage(word: str) -> None:
    with pytest.raises(UsageError, match="is no search target; write one such as MediaServer"):
        search_target(word)


@given(st.text())
def test_any_word_is_a_target_or_wrong_usage(word: str) -> None:
    try:
        target = search_target(word)
    except UsageError:
        return
    assert target.isascii()
    assert target.isprintable()
