"""What the HTTP server answers: a request in, a response out (UDA 2.0 §2.11, §3.2, §5).

A publication's responses are made when it is added. A request costs a look-up.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING
from urllib.parse import quote

import attrs

from upnp_trio.documents.publication import HTML_TYPE, XML_TYPE, File, Publication
from upnp_trio.exchange import KNOWN_METHODS, READ_METHODS, Request, Response, decoded, error_response, path_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from upnp_trio.model.device import Device
from upnp_trio.model.urls import is_web_link

__all__ = ["Site"]

FAVICON_PATH = "/favicon.ico"
_URL_CHARACTERS = "%/:?#[]@!$&'()*+,;=~"

# The page runs no script and loads nothing but its icon, whatever a device file contains.
PAGE_HEADERS = (
    ("Content-Security-Policy", "default-src 'none'; img-src 'self'; style-src 'unsafe-inline'"),
    ("X-Content-Type-Options", "nosniff"),
)


@attrs.frozen
class _Resource:
    """A file's response, the tag of its content and its language."""

    response: Response
    etag: str
    language: str


def _page_or_description(publication: Publication) -> str:
    """The URL that shows the device to a person: its page, or else its description."""
    url = publication.root.presentation_url or ""
    return url if is_web_link(url) else publication.description_path


def _resource(file: File, language: str, headers: tuple[tuple[str, str], ...] = ()) -> _Resource:
    etag = f'"{hashlib.sha256(file.body).hexdigest()[:20]}"'
    response = Response(200, (("Content-Type", file.media_type), ("ETag", etag), *headers), file.body)
    return _Resource(response, etag, language)


class Site:
    """Everything that is served over HTTP for the root devices that were added."""

    def __init__(self) -> None:
        self._resources: dict[str, _Resource] = {}
        self._controls: set[str] = set()
        self._publications: dict[str, Publication] = {}
        #: the device of each page, by path; a page shows addresses, which change, so it is rendered on request
        self._pages: dict[str, tuple[Device, Publication]] = {}
        self._rendered: dict[str, _Resource] = {}
        self._base_urls: tuple[str, ...] = ()

    @property
    def base_urls(self) -> tuple[str, ...]:
        """Scheme, host and port at each served address; the pages show them."""
        return self._base_urls

    @base_urls.setter
    def base_urls(self, base_urls: Iterable[str]) -> None:
        self._base_urls = tuple(base_urls)
        self._change()

    def add(self, publication: Publication) -> None:
        """Serve a root device, in place of an earlier one with the same description path."""
        if publication.description_path in self._publications:
            self.remove(publication.description_path)
        root = publication.root
        self._publications[publication.description_path] = publication
        for path, file in publication.files.items():
            self._resources[decoded(path)] = _resource(file, root.language)
        for path, device in publication.pages.items():
            self._pages[decoded(path)] = (device, publication)
        self._controls |= {decoded(path) for path in publication.control_paths}
        self._change()

    def remove(self, description_path: str) -> None:
        """Stop serving the root device whose description is at *description_path*."""
        publication = self._publications.pop(description_path)
        for path in publication.files:
            del self._resources[decoded(path)]
        for path in publication.pages:
            del self._pages[decoded(path)]
        self._controls -= {decoded(path) for path in publication.control_paths}
        self._change()

    def _change(self) -> None:
        self._rendered.clear()

    def _page(self, path: str) -> _Resource | None:
        if path not in self._pages:
            return None
        if path not in self._rendered:
            from upnp_trio.documents.page import render_page  # imported here, because most devices never show a page

            device, publication = self._pages[path]
            locations = [base_url + publication.description_path for base_url in self._base_urls]
            language = publication.root.language
            page = render_page(device, locations, language=language)
            self._rendered[path] = _resource(File(HTML_TYPE, page), language, PAGE_HEADERS)
        return self._rendered[path]

    def _at_top(self, path: str) -> _Resource | Response | None:
        """The resources outside the devices' directories: the front page, and the icon that browsers ask for."""
        if path == "/":
            return self._front()
        if path == FAVICON_PATH:
            icons = (publication.favicon_path for publication in self._publications.values())
            return next((self._resources[decoded(icon)] for icon in icons if icon is not None), None)
        return None

    def _front(self) -> _Resource | Response:
        """A redirect to the only device's page, or a list of all devices."""
        entries = [
            (publication.root.friendly_name, _page_or_description(publication))
            for publication in self._publications.values()
        ]
        if len(entries) == 1:
            # a header is ASCII only
            return Response(302, (("Location", quote(entries[0][1], safe=_URL_CHARACTERS)),))
        if "/" not in self._rendered:
            from upnp_trio.documents.page import render_device_list

            self._rendered["/"] = _resource(File(HTML_TYPE, render_device_list(entries)), "en", PAGE_HEADERS)
        return self._rendered["/"]

    def takes_body(self, request: Request) -> bool:
        """Whether the body of *request* is worth waiting for, because it is a control call."""
        return request.method == "POST" and path_of(request.target) in self._controls

    def respond(self, request: Request) -> Response:
        """The response to *request*. Every request gets one, malformed ones included."""
        if request.method not in KNOWN_METHODS:
            return error_response(501)
        path = path_of(request.target)
        if path is None:
            return error_response(400)
        if path in self._controls:
            return self._control(request)
        answer = self._resources.get(path) or self._page(path) or self._at_top(path)
        if answer is None:
            return error_response(404)
        if request.method not in ("GET", "HEAD"):
            return error_response(405, ("Allow", READ_METHODS))
        return answer if isinstance(answer, Response) else self._read(answer, request.headers)

    def _read(self, resource: _Resource, headers: Mapping[str, str]) -> Response:
        response = resource.response
        if _matches(headers.get("if-none-match"), resource.etag):
            response = Response(304, (("ETag", resource.etag),))
        if "accept-language" in headers:  # CONTENT-LANGUAGE is required then (UDA 2.0 §2.11)
            response = attrs.evolve(response, headers=(*response.headers, ("Content-Language", resource.language)))
        return response

    def _control(self, request: Request) -> Response:
        if request.method != "POST":
            return error_response(405, ("Allow", "POST"))
        # Without a preflight request, a web page can post neither this type nor this field, so both are required.
        media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if media_type != "text/xml":  # UDA 2.0 §3.2.1
            return error_response(415)
        if not request.headers.get("soapaction"):  # required by UDA 2.0 §3.2.1, which names no error for it
            return error_response(400)
        from upnp_trio.control.rendering import INVALID_ACTION, render_fault

        return Response(500, (("Content-Type", XML_TYPE), ("EXT", "")), render_fault(*INVALID_ACTION))


def _matches(if_none_match: str | None, etag: str) -> bool:
    """RFC 9110 §13.1.2, by weak comparison."""
    if if_none_match is None or (etag not in if_none_match and "*" not in if_none_match):
        return False  # most lists need not be read, which another host may make as long as a head
    tags = [tag.strip().removeprefix("W/") for tag in if_none_match.split(",")]
    return "*" in tags or etag in tags
