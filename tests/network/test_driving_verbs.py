"""``call`` drives GUPnP's light and a device of ours."""

from __future__ import annotations

from collections.abc import Iterator

import attrs
import pytest

from tests.network.asking_verbs import Asker, Finished, make_street
from tests.network.foreign_devices import GUPNP
from tests.network.namespaces import open_network
from tests.network.served import EVERY_TYPE, open_served

pytestmark = pytest.mark.interop

OURS = "uuid:0c6cd4d5-65ba-4d1e-8b7a-3a6b6a1a2c11"


@attrs.frozen
class Driven:
    """A device with a SwitchPower service, and the host that drives it."""

    asker: Asker
    device: str

    def call(self, *words: str) -> Finished:
        """Call an action of the device."""
        return self.asker.run("call", self.device, *words)


@pytest.fixture(scope="module")
def asker(possible: None, tmp_path_factory: pytest.TempPathFactory, gupnp_python: str) -> Iterator[Asker]:
    """A host beside both devices."""
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
            yield asker


@pytest.fixture(params=[GUPNP.udn, OURS], ids=["gupnp", "ours"])
def driven(request: pytest.FixtureRequest, asker: Asker) -> Driven:
    """Each of the two devices."""
    return Driven(asker, request.param)


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
