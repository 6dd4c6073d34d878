"""Which part of what is served a request is for.

A publication's responses are made when it is added. A request costs a look-up.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from upnp_trio.errors import DescriptionError
from upnp_trio.exchange import KNOWN_METHODS, READ_METHODS, Request, Response, error_response, path_of
from upnp_trio.model.urls import decoded
from upnp_trio.site.files import Files, response_of
from upnp_trio.site.pages import Pages

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from upnp_trio.documents.publication import Publication, PublishedService
    from upnp_trio.service_calls import Call, StateWanted, SubscriptionCall

__all__ = ["Site"]


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
        #: the publication that has each path
        self._owners: dict[str, Publication] = {}
        #: whether subscribers from beyond the link are accepted
        self._answers_off_link = answers_off_link
        self._files = Files()
        self._resources = self._files.by_path
        self._pages = Pages(prefix, self._resources)
        self._controls: dict[str, PublishedService] = {}
        self._events: dict[str, PublishedService] = {}
        #: the publication of each live page, by the path of its state
        self._states: dict[str, Publication] = {}
        self._publications: dict[str, Publication] = {}

    @property
    def base_urls(self) -> tuple[str, ...]:
        """Scheme, host and port at each served address; the pages show them."""
        return self._pages.base_urls

    @base_urls.setter
    def base_urls(self, base_urls: Iterable[str]) -> None:
        self._pages.base_urls = tuple(base_urls)
        self._change()

    def check(self, publication: Publication, in_place_of: Publication | None = None) -> None:
        """Raise `DescriptionError` if a path of *publication* is taken, but by the one that it takes the place of."""
        root = publication.root
        described_at = decoded(publication.description_path)  # it tells people most, so it comes first
        for path in sorted(publication.paths, key=lambda path: (path != described_at, path)):
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
        self._owners |= dict.fromkeys(publication.paths, publication)
        self._publications[publication.description_path] = publication
        self._files.add(publication)
        self._pages.add(publication)
        for service in publication.services:
            self._controls[decoded(service.control_path)] = service
            if service.event_path:
                self._events[decoded(service.event_path)] = service
        if publication.state_path:
            self._states[decoded(publication.state_path)] = publication
        self._change()

    def remove(self, description_path: str) -> None:
        """Stop serving the root device whose description is at *description_path*."""
        publication = self._publications.pop(description_path)
        for path in publication.paths:
            del self._owners[path]
        self._files.remove(publication)
        self._pages.remove(publication)
        for service in publication.services:
            del self._controls[decoded(service.control_path)]
            self._events.pop(decoded(service.event_path), None)
        self._states.pop(decoded(publication.state_path), None)
        self._change()

    def _change(self) -> None:
        self._files.forget_addresses()
        self._pages.forget_rendered()

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
        return None if found is None or found.is_template else response_of(found, request.headers)

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
        found = self._resources.get(path) or self._pages.find(path, request)
        if found is None and path not in self._states:
            return error_response(404)
        if found is None or not is_read:
            return error_response(405, ("Allow", READ_METHODS))
        if isinstance(found, Response):
            return found
        if found.is_template:
            found = self._files.filled(path, found, request.peer.served.base_url)
        return response_of(found, request.headers)


@cache
def _call_reader() -> Callable[[PublishedService, Request], Call | Response]:
    """What reads calls. It is imported by the first one, as most devices never get any.

    An import statement in each call would take longer than finding its service.
    """
    from upnp_trio.service_requests import read_control

    return read_control
