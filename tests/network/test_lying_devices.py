"""``search``, ``watch`` and ``describe`` beside a device that means harm, and a good one.

They end, with the exit status that is documented. They show no character that a terminal obeys, connect to nobody but
the link's hosts, read little of what never ends, and still show the good device.
"""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from pathlib import Path

import attrs
import pytest

from tests.network.asking_verbs import Asker, Finished, make_street
from tests.network.fetching import fetch
from tests.network.liar import GIB, Liar, answer, open_liar
from tests.network.namespaces import LINK, Namespace, Network
from tests.network.scenes import Serve
from tests.network.served import JAMBON
from tests.network.sniffing import Sniffer, open_sniffer

pytestmark = pytest.mark.interop

GOOD = "uuid:e427ce1a-3e80-43d0-ad6f-89ec42e46363"
# in another network, to which the asker is connected, too
ELSEWHERE = "192.0.2.1"
METADATA = "169.254.169.254"
ELSEWHERE_LINK = "eth1"
LOOPBACK_PORT = 8081
# More than any document may have, and far less than what is offered.
MOST_READ = 16 << 20
LIARS = 20_000
DESCRIPTION = """\
<?xml version="1.0" encoding="utf-8"?>
<root xmlns="urn:schemas-upnp-org:device-1-0"><specVersion><major>1</major><minor>0</minor></specVersion><device>
<deviceType>urn:schemas-upnp-org:device:Basic:1</deviceType><friendlyName>{name}</friendlyName>
<manufacturer>{name}</manufacturer><modelName>{name}</modelName><UDN>{udn}</UDN></device></root>
"""


def _udn(number: int) -> str:
    return f"uuid:00000000-0000-4000-8000-{number:012x}"


@attrs.frozen(eq=False)
class Trap:
    """A good device, a liar, and whoever must be left alone."""

    asker: Asker
    liar: Liar
    elsewhere: Namespace
    #: of the other network's host, and of the liar, which has the metadata address
    sniffers: tuple[Sniffer, Sniffer]
    loopback: socket.socket

    def check(self, done: Finished) -> None:
        """Nothing was obeyed, and nobody reached."""
        assert done.unprintable == frozenset()
        assert "Traceback" not in done.errors
        for sniffer in self.sniffers:
            assert sniffer.reached_for(ELSEWHERE, METADATA) == []
        with pytest.raises(BlockingIOError):
            self.loopback.accept()

    def run(self, verb: str, *words: str) -> Finished:
        """Run *verb* to its end, and `check`."""
        done = self.asker.run(verb, *words)
        self.check(done)
        return done


@pytest.fixture
def trap(network: Network, serve: Serve, tmp_path: Path) -> Iterator[Trap]:
    """The trap, with the good device served."""
    hosts = make_street(network, "good", "liar", "asker")
    (liar_host, liar_address), asker_host = hosts["liar"], hosts["asker"][0]
    elsewhere = network.add_host("elsewhere")
    network.join((asker_host, ELSEWHERE_LINK, "192.0.2.2/24"), (elsewhere, LINK, f"{ELSEWHERE}/24"))
    liar_host.ip("address", "add", f"{METADATA}/32", "dev", LINK)
    asker_host.ip("route", "add", f"{METADATA}/32", "dev", LINK)
    loopback = asker_host.open_socket(socket.SOCK_STREAM)
    loopback.bind(("127.0.0.1", LOOPBACK_PORT))
    loopback.listen()
    loopback.setblocking(False)
    with (
        loopback,
        open_sniffer(elsewhere) as of_elsewhere,
        open_sniffer(liar_host) as of_liar,
        open_liar(liar_host, liar_address) as liar,
    ):
        liar.elsewhere = f"http://{ELSEWHERE}/"
        serve(hosts["good"][0], JAMBON.file)
        yield Trap(Asker(asker_host, tmp_path), liar, elsewhere, (of_elsewhere, of_liar), loopback)


UNSAFE = {
    "loopback": f"http://127.0.0.1:{LOOPBACK_PORT}/",
    "loopback by IPv6": f"http://[::1]:{LOOPBACK_PORT}/",
    "mapped": f"http://[::ffff:127.0.0.1]:{LOOPBACK_PORT}/",
    "any": f"http://0.0.0.0:{LOOPBACK_PORT}/",
    "metadata": f"http://{METADATA}/latest/meta-data/",
    "another network": f"http://{ELSEWHERE}/d.xml",
    "userinfo": f"http://10.77.0.12@{ELSEWHERE}/d.xml",
    "name": f"http://localhost:{LOOPBACK_PORT}/",
    "number": f"http://2130706433:{LOOPBACK_PORT}/",
    "file": "file:///etc/passwd",
}
NEVER_ENDING = ("huge", "endless", "slow", "headers")


def _found(done: Finished) -> dict[str, dict[str, object]]:
    return {each["udn"]: each for each in done.objects}


def test_the_sniffers_see_who_reaches_for_the_addresses(trap: Trap) -> None:
    """Or their silence would mean nothing."""
    for sniffer, address in zip(trap.sniffers, (ELSEWHERE, METADATA), strict=True):
        with pytest.raises(ConnectionRefusedError):
            fetch(trap.asker.host, f"http://{address}:80/")
        assert sniffer.reached_for(address)


