"""Searches by hand from another host: each form of ST, by each way to ask, and what must get no answer."""

from __future__ import annotations

import os
from contextlib import ExitStack
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

import pytest

from tests.network.fetching import fetch
from tests.network.namespaces import LINK
from tests.network.scenes import BROADCAST_ADDRESS, DEVICE_ADDRESS, SILENCE_SECONDS
from tests.network.served import JAMBON
from tests.network.ssdp import GROUP, Message, m_search, open_searcher

if TYPE_CHECKING:
    from tests.network.scenes import Pair, Scene, Serve

pytestmark = pytest.mark.interop

UDN = "uuid:5f9ec1b3-ed59-1900-4530-00e0a5b3c00"
JAMBON_UDN = "uuid:e427ce1a-3e80-43d0-ad6f-89ec42e46363"

# What may be asked for besides all the rows as they stand: (ST, USN of the one answer).
LOWER_VERSIONS = [
    (
        "urn:schemas-upnp-org:device:InternetGatewayDevice:1",
        f"{UDN}1::urn:schemas-upnp-org:device:InternetGatewayDevice:1",
    ),
    ("urn:schemas-upnp-org:device:WANDevice:1", f"{UDN}2::urn:schemas-upnp-org:device:WANDevice:1"),
    ("urn:schemas-upnp-org:service:WANIPConnection:1", f"{UDN}3::urn:schemas-upnp-org:service:WANIPConnection:1"),
]

UNKNOWN = [
    "urn:schemas-upnp-org:device:InternetGatewayDevice:3",
    "urn:schemas-upnp-org:service:WANIPConnection:3",
    "urn:schemas-upnp-org:device:WANDevice",
    "urn:schemas-upnp-org:device:MediaServer:1",
    "urn:schemas-upnp-org:service:WANDevice:1",
    "uuid:00000000-0000-0000-0000-000000000000",
    UDN,
    "upnp:rootdevices",
    "ssdp:",
    "",
]


def _check_answer(answer: Message, target: str, usn: str, location: str, peer: str) -> None:
    assert answer.start_line == "HTTP/1.1 200 OK"
    assert answer.peer == peer
    assert (answer["ST"], answer["USN"], answer["LOCATION"]) == (target, usn, location)
    assert answer["CACHE-CONTROL"] == "max-age=1800"
    assert answer["EXT"] == ""
    system, upnp, product = answer["SERVER"].split(" ")
    assert (system.count("/"), upnp.partition("/")[0], product.partition("/")[0]) == (1, "UPnP", "upnp_trio")
    assert 0 <= int(answer["BOOTID.UPNP.ORG"]) < 2**31
    assert 0 <= int(answer["CONFIGID.UPNP.ORG"]) < 2**24
    assert parsedate_to_datetime(answer["DATE"]).tzinfo is not None
    assert not answer.headers.keys() & {"NT", "NTS", "HOST"}


@pytest.mark.parametrize(
    ("address", "mx"),
    [(GROUP, 1), (DEVICE_ADDRESS, None), (DEVICE_ADDRESS, 1), (BROADCAST_ADDRESS, 1), ("255.255.255.255", 1)],
    ids=["multicast", "unicast", "unicast with MX", "subnet broadcast", "broadcast"],
)
def test_each_form_of_search_is_answered_once_per_row(gateway: Scene, address: str, mx: int | None) -> None:
    asked = {target: [(target, usn)] for target, usn in (*gateway.example.rows, *LOWER_VERSIONS)}
    asked["ssdp:all"] = list(gateway.example.rows)
    with ExitStack() as stack:
        searchers = {target: stack.enter_context(open_searcher(gateway.pair.asker)) for target in asked}
        for target, searcher in searchers.items():
            searcher.send(m_search(target, mx=mx, host=f"{address}:1900"), address)
        for target, searcher in searchers.items():
            searcher.receive(len(asked[target]))
        next(iter(searchers.values())).receive_for(SILENCE_SECONDS)
        for target, expected in asked.items():
            received = {answer["USN"]: answer for answer in searchers[target].receive_for(0.01)}
            assert len(searchers[target].received) == len(expected), target
            for echo, usn in expected:
                _check_answer(received[usn], echo, usn, gateway.served.location, gateway.pair.device_address)


