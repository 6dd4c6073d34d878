"""One XML document, as a device description, an SCPD and a device file."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from xml.etree.ElementTree import Element

from tests.asking import response_to
from tests.fuzz.logs import check_harmless, harmless_logs
from upnp_trio.documents.description import parse_description, render_description
from upnp_trio.documents.device_file import load_device
from upnp_trio.documents.folder import Folder
from upnp_trio.documents.named_files import MAX_ICON_BYTES
from upnp_trio.documents.publication import publish
from upnp_trio.documents.scpd import parse_scpd, render_service_description
from upnp_trio.documents.served_scpd import render_scpd
from upnp_trio.documents.xml import parse_xml, render_xml
from upnp_trio.errors import DescriptionError
from upnp_trio.exchange import Request
from upnp_trio.model.device import RootDevice
from upnp_trio.model.forgiving import MAX_FORGIVEN, MAX_SENTENCE_CHARACTERS
from upnp_trio.model.rules import violations
from upnp_trio.model.service_rules import flaws
from upnp_trio.model.values import zero
from upnp_trio.server.identity import with_udns
from upnp_trio.site import Site

__all__ = ["fuzz_one"]

_SCPD = b"<scpd><serviceStateTable/></scpd>"
_SECRET = b"the content of a file outside the folder of the device file"


def fuzz_one(data: bytes) -> None:
    """Read *data* as each kind of document. A document written from the result must read the same."""
    _check_forgiven(data)
    try:
        tree = parse_xml(data)
    except DescriptionError:
        assert _description(data) is None, "a description that is no XML"
        return
    assert _names(parse_xml(render_xml(tree))) == _names(tree)
    _check_scpd(data)
    if (device := _description(data)) is not None:
        assert parse_description(render_description(device)) == device
        _check_device_file(data)
        _check_file_names(device)


def _check_forgiven(data: bytes) -> None:
    """Read *data* as a control point does. What is forgiven must be short; what is read strictly must read the same."""
    for parse in (parse_description, parse_scpd):
        forgiven: list[str] = []
        try:
            read = parse(data, forgiven)
        except DescriptionError:
            read = None
        assert len(forgiven) <= MAX_FORGIVEN + 1
        for sentence in forgiven:
            check_harmless(sentence)
            assert len(sentence) <= MAX_SENTENCE_CHARACTERS
        try:
            strictly = parse(data)
        except DescriptionError:
            continue
        assert read == strictly


def _names(tree: Element) -> list[tuple[str, dict[str, str]]]:
    return [(element.tag, dict(element.items())) for element in tree.iter()]


def _description(data: bytes) -> RootDevice | None:
    try:
        return parse_description(data)
    except DescriptionError:
        return None


def _check_scpd(data: bytes) -> None:
    _check_service_description(data)
    try:
        written = render_scpd(data, config_id=7, spec_version=(1, 1))
    except DescriptionError:
        return
    assert parse_xml(written).get("configId") == "7"
    assert render_scpd(written, config_id=7, spec_version=(1, 1)) == written


def _check_service_description(data: bytes) -> None:
    """Read the values of an SCPD. If they break no rule, what is written of them must read the same."""
    try:
        with harmless_logs():
            description = parse_scpd(data)
    except DescriptionError as error:
        check_harmless(str(error))
        return
    for variable in description.variables:
        zero(variable)
    found = list(flaws(description))
    for flaw in found:
        check_harmless(flaw)
    if not found and description.variables:
        assert parse_scpd(render_service_description(description, spec_version=(1, 1))) == description


@cache
def _folder() -> Path:
    """A folder with all kinds of files that a description may name, beside a secret; deleted at exit."""
    top = Path(_keep_until_exit(tempfile.TemporaryDirectory(prefix="upnp-trio-fuzz-")).name)
    (top / "secret.png").write_bytes(_SECRET)
    folder = top / "device"
    (folder / "folder").mkdir(parents=True)
    (folder / "icon.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    (folder / "scpd.xml").write_bytes(_SCPD)
    (folder / "link.png").symlink_to(top / "secret.png")
    (folder / "folder" / "link.png").symlink_to("../link.png")
    (folder / "up").symlink_to("..")
    (folder / "loop").symlink_to("loop")
    os.mkfifo(folder / "pipe")
    (folder / "large.png").touch()
    os.truncate(folder / "large.png", MAX_ICON_BYTES + 1)
    return folder


@cache
def _keep_until_exit(folder: tempfile.TemporaryDirectory[str]) -> tempfile.TemporaryDirectory[str]:
    return folder


def _check_device_file(data: bytes) -> None:
    file = _folder() / "device.xml"
    file.write_bytes(data)
    with harmless_logs():
        try:
            device = load_device(file)
            assert not [violation for violation in violations(device) if violation.must]
            publication = publish(with_udns(device, "fuzz"))
        except DescriptionError:
            return
    assert parse_description(publication.files[publication.description_path].body) == publication.root
    site = Site()
    site.add(publication)
    for path in [*publication.files, *publication.pages, "/"]:
        response = response_to(site, Request("GET", path))
        assert response.status in (200, 302)
        assert _SECRET not in response.body, f"{path} leads out of the folder"


def _check_file_names(device: RootDevice) -> None:
    """Read each URL of *device* as the name of a file, which it would be in TOML."""
    folder = Folder(_folder())
    for name in _urls(device):
        try:
            content = folder.read(name, MAX_ICON_BYTES)
        except DescriptionError:
            continue
        assert _SECRET not in content, f"{name} leads out of the folder"
        assert len(content) <= MAX_ICON_BYTES


def _urls(root: RootDevice) -> Iterator[str]:
    for device in root.walk():
        yield from (icon.url for icon in device.icons)
        yield from (service.scpd_url for service in device.services)
        yield device.presentation_url or ""
