"""The kind and size of pictures, from their headers."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.documents.test_ico import bitmap, ico
from upnp_trio.documents.pictures import MAX_SIDE, read_picture
from upnp_trio.model.device import RootDevice


def png(width: int = 48, height: int = 32) -> bytes:
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I4sIIBBBBB", 13, b"IHDR", width, height, 8, 6, 0, 0, 0)


def jpeg(width: int = 48, height: int = 32, *, before: bytes = b"\xff\xe0\x00\x04AB") -> bytes:
    return b"\xff\xd8" + before + b"\xff\xff\xc2\x00\x11" + struct.pack(">BHHB", 8, height, width, 3) + b"\0" * 9


def gif(width: int = 48, height: int = 32) -> bytes:
    return b"GIF89a" + struct.pack("<HH", width, height) + b"\0\0\0"


@pytest.mark.parametrize(
    ("data", "mimetype", "depth"),
    [(png(), "image/png", 32), (jpeg(), "image/jpeg", 24), (gif(), "image/gif", 8), (ico(png()), "image/png", 32)],
)
def test_the_size_is_that_of_the_header(data: bytes, mimetype: str, depth: int) -> None:
    picture = read_picture(data)
    assert picture is not None
    assert (picture.mimetype, picture.width, picture.height, picture.depth) == (mimetype, 48, 32, depth)
    device = RootDevice(device_type="a", friendly_name="b", manufacturer="c", model_name="d", icons=[picture.icon()])
    assert device.icons[0].data == picture.data


def test_a_bitmap_in_an_ico_file_is_a_png() -> None:
    picture = read_picture(ico(bitmap(24)))
    assert picture is not None
    assert (picture.mimetype, picture.width, picture.height, picture.depth) == ("image/png", 2, 2, 32)


@pytest.mark.parametrize(
    "data",
    [
        *(b"", b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"RIFF\0\0\0\0WEBPVP8 ", b"<html>not found</html>"),
        *(
            png()[:20],
            gif()[:8],
            jpeg()[:10],
            b"\xff\xd8\xff",
            b"\xff\xd8\xff\xe0\x00\x00" * 100,
            b"\xff\xd8" + b"\xff" * 99,
        ),
        png().replace(b"\x08\x06", b"\x00\x06"),  # a depth of 0, which no icon has
        *(png(0, 5), gif(5, 0), jpeg(0, 0), png(MAX_SIDE + 1, 5), png(2**31, 2**31)),
        jpeg(before=b"\xff\xe0\x00\x02" * 300),
    ],
)
def test_what_is_no_usable_picture_is_none(data: bytes) -> None:
    assert read_picture(data) is None


@given(data=st.binary(max_size=100), start=st.sampled_from([b"", png()[:16], jpeg()[:4], gif()[:6], ico(png())[:22]]))
def test_no_bytes_make_it_fail(data: bytes, start: bytes) -> None:
    picture = read_picture(start + data)
    if picture is not None:
        assert 1 <= picture.width <= MAX_SIDE
        assert 1 <= picture.height <= MAX_SIDE
        assert picture.depth >= 1
