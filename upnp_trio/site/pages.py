"""What a browser is shown: the pages of devices, their script, the front page, and redirects to pages elsewhere.

Pages show addresses and values, which change, so they are rendered on request. Most devices never show one, so what
renders them is imported then.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

from upnp_trio.documents.publication import HTML_TYPE, File, Publication
from upnp_trio.exchange import Request, Response
from upnp_trio.model.own_host import at_own_host
from upnp_trio.model.urls import decoded, is_web_link
from upnp_trio.site.files import Resource

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from upnp_trio.documents.live_page import LivePage
    from upnp_trio.model.device import Device

__all__ = ["Pages"]

FAVICON_PATH = "/favicon.ico"
# The live pages that are kept. A page of many actions takes milliseconds, and a host may ask for it all the time.
MAX_LIVE_PAGES = 8
_URL_CHARACTERS = "%/:?#[]@!$&'()*+,;=~"


class Pages:
    """The pages of all publications that were added; the front page is at *prefix* and a slash.

    *resources* has the devices' pictures, by path, one of which is what browsers ask for at ``/favicon.ico``.
    """

    def __init__(self, prefix: str, resources: Mapping[str, Resource]) -> None:
        self._front_path = decoded(f"{prefix}/")
        self._favicon_path = decoded(f"{prefix}{FAVICON_PATH}")
        self._resources = resources
        #: scheme, host and port at each served address; the pages show them
        self.base_urls: tuple[str, ...] = ()
        #: the publications that the front page leads to, by the paths of their descriptions
        self._publications: dict[str, Publication] = {}
        #: the device of each page, by path
        self._pages: dict[str, tuple[Device, Publication]] = {}
        #: the paths of the scripts of live pages
        self._scripts: set[str] = set()
        #: the URLs of pages that another server of this host has, by path
        self._redirects: dict[str, str] = {}
        self._rendered: dict[str, Resource] = {}
        #: live pages, each with the version of the state that it shows
        self._live_pages: dict[str, tuple[str, Response]] = {}

    def add(self, publication: Publication) -> None:
        """Show the pages of *publication*."""
        self._publications[publication.description_path] = publication
        for path, device in publication.pages.items():
            self._pages[decoded(path)] = (device, publication)
        for path, url in publication.redirects.items():
            self._redirects[decoded(path)] = url
        if publication.script_path:
            self._scripts.add(decoded(publication.script_path))

    def remove(self, publication: Publication) -> None:
        """Stop showing the pages of *publication*."""
        del self._publications[publication.description_path]
        for path in publication.pages:
            del self._pages[decoded(path)]
        for path in publication.redirects:
            del self._redirects[decoded(path)]
        self._scripts.discard(decoded(publication.script_path))

    def forget_rendered(self) -> None:
        """Render pages anew, as addresses or devices have changed."""
        self._rendered.clear()
        self._live_pages.clear()

    def find(self, path: str, request: Request) -> Resource | Response | None:
        """What *request* is shown at *path*, if that is any of these."""
        return self._page(path) or self._script(path) or self._redirect(path, request) or self._at_top(path)

    def _page(self, path: str) -> Resource | Response | None:
        if path not in self._pages:
            return None
        if path not in self._rendered:
            device, publication = self._pages[path]
            if any(service.handler for service in publication.services):
                return self._live_page(path, device, publication)
            page = File(HTML_TYPE, self._render(device, publication))
            self._rendered[path] = Resource.of(page, publication.root.language, _page_headers())
        return self._rendered[path]

    def _live_page(self, path: str, device: Device, publication: Publication) -> Response:
        """A page with the values of this moment, which no browser keeps."""
        from upnp_trio.documents.page_headers import LIVE_PAGE_HEADERS
        from upnp_trio.service_requests import live_page

        live = live_page(publication)
        version, response = self._live_pages.get(path, (None, None))
        if response is None or version != live.version:
            body = self._render(device, publication, live)
            response = Response(200, (("Content-Type", HTML_TYPE), *LIVE_PAGE_HEADERS), body, is_unique=True)
            if len(self._live_pages) >= MAX_LIVE_PAGES:
                self._live_pages.clear()
            self._live_pages[path] = live.version, response
        return response

    def _render(self, device: Device, publication: Publication, live: LivePage | None = None) -> bytes:
        from upnp_trio.documents.page import render_page

        locations = [base_url + publication.description_path for base_url in self.base_urls]
        return render_page(device, locations, language=publication.root.language, live=live)

    def _script(self, path: str) -> Resource | None:
        if path not in self._scripts:
            return None
        if path not in self._rendered:
            from upnp_trio.documents.live_page import SCRIPT_TYPE, read_script
            from upnp_trio.documents.page_headers import SCRIPT_HEADERS

            self._rendered[path] = Resource.of(File(SCRIPT_TYPE, read_script()), "en", SCRIPT_HEADERS)
        return self._rendered[path]

    def _redirect(self, path: str, request: Request) -> Response | None:
        """Lead to the page that another server of this host has, at the address that *request* came to."""
        if path not in self._redirects:
            return None
        url = at_own_host(self._redirects[path], request.peer.served.base_url, self.base_urls)
        return None if url is None else _leading_to(url)

    def _at_top(self, path: str) -> Resource | Response | None:
        """What is outside the devices' directories: the front page, and the icon that browsers ask for."""
        if path == self._front_path:
            return self._front(self._publications.values())
        if path == self._favicon_path:
            icons = (publication.favicon_path for publication in self._publications.values())
            return next((self._resources[decoded(icon)] for icon in icons if icon is not None), None)
        return None

    def _front(self, publications: Collection[Publication]) -> Resource | Response:
        """A redirect to the only device's page, or a list of all devices."""
        entries = [(each.root.friendly_name, _page_or_description(each)) for each in publications]
        if len(entries) == 1:
            return _leading_to(entries[0][1])
        if self._front_path not in self._rendered:
            from upnp_trio.documents.page import render_device_list

            listed = File(HTML_TYPE, render_device_list(entries))
            self._rendered[self._front_path] = Resource.of(listed, "en", _page_headers())
        return self._rendered[self._front_path]


def _page_or_description(publication: Publication) -> str:
    """The URL that shows the device to a person: its page, or else its description."""
    url = publication.root.presentation_url or ""
    url = next((path for path, target in publication.redirects.items() if target == url), url)
    return url if is_web_link(url) else publication.description_path


def _leading_to(url: str) -> Response:
    return Response(302, (("Location", quote(url, safe=_URL_CHARACTERS)),))  # a header is ASCII only


def _page_headers() -> tuple[tuple[str, str], ...]:
    """The header fields of a page that is not live."""
    from upnp_trio.documents.page_headers import PAGE_HEADERS

    return PAGE_HEADERS
