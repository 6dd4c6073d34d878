"""Whether a page is there, asked from where others would open it."""

from __future__ import annotations

import logging
from ipaddress import IPv4Address, IPv6Address
from typing import TYPE_CHECKING

import attrs
import trio

from upnp_trio.cli.announcing.appearance import Appearance, NotShown, fetch_picture, find_icon, read_own
from upnp_trio.cli.announcing.health import is_alive
from upnp_trio.documents.pictures import Picture
from upnp_trio.errors import RequestFailed
from upnp_trio.http.page_client import FetchedPage, PageClient
from upnp_trio.model.literal_url import IpAddress, without_zone
from upnp_trio.model.urls import HOST, IPV4
from upnp_trio.model.web_url import WebUrl

if TYPE_CHECKING:
    from collections.abc import Sequence

    from upnp_trio.cli.announcing.page import Page

__all__ = ["Found", "NotThere", "Seer"]

logger = logging.getLogger(__name__)

# Each address is asked on its own, at once; a host has a few.
MAX_ADDRESSES = 16
LOOPBACK = (IPv4Address("127.0.0.1"), IPv6Address("::1"))


class NotThere(Exception):
    """The page does not answer; the message says why."""


@attrs.frozen
class Found:
    """A page that is there."""

    #: of the page, or of what is asked in its place
    fetched: FetchedPage
    #: what others open
    presentation_url: str
    #: what a person should know about it; empty if it is as it should be
    remark: str = ""


@attrs.frozen(eq=False)
class Seer:
    """Asks pages whether they are there, and how they look."""

    client: PageClient

    async def look(self, page: Page, addresses: Sequence[IpAddress]) -> Found:
        """Whether *page* is there; raises `NotThere`. *addresses* are those at which others reach this host."""
        if page.check is not None:
            # no other host opens it, so it may be at loopback
            check = page.check.at(LOOPBACK[0]) if page.check.is_here else page.check
            checked = await self._ask(check)
            if not page.url.is_here:
                return Found(checked, page.url.text)
        if page.url.is_here:
            found = await self._look_here(page.url, addresses[:MAX_ADDRESSES])
        else:
            found = Found(await self._ask(page.url), page.url.text)
        if found.fetched.elsewhere and not found.remark:
            return attrs.evolve(found, remark=_about_redirect(page, found.fetched.elsewhere))
        return found

    async def appearance(self, page: Page, found: Found) -> Appearance:
        """How *page*, which was *found*, looks; what is given for it is not read."""
        try:
            is_page = page.check is None or page.url.is_here
            fetched = found.fetched if is_page else await self.client.get(page.url)
        except RequestFailed:
            return Appearance()
        read = read_own(fetched)
        match page.icon:
            case None:
                icon = await find_icon(self.client, fetched, read)
            case WebUrl():
                icon = await self._icon(page.icon)
            case Picture():
                icon = page.icon
        return Appearance(page.name or read.title, icon)

    async def _icon(self, url: WebUrl) -> Picture | None:
        try:
            return await fetch_picture(self.client, url.at(LOOPBACK[0]) if url.is_here else url)
        except NotShown as reason:
            logger.warning("the icon %s %s; a general one is shown", url, reason)
            return None

    async def _ask(self, url: WebUrl, address: str = "") -> FetchedPage:
        try:
            fetched = await self.client.get(url, address=address)
        except RequestFailed as error:
            raise NotThere(str(error).removeprefix(f"{url}: ")) from error
        if not is_alive(fetched.status):
            raise NotThere(f"its server answers with status {fetched.status}")
        return fetched

    async def _look_here(self, url: WebUrl, addresses: Sequence[IpAddress]) -> Found:
        """Ask for a page of this host at *addresses*, where others would."""
        answers: dict[IpAddress, FetchedPage | NotThere] = {}

        async def ask(address: IpAddress) -> None:
            try:
                answers[address] = await self._ask(url.at(without_zone(address)), str(address))
            except NotThere as error:
                answers[address] = error

        async with trio.open_nursery() as nursery:
            for address in addresses:
                nursery.start_soon(ask, address)
        found = {address: answer for address in addresses if isinstance(answer := answers[address], FetchedPage)}
        if not found:
            raise NotThere(await self._why_not_here(url, [answers[address] for address in addresses]))
        if len(found) == len(addresses):
            return Found(found[addresses[0]], url.text)
        by_ipv4 = [address for address in addresses if address.version == 4]
        if by_ipv4 == list(found):  # many servers listen there alone
            return Found(found[by_ipv4[0]], url.text.replace(HOST, IPV4, 1))
        best = min(found, key=lambda address: (address.is_link_local, address.version))
        missing = ", ".join(str(address) for address in addresses if address not in found)
        remark = f"it answers at {', '.join(map(str, found))} and not at {missing}, so others are led to {best}"
        return Found(found[best], url.at(without_zone(best)).text, remark)

    async def _why_not_here(self, url: WebUrl, answers: Sequence[object]) -> str:
        for address in LOOPBACK:
            try:
                await self._ask(url.at(address), str(address))
            except NotThere:
                continue
            return (
                f"it answers at {address} alone, which others cannot reach; let its server listen on all addresses "
                "(0.0.0.0 or ::)"
            )
        return str(answers[0])


def _about_redirect(page: Page, elsewhere: str) -> str:
    """What a person should know about a page that leads to *elsewhere*; empty if nothing is amiss."""
    try:
        is_at_readers = WebUrl.parse(elsewhere).is_here
    except ValueError:
        is_at_readers = False
    if is_at_readers:
        return f"it leads to {elsewhere}, where others find themselves; tell its server its address"
    return "" if page.name else f"it leads to {elsewhere}, whose title is not read; give it a name"
