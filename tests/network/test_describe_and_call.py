"""``upnp-trio describe`` and ``call`` read and drive the devices of others, and ours."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs
import pytest

from tests.network.gupnp_lights import gupnp_light_with_window
from tests.network.namespaces import LINK, Namespace, open_network
from tests.network.peers import async_upnp_client_light, minidlna
from tests.network.samples import LIMITS, SAMPLES, Sample
from tests.network.scenes import make_pair
from tests.network.served import EVERY_TYPE, REPOSITORY, open_served

if TYPE_CHECKING:
    import subprocess

pytestmark = pytest.mark.interop

OURS, GUPNP, ASYNC, MINIDLNA = "Every type", "Glow", "Light", "Films"
#: each data type has its test in memory; these are the ones that a shell or a terminal might change
SOME = [sample for sample in SAMPLES if sample.variable in ("Ui8", "Char", "String", "DateTimeTz", "Base64")]
#: how often the devices are searched for until all are there
TRIES = 20


@attrs.frozen
class Asker:
    """The host that the command runs on."""

    host: Namespace
    state: Path

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        """The outcome of the command."""
        where = {"XDG_STATE_HOME": str(self.state), "PYTHONPATH": str(REPOSITORY)}
        settings = [f"{name}={value}" for name, value in where.items()]
        return self.host.run("env", *settings, sys.executable, "-W", "error", "-m", "upnp_trio", *words, cwd=REPOSITORY)

    def written(self, *words: str) -> str:
        """What the command writes to standard output; it must succeed without a word on standard error."""
        done = self.run(*words)
        assert (done.returncode, done.stderr) == (0, ""), done
        return done.stdout

    def object(self, *words: str) -> Any:  # noqa: ANN401  # of JSON
        """The object that the command writes."""
        return json.loads(self.written(*words, "--json"))


@pytest.fixture(scope="module")
def asker(possible: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asker]:
    """A host beside one with all the devices, as soon as they are found."""
    with ExitStack() as stack:
        pair = make_pair(stack.enter_context(open_network()))
        for host in (pair.device, pair.asker):
            host.ip("route", "add", "default", "dev", LINK)
        stack.enter_context(minidlna(pair.device, LINK))
        stack.enter_context(gupnp_light_with_window(pair.device, GUPNP))
        stack.enter_context(async_upnp_client_light(pair.device, pair.device_address))
        stack.enter_context(open_served(pair.device, "--ipv4-only", EVERY_TYPE.file))
        asker = Asker(pair.asker, tmp_path_factory.mktemp("state"))
        found: set[str] = set()
        for _ in range(TRIES):
            done = asker.run("search", "--json")
            found |= {json.loads(line)["name"] for line in done.stdout.splitlines()}
            if found >= {OURS, GUPNP, ASYNC, MINIDLNA}:
                break
        assert found >= {OURS, GUPNP, ASYNC, MINIDLNA}, (found, done)
        yield asker


# --- describe --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "kind", "services"),
    [
        (OURS, "urn:example-com:device:EveryType:1", ["SwitchPower", "Limits", "EveryType"]),
        (GUPNP, "urn:schemas-upnp-org:device:DimmableLight:1", ["SwitchPower", "Dimming"]),
        (MINIDLNA, "urn:schemas-upnp-org:device:MediaServer:1", None),
        (ASYNC, "urn:schemas-upnp-org:device:BinaryLight:1", ["SwitchPower", "MessageBoard"]),
    ],
)
def test_the_devices_of_others_are_described(name: str, kind: str, services: list[str] | None, asker: Asker) -> None:
    found = asker.object("describe", name)
    assert (found["name"], found["type"]) == (name, kind)
    names = [service["name"] for service in found["services"]]
    assert names == services or {"ContentDirectory", "ConnectionManager"} < set(names)
    assert all(service["actions"] for service in found["services"])
    text = asker.written("describe", name)
    assert text.startswith(f"{name}\n  type      {kind}\n")
    assert all(f"  {service['name']}  {service['type']}\n" in text for service in found["services"])


@pytest.mark.parametrize("name", [OURS, GUPNP, MINIDLNA, ASYNC])
def test_a_device_file_of_each_can_be_served(name: str, asker: Asker, tmp_path: Path) -> None:
    (tmp_path / "device.toml").write_text(asker.written("describe", name, "--toml"), encoding="utf-8")
    with open_network() as network:
        pair = make_pair(network)
        # it breaks rules as its original does, which is said as warnings
        options = ("--ipv4-only", "--log-level", "error", "--state-dir", tmp_path)
        with open_served(pair.device, *options, tmp_path / "device.toml"):
            again = Asker(pair.asker, tmp_path).object("describe", name)
    assert again["name"] == name
    assert [service["type"] for service in again["services"]]


def test_the_document_of_each_is_written_as_it_was_sent(asker: Asker) -> None:
    for name in (OURS, GUPNP, MINIDLNA, ASYNC):
        document = asker.written("describe", name, "--xml")
        assert f"<friendlyName>{name}</friendlyName>" in document


# --- call ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [OURS, GUPNP, ASYNC])
def test_the_lights_of_others_are_switched(name: str, asker: Asker) -> None:
    for word, value in (("1", True), ("no", False), ("true", True)):
        assert asker.written("call", name, "SwitchPower", "SetTarget", f"newTargetValue={word}") == ""
        assert asker.object("call", name, "SwitchPower", "GetStatus") == {"ResultStatus": value}


def test_a_media_server_is_browsed(asker: Asker) -> None:
    words = ["BrowseFlag=BrowseDirectChildren", "Filter=*", "StartingIndex=0", "RequestedCount=2", "SortCriteria="]
    found = asker.object("call", MINIDLNA, "ContentDirectory", "Browse", "ObjectID=0", *words)
    assert (found["NumberReturned"], found["Result"].count("<container ")) == (2, 2)
    done = asker.run("call", MINIDLNA, "ContentDirectory", "Browse", "ObjectID=nothing", *words)
    assert (done.returncode, done.stdout) == (4, "")
    assert done.stderr.startswith("Error: UPnP error 701")


@pytest.mark.parametrize("sample", SOME, ids=lambda sample: sample.variable)
def test_values_go_there_and_back_as_they_are_written(sample: Sample, asker: Asker) -> None:
    asker.written("call", OURS, "EveryType", f"Set{sample.variable}", f"New={sample.text}")
    assert asker.written("call", OURS, "EveryType", f"Get{sample.variable}") == f"Current  {sample.text}\n"


def test_a_value_beyond_the_limits_is_not_sent(asker: Asker) -> None:
    wrong = LIMITS[0]
    done = asker.run("call", OURS, "Limits", wrong.action, f"New={wrong.text}")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"Error: {wrong.action} cannot be called: New is ")


def test_what_a_device_does_not_have_is_said(asker: Asker) -> None:
    for words, status, message in (
        (("Glo", "SwitchPower", "GetStatus"), 3, "did you mean Glow?"),
        (("Glow", "SwitchPover", "GetStatus"), 2, "did you mean SwitchPower?"),
        (("Glow", "SwitchPower", "GetStat"), 2, "did you mean GetStatus?"),
    ):
        done = asker.run("call", *words)
        assert (done.returncode, done.stdout) == (status, "")
        assert done.stderr.rstrip().endswith(message)
