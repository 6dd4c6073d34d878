"""Device files: a device that somebody described in TOML, or the XML description of any UPnP device.

The icons, SCPDs and pages that a device file names are read from its folder. A folder with a ``device.toml`` stands for
that file.
"""

from __future__ import annotations

import logging
import os
from pathlib import Path

import attrs

from upnp_trio.documents.description import parse_description
from upnp_trio.documents.folder import Folder, read_file
from upnp_trio.documents.named_files import MAX_ICON_BYTES, MAX_PAGE_BYTES, read_scpd
from upnp_trio.documents.xml import MAX_DOCUMENT_BYTES
from upnp_trio.errors import CodeFailed, DescriptionError
from upnp_trio.model.device import Device, RootDevice
from upnp_trio.model.rules import refusals
from upnp_trio.model.urls import has_scheme

__all__ = ["DEVICE_FILE_NAME", "load_device"]

logger = logging.getLogger(__name__)

#: the device file of a folder that is named in its place
DEVICE_FILE_NAME = "device.toml"


def load_device(path: str | Path) -> RootDevice:
    """Read the root device that the file at *path* describes: in TOML if its name ends in ``.toml``, else in XML.

    A folder stands for the ``device.toml`` in it. The device file and the files that it names must be regular files. It
    can name files of its own folder and of the folders below, once links are followed. Raises `DescriptionError` for
    what cannot be read and for each rule of UDA that keeps the device from being served, with the file and the line or
    field. A TOML file can name handlers of services, Python code that is then imported; if that raises an exception, it
    is the ``__cause__`` of the error.
    """
    path = _device_file(Path(path))
    data = read_file(path, MAX_DOCUMENT_BYTES)
    try:
        folder = Folder(path.parent)
        device = _from_toml(data, folder) if path.suffix.lower() == ".toml" else _from_xml(data, folder)
    except CodeFailed as error:
        raise CodeFailed(_within(path, error)) from error.__cause__
    except DescriptionError as error:
        raise DescriptionError(_within(path, error)) from error
    if errors := refusals(device):
        raise DescriptionError(_within(path, "\n".join(map(str, errors))))
    return device


def _device_file(path: Path) -> Path:
    if not os.path.isdir(path):  # unlike the method of Path, it takes any path
        return path
    file = path / DEVICE_FILE_NAME
    if not os.path.lexists(file):
        raise DescriptionError(f"{path}: the folder has no {DEVICE_FILE_NAME}; name a device file in it")
    return file


def _within(path: Path, what: object) -> str:
    return "\n".join(f"{path}: {line}" for line in str(what).splitlines())


def _from_toml(data: bytes, folder: Folder) -> RootDevice:
    from upnp_trio.documents.device_tables import read_device_tables  # it imports readers of TOML and of its tables

    return read_device_tables(data, folder)


def _from_xml(data: bytes, folder: Folder) -> RootDevice:
    device = _with_files(parse_description(data), folder)
    assert isinstance(device, RootDevice)
    return device


def _with_files(device: Device, folder: Folder) -> Device:
    """*device* with the content of the files that its description names."""
    icons = []
    for icon in device.icons:
        if (name := folder.find(icon.url)) is None:
            logger.warning("the icon %s is not beside the description and is left out", icon.url)
        else:
            icons.append(attrs.evolve(icon, data=folder.read(name, MAX_ICON_BYTES)))
    services = []
    for service in device.services:
        if (name := folder.find(service.scpd_url)) is None:
            logger.warning("the SCPD %s is not beside the description; a minimal one is served", service.scpd_url)
        services.append(service if name is None else attrs.evolve(service, scpd=read_scpd(folder, name)))
    url = device.presentation_url
    page = None if url is None or has_scheme(url) else folder.find(url)
    return attrs.evolve(
        device,
        icons=icons,
        services=services,
        devices=[_with_files(embedded, folder) for embedded in device.devices],
        page=None if page is None else folder.read(page, MAX_PAGE_BYTES),
    )
