"""A device with names, fields and a path that UDA does not know, on port 80, for the control points that want them."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from tests.network.demands import demand
from tests.network.scenes import DEVICE_ADDRESS, SILENCE_SECONDS
from tests.network.served import REPOSITORY, command
from tests.network.ssdp import m_search, open_searcher

if TYPE_CHECKING:
    from pathlib import Path

    from tests.network.scenes import Pair, Serve

pytestmark = pytest.mark.interop

SERIAL = "uuid:roku:ecp:P0A070000007"
DEVICE = f"""
device_type = "urn:roku-com:device:player:1"
friendly_name = "Den"
manufacturer = "Roku"
model_name = "Roku 4"
udn = "uuid:5f9ec1b3-ed59-1900-4530-00e0a5b3c001"
description_path = "/"

[advertising]
server = "Roku/12.0.0 UPnP/1.0 Roku/12.0.0"

[advertising.headers]
WAKEUP = "MAC=00:00:5e:00:53:01;Timeout=10"

[advertising.description_headers]
Application-URL = "http://{{host}}:{{port}}/dial"

[[advertising.rows]]
notification_type = "roku:ecp"
usn = "{SERIAL}"

[[advertising.rows]]
notification_type = "urn:Belkin:device:**"
"""


@pytest.fixture
def device(tmp_path: Path) -> Path:
    """A device file."""
    path = tmp_path / "roku.toml"
    path.write_text(DEVICE)
    return path


def test_a_remote_finds_it_without_mx_and_reads_it_at_port_80(
    pair: Pair, serve: Serve, device: Path, curl: str
) -> None:
    served = serve(pair.device, "--port", "80", "--profile", "roku", device)
    assert served.location == f"http://{DEVICE_ADDRESS}:80/"
    with open_searcher(pair.asker) as searcher:
        searcher.send(m_search("roku:ecp", mx=None))
        (answer,) = searcher.receive_for(SILENCE_SECONDS)
    assert (answer["ST"], answer["USN"], answer["LOCATION"]) == ("roku:ecp", SERIAL, served.location)
    assert answer["SERVER"] == "Roku/12.0.0 UPnP/1.0 Roku/12.0.0"
    assert answer["WAKEUP"] == "MAC=00:00:5e:00:53:01;Timeout=10"
    done = pair.asker.run(curl, "--silent", "--show-error", "--include", f"http://{DEVICE_ADDRESS}/")
    assert done.returncode == 0, done.stderr
    assert f"Application-URL: http://{DEVICE_ADDRESS}:80/dial" in done.stdout.splitlines()
    assert "<friendlyName>Den</friendlyName>" in done.stdout


def test_an_echo_finds_the_row_of_a_switch(pair: Pair, serve: Serve, device: Path) -> None:
    served = serve(pair.device, device)
    with open_searcher(pair.asker) as searcher:
        searcher.send(m_search("urn:Belkin:device:**", mx=15))  # as it sends it (falk0069/hue-upnp #2)
        (answer,) = searcher.receive(1)
    assert answer["USN"] == "uuid:5f9ec1b3-ed59-1900-4530-00e0a5b3c001::urn:Belkin:device:**"
    assert answer["LOCATION"] == served.location


@pytest.mark.parametrize("target", ["roku:ecp", "urn:Belkin:device:**"])
def test_async_upnp_client_finds_them(target: str, pair: Pair, serve: Serve, device: Path, upnp_client: str) -> None:
    served = serve(pair.device, device)
    done = pair.asker.run(
        upnp_client, "--timeout", "2", "search", "--search_target", target, "--bind", pair.asker_address
    )
    assert served.location in done.stdout, done
    assert target in done.stdout


def test_without_the_privilege_for_port_80_one_line_says_how_to_get_it(pair: Pair, device: Path) -> None:
    setpriv = shutil.which("setpriv")
    demand(None if setpriv else "setpriv is missing; install util-linux")
    assert setpriv is not None
    arguments = command("--ipv4-only", "--port", "80", device)
    drop = ("--bounding-set=-net_bind_service", "--inh-caps=-all", "--ambient-caps=-all")
    ended = pair.device.run(setpriv, *drop, *arguments, cwd=REPOSITORY)
    assert ended.returncode == 1
    assert ended.stdout == ""
    assert ended.stderr == (
        f"Error: cannot listen on TCP port 80 at {DEVICE_ADDRESS}: Permission denied; choose a port from 1024 on with "
        "--port or port=, or let this process use the lower ones: by AmbientCapabilities=CAP_NET_BIND_SERVICE in a "
        "systemd unit, or for all by 'sysctl net.ipv4.ip_unprivileged_port_start=80'\n"
    )