@pytest.mark.parametrize("address", [GROUP, DEVICE_ADDRESS], ids=["multicast", "unicast"])
def test_a_search_for_a_target_that_we_lack_is_not_answered(gateway: Scene, address: str) -> None:
    with ExitStack() as stack:
        searchers = {target: stack.enter_context(open_searcher(gateway.pair.asker)) for target in UNKNOWN}
        for target, searcher in searchers.items():
            searcher.send(m_search(target, host=f"{address}:1900"), address)
        with open_searcher(gateway.pair.asker) as last:
            last.send(m_search("upnp:rootdevice"), address)
            last.receive(1)
            last.receive_for(SILENCE_SECONDS)
        for target, searcher in searchers.items():
            assert searcher.receive_for(0.01) == [], target


@pytest.mark.parametrize("address", [GROUP, DEVICE_ADDRESS], ids=["multicast", "unicast"])
def test_an_answer_spells_the_target_as_the_asker_does(jambon: Scene, address: str) -> None:
    # Echo and Harmony ask in lower case, and some receivers discard an answer that is spelled otherwise
    basic = "urn:schemas-upnp-org:device:Basic:1"
    asked = {
        basic.lower(): f"{JAMBON_UDN}::{basic}",
        basic.upper(): f"{JAMBON_UDN}::{basic}",
        JAMBON_UDN.upper(): JAMBON_UDN,
        "UPNP:RootDevice": f"{JAMBON_UDN}::upnp:rootdevice",
    }
    for target, usn in asked.items():
        with open_searcher(jambon.pair.asker) as searcher:
            searcher.send(m_search(target), address)
            (answer,) = searcher.receive(1)
        _check_answer(answer, target, usn, jambon.served.location, jambon.pair.device_address)


def test_a_multicast_search_without_mx_is_not_answered(jambon: Scene) -> None:
    with open_searcher(jambon.pair.asker) as searcher:
        searcher.send(m_search("ssdp:all", mx=None))
        searcher.send(m_search("upnp:rootdevice"))
        searcher.receive(1)
        assert [answer["ST"] for answer in searcher.receive_for(SILENCE_SECONDS)] == ["upnp:rootdevice"]


@pytest.mark.parametrize("mx", [5, 120])
def test_answers_are_spread_over_mx_or_five_seconds_at_most(gateway: Scene, mx: int) -> None:
    with open_searcher(gateway.pair.asker) as searcher:
        sent = searcher.send(m_search("ssdp:all", mx=mx))
        delays = [answer.moment - sent for answer in searcher.receive(len(gateway.example.rows))]
    assert max(delays) <= 5
    # ten answers at random within 4.5 s lie within 0.2 s of each other once in 10**11 times
    assert max(delays) - min(delays) > 0.2


def test_a_search_in_the_delay_of_another_is_answered_meanwhile(jambon: Scene) -> None:
    with open_searcher(jambon.pair.asker) as patient, open_searcher(jambon.pair.asker) as hasty:
        patient.send(m_search("ssdp:all", mx=5))
        for _ in range(5):
            hasty.send(m_search("upnp:rootdevice", mx=None), jambon.pair.device_address)
        answered = hasty.receive(5)[-1].moment
        assert patient.receive(len(jambon.example.rows))[-1].moment > answered


