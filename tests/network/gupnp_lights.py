"""GUPnP's lights, each run on a host of a network of ours for as long as a body runs.

One is a program of GUPnP's tools, in C, which has a window and can be dimmed. The other is ``gupnp_light.py``, which
has no window, another UDN only if it is asked to, and a service that refuses what it is asked.
"""

from __future__ import annotations

import os
import shutil
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from tests.network.demands import demand
from tests.network.namespaces import LINK
from tests.network.processes import Program
from tests.network.served import REPOSITORY, environment

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.network.namespaces import Namespace

__all__ = ["gupnp_command", "gupnp_environment", "gupnp_light", "gupnp_light_with_window"]

SCRIPT = Path(__file__).with_name("gupnp_light.py")


def gupnp_environment() -> dict[str, str]:
    """What a program of GLib runs in: it keeps no settings, and asks no session for any."""
    return {**environment(), "GSETTINGS_BACKEND": "memory", "GIO_USE_VFS": "local", "LANG": "C.UTF-8"}


def gupnp_command(python: str, folder: Path, *name: str) -> list[str]:
    """The command of the light without a window; *python* has GUPnP, and the light's files are in *folder*."""
    return [python, str(SCRIPT), LINK, str(folder), *name]


@contextmanager
def gupnp_light(host: Namespace, python: str, folder: Path, *name: str) -> Iterator[Program]:
    """The light without a window, called Light, or by its *name* and with a UDN of its own."""
    command = host.command(*gupnp_command(python, folder, *name))
    with Program(command, cwd=REPOSITORY, env=gupnp_environment()) as program:
        yield program


@contextmanager
def gupnp_light_with_window(host: Namespace, name: str) -> Iterator[Program]:
    """The light of GUPnP's tools, on a screen that nobody sees. It has another UDN at each start."""
    missing = [each for each in ("gupnp-network-light", "Xvfb") if shutil.which(each) is None]
    demand(f"{missing[0]} is missing; install gupnp-tools and xvfb" if missing else None)
    with Program(host.command("Xvfb", "-displayfd", "1", "-screen", "0", "640x480x24", "-nolisten", "tcp")) as screen:
        number = screen.wait_for(r"^\d+$").group()
        env = {**os.environ, **gupnp_environment(), "DISPLAY": f":{number}", "NO_AT_BRIDGE": "1", "GDK_BACKEND": "x11"}
        # exclusive: it is not to switch other lights as well
        command = host.command("gupnp-network-light", "-4", "-x", "-i", LINK, "-p", "4004", "-n", name)
        with Program(command, env=env) as light:
            yield light
            assert light.is_running
