"""``call`` and ``subscribe`` drive GUPnP's light and a device of ours."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from signal import SIGINT

import attrs
import pytest

from tests.network.asking_verbs import Asker, Finished, make_street
from tests.network.foreign_devices import GUPNP
from tests.network.namespaces import Namespace, open_network
from tests.network.scenes import Pair
from tests.network.served import EVERY_TYPE, open_served
from tests.network.sniffing import open_sniffer

pytestmark = pytest.mark.interop

OURS = "uuid:0c6cd4d5-65ba-4d1e-8b7a-3a6b6a1a2c11"


@attrs.frozen
class Driven:
    """A device with a SwitchPower service, and the host that drives it."""

    asker: Asker
    #: its UDN
    device: str
    #: where it runs
    host: Namespace

    @property
    def initial(self) -> object:
        """What the first event says of a switch that is off; see gupnp_light.py."""
        return None if self.device == GUPNP.udn else False

    def call(self, *words: str) -> Finished:
        """Call an action of the device."""
        return self.asker.run("call", self.device, *words)


@pytest.fixture(scope="module")
def street(
    possible: None, tmp_path_factory: pytest.TempPathFactory, gupnp_python: str
) -> Iterator[tuple[Asker, dict[str, Namespace]]]:
    """A host beside both devices, and their hosts by their UDNs."""
    with open_network() as network:
        hosts = make_street(network, "gupnp", "ours", "asker")
        folder = tmp_path_factory.mktemp("driven")
        with (
            GUPNP.run(*hosts["gupnp"], folder, gupnp_python),
            open_served(hosts["ours"][0], "--ipv4-only", EVERY_TYPE.file),
        ):
            asker = Asker(hosts["asker"][0], folder / "home")
            while len(asker.run("search", "--json", "service:SwitchPower:1").lines) < 2:  # bounded by the test's time
                pass
            yield asker, {GUPNP.udn: hosts["gupnp"][0], OURS: hosts["ours"][0]}


@pytest.fixture
def asker(street: tuple[Asker, dict[str, Namespace]]) -> Asker:
    """The host beside the devices."""
    return street[0]


@pytest.fixture(params=[GUPNP.udn, OURS], ids=["gupnp", "ours"])
def driven(request: pytest.FixtureRequest, street: tuple[Asker, dict[str, Namespace]]) -> Driven:
    """Each of the two devices."""
    asker, hosts = street
    return Driven(asker, request.param, hosts[request.param])


def test_call_switches_and_reads(driven: Driven) -> None:
    for text, value in (("true", True), ("0", False), ("yes", True)):
        done = driven.call("SwitchPower", "SetTarget", f"newTargetValue={text}")
        assert (done.status, done.output, done.errors) == (0, "", "")
        done = driven.call("SwitchPower", "GetStatus", "--json")
        assert (done.status, done.objects, done.errors) == (0, [{"ResultStatus": value}], "")
    done = driven.call("urn:upnp-org:serviceId:SwitchPower", "GetTarget")
    assert (done.status, done.output) == (0, "RetTargetValue  true\n")


@pytest.mark.parametrize(
    ("words", "part"),
    [
        (("SwitchPower", "SetTarget", "newTargetValue=perhaps"), "newTargetValue is a boolean"),
        (("SwitchPower", "SetTarget"), "newTargetValue"),
        (("SwitchPower", "SetTarget", "newTargetValue=1", "other=1"), "other"),
        (("SwitchPower", "GetStatos"), "did you mean GetStatus?"),
        (("SwitchPowr", "GetStatus"), "did you mean SwitchPower?"),
    ],
)
def test_words_that_name_nothing_of_the_device_are_wrong_usage(
    words: tuple[str, ...], part: str, driven: Driven
) -> None:
    done = driven.call(*words)
    assert (done.status, done.output) == (2, "")
    assert part in done.errors


def test_an_error_of_gupnp_s_light_is_said_in_words(asker: Asker) -> None:
    done = asker.run("call", GUPNP.udn, "MessageBoard", "SetMessage", "NewMessage=Hello")
    assert (done.status, done.output) == (4, "")
    assert "402" in done.errors
    assert "Invalid Args" in done.errors


def test_an_error_of_our_device_is_said_in_words(asker: Asker) -> None:
    done = asker.run("call", OURS, "Limits", "Refuse")
    assert (done.status, done.output) == (4, "")
    assert "701" in done.errors


def _values(output: str) -> list[object]:
    return [json.loads(line)["values"].get("Status") for line in output.splitlines()]


def test_subscribe_follows_the_switch_and_leaves_no_subscription(driven: Driven) -> None:
    assert driven.call("SwitchPower", "SetTarget", "newTargetValue=0").status == 0
    with (
        open_sniffer(driven.host) as at_device,
        open_sniffer(driven.asker.host) as at_asker,
        driven.asker.start("subscribe", "--json", driven.device, "SwitchPower") as following,
    ):
        wanted: list[object] = [driven.initial]
        following.wait_until(lambda output: _values(output) == wanted, f"{wanted}")
        for value in (True, False, True):
            assert driven.call("SwitchPower", "SetTarget", f"newTargetValue={value}").status == 0
            wanted.append(value)
            following.wait_until(lambda output: _values(output) == wanted, f"{wanted}")
        events = [json.loads(line) for line in following.output.splitlines()]
        assert [(each["service"], each["seq"], each["initial"]) for each in events] == [
            ("SwitchPower", seq, seq == 0) for seq in range(4)
        ]
        assert (at_device.requests("SUBSCRIBE"), at_device.requests("UNSUBSCRIBE")) == (1, 0)
        assert following.stop(SIGINT) == 0
        assert following.errors == ""
        assert at_device.requests("UNSUBSCRIBE") == 1
        came = at_asker.connections()
        assert came > 0
        # a subscription that was left would be told of these
        for value in (False, True):
            assert driven.call("SwitchPower", "SetTarget", f"newTargetValue={value}").status == 0
        assert at_asker.connections() == came


def test_subscribe_without_a_service_follows_all_and_ends_by_count(driven: Driven) -> None:
    with open_sniffer(driven.host) as at_device:
        done = driven.asker.run("subscribe", "--count", "0", driven.device)
        assert (done.status, done.errors) == (0, "")
        assert at_device.requests("SUBSCRIBE") == at_device.requests("UNSUBSCRIBE") > 1
    assert ("  Status" in done.output) == (driven.initial is not None)


def test_gupnp_s_own_light_is_switched_dimmed_and_followed(pair: Pair, light_location: str, tmp_path: Path) -> None:
    asker = Asker(pair.asker, tmp_path)
    with asker.start("subscribe", "--json", light_location, "SwitchPower") as following:
        following.wait_until(lambda output: _values(output) == [False], "its present value")
        assert asker.run("call", "Hall", "SwitchPower", "SetTarget", "newTargetValue=1").status == 0
        following.wait_until(lambda output: _values(output) == [False, True], "the change")
        assert following.stop(SIGINT) == 0
    assert asker.run("call", "Hall", "Dimming", "SetLoadLevelTarget", "newLoadlevelTarget=40").status == 0
    assert asker.run("call", "Hall", "Dimming", "GetLoadLevelStatus", "--json").objects == [{"retLoadlevelStatus": 40}]
    too_much = asker.run("call", "Hall", "Dimming", "SetLoadLevelTarget", "newLoadlevelTarget=400")
    assert (too_much.status, too_much.output) == (2, "")
