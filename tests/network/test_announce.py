"""``upnp-trio announce``: GUPnP sees a web server of Python come, go when it dies, and come back."""

from __future__ import annotations

import json
import re
import signal
import socket
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urljoin

import pytest

from tests.documents.test_pictures import png
from tests.network.namespaces import LINK
from tests.network.processes import PATIENCE_SECONDS, Program
from tests.network.served import REPOSITORY, command, environment

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.network.namespaces import Namespace, Network
    from tests.network.scenes import Pair

pytestmark = pytest.mark.interop

HERE = Path(__file__).parent
BASIC = "urn:schemas-upnp-org:device:Basic:1"
ICON = png(64, 64)
PORT = 8000


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """The files of a page with a title and an icon."""
    folder = tmp_path / "site"
    folder.mkdir()
    (folder / "index.html").write_text(
        "<!DOCTYPE html><meta charset=utf-8><title>Ham &amp; été</title><link rel=icon href=a.png><h1>Hello</h1>",
        encoding="utf-8",
    )
    (folder / "a.png").write_bytes(ICON)
    return folder


def web_server(host: Namespace, site: Path, *arguments: str) -> Program:
    """``python -m http.server`` on *host*."""
    command = [sys.executable, "-u", "-m", "http.server", str(PORT), *arguments]
    return Program(host.command(*command), cwd=site, env=environment())


def announcing(host: Namespace, state: Path, *arguments: str) -> Program:
    """The command, on IPv4 alone."""
    words = ["announce", *arguments, "--ipv4-only", "--every", "1", "--state-dir", str(state)]
    return Program(host.command(*command(*words)), cwd=REPOSITORY, env=environment())


def fetch(host: Namespace, curl: str, url: str, *options: str) -> str:
    """The body at *url*, after redirects, and in a last line the URL that has it."""
    words = ["--silent", "--max-time", "20", "--location", "--write-out", "\n%{url_effective}", *options]
    done = host.run(curl, *words, url)
    assert done.returncode == 0, done.stderr
    return done.stdout


def element(name: str, description: str) -> str:
    """The text of the first element *name*."""
    found = re.search(f"<{name}>([^<]+)</{name}>", description)
    assert found is not None, description
    return found[1]


def find(pair: Pair, udn: str) -> str:
    """LOCATION of the device with *udn*."""
    done = pair.asker.run(*command("search", udn.removeprefix("uuid:"), "--json"), cwd=REPOSITORY)
    return str(json.loads(done.stdout)["location"])


def test_gupnp_sees_a_page_come_go_and_come_back(
    pair: Pair, site: Path, tmp_path: Path, gupnp_python: str, curl: str
) -> None:
    control_point = [gupnp_python, str(HERE / "gupnp_control_point.py"), LINK, BASIC]
    with (
        Program(pair.asker.command(*control_point)) as seen,
        announcing(pair.device, tmp_path, f"http://localhost:{PORT}") as announced,
    ):
        announced.wait_for("http://localhost:8000/  waiting: cannot connect: Connection refused")
        assert "available" not in seen.output
        with web_server(pair.device, site) as server:
            udn = seen.wait_for("^available (\\S+) 'Ham & été' *$")[1]
            announced.wait_for("http://localhost:8000/  announced as 'Ham & été'")
            location = find(pair, udn)
            description = fetch(pair.asker, curl, location)
            assert element("friendlyName", description) == "Ham &amp; été"
            assert "X_deviceCategory>Other<" in description
            page = fetch(pair.asker, curl, urljoin(location, element("presentationURL", description)))
            assert page.endswith(f"<h1>Hello</h1>\nhttp://{pair.device_address}:{PORT}/")
            icon = urljoin(location, element("url", description))
            fetch(pair.asker, curl, icon, "--output", str(tmp_path / "icon"))
            assert (tmp_path / "icon").read_bytes() == ICON
            server.signal(signal.SIGKILL)
            # the web server is gone without a word
            assert seen.wait_for("^unavailable (\\S+)$")[1] == udn
            announced.wait_for("taken off: cannot connect: Connection refused")
        (site / "index.html").write_text("<title>Back</title>", encoding="utf-8")
        with web_server(pair.device, site):
            seen.wait_for(f"^available {udn} 'Back' *$")
            assert (announced.stop(), announced.errors) == (0, "")
            seen.wait_until(lambda output: output.count(f"unavailable {udn}") == 2, "the end")


def test_pages_of_a_file_in_another_network_are_announced_with_what_it_says_of_them(
    network: Network, site: Path, tmp_path: Path, gupnp_python: str
) -> None:
    """The page is behind a router, where no multicast leads, as in another VLAN."""
    announcer, asker, far = network.add_host("announcer"), network.add_host("asker"), network.add_host("far")
    network.join((announcer, LINK, "10.77.0.1/24"), (asker, LINK, "10.77.0.2/24"))
    network.join((announcer, "eth1", "10.88.0.1/24"), (far, LINK, "10.88.0.2/24"))
    (site / "nas.png").write_bytes(ICON)
    (site / "pages.toml").write_text(
        f"""
        [[page]]
        url = "http://10.88.0.2:{PORT}/"
        name = "The NAS"
        icon = "nas.png"
        category = "Storage"
        [[page]]
        url = "http://10.88.0.2:{PORT}/missing"
        """,
        encoding="utf-8",
    )
    control_point = [gupnp_python, str(HERE / "gupnp_control_point.py"), LINK, BASIC]
    with (
        web_server(far, site),
        Program(asker.command(*control_point)) as seen,
        announcing(announcer, tmp_path, str(site / "pages.toml"), "--interface", LINK) as announced,
    ):
        seen.wait_for("^available (\\S+) 'The NAS' *$")
        announced.wait_for("/missing  waiting: its server answers with status 404")
        assert announced.stop() == 0


def test_a_service_manager_learns_what_is_announced(pair: Pair, site: Path, tmp_path: Path) -> None:
    with open_notify_socket(tmp_path) as (path, received), web_server(pair.device, site) as server:
        words = command("announce", f"http://localhost:{PORT}", "--ipv4-only", "--every", "1", "--quiet")
        env = {**environment(), "NOTIFY_SOCKET": path}
        with Program(pair.device.command(*words, "--state-dir", str(tmp_path)), cwd=REPOSITORY, env=env) as announced:
            assert received("READY=1") == "READY=1\nSTATUS=Serving Ham & été"
            server.signal(signal.SIGKILL)
            assert received("STATUS=Serving no device yet")
            announced.wait_for_error("WARNING: http://localhost:8000/  taken off: cannot connect")
            assert (announced.stop(), announced.output) == (0, "")
            assert received("STOPPING=1")


@contextmanager
def open_notify_socket(folder: Path) -> Iterator[tuple[str, Callable[[str], str]]]:
    """A service manager's socket, and what waits for a notification that has a text."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as opened:
        opened.bind(str(folder / "notify"))
        opened.settimeout(PATIENCE_SECONDS)

        def received(text: str) -> str:
            while text not in (notification := opened.recv(65536).decode()):
                pass
            return notification

        yield str(folder / "notify"), received
