"""``upnp-trio announce``: announce web pages until a signal ends that."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs

from upnp_trio.cli.announcing.appearance import Appearance
from upnp_trio.cli.announcing.attending import Attendant, Report, served_addresses
from upnp_trio.cli.announcing.device import page_device
from upnp_trio.cli.announcing.health import Health, Timetable
from upnp_trio.cli.announcing.looking import Seer
from upnp_trio.cli.announcing.page import Page, page_udn
from upnp_trio.cli.announcing.page_file import read_page_file
from upnp_trio.cli.announcing.page_values import picture
from upnp_trio.cli.announcing.pages import Pages
from upnp_trio.cli.parsing import UsageError
from upnp_trio.cli.printable import printable
from upnp_trio.cli.serve import prepare, serve_until_stopped, serving_options
from upnp_trio.cli.view import View, introduce
from upnp_trio.documents.folder import read_file
from upnp_trio.documents.named_files import MAX_ICON_BYTES
from upnp_trio.errors import DescriptionError
from upnp_trio.http.page_client import PageClient
from upnp_trio.model.rules import check
from upnp_trio.network.web_streams import SystemWeb
from upnp_trio.server.identity import host_id, server_token

if TYPE_CHECKING:
    import trio

    from upnp_trio.cli.output import Outputs
    from upnp_trio.cli.readiness import Readiness
    from upnp_trio.cli.verbs.announce import AnnounceArguments
    from upnp_trio.documents.pictures import Picture
    from upnp_trio.model.web_url import WebUrl
    from upnp_trio.server.running import Running

__all__ = ["announce"]

logger = logging.getLogger(__name__)

SPEC_VERSION = (1, 1)


def announce(asked: AnnounceArguments, outputs: Outputs) -> int:
    """Announce the pages until a signal comes; returns the exit status once byebye is sent.

    Raises `UsageError` and `DescriptionError` if a page cannot be announced as it is asked for.
    """
    prepare(asked, outputs)
    pages, timetable = read_pages(asked)
    companion = Announcing(pages, timetable, host_id(), quiet=asked.quiet)
    return serve_until_stopped([], serving_options(asked), companion, outputs, quiet=asked.quiet)


def read_pages(asked: AnnounceArguments) -> tuple[list[Page], Timetable]:
    """The pages of the words and of the files, and when to look at them."""
    pages = [_page(url, asked) for url in asked.urls]
    every, failures = asked.every, asked.failures
    for path in asked.files:
        file = read_page_file(path)
        pages += file.pages
        every, failures = every or file.every, failures or file.failures
    usual = Timetable()
    _check(pages)
    return pages, Timetable(every or usual.every, failures or usual.failures)


def _page(url: WebUrl, asked: AnnounceArguments) -> Page:
    given: dict[str, Any] = {
        "name": asked.name,
        "icon": None if asked.icon is None else _icon(asked.icon),
        "device_type": asked.device_type,
        "category": asked.category,
        "check": asked.check,
        "udn": asked.udn,
    }
    return Page(url=url, **{field: value for field, value in given.items() if value is not None})


def _icon(word: str) -> Picture | WebUrl:
    from upnp_trio.cli.announcing.page_values import web_url

    try:
        return web_url(word) if "://" in word else picture(read_file(Path(word), MAX_ICON_BYTES), word)
    except DescriptionError as error:
        raise UsageError(f"--icon: {error}") from error


def _check(pages: Sequence[Page]) -> None:
    """Raise `DescriptionError` if a page cannot be announced, or is there twice."""
    seen: dict[object, Page] = {}
    for page in pages:
        udn = page_udn(page, "")
        if udn in seen:
            raise DescriptionError(f"{page.url} is there twice; leave one out, or give one of them another uuid")
        seen[udn] = page
        check(page_device(page, Appearance(), page.url.text, udn))


@attrs.frozen(eq=False)
class Announcing:
    """Looks after pages while devices are served, and shows what happens to them."""

    pages: Sequence[Page]
    timetable: Timetable
    host_id: str
    quiet: bool = attrs.field(kw_only=True)

    def introduction(self, running: Running, *, styled: bool) -> str:
        """How many pages are announced, where, and how often they are looked at."""
        addresses = served_addresses(running.choices)
        if not addresses:
            return introduce((), (), running.choices)
        number = f"{len(self.pages)} web page{'s' if len(self.pages) != 1 else ''}"
        where = ", ".join(map(str, addresses))
        return f"Announcing {number} at {where}, each while it answers; asked every {self.timetable.every:g} s"

    async def run(
        self, running: Running, view: View, readiness: Readiness | None, *, task_status: trio.TaskStatus[None]
    ) -> None:
        """Look after the pages until cancelled; started when each has been looked at once."""
        client = PageClient(SystemWeb(), user_agent=server_token(SPEC_VERSION))

        def report(what: Report) -> None:
            line = f"{what.page.url}  {printable(what.text, 500)}"
            view.show(f"{time.strftime('%H:%M:%S')}  {line}")
            if self.quiet and what.is_problem:
                logger.warning("%s", line)
            if readiness is not None:
                readiness.report(pages.devices)

        pages = Pages(
            [
                Attendant(
                    page=page,
                    udn=page_udn(page, self.host_id),
                    running=running,
                    seer=Seer(client),
                    health=Health(self.timetable),
                    report=report,
                )
                for page in self.pages
            ]
        )
        await pages.run(task_status=task_status)
