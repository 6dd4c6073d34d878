"""The files of devices as HTTP responses: made when a publication is added, so that a request costs a look-up."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import attrs

from upnp_trio.exchange import Response
from upnp_trio.model.placeholders import Headers, filled, has_placeholders
from upnp_trio.model.urls import decoded

if TYPE_CHECKING:
    from collections.abc import Mapping

    from upnp_trio.documents.publication import File, Publication

__all__ = ["Files", "Resource", "response_of"]


@attrs.frozen
class Resource:
    """A file's response, the tag of its content and its language."""

    response: Response
    etag: str
    language: str
    #: the file's own header fields, which a response without its content has as well
    headers: Headers = ()
    #: whether they are to be filled in for each address
    is_template: bool = False

    @classmethod
    def of(cls, file: File, language: str, headers: Headers = ()) -> Resource:
        """*file* with *headers* beside its own, which only the response with its content has."""
        etag = f'"{hashlib.sha256(file.body).hexdigest()[:20]}"'
        fields = (("Content-Type", file.media_type), ("ETag", etag), *headers, *file.headers)
        return cls(Response(200, fields, file.body), etag, language, file.headers, has_placeholders(file.headers))

    def at(self, base_url: str) -> Resource:
        """The resource as it is at an address, of which *base_url* is scheme, host and port.

        Without a URL, what would have it is left out.
        """
        headers = filled([each for each in self.headers if base_url or not has_placeholders([each])], base_url)
        general = self.response.headers[: len(self.response.headers) - len(self.headers)]
        response = attrs.evolve(self.response, headers=(*general, *headers))
        return attrs.evolve(self, response=response, headers=headers, is_template=False)


class Files:
    """The files of all publications that were added."""

    def __init__(self) -> None:
        #: by path, without percent escapes
        self.by_path: dict[str, Resource] = {}
        #: by path and address, files whose header fields are filled in for the address
        self._filled: dict[tuple[str, str], Resource] = {}

    def add(self, publication: Publication) -> None:
        """Serve the files of *publication*."""
        for path, file in publication.files.items():
            self.by_path[decoded(path)] = Resource.of(file, publication.root.language)

    def remove(self, publication: Publication) -> None:
        """Stop serving the files of *publication*."""
        for path in publication.files:
            del self.by_path[decoded(path)]

    def forget_addresses(self) -> None:
        """Fill in header fields anew, as addresses or files have changed."""
        self._filled.clear()

    def filled(self, path: str, resource: Resource, base_url: str) -> Resource:
        """*resource*, which is a template and is at *path*, as it is at an address."""
        place = path, base_url
        kept = self._filled.get(place)
        if kept is None:
            kept = self._filled[place] = resource.at(base_url)
        return kept


def response_of(resource: Resource, headers: Mapping[str, str]) -> Response:
    """The response to a GET with *headers*."""
    response = resource.response
    if _matches(headers.get("if-none-match"), resource.etag):
        response = Response(304, (("ETag", resource.etag), *resource.headers))
    if "accept-language" in headers:  # CONTENT-LANGUAGE is required then (UDA 2.0 §2.11)
        response = attrs.evolve(response, headers=(*response.headers, ("Content-Language", resource.language)))
    return response


def _matches(if_none_match: str | None, etag: str) -> bool:
    """RFC 9110 §13.1.2, by weak comparison."""
    if if_none_match is None or (etag not in if_none_match and "*" not in if_none_match):
        return False  # most lists need not be read, which another host may make as long as a head
    tags = [tag.strip().removeprefix("W/") for tag in if_none_match.split(",")]
    return "*" in tags or etag in tags
