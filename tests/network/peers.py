"""Devices of others, started on a host of a network of ours, and ended with the test."""

from __future__ import annotations

import shutil
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from tests.network.demands import demand
from tests.network.processes import Program
from tests.network.served import REPOSITORY, environment

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.network.namespaces import Namespace

__all__ = ["async_upnp_client_light", "minidlna"]

MINIDLNA = """\
network_interface={interface}
port=8200
friendly_name=Films
media_dir={folder}/media
db_dir={folder}/db
log_dir={folder}/log
inotify=no
notify_interval=60
"""


@contextmanager
def minidlna(host: Namespace, interface: str) -> Iterator[None]:
    """A media server called Films, with two folders in it."""
    demand(None if shutil.which("minidlnad") else "minidlnad is missing; install minidlna")
    with tempfile.TemporaryDirectory(prefix="upnp-trio-") as name:
        folder = Path(name)
        for part in ("media/one", "media/two", "db", "log"):
            (folder / part).mkdir(parents=True)
        file = folder / "minidlna.conf"
        file.write_text(MINIDLNA.format(interface=interface, folder=folder), encoding="ascii")
        with Program(host.command("minidlnad", "-d", "-f", str(file), "-P", str(folder / "pid"))) as program:
            program.wait_for("HTTP listening on port 8200")
            yield


@contextmanager
def async_upnp_client_light(host: Namespace, address: str) -> Iterator[None]:
    """The light of the benchmarks on async_upnp_client, called Light."""
    try:
        import async_upnp_client  # noqa: F401  # whether it is there
    except ImportError:
        demand("async_upnp_client is missing; install async-upnp-client, from PyPI")
    command = host.command(sys.executable, "-m", "benchmarks.peers.async_upnp_client_light", address, "49300")
    with Program(command, cwd=REPOSITORY, env=environment()):
        yield
