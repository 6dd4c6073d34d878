"""What the ASGI and the WSGI app have in common: their URL, and the devices that they serve at the moment."""

from __future__ import annotations

import re
from threading import Lock
from typing import TYPE_CHECKING

from upnp_trio.errors import NetworkError
from upnp_trio.exchange import Request, Response, error_response
from upnp_trio.http.request_rules import MAX_BODY_BYTES
from upnp_trio.model.advertised_url import AdvertisedUrl
from upnp_trio.mounted.paths import decoded_prefix
from upnp_trio.server.web_servers import WebApp

if TYPE_CHECKING:
    from collections.abc import Iterable

    from upnp_trio.server.mounted_site import MountedSite

__all__ = ["EXAMPLE", "MountedApp", "fields_of", "refusal"]

EXAMPLE = "http://{host}:8123/upnp"
# Documents hold paths below it, and a path with these is another one once it is resolved (RFC 3986 §5.2.4).
_DOT_SEGMENTS = re.compile(r"/\.\.?(/|$)|//")
_LENGTH = re.compile("[0-9]{1,18}", re.ASCII)


class MountedApp(WebApp):
    """Serves devices at *url*, which is where it is mounted; raises `NetworkError` for an impossible URL.

    *url* has scheme, host, port and path. ``{host}`` as its host stands for the address of each interface.
    """

    def __init__(self, url: str) -> None:
        what = f"the URL of {type(self).__name__}"
        parts = AdvertisedUrl.parse(what, url, EXAMPLE)
        path = parts.path.rstrip("/")
        if "?" in path or "{" in path or _DOT_SEGMENTS.search(path):
            raise NetworkError(
                f"{what} is {url!r}: it is what the paths of the documents begin with, so it has a path without "
                f"'.', '..', '//', a query and {{udn}}; write it as in {EXAMPLE}"
            )
        self.url = url
        self._prefix = path
        self._parts = parts
        self._decoded_prefix = decoded_prefix(path)
        self._site: MountedSite | None = None
        self._attaching = Lock()

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.url!r})"

    @property
    def _base_url(self) -> str:
        """Scheme, host and port of LOCATION."""
        return self._parts.base

    @property
    def _port(self) -> int:
        """The TCP port at which control points reach it."""
        return self._parts.port

    def _attach(self, site: MountedSite) -> None:
        """Serve *site* from now on. Raises `NetworkError` if another one is being served."""
        with self._attaching:
            if self._site is not None:
                raise NetworkError(
                    f"{self!r} serves devices already; serve several with one serve_devices, or make another app"
                )
            self._site = site

    def _detach(self) -> None:
        """Stop serving the site."""
        self._site = None


def refusal(site: MountedSite, request: Request, values_of_length: Iterable[str]) -> Response | None:
    """The response to a *request* that is not served, whatever its body is; ``None`` if it is to be served."""
    if (refused := site.refusal(request)) is not None:
        return refused
    if "transfer-encoding" in request.headers and "content-length" in request.headers:
        # a body that is framed in two ways can smuggle a request past a proxy (RFC 9112 §6.1)
        site.note_refusal("malformed request")
        return error_response(400)
    for length in values_of_length:
        if not _LENGTH.fullmatch(length):
            site.note_refusal("malformed request")
            return error_response(400)
        if int(length) > MAX_BODY_BYTES:
            site.note_refusal("body too long")
            return error_response(413)
    return None


def fields_of(response: Response, server_token: str | None) -> list[tuple[str, str]]:
    """The header fields of *response* as they are sent, with Server, unless a device has its own."""
    fields = list(response.headers)
    if server_token is not None and all(name.lower() != "server" for name, _ in fields):
        fields.append(("Server", server_token))
    if response.status != 304:
        fields.append(("Content-Length", str(len(response.body))))
    return fields
