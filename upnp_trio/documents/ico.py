"""Reading an ICO file, as favicon.ico mostly is, and making a PNG of the best picture in it.

An ICO holds pictures in several sizes, each as a PNG or as a Windows bitmap. Control points show neither ICO nor
bitmaps, so a bitmap is written anew as a PNG.
"""

from __future__ import annotations

import struct
import zlib

import attrs

__all__ = ["png_of_ico"]

# Files have up to a dozen sizes, some of them in several depths.
MAX_ENTRIES = 32
# The largest picture that ICO has.
MAX_ICO_SIDE = 256
_PNG = b"\x89PNG\r\n\x1a\n"
_HEADER = b"\0\0\x01\0"
_DEPTHS = (32, 24, 8, 4, 1)
# The numbers that a byte has within it, the first in its highest bits, by their depth.
_SPLIT = {
    depth: [bytes(byte >> shift & ((1 << depth) - 1) for shift in range(8 - depth, -1, -depth)) for byte in range(256)]
    for depth in (1, 4, 8)
}
_OPACITY_OF_BIT = bytes([255, 0]).ljust(256, b"\0")


@attrs.frozen
class _Entry:
    width: int
    depth: int
    data: bytes = attrs.field(repr=False)


def png_of_ico(data: bytes) -> bytes | None:
    """The largest picture of the ICO file *data* that can be read, as a PNG; ``None`` if there is none."""
    if not data.startswith(_HEADER) or len(data) < 6:
        return None
    for entry in sorted(_entries(data), key=lambda entry: (entry.width, entry.depth), reverse=True):
        if entry.data.startswith(_PNG):
            return entry.data
        if (png := _png_of_bitmap(entry.data)) is not None:
            return png
    return None


def _entries(data: bytes) -> list[_Entry]:
    (count,) = struct.unpack_from("<H", data, 4)
    found = []
    for number in range(min(count, MAX_ENTRIES)):
        place = 6 + 16 * number
        if len(data) < place + 16:
            break
        width, depth, size, offset = struct.unpack_from("<B5xHII", data, place)
        found.append(_Entry(width or MAX_ICO_SIDE, depth, data[offset : offset + size]))
    return found


def _png_of_bitmap(data: bytes) -> bytes | None:
    """A PNG of the bitmap *data*: a header, a palette, rows from the bottom up, and a mask of what is transparent."""
    if len(data) < 40:
        return None
    header, width, both_heights, _, depth, compression = struct.unpack_from("<IiiHHI", data)
    (used,) = struct.unpack_from("<I", data, 32)
    height = both_heights // 2  # that of the mask is added
    if header != 40 or compression or depth not in _DEPTHS:
        return None
    if not 1 <= width <= MAX_ICO_SIDE or not 1 <= height <= MAX_ICO_SIDE:
        return None
    colours = min(used or 1 << depth, 256) if depth <= 8 else 0
    start = 40 + 4 * colours
    stride, mask_stride = (width * depth + 31) // 32 * 4, (width + 31) // 32 * 4
    mask_start = start + stride * height
    if len(data) < mask_start:
        return None
    tables = _tables(data[40:start])
    has_opacity = depth == 32 and any(data[start + 3 : mask_start : 4])  # older programs left it to the mask
    rows = []
    for number in range(height - 1, -1, -1):
        line = data[start + stride * number : start + stride * (number + 1)]
        mask = data[mask_start + mask_stride * number : mask_start + mask_stride * (number + 1)]
        row = bytearray(4 * width)
        row[0::4], row[1::4], row[2::4] = _colours(line, width, depth, tables)
        row[3::4] = line[3::4] if has_opacity else _opacities(mask, width)
        rows.append(bytes(row))
    return _png(width, height, rows)


def _tables(palette: bytes) -> tuple[bytes, bytes, bytes]:
    """Red, green and blue by the number of a colour; numbers that *palette* does not have are black."""
    red, green, blue = (palette[colour::4].ljust(256, b"\0") for colour in (2, 1, 0))
    return red, green, blue


def _colours(line: bytes, width: int, depth: int, tables: tuple[bytes, bytes, bytes]) -> tuple[bytes, bytes, bytes]:
    """Red, green and blue of the pixels in *line*."""
    if depth >= 24:
        step = depth // 8
        red, green, blue = (line[colour::step][:width] for colour in (2, 1, 0))
        return red, green, blue
    numbers = b"".join(_SPLIT[depth][byte] for byte in line)[:width]
    red, green, blue = (numbers.translate(table) for table in tables)
    return red, green, blue


def _opacities(mask: bytes, width: int) -> bytes:
    """The opacity of each pixel; what *mask* does not have is opaque."""
    bits = b"".join(_SPLIT[1][byte] for byte in mask)[:width].ljust(width, b"\0")
    return bits.translate(_OPACITY_OF_BIT)


def _png(width: int, height: int, rows: list[bytes]) -> bytes:
    header = struct.pack(">IIBBBBB", width, height, 8, 6, 0, 0, 0)  # 8 bits each of red, green, blue and opacity
    pixels = zlib.compress(b"".join(b"\0" + row for row in rows), 9)  # each row without a filter
    return _PNG + b"".join(_chunk(kind, data) for kind, data in ((b"IHDR", header), (b"IDAT", pixels), (b"IEND", b"")))


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
