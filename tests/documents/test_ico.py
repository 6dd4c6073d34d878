"""ICO files become PNGs: every depth of a bitmap, with its mask, and nothing of what is broken."""

from __future__ import annotations

import struct
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from upnp_trio.documents.ico import MAX_ENTRIES, png_of_ico

RED, GREEN, CLEAR = (255, 0, 0, 255), (0, 128, 0, 255), (0, 0, 0, 0)
#: the picture of all tests, from the top: red and green, green and nothing
PICTURE = [[RED, GREEN], [GREEN, CLEAR]]
PALETTE = [(0, 0, 0, 0), RED, GREEN]


def ico(*pictures: bytes, width: int = 2) -> bytes:
    """An ICO file of *pictures*, the first with *width* and each further one a pixel smaller."""
    entries, offset = b"", 6 + 16 * len(pictures)
    for number, picture in enumerate(pictures):
        entries += struct.pack("<BBBBHHII", width - number, 2, 0, 0, 1, 32, len(picture), offset)
        offset += len(picture)
    return struct.pack("<HHH", 0, 1, len(pictures)) + entries + b"".join(pictures)


def bitmap(depth: int, *, side: int = 2, is_opacity_in_mask: bool = False) -> bytes:
    """`PICTURE` as a bitmap, whose rows begin at the bottom."""
    colours = b"".join(struct.pack("BBBB", blue, green, red, 0) for red, green, blue, _ in PALETTE)
    header = struct.pack("<IiiHHIIiiII", 40, side, 2 * side, 1, depth, 0, 0, 0, 0, len(PALETTE), 0)
    rows, masks = b"", b""
    for line in reversed(PICTURE):
        row, mask = b"", 0
        numbers = 0
        for x, pixel in enumerate(line):
            red, green, blue, opacity = pixel
            if depth == 32:
                row += bytes((blue, green, red, 0 if is_opacity_in_mask else opacity))
            elif depth == 24:
                row += bytes((blue, green, red))
            else:
                number = 0 if pixel == CLEAR else PALETTE.index(pixel)
                numbers |= (number & ((1 << depth) - 1)) << (16 - depth * (x + 1))
            mask |= (opacity == 0) << (7 - x)
        row = row or struct.pack(">H", numbers)
        rows += row.ljust((side * depth + 31) // 32 * 4, b"\0")
        masks += bytes([mask, 0, 0, 0])
    return header + (colours if depth <= 8 else b"") + rows + masks


def pixels(png: bytes | None) -> list[list[tuple[int, ...]]]:
    """The pixels of a PNG of ours."""
    assert png is not None
    assert png[:8] == b"\x89PNG\r\n\x1a\n"
    width, height, bits, colour = struct.unpack_from(">IIBB", png, 16)
    assert (bits, colour) == (8, 6)
    place, data = 8, b""
    while place < len(png):
        (length,), kind = struct.unpack_from(">I", png, place), png[place + 4 : place + 8]
        content = png[place + 8 : place + 8 + length]
        assert struct.unpack_from(">I", png, place + 8 + length) == (zlib.crc32(kind + content),)
        data += content if kind == b"IDAT" else b""
        place += 12 + length
    raw = zlib.decompress(data)
    rows = [raw[row * (4 * width + 1) :][: 4 * width + 1] for row in range(height)]
    assert all(row[0] == 0 for row in rows)
    return [[tuple(row[1 + 4 * x : 5 + 4 * x]) for x in range(width)] for row in rows]


@pytest.mark.parametrize("depth", [4, 8, 24, 32])
def test_a_bitmap_of_each_depth_becomes_a_png(depth: int) -> None:
    assert pixels(png_of_ico(ico(bitmap(depth)))) == PICTURE


def test_a_bitmap_of_two_colours_becomes_a_png() -> None:
    (first, second), (third, clear) = pixels(png_of_ico(ico(bitmap(1))))
    assert (first, second, third) == (RED, (*CLEAR[:3], 255), (*CLEAR[:3], 255))  # the palette's 2 does not fit
    assert clear == CLEAR


def test_the_mask_says_what_is_transparent_if_the_pixels_do_not() -> None:
    assert pixels(png_of_ico(ico(bitmap(32, is_opacity_in_mask=True)))) == PICTURE


def test_a_png_in_it_is_taken_as_it_is() -> None:
    png = png_of_ico(ico(bitmap(32)))
    assert png is not None
    assert png_of_ico(ico(png)) == png


def test_the_largest_picture_that_can_be_read_is_taken() -> None:
    assert pixels(png_of_ico(ico(b"broken", bitmap(24), width=3))) == PICTURE


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\0\0\x01\0",
        b"\0\0\x01\0\xff\xff",
        ico(bitmap(32)[:39]),
        ico(bitmap(32)[:50]),
        ico(b"\0" * 40),
        ico(*[b""] * MAX_ENTRIES, bitmap(32), width=200),
        b"\x89PNG\r\n\x1a\n",
        b"<svg>",
    ],
)
def test_what_cannot_be_read_gives_nothing(data: bytes) -> None:
    assert png_of_ico(data) is None


def test_a_bitmap_without_its_mask_is_opaque() -> None:
    assert pixels(png_of_ico(ico(bitmap(24)[:-8])))[1][1] == (0, 0, 0, 255)


@given(data=st.binary(max_size=200), depth=st.sampled_from([1, 4, 8, 24, 32]), at=st.integers(0, 120))
def test_no_bytes_make_it_fail(data: bytes, depth: int, at: int) -> None:
    valid = ico(bitmap(depth))
    png_of_ico(valid[:at] + data + valid[at + len(data) :])
    png_of_ico(b"\0\0\x01\0" + data)
