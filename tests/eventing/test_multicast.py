"""Events by multicast, written and read."""

from __future__ import annotations

from contextlib import suppress
from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from upnp_trio.errors import MalformedMessage
from upnp_trio.eventing.multicast import (
    EVENT_GROUP,
    EVENT_GROUP_V6_LINK_LOCAL,
    EVENT_GROUP_V6_SITE_LOCAL,
    MulticastEvent,
    read_multicast_event,
    render_multicast_event,
)
from upnp_trio.eventing.propertyset import render_propertyset
from upnp_trio.model.event_levels import LEVELS, is_level

USN = "uuid:5f9ec1b3-ed59-1900-4530-00e0a5b3c001::urn:schemas-upnp-org:service:SwitchPower:1"
SERVICE_ID = "urn:upnp-org:serviceId:SwitchPower"
BODY = render_propertyset([("Status", "1")])


def render(seq: int = 5, level: str = "upnp:/info", body: bytes = BODY) -> bytes:
    return render_multicast_event(usn=USN, service_id=SERVICE_ID, seq=seq, level=level, boot_id=7, body=body)


EVENT = render()


def test_a_datagram_has_the_headers_of_uda() -> None:
    assert render() == (
        b"NOTIFY * HTTP/1.1\r\nHOST: 239.255.255.246:7900\r\n"
        b'CONTENT-TYPE: text/xml; charset="utf-8"\r\n'
        b"USN: uuid:5f9ec1b3-ed59-1900-4530-00e0a5b3c001::urn:schemas-upnp-org:service:SwitchPower:1\r\n"
        b"SVCID: urn:upnp-org:serviceId:SwitchPower\r\nNT: upnp:event\r\nNTS: upnp:propchange\r\n"
        b"SEQ: 5\r\nLVL: upnp:/info\r\nBOOTID.UPNP.ORG: 7\r\nCONTENT-LENGTH: %d\r\n\r\n%b" % (len(BODY), BODY)
    )


@given(
    st.integers(0, 2**32 - 1),
    st.sampled_from([*LEVELS, "example.com:/broken/door"]),
    st.lists(st.tuples(st.just("A"), st.text("a\r\n&", max_size=9)), max_size=3),
)
def test_listeners_read_what_was_sent(seq: int, level: str, properties: list[tuple[str, str]]) -> None:
    assert read_multicast_event(render(seq, level, render_propertyset(properties))) == MulticastEvent(
        usn=USN, service_id=SERVICE_ID, seq=seq, level=level, boot_id=7, properties=tuple(properties)
    )


@pytest.mark.parametrize("group", [EVENT_GROUP, EVENT_GROUP_V6_LINK_LOCAL, EVENT_GROUP_V6_SITE_LOCAL])
def test_the_groups_are_multicast_addresses(group: str) -> None:
    assert ip_address(group).is_multicast


@pytest.mark.parametrize(
    "level", ["", "info", "upnp:info", "upnp:/loud", "UPNP:/x", "a b:/c", "a:/", "a:/b c", "a:/b\r\nX: 1", ":/a"]
)
def test_a_level_that_uda_does_not_know_is_refused(level: str) -> None:
    assert not is_level(level)
    with pytest.raises(ValueError, match=r"UDA §4\.3\.3"):
        render(level=level)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"NOTIFY * HTTP/1.1", b"notify * http/1.0"),
        (b"\r\n", b"\n"),
        (b"CONTENT-LENGTH: %d\r\n" % len(BODY), b""),
        (b"SVCID: ", b"svcid:"),
    ],
)
def test_other_spellings_are_read(old: bytes, new: bytes) -> None:
    head, _, body = EVENT.partition(b"\r\n\r\n")
    datagram = (head + b"\r\n\r\n").replace(old, new) + body
    assert datagram != EVENT
    assert read_multicast_event(datagram) == read_multicast_event(EVENT)


def test_a_boot_id_may_be_missing() -> None:
    assert read_multicast_event(EVENT.replace(b"BOOTID.UPNP.ORG: 7\r\n", b"")).boot_id is None


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"NOTIFY *", b"NOTIFY /"),
        (b"upnp:propchange", b"ssdp:alive"),
        (b"NT: upnp:event\r\n", b""),
        (b"USN: ", b"X: "),
        (b"SVCID: ", b"X: "),
        (b"LVL: ", b"X: "),
        (b"SEQ: 5", b"SEQ: x"),
        (b"SEQ: 5", b"SEQ: 4294967296"),
        (b"LENGTH: 1", b"LENGTH: 9"),
        (b"LENGTH: 1", b"LENGTH: -1"),
        (b"propertyset", b"set"),
        (b"\r\n\r\n", b"\r\n"),
        (b"HOST: ", b"X: 1\r\n" * 64 + b"HOST: "),
        (b"HOST: ", b"X: " + b"1" * 4096 + b"\r\nHOST: "),
    ],
)
def test_what_is_no_event_is_refused(old: bytes, new: bytes) -> None:
    assert old in EVENT
    with pytest.raises(MalformedMessage):
        read_multicast_event(EVENT.replace(old, new))


@given(st.binary(max_size=200) | st.lists(st.sampled_from(EVENT.splitlines(keepends=True))).map(b"".join))
def test_any_bytes_give_an_event_or_a_malformed_message(datagram: bytes) -> None:
    with suppress(MalformedMessage):
        read_multicast_event(datagram)
