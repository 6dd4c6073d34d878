"""How a page looks in a list of devices: its title and its icon, as the page has them."""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING
from urllib.parse import unquote_to_bytes

import attrs
import trio

from upnp_trio.documents.pictures import Picture, read_picture
from upnp_trio.documents.web_page import IconLink, WebPage, read_web_page
from upnp_trio.errors import RequestFailed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from upnp_trio.http.page_client import FetchedPage, PageClient
    from upnp_trio.model.web_url import WebUrl

__all__ = ["Appearance", "fetch_picture", "find_icon", "read_own"]

# A favicon.ico in all sizes has some 100 KB, and a picture for phones 20.
MAX_ICON_BYTES = 256 * 1024
# Pages name the same icon in many sizes; if the best are not there, the others are not, either.
MAX_ICONS_TRIED = 4
# For all of them.
ICON_SECONDS = 15.0
# Windows shows up to 256 pixels, most lists 48, and screens of double density twice as many.
LEAST_PIXELS, BEST_PIXELS, MOST_PIXELS = 48, 120, 256
# What icons have whose size the page does not give.
USUAL_PIXELS, USUAL_PIXELS_OF_PHONES = 32, 180

_FAVICON = IconLink("/favicon.ico")


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
    return read_web_page(page.body, page.content_type)


async def find_icon(client: PageClient, page: FetchedPage, read: WebPage) -> Picture | None:
    """The best icon that *page* names, of those that control points show; else its favicon.ico, if there is one."""
    with trio.move_on_after(ICON_SECONDS):
        for tried, link in enumerate(_by_merit(read)):
            if tried == MAX_ICONS_TRIED:
                break
            picture = await _fetch(client, page, read.base, link)
            if picture is not None:
                return picture
    return None


def _by_merit(read: WebPage) -> Iterator[IconLink]:
    """The icons of a page that may be of use, the best first."""
    usable = [link for link in read.icons if not (link.mimetype.startswith("image/svg") or _is_svg(link.url))]
    yield from sorted(usable, key=_demerit)
    yield _FAVICON


def _is_svg(url: str) -> bool:
    path = url.partition("?")[0].lower()
    return path.endswith(".svg") or path.startswith("data:image/svg")


def _demerit(link: IconLink) -> tuple[bool, int]:
    pixels = link.width or (USUAL_PIXELS_OF_PHONES if link.is_for_phones else USUAL_PIXELS)
    return not LEAST_PIXELS <= pixels <= MOST_PIXELS, abs(pixels - BEST_PIXELS)


async def _fetch(client: PageClient, page: FetchedPage, base: str, link: IconLink) -> Picture | None:
    if link.url[:5].lower() == "data:":
        return read_picture(_data_of(link.url))
    try:
        url = _resolve(page.url, base, link.url)
        if not await client.is_same_host(url, page.url, page.address):
            return None
        return await fetch_picture(client, url, page.address)
    except (ValueError, RequestFailed):
        return None


async def fetch_picture(client: PageClient, url: WebUrl, address: str = "") -> Picture | None:
    """The picture at *url*, if there is one that control points show; raises `RequestFailed`."""
    found = await client.get(url, address=address, max_body_bytes=MAX_ICON_BYTES + 1)
    # what was cut would be shown as a broken picture
    is_usable = found.status == 200 and found.is_whole and len(found.body) <= MAX_ICON_BYTES
    return read_picture(found.body) if is_usable else None


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
