"""The kind and size of a picture that a stranger gives, read from its header.

PNG and JPEG are what UPnP's control points and Windows show, and GIF is what some do (UDA 2.0 §2.3 wants one PNG among
the icons). ICO becomes a PNG. SVG, WebP and AVIF would need a library that draws.
"""

from __future__ import annotations

import re
import struct

import attrs

from upnp_trio.documents.ico import png_of_ico
from upnp_trio.documents.named_files import png_size
from upnp_trio.model.device import Icon

__all__ = ["MAX_SIDE", "Picture", "flaw_of_kind", "flaw_of_picture", "read_picture"]

# Windows shows icons of up to 256 pixels; those of phones have up to 512. A control point that unpacks a larger one
# pays with its memory.
MAX_SIDE = 1024
# Each is skipped by its length, and a photograph has some 20 before its size.
MAX_SEGMENTS = 256

_GIF = (b"GIF87a", b"GIF89a")
_JPEG = b"\xff\xd8\xff"
# The frame headers of JPEG: all that begin with FFC, but tables, extensions and arithmetic conditioning.
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
# GIF has up to 256 colours.
_GIF_DEPTH = 8


# How pictures begin that browsers show and control points do not.
_OTHERS = {
    "an SVG": re.compile(rb"\s*(?:<\?xml|<!--|<!DOCTYPE\s+svg|<svg[\s>])", re.IGNORECASE),
    "a WebP": re.compile(rb"RIFF....WEBP", re.DOTALL),
    "an AVIF": re.compile(rb"....ftypavi[fs]", re.DOTALL),
    "a BMP": re.compile(rb"BM"),
}


@attrs.frozen
class Picture:
    """A picture that can be an icon."""

    mimetype: str
    width: int
    height: int
    #: bits per pixel
    depth: int
    data: bytes = attrs.field(repr=False)

    def icon(self) -> Icon:
        """The picture as the icon of a device."""
        name = f"icon.{self.mimetype.partition('/')[2]}"
        return Icon(
            mimetype=self.mimetype, width=self.width, height=self.height, depth=self.depth, url=name, data=self.data
        )


def read_picture(data: bytes) -> Picture | None:
    """The picture that *data* is; ``None`` if it is none that control points show, or is too large."""
    if (png := png_of_ico(data)) is not None:
        data = png
    picture = _png(data) or _gif(data) or _jpeg(data)
    is_usable = picture is not None and min(picture.width, picture.height, picture.depth) >= 1
    return picture if picture and is_usable and max(picture.width, picture.height) <= MAX_SIDE else None


def flaw_of_kind(kind: str) -> str:
    """What keeps pictures of *kind*, such as ``"an SVG"``, from being icons, in words that follow a name."""
    return f"is {kind}, which control points do not show"


def flaw_of_picture(data: bytes) -> str:
    """What keeps *data* from being a picture for `read_picture`, in words that follow a name."""
    for kind, start in _OTHERS.items():
        if start.match(data):
            return flaw_of_kind(kind)
    return f"is no PNG, JPEG, GIF or ICO of at most {MAX_SIDE} pixels, which control points show"


def _png(data: bytes) -> Picture | None:
    size = png_size(data)
    return None if size is None else Picture("image/png", size["width"], size["height"], size["depth"], data)


def _gif(data: bytes) -> Picture | None:
    if not data.startswith(_GIF) or len(data) < 10:
        return None
    width, height = struct.unpack_from("<HH", data, 6)
    return Picture("image/gif", width, height, _GIF_DEPTH, data)


def _jpeg(data: bytes) -> Picture | None:
    if not data.startswith(_JPEG):
        return None
    position = 2
    for _ in range(MAX_SEGMENTS):
        while data[position : position + 2] == b"\xff\xff":  # any number of them may come before a marker
            position += 1
        if len(data) < position + 10 or data[position] != 0xFF:
            return None
        marker, length = data[position + 1], int.from_bytes(data[position + 2 : position + 4], "big")
        if marker in _FRAMES:
            bits, height, width, components = struct.unpack_from(">BHHB", data, position + 4)
            return Picture("image/jpeg", width, height, max(bits * components, 1), data)
        if length < 2:
            return None
        position += 2 + length
    return None
