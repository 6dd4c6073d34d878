"""How many bytes one search is answered with for each of its own: the figures of SECURITY.md, from real messages."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from random import Random
from uuid import UUID

import attrs
import pytest

from tests.devices import GATEWAY
from tests.ssdp.fakes import HERE, Sender
from upnp_trio.cli.default_device import default_device
from upnp_trio.documents.publication import publish
from upnp_trio.errors import MalformedMessage
from upnp_trio.model.advertising import MAX_HEADER_CHARACTERS, MAX_SERVER_CHARACTERS, Advertising
from upnp_trio.model.device import RootDevice, Service
from upnp_trio.ssdp.advertisements import AdvertisedRoot, advertisements
from upnp_trio.ssdp.advertising import Origin, search_response_head
from upnp_trio.ssdp.messages import Search
from upnp_trio.ssdp.parsing import parse
from upnp_trio.ssdp.policy import MAX_ANSWERS, Answered, SearchPolicy
from upnp_trio.ssdp.profiles import PROFILES
from upnp_trio.ssdp.rendering import search_response_end

SECURITY = (Path(__file__).parents[2] / "SECURITY.md").read_text(encoding="utf-8")
STATED = re.findall(r"^\| ([^|]+?) \| (\d+) \| (\d+) \| (\d+) \| ([\d.]+) \|$", SECURITY, re.MULTILINE)

ON_IPV6 = Sender(
    Origin(
        base_url="http://[2001:db8:1111:2222:5054:ff:fe12:3456]:49152",
        host="[FF05::C]:1900",
        search_port=49152,
        adds_nls=True,
    )
)
SERVER = "Linux/6.1.0 UPnP/1.1 upnp_trio/0.1.0"
DEFAULT = attrs.evolve(default_device(), udn="uuid:e427ce1a-3e80-43d0-ad6f-89ec42e46363")
# A type name has 64 characters at most (UDA 2.0 §2.3), and a name of the domain system 253.
LONGEST = [f"urn:{'d' * 253}:service:{'t' * 60}{number:04}:1" for number in range(300)]


def smallest_search(target: str) -> bytes:
    """The fewest bytes that are a search for *target*; with MX, as a search to the group needs it."""
    return f"M-SEARCH * HTTP/1.1\nMAN:ssdp:discover\nMX:1\nST:{target}".encode()


def numbered(root: RootDevice, number: int) -> RootDevice:
    assert root.udn is not None
    return attrs.evolve(root, udn=f"uuid:{UUID(int=UUID(root.udn.uuid).int + number)}")


def exchange(target: str, *roots: RootDevice, sender: Sender = HERE) -> tuple[int, int, int]:
    """Bytes of the search, number of its answers, and their bytes together."""
    policy = SearchPolicy[Sender](Random(0), profile=PROFILES["windows"])
    for publication in map(publish, roots):
        policy.add(
            AdvertisedRoot(
                rows=advertisements(publication.root),
                description_path=publication.description_path,
                server=publication.root.advertising.server or SERVER,
                config_id=16777215,
                max_age=1800,
                headers=publication.root.advertising.headers,
            )
        )
    datagram = smallest_search(target)
    decision = policy.decide(datagram, ("192.0.2.9", 50000), sender, on_link=True, multicast=True, now=0.0, pending=0)
    assert isinstance(decision, Answered)
    end = search_response_end("Mon, 23 Nov 2026 12:00:00 GMT")
    sent = [search_response_head(match, sender.origin, 2**31 - 1) + end for _, match in decision.replies]
    return len(datagram), len(sent), sum(map(len, sent))


def longest_device(advertising: Advertising | None = None) -> RootDevice:
    services = [
        Service(service_type=service_type, service_id=f"urn:upnp-org:serviceId:{number}")
        for number, service_type in enumerate(LONGEST)
    ]
    return attrs.evolve(DEFAULT, services=services, advertising=advertising or Advertising())


CASES: dict[str, Callable[[], tuple[int, int, int]]] = {
    "the default device, `upnp:rootdevice`": lambda: exchange("upnp:rootdevice", DEFAULT),
    "the default device, `ssdp:all`": lambda: exchange("ssdp:all", DEFAULT),
    "a gateway of 3 devices and 4 services, `ssdp:all`": lambda: exchange("ssdp:all", GATEWAY),
    "a host of 1,000 devices, `ssdp:all`": lambda: exchange("ssdp:all", *(numbered(DEFAULT, n) for n in range(1000))),
    "the worst: the longest names that there can be, on IPv6, `ssdp:all`": lambda: exchange(
        "ssdp:all", longest_device(), sender=ON_IPV6
    ),
}


def test_the_table_has_every_case() -> None:
    assert [name for name, *_ in STATED] == list(CASES)


@pytest.mark.parametrize("name", CASES)
def test_the_figures_in_the_table_are_those_of_real_messages(name: str) -> None:
    bytes_in, answers, bytes_out = CASES[name]()
    (stated,) = [figures for case, *figures in STATED if case == name]
    assert [str(bytes_in), str(answers), str(bytes_out), f"{bytes_out / bytes_in:.1f}"] == stated


def test_a_device_s_own_header_fields_make_the_worst_no_worse() -> None:
    # the same bytes are allowed, in fewer answers
    own = Advertising(server="s" * MAX_SERVER_CHARACTERS, headers={"X": "x" * (MAX_HEADER_CHARACTERS - 3)})
    _, answers, bytes_out = exchange("ssdp:all", longest_device(own), sender=ON_IPV6)
    _, more, worst = CASES["the worst: the longest names that there can be, on IPv6, `ssdp:all`"]()
    assert answers < more
    assert bytes_out <= worst


def test_no_search_is_smaller_than_those_in_the_table() -> None:
    search = smallest_search("ssdp:all")
    for position in range(len(search)):
        shorter = search[:position] + search[position + 1 :]
        with suppress(MalformedMessage):
            message = parse(shorter)
            # what is left is another search, or one that gets nothing
            assert not isinstance(message, Search) or message.mx is None or message.search_target != "ssdp:all"


def test_one_search_gets_no_more_than_so_many_answers() -> None:
    roots = [numbered(DEFAULT, number) for number in range(300)]
    for target in ("ssdp:all", "upnp:rootdevice", DEFAULT.device_type.text, "pnp:rootdevice"):
        assert exchange(target, *roots)[1] == MAX_ANSWERS
