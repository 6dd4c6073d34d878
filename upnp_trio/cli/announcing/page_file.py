"""Files of pages, in TOML: a table ``[[page]]`` for each, and how often all of them are looked at."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

import attrs

from upnp_trio.cli.announcing.health import MAX_EVERY, MAX_FAILURES
from upnp_trio.cli.announcing.page import Page
from upnp_trio.cli.announcing.page_values import category, device_type, picture, tidy_line, web_url
from upnp_trio.documents.folder import Folder, read_file
from upnp_trio.documents.named_files import MAX_ICON_BYTES
from upnp_trio.documents.toml_reading import number_of, read_toml, text_of
from upnp_trio.documents.xml import MAX_DOCUMENT_BYTES
from upnp_trio.errors import DescriptionError
from upnp_trio.model.names import Udn
from upnp_trio.model.suggestions import suggestion

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping
    from pathlib import Path

    from upnp_trio.documents.pictures import Picture
    from upnp_trio.model.web_url import WebUrl

__all__ = ["PAGE_KEYS", "PageFile", "read_page_file"]

T = TypeVar("T")

#: the keys of a page's table
PAGE_KEYS = ("url", "name", "icon", "type", "category", "manufacturer", "model", "check", "uuid")
TOP_KEYS = ("page", "every", "failures")


@attrs.frozen
class PageFile:
    """What a file asks for."""

    pages: tuple[Page, ...]
    #: ``None`` where the file does not say
    every: int | None = None
    failures: int | None = None


def read_page_file(path: Path) -> PageFile:
    """The pages in the file at *path*; raises `DescriptionError` with path and place of each mistake."""
    data = read_file(path, MAX_DOCUMENT_BYTES)
    try:
        return _Reader(Folder(path.parent)).read(read_toml(data))
    except DescriptionError as error:
        raise DescriptionError("\n".join(f"{path}: {line}" for line in str(error).splitlines())) from error


@attrs.define
class _Reader:
    """Reads tables, and collects the mistakes in them."""

    _folder: Folder
    _mistakes: list[str] = attrs.field(factory=list)

    def read(self, tables: Mapping[str, object]) -> PageFile:
        self._check_keys(tables, TOP_KEYS, "")
        listed = tables.get("page")
        if not isinstance(listed, list) or not listed or not all(isinstance(table, dict) for table in listed):
            raise DescriptionError("it has no pages; write a table [[page]] with url = 'http://…' for each")
        pages = [self._page(table, f"page[{number}]") for number, table in enumerate(listed)]
        every = self._value(tables, "every", "", lambda value: _number(value, MAX_EVERY))
        failures = self._value(tables, "failures", "", lambda value: _number(value, MAX_FAILURES))
        if self._mistakes:
            raise DescriptionError("\n".join(self._mistakes))
        return PageFile(tuple(page for page in pages if page is not None), every, failures)

    def _page(self, table: dict[str, object], place: str) -> Page | None:
        self._check_keys(table, PAGE_KEYS, f"{place}.")
        if "url" not in table:
            self._mistakes.append(f"{place}: the url is missing; write url = 'http://…'")
        made: dict[str, Any] = {}
        for key, field, read in (
            ("url", "url", _url),
            ("name", "name", _line),
            ("icon", "icon", self._icon),
            ("type", "device_type", lambda value: device_type(text_of(value))),
            ("category", "category", lambda value: category(text_of(value))),
            ("manufacturer", "manufacturer", _line),
            ("model", "model", _line),
            ("check", "check", _url),
            ("uuid", "udn", _uuid),
        ):
            value = self._value(table, key, f"{place}.", read)
            if value is not None:
                made[field] = value
        return Page(**made) if "url" in made else None

    def _value(self, table: Mapping[str, object], key: str, place: str, read: Callable[[object], T]) -> T | None:
        if key not in table:
            return None
        try:
            return read(table[key])
        except DescriptionError as error:
            self._mistakes.append(f"{place}{key}: {error}")
            return None

    def _check_keys(self, table: Collection[str], known: Collection[str], place: str) -> None:
        for key in table:
            if key not in known:
                self._mistakes.append(f"{place}{key}: there is no such key; {suggestion(key, known, 'keys')}")

    def _icon(self, value: object) -> Picture | WebUrl:
        text = text_of(value)
        if "://" in text:
            return _url(text)
        return picture(self._folder.read(text, MAX_ICON_BYTES), text)


def _url(value: object) -> WebUrl:
    return web_url(text_of(value))


def _line(value: object) -> str:
    return tidy_line(text_of(value))


def _uuid(value: object) -> Udn:
    udn = Udn(text_of(value))
    if not udn.is_uuid:
        raise DescriptionError(f"{value!r} is not a UUID; write it as 8-4-4-4-12 hexadecimal digits")
    return udn


def _number(value: object, most: int) -> int:
    number = number_of(value)
    if not 1 <= number <= most:
        raise DescriptionError(f"it is {number}, and must be 1 to {most}")
    return number