def test_a_location_that_leads_astray_is_not_fetched(trap: Trap) -> None:
    udns = {_udn(number): location for number, location in enumerate(UNSAFE.values())}
    trap.liar.answers = [answer(udn, location) for udn, location in udns.items()]
    done = trap.run("search", "--json")
    assert done.status == 0
    found = _found(done)
    assert found[GOOD]["name"] == "Jambon 3000"
    assert set(found) == {GOOD, *udns}
    for udn in udns:
        assert found[udn]["problem"]
        assert trap.run("describe", udn).status == 1
    done = trap.run("watch", "--json", "--mx", "1", "--timeout", "5")
    assert done.status == 0
    failed = {each["udn"] for each in done.objects if each["event"] == "location_failed"}
    assert failed == set(udns)
    assert any(each["event"] == "described" and each["udn"] == GOOD for each in done.objects)


def test_a_redirect_is_not_followed(trap: Trap) -> None:
    trap.liar.answers = [answer(_udn(1), trap.liar.url("/redirect"))]
    found = _found(trap.run("search", "--json"))
    assert "302" in str(found[_udn(1)]["problem"])
    assert found[GOOD]["problem"] is None
    done = trap.run("describe", _udn(1))
    assert (done.status, done.output) == (1, "")
    assert "302" in done.errors


@pytest.mark.parametrize("kind", NEVER_ENDING)
def test_a_description_that_never_ends_is_given_up(kind: str, trap: Trap) -> None:
    location = trap.liar.url(f"/{kind}")
    trap.liar.answers = [answer(_udn(1), location)]
    done = trap.run("search", "--json")
    assert done.status == 0
    found = _found(done)
    assert found[_udn(1)]["problem"]
    assert (found[GOOD]["name"], found[GOOD]["problem"]) == ("Jambon 3000", None)
    for word in (_udn(1), location):
        done = trap.run("describe", word)
        assert (done.status, done.output) == (1, "")
        assert done.errors.startswith("Error: GET http://")
    done = trap.run("watch", "--json", "--mx", "1", "--timeout", "5")
    assert done.status == 0
    assert any(each["event"] == "described" and each["udn"] == GOOD for each in done.objects)
    assert trap.liar.sent[f"/{kind}"] < MOST_READ < GIB


#: as characters of XML, and what is left of them
NAMES = {
    "bidi": "Lamp \u202e\u2066gpj.exe\u2069",
    "c1": "Lamp \u009b2J\u0085\u0090",
    "separators": "Lamp \u2028\u2029 \u200f",
    "reference": "Lamp &#27;[2J&#7;",
    "raw": "Lamp \x1b]0;title\x07\x1b[31m",
    "lines": "Lamp\r\nForged  line",
}


def test_what_a_terminal_would_obey_is_not_shown(trap: Trap) -> None:
    udns = {_udn(number): name for number, name in enumerate(NAMES)}
    for udn, name in udns.items():
        text = DESCRIPTION.format(name=NAMES[name], udn=udn)
        trap.liar.documents[f"/{name}"] = text.encode()
    trap.liar.answers = [
        *(answer(udn, trap.liar.url(f"/{name}"), server="\x1b[2J\x9b1m\u202e") for udn, name in udns.items()),
        answer("uuid:\x1b[31m\u202e", trap.liar.url("/bidi")),
        answer(_udn(99), trap.liar.url("/\x1b[31m")),
        answer(_udn(98), f"http://\x1b[31m\u202e{ELSEWHERE}/"),
        b"\x1b[2J\x07",
    ]
    for words in ([], ["--long"], ["--all"], ["all", "--all"], ["--json"], ["--all", "--json"]):
        done = trap.run("search", *words)
        assert done.status == 0
        assert "10.77.0.11" in done.output
    assert not any(line.startswith("Forged") for line in trap.run("search").lines)
    for udn in udns:
        for words in ([], ["--json"], ["--toml"]):
            done = trap.run("describe", *words, udn)
            assert done.status in (0, 1)
            assert bool(done.output) == (done.status == 0)
    for words in (["--json"], ["--searches"]):
        done = trap.run("watch", *words, "--mx", "1", "--timeout", "5")
        assert done.status == 0
        assert "Jambon 3000" in done.output


@pytest.mark.parametrize("words", [("search", "--json"), ("watch", "--json", "--mx", "1", "--timeout", "10")])
def test_twenty_thousand_devices_that_do_not_exist_hide_no_other(words: tuple[str, ...], trap: Trap) -> None:
    trap.liar.answers = [answer(_udn(number), trap.liar.url(f"/slow/{number}")) for number in range(LIARS)]
    done = trap.run(*words)
    assert done.status == 0
    assert len(done.lines) > 100  # it was lied to
    described = [json.loads(line) for line in done.lines if GOOD in line]
    assert any(each.get("name") == "Jambon 3000" for each in described), [each["problem"] for each in described]


def test_the_line_of_a_device_does_not_wait_for_a_later_answer(trap: Trap) -> None:
    """The second device answers only after the first one's line is there."""
    trap.liar.released.clear()
    trap.liar.documents["/late"] = DESCRIPTION.format(name="Late", udn=_udn(1)).encode()
    trap.liar.answers = [answer(_udn(1), trap.liar.url("/late"))]
    with trap.asker.start("search", "--mx", "5") as search:
        search.wait_for(r" 10\.77\.0\.11$")
        assert "10.77.0.12" not in search.output
        trap.liar.released.set()
        search.wait_for(r" 10\.77\.0\.12$")
        assert search.wait() == 0