MALFORMED = {
    "empty": b"",
    "one byte": b"M",
    "binary": bytes(range(256)),
    "random": os.urandom(1400),
    "huge": b"M-SEARCH * HTTP/1.1\r\nST: " + b"a" * 65_000,
    "many lines": b"M-SEARCH * HTTP/1.1\r\n" + b"A: b\r\n" * 8000 + b"\r\n",
    "only the start line": b"M-SEARCH * HTTP/1.1",
    "no headers": b"M-SEARCH * HTTP/1.1\r\n\r\n",
    "no MAN": m_search("ssdp:all", man=None),
    "MAN without quotes": m_search("ssdp:all", man="ssdp:discover"),
    "no MX": m_search("ssdp:all", mx=None),
    "MX of 0": m_search("ssdp:all", mx=0),
    "MX below 0": m_search("ssdp:all", mx=-1),
    "MX without end": m_search("ssdp:all").replace(b"MX: 1", b"MX: " + b"9" * 1000),
    "MX of no number": m_search("ssdp:all").replace(b"MX: 1", b"MX: \xd9\xa3"),
    "no ST": m_search("ssdp:all").replace(b"ST: ssdp:all\r\n", b""),
    "ST of bytes": m_search("ssdp:all").replace(b"ST: ssdp:all", b"ST: \xff\xfe\x00"),
    "ST twice": m_search("ssdp:all").replace(b"ST: ssdp:all", b"ST: \r\nST: x"),
    "another version": m_search("ssdp:all").replace(b"HTTP/1.1", b"HTTP/9.9"),
    "another method": m_search("ssdp:all").replace(b"M-SEARCH", b"M-ROAST"),
    "an answer": b"HTTP/1.1 200 OK\r\nST: ssdp:all\r\nUSN: x\r\n\r\n",
    "a stranger's byebye": b"NOTIFY * HTTP/1.1\r\nNTS: ssdp:byebye\r\n\r\n",
}


def test_no_datagram_ends_the_device_or_its_answering(pair: Pair, serve: Serve) -> None:
    served = serve(pair.device, JAMBON.file)
    for address in (GROUP, pair.device_address, BROADCAST_ADDRESS):
        for datagram in MALFORMED.values():
            with open_searcher(pair.asker) as stranger:
                stranger.send(datagram, address)
        with open_searcher(pair.asker) as searcher:
            searcher.send(m_search("ssdp:all"), address)
            assert {answer["USN"] for answer in searcher.receive(len(JAMBON.rows))} == JAMBON.usns
    served.stop()  # which checks that nothing was written to standard error


def test_a_searcher_that_is_gone_when_its_answer_comes_does_no_harm(pair: Pair, serve: Serve) -> None:
    served = serve(pair.device, JAMBON.file)
    for _ in range(3):
        with open_searcher(pair.asker) as gone:  # its port is closed: the answers bounce
            gone.send(m_search("ssdp:all"))
            gone.send(m_search("ssdp:all", mx=None), pair.device_address)
    with open_searcher(pair.asker) as searcher:
        searcher.receive_for(SILENCE_SECONDS)
        searcher.send(m_search("ssdp:all"))
        searcher.receive(len(JAMBON.rows))
    served.stop()


def test_a_searcher_from_off_the_link_is_not_answered(pair: Pair, serve: Serve) -> None:
    stranger = "172.31.9.9"
    pair.asker.ip("address", "add", f"{stranger}/32", "dev", LINK)
    pair.device.ip("route", "add", f"{stranger}/32", "dev", LINK)  # an answer would arrive
    served = serve(pair.device, JAMBON.file)
    assert fetch(pair.asker, served.location, address=stranger).status == 200
    with open_searcher(pair.asker, address=stranger) as far, open_searcher(pair.asker) as near:
        for address in (GROUP, pair.device_address, BROADCAST_ADDRESS, "255.255.255.255"):
            far.send(m_search("ssdp:all"), address)
            near.send(m_search("upnp:rootdevice"), address)
        near.receive(2)  # what was meant for all counts as one search
        near.receive_for(SILENCE_SECONDS)
        assert far.receive_for(0.01) == []
