"""What the HTTP server answers: a request in, a response out (UDA 2.0 §2.11, §3.2, §5).

A publication's responses are made when it is added. A request costs a look-up.
"""

from __future__ import annotations

import hashlib
from functools import cache
from typing import TYPE_CHECKING
from urllib.parse import quote

import attrs

from upnp_trio.documents.publication import HTML_TYPE, File, Publication, PublishedService
from upnp_trio.errors import DescriptionError
from upnp_trio.exchange import KNOWN_METHODS, READ_METHODS, Request, Response, error_response, path_of
from upnp_trio.model.own_host import at_own_host
from upnp_trio.model.placeholders import Headers, filled, has_placeholders
from upnp_trio.model.urls import decoded, is_web_link

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from upnp_trio.documents.live_page import LivePage
    from upnp_trio.model.device import Device
    from upnp_trio.service_calls import Call, StateWanted, SubscriptionCall

__all__ = ["Site"]

FAVICON_PATH = "/favicon.ico"
# The live pages that are kept. A page of many actions takes milliseconds, and a host may ask for it all the time.
MAX_LIVE_PAGES = 8
_URL_CHARACTERS = "%/:?#[]@!$&'()*+,;=~"


@attrs.frozen
class _Resource:
    """A file's response, the tag of its content and its language."""

    response: Response
    etag: str
    language: str
    #: the file's own header fields, which a response without its content has as well
    headers: Headers = ()
    #: whether they are to be filled in for each address
    is_template: bool = False


def _page_or_description(publication: Publication) -> str:
    """The URL that shows the device to a person: its page, or else its description."""
    url = publication.root.presentation_url or ""
    url = next((path for path, target in publication.redirects.items() if target == url), url)
    return url if is_web_link(url) else publication.description_path


def _resource(file: File, language: str, headers: Headers = ()) -> _Resource:
    etag = f'"{hashlib.sha256(file.body).hexdigest()[:20]}"'
    response = Response(200, (("Content-Type", file.media_type), ("ETag", etag), *headers, *file.headers), file.body)
    return _Resource(response, etag, language, file.headers, has_placeholders(file.headers))


def _at(resource: _Resource, base_url: str) -> _Resource:
    """*resource* as it is at an address, of which *base_url* is scheme, host and port.

    Without a URL, what would have it is left out.
    """
    headers = filled([each for each in resource.headers if base_url or not has_placeholders([each])], base_url)
    response = resource.response
    general = response.headers[: len(response.headers) - len(resource.headers)]
    response = attrs.evolve(response, headers=(*general, *headers))
    return attrs.evolve(resource, response=response, headers=headers, is_template=False)


