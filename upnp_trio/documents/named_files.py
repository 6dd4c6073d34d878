"""The files that a device file names: icons, service descriptions and pages, read from its folder within bounds."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from upnp_trio.documents.served_scpd import render_scpd
from upnp_trio.documents.xml import MAX_DOCUMENT_BYTES
from upnp_trio.errors import DescriptionError

if TYPE_CHECKING:
    from upnp_trio.documents.folder import Folder

__all__ = ["MAX_ICON_BYTES", "MAX_PAGE_BYTES", "file_name", "png_size", "read_scpd"]

# Control points show icons in lists, and those with little memory fetch them whole.
MAX_ICON_BYTES = 4 * 1024 * 1024
# A page may carry its pictures and scripts within itself.
MAX_PAGE_BYTES = 4 * 1024 * 1024
_PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_PNG_CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}


def file_name(value: object) -> str:
    """*value*, which must be text; raises `DescriptionError`."""
    if not isinstance(value, str):
        raise DescriptionError(f"{value!r} is not a file name")
    return value


def read_scpd(folder: Folder, name: str) -> bytes:
    """The service description *name*; raises `DescriptionError` if it cannot be served."""
    data = folder.read(name, MAX_DOCUMENT_BYTES)
    try:
        render_scpd(data, config_id=0, spec_version=(1, 1))
    except DescriptionError as error:
        raise DescriptionError(f"{name}: {error}") from error
    return data


def png_size(data: bytes) -> dict[str, int] | None:
    """Width, height and depth (bits per pixel) of a PNG; ``None`` for anything else."""
    if data[:8] != _PNG_SIGNATURE or data[12:16] != b"IHDR" or len(data) < 26:
        return None
    width, height, bits, colour = struct.unpack_from(">IIBB", data, 16)
    return {"width": width, "height": height, "depth": bits * _PNG_CHANNELS.get(colour, 1)}
