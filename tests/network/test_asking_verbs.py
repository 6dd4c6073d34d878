"""``search``, ``describe``, ``ping`` and ``watch`` with the devices of other projects, and with ours."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from signal import SIGINT
from typing import Any

import attrs
import pytest

from tests.network.asking_verbs import Asker, Finished, make_street
from tests.network.foreign_devices import ASYNC_UPNP_CLIENT, FOREIGN_DEVICES, GUPNP, MINIDLNA, SSDPY, ForeignDevice
from tests.network.namespaces import Namespace, open_network
from tests.network.processes import Program
from tests.network.served import JAMBON, open_served

pytestmark = pytest.mark.interop

OURS = "uuid:e427ce1a-3e80-43d0-ad6f-89ec42e46363"
#: the UDN, name, maker and model of all five
ALL = {
    **{device.udn: (device.name, device.maker, device.model, device.device_type) for device in FOREIGN_DEVICES},
    OURS: ("Jambon 3000", "Boucherie numérique SAS", "Jambon 3000", "urn:schemas-upnp-org:device:Basic:1"),
}
# A device that is starting is found within so many searches, each of two seconds and a half.
ATTEMPTS = 20


@attrs.frozen
class Street:
    """A link with the devices, each on a host of its own, and a host that asks."""

    hosts: dict[str, tuple[Namespace, str]]
    folder: Path
    gupnp_python: str

    @property
    def asker(self) -> Asker:
        """The host that asks."""
        return Asker(self.hosts["asker"][0], self.folder / "home")

    def start(self, device: ForeignDevice) -> ExitStack:
        """Start *device*; closing what is returned stops it."""
        host, address = self.hosts[device.project]
        folder = self.folder / device.project
        folder.mkdir(exist_ok=True)
        with ExitStack() as stack:
            stack.enter_context(device.run(host, address, folder, self.gupnp_python))
            return stack.pop_all()

    def start_ours(self) -> ExitStack:
        """Start our device."""
        with ExitStack() as stack:
            stack.enter_context(open_served(self.hosts["ours"][0], "--ipv4-only", JAMBON.file))
            return stack.pop_all()

    def search_until(self, enough: Callable[[set[str]], bool]) -> Finished:
        """Search until the UDNs that are found are *enough*."""
        for _ in range(ATTEMPTS):
            done = self.asker.run("search", "--json")
            if enough({each["udn"] for each in done.objects if each["problem"] is None}):
                return done
        raise AssertionError(f"not found: {done.output}\n{done.errors}")


@pytest.fixture
def street(possible: None, tmp_path: Path, gupnp_python: str) -> Iterator[Street]:
    """A street without any device yet."""
    with open_network() as network:
        hosts = make_street(network, *(device.project for device in FOREIGN_DEVICES), "ours", "asker")
        yield Street(hosts, tmp_path, gupnp_python)


@pytest.fixture(scope="module")
def busy_street(
    possible: None, tmp_path_factory: pytest.TempPathFactory, gupnp_python: str
) -> Iterator[tuple[Street, Finished]]:
    """A street with all devices, and a search with --json that found them, for all tests of this module."""
    with open_network() as network, ExitStack() as stack:
        hosts = make_street(network, *(device.project for device in FOREIGN_DEVICES), "ours", "asker")
        street = Street(hosts, tmp_path_factory.mktemp("street"), gupnp_python)
        for device in FOREIGN_DEVICES:
            stack.enter_context(street.start(device))
        stack.enter_context(street.start_ours())
        yield street, street.search_until(lambda found: found == set(ALL))


# --- search ----------------------------------------------------------------------------------------------------------


def test_search_finds_the_devices_of_all_projects(busy_street: tuple[Street, Finished]) -> None:
    street, done = busy_street
    assert (done.status, done.errors) == (0, "")
    keys = ("name", "manufacturer", "model_name", "type")
    found = {each["udn"]: tuple(each[key] for key in keys) for each in done.objects}
    assert found == ALL
    assert len(done.objects) == len(ALL)
    addresses = {each["udn"]: each["address"] for each in done.objects}
    assert addresses == {
        **{device.udn: street.hosts[device.project][1] for device in FOREIGN_DEVICES},
        OURS: street.hosts["ours"][1],
    }


def test_the_lines_of_search_have_name_type_maker_and_address(busy_street: tuple[Street, Finished]) -> None:
    street, _ = busy_street
    done = street.asker.run("search")
    assert (done.status, done.errors) == (0, "")
    assert done.lines[0].split() == ["NAME", "TYPE", "MAKER", "AND", "MODEL", "LATENCY", "ADDRESS"]
    assert len(done.lines) == 1 + len(ALL)
    for device in FOREIGN_DEVICES:
        (line,) = [line for line in done.lines if line.endswith(f" ms  {street.hosts[device.project][1]}")]
        assert line.startswith(f"{device.name}  ")
        for text in (device.device_type.split(":")[3], device.maker, device.model):
            assert f"  {text}" in line or f" {text}" in line


def test_search_for_a_type_finds_the_devices_of_that_type(busy_street: tuple[Street, Finished]) -> None:
    street, _ = busy_street
    done = street.asker.run("search", "--json", "MediaServer:1")
    assert [each["udn"] for each in done.objects] == [MINIDLNA.udn]
    done = street.asker.run("search", "--json", "service:SwitchPower:1")
    assert [each["udn"] for each in done.objects] == [GUPNP.udn]


def test_search_to_an_address_asks_it_alone(busy_street: tuple[Street, Finished]) -> None:
    street, _ = busy_street
    for label, udn in (("ours", OURS), (SSDPY.project, SSDPY.udn)):
        done = street.asker.run("search", "--json", "--to", street.hosts[label][1])
        assert [each["udn"] for each in done.objects] == [udn]


def test_a_device_that_has_stopped_is_not_in_the_next_search(street: Street) -> None:
    stacks = {device.udn: street.start(device) for device in FOREIGN_DEVICES}
    stacks[OURS] = street.start_ours()
    with ExitStack() as all_stacks:
        for stack in stacks.values():
            all_stacks.push(stack)
        left = set(ALL)
        street.search_until(lambda found: found == left)
        for udn in ALL:
            stacks[udn].close()
            left.remove(udn)
            done = street.asker.run("search", "--json")
            assert {each["udn"] for each in done.objects} == left
            assert done.status == (0 if left else 3)
        assert "Nothing answered" in done.errors


# --- describe --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("device", FOREIGN_DEVICES, ids=lambda device: device.project)
def test_describe_reads_the_description_of_each(device: ForeignDevice, busy_street: tuple[Street, Finished]) -> None:
    street, searched = busy_street
    (location,) = [each["location"] for each in searched.objects if each["udn"] == device.udn]
    by_udn = street.asker.run("describe", "--json", device.udn)
    assert (by_udn.status, by_udn.errors) == (0, "")
    (described,) = by_udn.objects
    facts = (described["name"], described["manufacturer"], described["model_name"], described["type"])
    assert facts == ALL[device.udn]
    assert described["location"] == location
    (again,) = street.asker.run("describe", "--json", location).objects
    assert again == described
    text = street.asker.run("describe", device.udn)
    assert (text.status, text.errors) == (0, "")
    for fact in (*facts[:3], device.udn):
        assert fact in text.output


def test_describe_shows_the_actions_and_variables_of_minidlna_and_of_gupnp(
    busy_street: tuple[Street, Finished],
) -> None:
    street, _ = busy_street
    (server,) = street.asker.run("describe", "--json", MINIDLNA.name).objects
    actions = {service["name"]: {each["name"] for each in service["actions"]} for service in server["services"]}
    assert "Browse" in actions["ContentDirectory"]
    assert "GetProtocolInfo" in actions["ConnectionManager"]
    (light,) = street.asker.run("describe", "--json", GUPNP.name).objects
    assert [service["name"] for service in light["services"]] == ["SwitchPower", "MessageBoard"]
    assert [each["name"] for each in light["services"][0]["actions"]] == ["SetTarget", "GetTarget", "GetStatus"]


def test_a_name_that_two_devices_have_is_ambiguous(busy_street: tuple[Street, Finished]) -> None:
    street, _ = busy_street
    done = street.asker.run("describe", "Jambon 3000")
    assert (done.status, done.output) == (2, "")
    assert {OURS, ASYNC_UPNP_CLIENT.udn} <= set(done.errors.replace(",", " ").split())


def test_describe_writes_a_device_file_that_is_read_again(busy_street: tuple[Street, Finished], tmp_path: Path) -> None:
    street, _ = busy_street
    for device in (MINIDLNA, ASYNC_UPNP_CLIENT, SSDPY):
        done = street.asker.run("describe", "--toml", device.udn)
        assert done.status == 0
        assert f'friendly_name = "{device.name}"' in done.lines


# --- ping ------------------------------------------------------------------------------------------------------------


def _probes(done: Finished, method: str) -> list[Any]:
    return [each for each in done.objects if each["method"] == method and "latency_ms" in each]


@pytest.mark.parametrize("udn", [GUPNP.udn, ASYNC_UPNP_CLIENT.udn, OURS])
def test_ping_measures_by_multicast_and_http(udn: str, busy_street: tuple[Street, Finished]) -> None:
    street, _ = busy_street
    done = street.asker.run("ping", "--json", "--multicast", "--http", "-c", "3", "--rate", "5", "--timeout", "20", udn)
    assert (done.status, done.errors) == (0, "")
    for method in ("multicast", "http"):
        assert [each["latency_ms"] > 0 for each in _probes(done, method)] == [True] * 3


def test_ping_measures_http_of_all_side_by_side(busy_street: tuple[Street, Finished]) -> None:
    street, _ = busy_street
    addresses = [address for label, (_, address) in street.hosts.items() if label != "asker"]
    done = street.asker.run("ping", "--json", "--http", "-c", "2", "--rate", "5", "--timeout", "20", *addresses)
    assert (done.status, done.errors) == (0, "")
    assert len(_probes(done, "http")) == 2 * len(ALL)


# --- watch -----------------------------------------------------------------------------------------------------------


def _events(program: Program) -> list[dict[str, Any]]:
    return [json.loads(line) for line in program.output.splitlines()]


def _wait(program: Program, event: str, **facts: object) -> dict[str, Any]:
    """The first *event* of a device with *facts*."""

    def found(output: str) -> list[dict[str, Any]]:
        events = [json.loads(line) for line in output.splitlines()]
        return [each for each in events if each["event"] == event and facts.items() <= each.items()]

    return found(program.wait_until(lambda output: bool(found(output)), f"{event} {facts}"))[0]


def test_watch_sees_the_devices_of_all_projects_come_and_go(street: Street) -> None:
    # ssdpy announces nothing; only a search finds it
    with street.asker.start("watch", "--json", "--search", "10", "--mx", "1") as watch, ExitStack() as all_stacks:
        for device in FOREIGN_DEVICES:
            stack = all_stacks.enter_context(street.start(device))
            _wait(watch, "appeared", udn=device.udn)
            described = _wait(watch, "described", udn=device.udn)
            assert (described["name"], described["manufacturer"]) == (device.name, device.maker)
            stack.close()
            reason = "byebye" if device.says_byebye else "expired"
            assert _wait(watch, "gone", udn=device.udn)["reason"] == reason
        with street.start_ours():
            _wait(watch, "appeared", udn=OURS)
            _wait(watch, "described", udn=OURS)
        _wait(watch, "gone", udn=OURS, reason="byebye")
        assert watch.stop(SIGINT) == 0
        assert watch.errors == ""
    last = _events(watch)[-1]
    assert last["event"] == "stopped"
    assert last["devices"] == 0
    assert last["appeared"] == last["gone"] >= len(ALL)
