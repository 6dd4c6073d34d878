"""The unit and the advice in `deploy/` fit the command: its options, its limits, and the time that it needs to stop."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

import pytest

from upnp_trio.cli.announcing.page_file import read_page_file
from upnp_trio.cli.parsing import option_names
from upnp_trio.cli.serve_options import ServeArguments
from upnp_trio.cli.verbs import VERBS, parse
from upnp_trio.cli.verbs.announce import AnnounceArguments
from upnp_trio.http.phases import GRACE_SECONDS
from upnp_trio.http.server import MAX_CONNECTIONS, MAX_REFUSALS
from upnp_trio.server.discovery.announcer import BYEBYE_SECONDS

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
UNIT = DEPLOY / "upnp-trio.service"
PROGRAM = "/opt/upnp-trio/bin/upnp-trio"
ANNOUNCING = (DEPLOY / "compose.announce.yaml").read_text(encoding="utf-8")
# systemd's exposure level of a service, times ten: below 20 is "OK", and a typical web server has 90
MOST_EXPOSURE = 12


def settings() -> dict[str, list[str]]:
    """The unit's settings; a name may occur several times."""
    found = defaultdict(list)
    for line in UNIT.read_text(encoding="utf-8").splitlines():
        if line and line[0] not in "#[":
            name, equals, value = line.partition("=")
            assert equals, line
            found[name].append(value)
    return found


SETTINGS = settings()


def yaml_list(name: str, text: str) -> list[list[str]]:
    """The lists of words that *name* has in a compose file."""
    return [json.loads(found) for found in re.findall(rf"^ +{name}: (\[.+\])$", text, re.MULTILINE)]


def understood(words: list[str]) -> ServeArguments:
    """The arguments that the command parses from *words*; raises for wrong usage."""
    asked = parse(words)
    assert isinstance(asked, ServeArguments)
    return asked


def seconds(name: str) -> int:
    (value,) = SETTINGS[name]
    return int(value)


def test_the_unit_starts_the_command_with_options_that_it_has() -> None:
    (line,) = SETTINGS["ExecStart"]
    program, *arguments = shlex.split(line)
    assert program == PROGRAM
    asked = understood(arguments)
    assert asked.devices == [Path("/etc/upnp-trio/device.toml")]
    assert asked.quiet


def test_the_unit_waits_for_readiness_and_for_byebye() -> None:
    assert (SETTINGS["Type"], SETTINGS["NotifyAccess"]) == (["notify"], ["main"])
    assert seconds("TimeoutStopSec") >= BYEBYE_SECONDS + GRACE_SECONDS + 1
    assert seconds("WatchdogSec") >= 10  # a busy host must not count as a hanging one
    assert SETTINGS["RestartPreventExitStatus"] == ["2"]


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("DynamicUser", ["yes"]),
        ("CapabilityBoundingSet", [""]),
        ("NoNewPrivileges", ["yes"]),
        ("ProtectSystem", ["strict"]),
        ("StateDirectory", ["upnp-trio"]),
        ("StateDirectoryMode", ["0700"]),
        ("ProtectHome", ["yes"]),
        ("PrivateDevices", ["yes"]),
        ("RestrictAddressFamilies", ["AF_INET AF_INET6 AF_NETLINK AF_UNIX"]),
        ("SystemCallFilter", ["@system-service", "~@privileged @resources"]),
        ("MemoryDenyWriteExecute", ["yes"]),
        ("ProcSubset", ["all"]),  # /proc/net/if_inet6 is read
        ("MemoryMax", ["256M"]),
    ],
)
def test_the_unit_is_confined(name: str, values: list[str]) -> None:
    assert SETTINGS[name] == values


def test_the_unit_allows_as_many_connections_as_the_server_takes() -> None:
    assert seconds("LimitNOFILE") > 2 * (MAX_CONNECTIONS + MAX_REFUSALS)


@pytest.fixture
def systemd_analyze() -> str:
    found = shutil.which("systemd-analyze")
    if found is None:
        pytest.skip("systemd-analyze is not here")
    return found


@pytest.fixture
def unit(tmp_path: Path) -> Path:
    """The unit, changed to start a program that exists."""
    file = tmp_path / UNIT.name
    file.write_text(UNIT.read_text(encoding="utf-8").replace(PROGRAM, sys.executable), encoding="utf-8")
    return file


def test_systemd_finds_nothing_wrong_with_the_unit(systemd_analyze: str, unit: Path) -> None:
    done = subprocess.run([systemd_analyze, "verify", unit], capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_systemd_calls_the_unit_little_exposed(systemd_analyze: str, unit: Path) -> None:
    command = [systemd_analyze, "security", "--no-pager", "--offline=true", f"--threshold={MOST_EXPOSURE}", str(unit)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout


def test_the_options_that_the_advice_names_exist() -> None:
    known = set(option_names(VERBS["serve"].load().parser()))
    advice = (DEPLOY / "README.md").read_text(encoding="utf-8")
    ours = re.findall(r"`(--[a-z-]+ [^`]*--[a-z-]+[^`]*|--port|--interface|--answer-off-link)`", advice)
    named = {option for text in ours for option in re.findall(r"--[a-z-]+", text)}
    assert {"--advertise-url", "--answer-off-link", "--interface", "--port"} <= named <= known


def test_the_compose_file_announces_the_pages_of_the_containers_in_it() -> None:
    services = dict(re.findall(r"^  (\w+):\n((?:^(?:    .*)?\n)+)", ANNOUNCING, re.MULTILINE))
    own = services.pop("announce")
    assert len(services) == 3
    (entry_point,), (words,) = yaml_list("entrypoint", own), yaml_list("command", own)
    assert entry_point == [PROGRAM]
    asked = parse(words)
    assert isinstance(asked, AnnounceArguments)
    (file,) = asked.files
    assert f"- ./announce.toml:{file}:ro" in own
    assert "network_mode: host" in own
    pages = read_page_file(DEPLOY / "announce.toml").pages
    published = [ports for service in services.values() for (ports,) in yaml_list("ports", service)]
    assert [page.url.port for page in pages] == [int(ports.partition(":")[0]) for ports in published]
    assert all(page.url.is_here for page in pages)
    assert int(re.findall(r"stop_grace_period: (\d+)s", own)[0]) >= BYEBYE_SECONDS + GRACE_SECONDS
    # threads write the output and look names up
    assert int(re.findall(r"pids_limit: (\d+)", own)[0]) >= 32
