"""The datagrams that are sent: the search of one client, those of fifty different clients, and malformed datagrams.

The generator sends a list of datagrams in turn, over and over; each is marked with whether an answer is expected.
"""

import random
from collections.abc import Sequence
from pathlib import Path

import attrs

SSDP_GROUP = "239.255.255.250"
HOST = f"{SSDP_GROUP}:1900"
ROOT_DEVICE = "upnp:rootdevice"  # every device answers this search exactly once
AGENT_MARK = "{agent}"  # the generator replaces this with another User-Agent value in each sending (agents.c)
CLIENTS = 50
MALFORMED_ONE_IN = 11  # 2,000 malformed datagrams to 20,000 searches

USER_AGENTS = (
    "Microsoft-Windows/10.0 UPnP/1.0",
    "Linux/6.1 UPnP/1.1 GUPnP/1.6.{n}",
    "Google Chrome/1{n}.0.0.0 Windows",
    "Chromium/1{n}.0.5304.88 Linux",
    "VLC/3.0.{n} LibVLC/3.0.{n}",
    "UPnP/1.1 Kodi/20.{n}",
    "Darwin/22.{n}.0 UPnP/1.0 Portable SDK for UPnP devices/1.14.{n}",
    "Sonos/7{n}.1-33210 (ACR_iPad)",
    "HomeAssistant/2024.{n} UPnP/1.1 async-upnp-client/0.4{n}",
    None,
)
MALFORMED = (
    b"",
    b"\x00\xff\x80" * 40,
    b"M-SEARCH",
    b"M-SEARCH * HTTP/1.1\r\n\r\n",
    b'M-SEARCH * HTTP/1.1\r\nHOST: 239.255.255.250:1900\r\nMAN: "ssdp:discover"\r\nMX: 1\r\n\r\n',
    b'M-SEARCH * HTTP/1.1\r\nHOST: 239.255.255.250:1900\r\nMAN: "ssdp:other"\r\nMX: 1\r\nST: upnp:rootdevice\r\n\r\n',
    b'M-SEARCH * HTTP/1.1\r\nHOST: 239.255.255.250:1900\r\nMAN: "ssdp:discover"\r\nMX: x\r\nST: ssdp:all\r\n\r\n',
    b"GET / HTTP/1.1\r\nHost: 239.255.255.250:1900\r\n\r\n",
    b"M-SEARCH * HTTP/1.1\r\nno colon in this line\r\n\r\n",
    b"NOTIFY * HTTP/1.1\r\nHOST: 239.255.255.250:1900\r\nNTS: ssdp:\r\n\r\n",
)


@attrs.frozen
class Datagram:
    """The content of a datagram, and whether an answer to it is expected."""

    content: bytes
    answered: bool = True


def one_client(mx: int, *, differ: bool = False) -> list[Datagram]:
    """One minimal multicast search; with *differ*, each sending of it has another USER-AGENT."""
    names = ["HOST", "MAN", "MX", "ST", *(["USER-AGENT"] if differ else [])]
    return [Datagram(_search(names, {"MX": str(mx), "ST": ROOT_DEVICE, "USER-AGENT": AGENT_MARK}))]


def unicast(host: str, search_target: str = ROOT_DEVICE, *, differ: bool = False) -> list[Datagram]:
    """One unicast search, which has no MX (UDA §1.3.2); with *differ*, each sending of it has another USER-AGENT."""
    names = ["HOST", "MAN", "ST", *(["USER-AGENT"] if differ else [])]
    return [Datagram(_search(names, {"HOST": f"{host}:1900", "ST": search_target, "USER-AGENT": AGENT_MARK}))]


def many_clients(mx: int, search_targets: Sequence[str]) -> list[Datagram]:
    """The searches of fifty clients for each of *search_targets*, shuffled; no two clients write them alike."""
    rng = random.Random(50)
    found = []
    for number in range(CLIENTS):
        agent = USER_AGENTS[number % len(USER_AGENTS)]
        values = {"MX": str(mx), "MAN": '"ssdp:discover"'}
        names = ["HOST", "MAN", "MX", "ST"]
        if agent:
            names.append("USER-AGENT")
            values["USER-AGENT"] = agent.format(n=number)
        if number % 3 == 0:
            names.append("CPFN.UPNP.ORG")
            values["CPFN.UPNP.ORG"] = f"Control point {number}"
        rng.shuffle(names)
        spelt = [name.title() if number % 2 else name for name in names]
        found += [Datagram(_search(spelt, {**values, "ST": target})) for target in search_targets]
    rng.shuffle(found)
    return found


def storm(mx: int) -> list[Datagram]:
    """Ten searches of one client and one malformed datagram in turn, each time another malformed one."""
    search = one_client(mx)[0]
    found: list[Datagram] = []
    for malformed in MALFORMED:
        found += [*[search] * (MALFORMED_ONE_IN - 1), Datagram(malformed, answered=False)]
    return found


def write_datagrams(datagrams: Sequence[Datagram], path: Path) -> None:
    """Write the generator's input: each datagram after a line with whether an answer is expected, and its length."""
    with path.open("wb") as file:
        for each in datagrams:
            file.write(b"%s %d\n" % (b"A" if each.answered else b"N", len(each.content)))
            file.write(each.content)


def _search(names: Sequence[str], values: dict[str, str]) -> bytes:
    known = {"HOST": HOST, "MAN": '"ssdp:discover"', **values}
    lines = ["M-SEARCH * HTTP/1.1", *(f"{name}: {known[name.upper()]}" for name in names), "", ""]
    return "\r\n".join(lines).encode()
