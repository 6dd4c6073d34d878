"""The container's image, built by its recipe, run as it would be on a host of its own, found, and stopped."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import attrs
import pytest

import upnp_trio
from tests.deploy.base_image import make_base
from tests.deploy.builder import Builder, open_builder, why_no_builder
from tests.deploy.recipe import CONTAINERFILE, ROOT, STAGES, last
from tests.network.demands import demand
from tests.network.namespaces import open_network, why_impossible
from tests.network.processes import Program
from tests.network.scenes import DEVICE_ADDRESS, Pair, make_pair
from tests.network.served import EXAMPLES
from upnp_trio.server.boot_ids import FILE_NAME

pytestmark = [pytest.mark.package, pytest.mark.timeout(600)]

BASE, IMAGE = "localhost/stand-in-base", "localhost/upnp-trio"
DEVICE = "uuid:e427ce1a-3e80-43d0-ad6f-89ec42e46363"
# each search takes two seconds; on a busy machine the device may take several to start
ATTEMPTS = 15


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All files that the locks name, so that the build itself needs no network."""
    folder = tmp_path_factory.mktemp("wheels")
    locks = [f"--requirement=deploy/{name}" for name in ("requirements.txt", "requirements-build.txt")]
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--require-hashes", f"--dest={folder}", *locks]
    subprocess.run(command, cwd=ROOT, capture_output=True, timeout=300, check=True)
    (folder / "pip.conf").write_text("[global]\nno-index = true\nfind-links = /wheels\n", encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def builder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Builder]:
    """A builder that has the stand-in for the base image."""
    demand(why_no_builder())
    folder = tmp_path_factory.mktemp("base")
    make_base(folder)
    with open_builder(tmp_path_factory.mktemp("storage")) as builder:
        builder.build(BASE, folder / "Containerfile", folder)
        shutil.rmtree(folder)
        yield builder


@pytest.fixture(scope="module")
def image(builder: Builder, wheels: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The image of the recipe, on that base."""
    recipe = tmp_path_factory.mktemp("recipe") / "Containerfile"
    recipe.write_text(CONTAINERFILE.read_text(encoding="utf-8").replace(STAGES[0].base, BASE), encoding="utf-8")
    offline = (f"--volume={wheels}:/wheels:ro", f"--volume={wheels}/pip.conf:/etc/pip.conf:ro")
    builder.build(IMAGE, recipe, ROOT, *offline)
    return IMAGE


@attrs.frozen
class Container:
    """A container of the image on a host of its own, beside another host."""

    builder: Builder
    name: str
    pair: Pair

    def command(self, *words: str) -> list[str]:
        """A command in the container, as the image's user and with its folder of the device."""
        options = (
            "run",
            "--isolation=chroot",
            "--user=65534:65534",
            f"--volume={EXAMPLES}:/device:ro",
            self.name,
            "--",
        )
        return self.pair.device.command(*self.builder.command(*options, *words))


@pytest.fixture
def container(builder: Builder, image: str) -> Iterator[Container]:
    """A container in which nothing runs yet."""
    demand(why_impossible())
    name = builder.run("from", "--pull-never", image)
    with open_network() as network:
        yield Container(builder, name, make_pair(network))
    builder.run("rm", name)


def test_the_image_says_what_the_recipe_says(builder: Builder, image: str) -> None:
    configuration = builder.configuration(image)
    assert configuration["User"] == last(STAGES[-1], "USER").rest
    assert configuration["Entrypoint"] == last(STAGES[-1], "ENTRYPOINT").words
    assert configuration["Cmd"] == last(STAGES[-1], "CMD").words
    assert configuration["Healthcheck"]["Test"][:2] == ["CMD", "python"]


def test_the_image_has_what_runs_and_nothing_that_builds(container: Container) -> None:
    listing = "import pathlib; print(*(path.name for path in pathlib.Path('/opt/upnp-trio/lib').glob('*/*/*')))"
    shown = subprocess.run(
        container.command("python", "-c", listing), capture_output=True, text=True, check=True, timeout=60
    )
    names = set(shown.stdout.split())
    assert {"upnp_trio", "trio", f"upnp_trio-{upnp_trio.__version__}.dist-info"} <= names
    assert not {"pip", "setuptools", "build", "hatchling"} & names


def test_the_user_can_write_to_its_state_alone(container: Container) -> None:
    """A new volume takes the owner and the mode of the directory that it is mounted at."""
    tries = (
        "import os; print(os.getuid(), [path for path in ('/', '/opt/upnp-trio', '/usr', '/state') "
        "if os.access(path, os.W_OK)], os.environ['STATE_DIRECTORY'], oct(os.stat('/state').st_mode))"
    )
    shown = subprocess.run(
        container.command("python", "-c", tries), capture_output=True, text=True, check=True, timeout=60
    )
    assert shown.stdout == "65534 ['/state'] /state 0o40700\n"


def test_the_container_is_found_healthy_and_leaves(container: Container, builder: Builder, image: str) -> None:
    configuration = builder.configuration(image)
    command = container.command(*configuration["Entrypoint"], "/device/jambon3000.toml")
    check = container.command(*configuration["Healthcheck"]["Test"][1:])
    with Program(command) as program:
        (found,) = search(container, program)
        assert found["location"].startswith(f"http://{DEVICE_ADDRESS}:")
        healthy = subprocess.run(check, capture_output=True, text=True, timeout=60, check=False)
        assert (healthy.returncode, healthy.stdout) == (0, ""), healthy.stderr
        # not to buildah, which would kill it
        os.kill(youngest(program.pid), signal.SIGTERM)
        assert program.wait() == 0, program.errors
    gone = subprocess.run(check, capture_output=True, text=True, timeout=60, check=False)
    listing = container.command("python", "-c", "import os; print(os.listdir('/state'))")
    kept = subprocess.run(listing, capture_output=True, text=True, timeout=60, check=True)
    assert f"'{FILE_NAME}'" in kept.stdout
    assert (gone.returncode, gone.stdout) == (1, f"{configuration['Entrypoint'][0]} is not running\n"), gone.stderr


def youngest(process: int) -> int:
    """The last of the processes that each have the next one as their child, forked by whichever thread."""
    lists = [file.read_text(encoding="ascii") for file in Path(f"/proc/{process}/task").glob("*/children")]
    children = " ".join(lists).split()
    return youngest(int(children[0])) if children else process


def search(container: Container, program: Program) -> list[dict[str, str]]:
    """The device, as the other host finds it."""
    command = (sys.executable, "-m", "upnp_trio", "search", DEVICE, "--ipv4-only", "--timeout", "2", "--json")
    for _ in range(ATTEMPTS):
        done = container.pair.asker.run(*command, cwd=ROOT)
        if done.returncode == 0:
            break
        assert done.returncode == 3, done.stderr
        assert program.is_running, program.errors
    return [json.loads(line) for line in done.stdout.splitlines()]