class Site:
    """Everything that is served over HTTP for the root devices that were added.

    *others* are the paths that something else than a device has, each with what that is. What is outside the devices'
    directories is below *prefix*.
    """

    def __init__(
        self,
        *,
        answers_off_link: bool = False,
        prefix: str = "",
        others: Mapping[str, str] | None = None,
    ) -> None:
        self._others = others or {}
        self._front_path = decoded(f"{prefix}/")
        self._favicon_path = decoded(f"{prefix}{FAVICON_PATH}")
        #: the publication that has each path
        self._owners: dict[str, Publication] = {}
        #: by path and address, files whose header fields are filled in for the address, with the files that they are of
        self._filled: dict[tuple[str, str], tuple[_Resource, _Resource]] = {}
        #: whether subscribers from beyond the link are accepted
        self._answers_off_link = answers_off_link
        self._resources: dict[str, _Resource] = {}
        self._controls: dict[str, PublishedService] = {}
        self._events: dict[str, PublishedService] = {}
        #: the publication of each live page, by the paths of its state and of its script
        self._states: dict[str, Publication] = {}
        self._scripts: dict[str, Publication] = {}
        self._publications: dict[str, Publication] = {}
        #: the device of each page, by path; a page shows addresses, which change, so it is rendered on request
        self._pages: dict[str, tuple[Device, Publication]] = {}
        #: the URLs of pages that another server of this host has, by path
        self._redirects: dict[str, str] = {}
        self._rendered: dict[str, _Resource] = {}
        #: live pages, each with the version of the state that it shows
        self._live_pages: dict[str, tuple[str, Response]] = {}
        self._base_urls: tuple[str, ...] = ()

    @property
    def base_urls(self) -> tuple[str, ...]:
        """Scheme, host and port at each served address; the pages show them."""
        return self._base_urls

    @base_urls.setter
    def base_urls(self, base_urls: Iterable[str]) -> None:
        self._base_urls = tuple(base_urls)
        self._change()

    def check(self, publication: Publication, in_place_of: Publication | None = None) -> None:
        """Raise `DescriptionError` if a path of *publication* is taken, but by the one that it takes the place of."""
        root = publication.root
        for path in sorted(publication.paths):
            if path in self._others:
                raise DescriptionError(
                    f"the path {path} of {root.friendly_name!r} ({root.udn}) is that of {self._others[path]}; "
                    "give the device another one"
                )
            owner = self._owners.get(path, in_place_of)
            if owner is not None and owner is not in_place_of:
                raise DescriptionError(
                    f"the path {path} is wanted by two devices, {owner.root.friendly_name!r} ({owner.root.udn}) and "
                    f"{root.friendly_name!r} ({root.udn}); give one of them other paths (description_path), or serve "
                    "it on another port"
                )
        # what another server has takes no path here, yet it has a description
        path = publication.description_path
        owner = self._publications.get(path, in_place_of)
        if owner is not None and owner is not in_place_of:
            raise DescriptionError(
                f"{path} would be the description of two root devices, {owner.root.udn} and {root.udn}; "
                "give each its own, as with {udn} in the URL"
            )

    def add(self, publication: Publication) -> None:
        """Serve a root device, in place of an earlier one with the same description path."""
        if publication.description_path in self._publications:
            self.remove(publication.description_path)
        root = publication.root
        self._owners |= dict.fromkeys(publication.paths, publication)
        self._publications[publication.description_path] = publication
        for path, file in publication.files.items():
            self._resources[decoded(path)] = _resource(file, root.language)
        for path, device in publication.pages.items():
            self._pages[decoded(path)] = (device, publication)
        for path, url in publication.redirects.items():
            self._redirects[decoded(path)] = url
        for service in publication.services:
            self._controls[decoded(service.control_path)] = service
            if service.event_path:
                self._events[decoded(service.event_path)] = service
        if publication.state_path:
            self._states[decoded(publication.state_path)] = publication
            self._scripts[decoded(publication.script_path)] = publication
        self._change()

    def remove(self, description_path: str) -> None:
        """Stop serving the root device whose description is at *description_path*."""
        publication = self._publications.pop(description_path)
        for path in publication.paths:
            del self._owners[path]
        for path in publication.files:
            del self._resources[decoded(path)]
        for path in publication.pages:
            del self._pages[decoded(path)]
        for path in publication.redirects:
            del self._redirects[decoded(path)]
        for service in publication.services:
            del self._controls[decoded(service.control_path)]
            self._events.pop(decoded(service.event_path), None)
        self._states.pop(decoded(publication.state_path), None)
        self._scripts.pop(decoded(publication.script_path), None)
        self._change()

    def _change(self) -> None:
        self._rendered.clear()
        self._filled.clear()
        self._live_pages.clear()

    def _page(self, path: str) -> _Resource | Response | None:
        if path not in self._pages:
            return None
        if path not in self._rendered:
            device, publication = self._pages[path]
            if any(service.handler for service in publication.services):
                return self._live_page(path, device, publication)
            self._rendered[path] = _resource(
                File(HTML_TYPE, self._render_page(device, publication)), publication.root.language, page_headers()
            )
        return self._rendered[path]

    def _live_page(self, path: str, device: Device, publication: Publication) -> Response:
        """A page with the values of this moment, which no browser keeps."""
        from upnp_trio.documents.page_headers import LIVE_PAGE_HEADERS
        from upnp_trio.service_requests import live_page

        live = live_page(publication)
        version, response = self._live_pages.get(path, (None, None))
        if response is None or version != live.version:
            body = self._render_page(device, publication, live)
            response = Response(200, (("Content-Type", HTML_TYPE), *LIVE_PAGE_HEADERS), body, is_unique=True)
            if len(self._live_pages) >= MAX_LIVE_PAGES:
                self._live_pages.clear()
            self._live_pages[path] = live.version, response
        return response

    def _render_page(self, device: Device, publication: Publication, live: LivePage | None = None) -> bytes:
        from upnp_trio.documents.page import render_page  # imported here, because most devices never show a page

        locations = [base_url + publication.description_path for base_url in self._base_urls]
        return render_page(device, locations, language=publication.root.language, live=live)

    def _script(self, path: str) -> _Resource | None:
        if path not in self._scripts:
            return None
        if path not in self._rendered:
            from upnp_trio.documents.live_page import SCRIPT_TYPE, read_script
            from upnp_trio.documents.page_headers import SCRIPT_HEADERS

            self._rendered[path] = _resource(File(SCRIPT_TYPE, read_script()), "en", SCRIPT_HEADERS)
        return self._rendered[path]

    def _at_top(self, path: str) -> _Resource | Response | None:
        """The resources outside the devices' directories: the front page, and the icon that browsers ask for."""
        if path == self._front_path:
            return self._front()
        if path == self._favicon_path:
            icons = (publication.favicon_path for publication in self._publications.values())
            return next((self._resources[decoded(icon)] for icon in icons if icon is not None), None)
        return None

    def _redirect(self, path: str, request: Request) -> Response | None:
        """Lead to the page that another server of this host has, at the address that *request* came to."""
        if path not in self._redirects:
            return None
        url = at_own_host(self._redirects[path], request.peer.served.base_url, self._base_urls)
        return None if url is None else Response(302, (("Location", quote(url, safe=_URL_CHARACTERS)),))

    def _front(self) -> _Resource | Response:
        """A redirect to the only device's page, or a list of all devices."""
        entries = [
            (publication.root.friendly_name, _page_or_description(publication))
            for publication in self._publications.values()
        ]
        if len(entries) == 1:
            # a header is ASCII only
            return Response(302, (("Location", quote(entries[0][1], safe=_URL_CHARACTERS)),))
        if self._front_path not in self._rendered:
            from upnp_trio.documents.page import render_device_list

            listed = File(HTML_TYPE, render_device_list(entries))
            self._rendered[self._front_path] = _resource(listed, "en", page_headers())
        return self._rendered[self._front_path]

    # --- requests; these three look things up, and so may be called from any thread ---

    def takes_body(self, request: Request) -> bool:
        """Whether the body of *request* is worth waiting for, because it is a control call."""
        return request.method == "POST" and path_of(request.target) in self._controls

    def is_state(self, request: Request) -> bool:
        """Whether *request* is a live page's question for the state, whose answer may have to be waited for."""
        return path_of(request.target) in self._states

    def read_file(self, request: Request) -> Response | None:
        """The response to *request* if it reads a file, such as a description or a picture; ``None`` if it does not."""
        if request.method not in ("GET", "HEAD"):
            return None
        found = self._resources.get(path_of(request.target) or "")
        return None if found is None or found.is_template else self._read(found, request.headers)

    # --- and this one changes what is cached ---

    def respond(self, request: Request) -> Response | Call | SubscriptionCall | StateWanted:
        """The response to *request*, or what it asks for. Every request gets one, malformed ones included."""
        if request.method not in KNOWN_METHODS:
            return error_response(501)
        path = path_of(request.target)
        if path is None:
            return error_response(400)
        if path in self._controls:
            return _call_reader()(self._controls[path], request)
        if path in self._events:
            from upnp_trio.service_requests import read_subscription  # most devices never need it, nor the next one

            return read_subscription(self._events[path], request, is_off_link_allowed=self._answers_off_link)
        is_read = request.method in ("GET", "HEAD")
        if path in self._states and is_read:
            from upnp_trio.service_requests import read_state_request

            return read_state_request(self._states[path], request)
        found = (
            self._resources.get(path)
            or self._page(path)
            or self._script(path)
            or self._redirect(path, request)
            or self._at_top(path)
        )
        if found is None and path not in self._states:
            return error_response(404)
        if found is None or not is_read:
            return error_response(405, ("Allow", READ_METHODS))
        if isinstance(found, Response):
            return found
        return self._read(self._fill(path, found, request) if found.is_template else found, request.headers)

    def _fill(self, path: str, resource: _Resource, request: Request) -> _Resource:
        place = path, request.peer.served.base_url
        kept = self._filled.get(place)
        if kept is None or kept[0] is not resource:  # another thread may have kept one of before a change
            kept = self._filled[place] = resource, _at(resource, place[1])
        return kept[1]

    def _read(self, resource: _Resource, headers: Mapping[str, str]) -> Response:
        response = resource.response
        if _matches(headers.get("if-none-match"), resource.etag):
            response = Response(304, (("ETag", resource.etag), *resource.headers))
        if "accept-language" in headers:  # CONTENT-LANGUAGE is required then (UDA 2.0 §2.11)
            response = attrs.evolve(response, headers=(*response.headers, ("Content-Language", resource.language)))
        return response


@cache
def _call_reader() -> Callable[[PublishedService, Request], Call | Response]:
    """What reads calls. It is imported by the first one, as most devices never get any.

    An import statement in each call would take longer than finding its service.
    """
    from upnp_trio.service_requests import read_control

    return read_control


def page_headers() -> tuple[tuple[str, str], ...]:
    """The header fields of a page that is not live."""
    from upnp_trio.documents.page_headers import PAGE_HEADERS

    return PAGE_HEADERS


def _matches(if_none_match: str | None, etag: str) -> bool:
    """RFC 9110 §13.1.2, by weak comparison."""
    if if_none_match is None or (etag not in if_none_match and "*" not in if_none_match):
        return False  # most lists need not be read, which another host may make as long as a head
    tags = [tag.strip().removeprefix("W/") for tag in if_none_match.split(",")]
    return "*" in tags or etag in tags
