"""The container's recipe: pinned, without rights, with all that it needs; and its commands, run without a container."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import upnp_trio
from tests.deploy.recipe import CONTAINERFILE, ROOT, STAGES, last
from tests.package.conftest import clean_environment
from upnp_trio.cli.serve_options import ServeArguments
from upnp_trio.cli.verbs import parse

BUILD, FINAL = STAGES
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
COMPOSE = yaml.safe_load((ROOT / "deploy/compose.yaml").read_text(encoding="utf-8"))
PROGRAM = "/opt/upnp-trio/bin/upnp-trio"
LOCKS = {
    "requirements.txt": PROJECT["project"]["dependencies"],
    "requirements-build.txt": ["build", *PROJECT["build-system"]["requires"]],
}
INSTALL_SECONDS = 300.0


def test_the_base_is_one_image_pinned_by_its_digest() -> None:
    assert BUILD.base == FINAL.base
    assert re.fullmatch(r"python:3\.\d+-slim@sha256:[0-9a-f]{64}", FINAL.base)


def test_the_image_is_copied_from_the_stage_that_builds_and_has_no_rights() -> None:
    words = [instruction.word for instruction in FINAL.instructions]
    assert words == ["COPY", "RUN", "ENV", "USER", "HEALTHCHECK", "STOPSIGNAL", "ENTRYPOINT", "CMD"]
    assert last(FINAL, "RUN").rest == "install -d -m 0700 -o 65534 -g 65534 /state"
    assert last(FINAL, "COPY").options == ("--from=build",)
    assert last(FINAL, "USER").rest == "65534:65534"
    assert {instruction.word for instruction in BUILD.instructions} == {"WORKDIR", "COPY", "RUN"}


def test_nothing_is_installed_without_a_hash() -> None:
    runs = [run.rest for run in BUILD.all("RUN")]
    installs = [command for run in runs for command in run.split(" && ") if " install " in command]
    assert len(installs) == 3
    for command in installs:
        assert "--require-hashes" in command or {"--no-index", "--no-deps"} <= set(command.split()), command
    assert "curl" not in CONTAINERFILE.read_text(encoding="utf-8")


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_pins_what_the_project_asks_for_by_hash(lock: str) -> None:
    text = re.sub(r" *\\\n *", " ", (ROOT / "deploy" / lock).read_text(encoding="utf-8"))
    rows = [line for line in text.splitlines() if line and not line.startswith("#")]
    pins = {}
    for row in rows:
        pinned, *hashes = row.split(" --hash=")
        name, version = pinned.split(" ;")[0].strip().split("==")
        assert hashes, row
        assert all(re.fullmatch("sha256:[0-9a-f]{64}", one) for one in hashes), row
        pins[canonicalize_name(name)] = version
    for wanted in map(Requirement, LOCKS[lock]):
        name = canonicalize_name(wanted.name)
        assert name in pins, f"{name} is not in deploy/{lock}; run nox -s lock"
        assert wanted.specifier.contains(pins[name]), f"deploy/{lock} has {name} {pins[name]}; run nox -s lock"


def test_the_image_gets_all_that_the_package_is_built_from() -> None:
    copied = {name for copy in BUILD.all("COPY") for name in copy.words[:-1]}
    assert all((ROOT / name).exists() for name in copied)
    (readme,) = (
        part["path"] for part in PROJECT["tool"]["hatch"]["metadata"]["hooks"]["fancy-pypi-readme"]["fragments"]
    )
    needed = {"pyproject.toml", "upnp_trio", readme, *PROJECT["project"]["license-files"]}
    assert needed <= copied


def test_the_containers_start_the_command_with_options_that_it_has() -> None:
    program, *options = last(FINAL, "ENTRYPOINT").words
    assert program == PROGRAM
    for arguments in (last(FINAL, "CMD").words, COMPOSE["services"]["device"]["command"]):
        asked = parse([*options, *arguments])
        assert isinstance(asked, ServeArguments)
        assert asked.devices == [Path("/device/device.toml")]


@pytest.mark.parametrize(("name", "service"), [("compose.yaml", "device"), ("compose.announce.yaml", "announce")])
def test_a_compose_file_keeps_the_state_in_a_volume(name: str, service: str) -> None:
    composed = yaml.safe_load((ROOT / "deploy" / name).read_text(encoding="utf-8"))
    variable, _, directory = last(FINAL, "ENV").rest.partition("=")
    assert variable == "STATE_DIRECTORY"
    assert f"state:{directory}" in composed["services"][service]["volumes"]
    assert composed["volumes"] == {"state": None}
    assert composed["services"][service]["read_only"] is True


def test_the_health_check_asks_the_program_that_is_started() -> None:
    check = last(FINAL, "HEALTHCHECK")
    assert check.rest.startswith("CMD [")
    copied = {copy.words[0]: copy.words[1] for copy in BUILD.all("COPY") if len(copy.words) == 2}
    assert f'"{copied["deploy/healthcheck.py"]}", "{last(FINAL, "ENTRYPOINT").words[0]}"' in check.rest
    seconds = dict(re.findall(r"--([a-z-]+)=(\d+)s", " ".join(check.options)))
    assert int(seconds["timeout"]) > 2 * 2  # a check of both families


@pytest.mark.package
@pytest.mark.skipif(sys.platform == "win32", reason="the recipe's shell is a POSIX one")
def test_the_recipe_s_commands_make_an_environment_that_works(tmp_path: Path) -> None:
    """The instructions of the stage that builds, with this Python, and with a folder in place of the root."""
    here = Path()

    def inside(path: str) -> Path:
        return tmp_path / path.lstrip("/") if path.startswith("/") else here / path

    for instruction in BUILD.instructions:
        match instruction.word:
            case "WORKDIR":
                here = tmp_path / instruction.rest.lstrip("/")
                here.mkdir()
            case "COPY":
                *sources, target = instruction.words
                for source in sources:
                    named = Path(source).name if target.endswith("/") and (ROOT / source).is_file() else ""
                    _copy(ROOT / source, inside(target) / named)
            case "RUN":
                command = re.sub(r"(?<= )/opt/|^/opt/", f"{tmp_path}/opt/", instruction.rest)
                command = re.sub(r"^python\b", sys.executable, command)
                done = subprocess.run(
                    ["sh", "-e", "-c", command],
                    cwd=here,
                    env=clean_environment(),
                    capture_output=True,
                    text=True,
                    timeout=INSTALL_SECONDS,
                    check=False,
                )
                assert done.returncode == 0, done.stdout + done.stderr
    program = str(tmp_path) + PROGRAM
    shown = subprocess.run([program, "--version"], capture_output=True, text=True, timeout=60, check=True)
    assert shown.stdout == f"upnp-trio {upnp_trio.__version__}\n"
    check = [str(tmp_path / "opt/build/bin/pip"), "--python", str(tmp_path / "opt/upnp-trio"), "check"]
    subprocess.run(check, capture_output=True, timeout=60, check=True)
    assert not list((tmp_path / "opt/upnp-trio").rglob("pip"))


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    if source.is_dir():
        shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
    else:
        shutil.copy(source, target)
