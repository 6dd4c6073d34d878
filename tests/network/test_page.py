"""The device's page in a real browser."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import urljoin
from xml.etree import ElementTree

import pytest

from tests.network.browser import OPTIONS
from tests.network.fetching import fetch

if TYPE_CHECKING:
    from pathlib import Path

    from tests.network.scenes import Scene

pytestmark = pytest.mark.interop

BROWSER_SECONDS = 100


def _page(scene: Scene) -> str:
    description = ElementTree.fromstring(fetch(scene.pair.asker, scene.served.location).body)
    path = description.findtext(".//{urn:schemas-upnp-org:device-1-0}presentationURL")
    assert path
    return urljoin(scene.served.location, path)


def _browse(scene: Scene, chromium: str, profile: Path, *options: str) -> str:
    where = [f"--user-data-dir={profile}", *options, _page(scene)]
    done = scene.pair.asker.run(chromium, *OPTIONS, *where, seconds=BROWSER_SECONDS)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize(("scene", "name"), [("jambon", "Jambon 3000"), ("gateway", "Passerelle")])
def test_the_page_shows_the_friendly_name(
    scene: str, name: str, chromium: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    served: Scene = request.getfixturevalue(scene)
    document = _browse(served, chromium, tmp_path, "--dump-dom")
    assert re.findall(r"<h1>(.*?)</h1>", document) == [name]
    assert served.served.location in document


def test_the_page_can_be_pictured(jambon: Scene, chromium: str, tmp_path: Path) -> None:
    picture = tmp_path / "page.png"
    _browse(jambon, chromium, tmp_path / "profile", f"--screenshot={picture}", "--window-size=900,1000")
    assert picture.read_bytes().startswith(b"\x89PNG\r\n\x1a\n")
