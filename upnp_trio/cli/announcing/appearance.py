"""How a page looks in a list of devices: its title and its icon, as the page has them."""

from __future__ import annotations

import base64
import binascii
import logging
from typing import TYPE_CHECKING
from urllib.parse import unquote_to_bytes

import attrs
import trio

from upnp_trio.documents.pictures import Picture, flaw_of_kind, flaw_of_picture, read_picture
from upnp_trio.documents.web_page import IconLink, WebPage, read_web_page
from upnp_trio.errors import RequestFailed
from upnp_trio.model.printable import printable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from upnp_trio.http.page_client import FetchedPage, PageClient
    from upnp_trio.model.web_url import WebUrl

__all__ = ["Appearance", "NotShown", "fetch_picture", "find_icon", "read_own"]

# A favicon.ico in all sizes has some 100 KB, and a picture for phones 20.
MAX_ICON_BYTES = 256 * 1024
# Of those that a page names, mostly in many sizes; if the best are not there, the others are not, either.
MAX_ICONS_TRIED = 4
# For all of them.
ICON_SECONDS = 15.0
# Windows shows up to 256 pixels, most lists 48, and screens of double density twice as many.
LEAST_PIXELS, BEST_PIXELS, MOST_PIXELS = 48, 120, 256
# What icons have whose size the page does not give.
USUAL_PIXELS, USUAL_PIXELS_OF_PHONES = 32, 180

# Where browsers look for an icon that a page does not name.
_WELL_KNOWN = (IconLink("/favicon.ico"), IconLink("/apple-touch-icon.png"))
# Kinds that browsers show and control points do not, with their media types and how their names end.
_NOT_SHOWN = (
    ("an SVG", "image/svg", ".svg"),
    ("a WebP", "image/webp", ".webp"),
    ("an AVIF", "image/avif", ".avif"),
)
# An icon within the page is as long as its data.
MAX_SHOWN_CHARACTERS = 80
# The reason why one is left out may have its URL once more, which the page has written.
MAX_REASON_CHARACTERS = 200

logger = logging.getLogger(__name__)


@attrs.frozen
class Appearance:
    """What a page shows of itself."""

    #: one line; empty without one
    title: str = ""
    icon: Picture | None = None


def read_own(page: FetchedPage) -> WebPage:
    """What *page* says of itself; nothing if it is an error, or leads to another host."""
    if page.elsewhere or not 200 <= page.status < 300:
        return WebPage()
    return read_web_page(page.body, page.content_type, is_whole=page.is_whole)


class NotShown(Exception):
    """A picture cannot be an icon; the message says why, in words that follow its name."""


async def find_icon(client: PageClient, page: FetchedPage, read: WebPage) -> Picture | None:
    """The best icon that *page* names, of those that control points show; else one that browsers know without a link.

    What is left out is logged.
    """
    left_out = [f"the icon {_shown(link)} {flaw}" for link in read.icons if (flaw := _flaw_of_link(link))]
    picture: Picture | None = None
    with trio.move_on_after(ICON_SECONDS) as trying:
        for link in _by_merit(read):
            try:
                picture = await _fetch(client, page, read.base, link)
                break
            except NotShown as reason:
                if link not in _WELL_KNOWN:
                    left_out.append(f"the icon {_shown(link)} {printable(str(reason), MAX_REASON_CHARACTERS)}")
    if trying.cancelled_caught:
        left_out.append(f"no icon has come within {ICON_SECONDS:g} s")
    if left_out:
        instead = "another one is shown" if picture is not None else "a general one is shown"
        logger.info("%s: %s; %s", page.url, "; ".join(left_out), instead)
    return picture


def _by_merit(read: WebPage) -> Iterator[IconLink]:
    """The icons of a page that may be of use, the best first."""
    usable = [link for link in read.icons if not _flaw_of_link(link)]
    yield from sorted(usable, key=_demerit)[:MAX_ICONS_TRIED]
    yield from _WELL_KNOWN


def _flaw_of_link(link: IconLink) -> str:
    """Why the icon need not be fetched, by its type or else by the end of its name; empty if it may be of use."""
    path = link.url.partition("?")[0].lower()
    for kind, mimetype, ending in _NOT_SHOWN:
        is_told = link.mimetype.startswith(mimetype) or path.startswith(f"data:{mimetype}")
        if is_told or (not link.mimetype and path.endswith(ending)):
            return flaw_of_kind(kind)
    return ""


def _shown(link: IconLink) -> str:
    return printable(link.url, MAX_SHOWN_CHARACTERS)


def _demerit(link: IconLink) -> tuple[bool, int]:
    pixels = link.width or (USUAL_PIXELS_OF_PHONES if link.is_for_phones else USUAL_PIXELS)
    return not LEAST_PIXELS <= pixels <= MOST_PIXELS, abs(pixels - BEST_PIXELS)


async def _fetch(client: PageClient, page: FetchedPage, base: str, link: IconLink) -> Picture:
    """The icon of *page* at *link*; raises `NotShown`."""
    if link.url[:5].lower() == "data:":
        return _read(_data_of(link.url))
    try:
        url = _resolve(page.url, base, link.url)
    except ValueError as error:
        raise NotShown(f"is at no URL: {error}") from error
    if not await client.is_same_host(url, page.url, page.address):
        raise NotShown("is on another host")
    return await fetch_picture(client, url, page.address)


async def fetch_picture(client: PageClient, url: WebUrl, address: str = "") -> Picture:
    """The picture at *url*; raises `NotShown` if there is none that control points show."""
    try:
        found = await client.get(url, address=address, max_body_bytes=MAX_ICON_BYTES + 1)
    except RequestFailed as error:
        raise NotShown(f"cannot be had: {str(error).removeprefix(f'{url}: ')}") from error
    if found.status != 200:
        raise NotShown(f"cannot be had: its server answers with status {found.status}")
    if len(found.body) > MAX_ICON_BYTES:
        raise NotShown(f"has more than {MAX_ICON_BYTES // 1024} KiB")
    if not found.is_whole:  # it would be shown as a broken picture
        raise NotShown("has broken off")
    return _read(found.body)


def _read(data: bytes) -> Picture:
    picture = read_picture(data)
    if picture is None:
        raise NotShown(flaw_of_picture(data))
    return picture


def _resolve(page: WebUrl, base: str, reference: str) -> WebUrl:
    return (page.join(base) if base else page).join(reference)


def _data_of(url: str) -> bytes:
    """The content of a ``data:`` URL (RFC 2397); nothing if it is broken."""
    kind, _, text = url.partition(",")
    data = unquote_to_bytes(text)
    if not kind.lower().endswith(";base64"):
        return data
    try:
        return base64.b64decode(data)
    except binascii.Error:
        return b""
