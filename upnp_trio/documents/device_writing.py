"""Writing device files: a device as the TOML that `load_device` reads, for people to read and to change."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from upnp_trio.documents import toml_writing
from upnp_trio.documents.recordings import render_recording
from upnp_trio.model.device import Device, Icon, RootDevice, Service
from upnp_trio.model.simulation import SimulatedService

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from upnp_trio.documents.new_files import NewFiles
    from upnp_trio.model.advertising import Advertising
    from upnp_trio.model.extension import ExtensionElement, PnpX

__all__ = ["render_device_file"]

#: fields of devices and services that are tables of their own, or stand for files
_NOT_SIMPLE = {
    *("icons", "services", "devices", "pnpx", "extensions", "advertising", "attributes", "children"),
    *("page", "scpd", "handler", "data", "headers", "description_headers", "rows"),
}
#: endings of pictures' names, by media type
_ENDINGS = {
    "image/png": ".png",
    "image/jpeg": ".jpg",
    "image/jpg": ".jpg",
    "image/gif": ".gif",
    "image/bmp": ".bmp",
    "image/svg+xml": ".svg",
}
RECORDING_HEAD = "What was recorded of a service; all texts are those on the wire."
WITHOUT_FILES = "Icons and service descriptions are files of their own, which are not here."


def render_device_file(root: RootDevice, *, files: NewFiles | None = None, head: Iterable[str] = ()) -> str:
    """*root* as a device file in TOML, with the lines *head* as comments at its top.

    What a device file names, such as icons and service descriptions, is added to *files*; without these, it is left
    out. A service keeps its handler if that is a simulation of a device file. `load_device` gives an equal device, if
    *files* are written beside it.
    """
    return "\n".join([*_Writer(files).lines(root, head), ""])


class _Writer:
    def __init__(self, files: NewFiles | None) -> None:
        self._files = files

    def lines(self, root: RootDevice, head: Iterable[str]) -> Iterator[str]:
        if root.strict is None:  # TOML has no such value
            root = attrs.evolve(root, strict=False)
        comments = [*head]
        if self._files is None and any(device.icons or device.services for device in root.walk()):
            comments.append(WITHOUT_FILES)
        if comments:
            yield from map(toml_writing.comment, comments)
            yield ""
        yield from self._device(root, ())

    def _device(self, device: Device, path: tuple[str, ...]) -> Iterator[str]:
        yield from _simple(device)
        if device.page is not None and self._files is not None:
            wishes = (device.presentation_url or "", "page")
            yield _line("page", self._files.place("pages", wishes, ".html", device.page))
        if isinstance(device, RootDevice):
            yield from _advertising(device.advertising, path)
        if device.pnpx is not None:
            yield from _table("pnpx", _simple(device.pnpx), path)
        yield from _extensions(device.extensions, path)
        for icon in device.icons:
            yield from self._icon(icon, path)
        for service in device.services:
            yield from _table("services", self._service(service), path, is_list=True)
            yield from _extensions(service.extensions, (*path, "services"))
        for embedded in device.devices:
            yield from _table("devices", (), path, is_list=True)
            yield from self._device(embedded, (*path, "devices"))

    def _icon(self, icon: Icon, path: tuple[str, ...]) -> Iterator[str]:
        if self._files is None:
            return
        if icon.data is None:
            yield ""
            yield toml_writing.comment(f"an icon without its picture is left out: {icon.url}")
            return
        ending = _ENDINGS.get(icon.mimetype.lower(), ".bin")
        name = self._files.place("icons", (icon.url, "icon"), ending, icon.data)
        fields = {"file": name, **_fields(icon)}
        # a missing URL means the file's name
        yield from _table("icons", _lines(fields | {"url": icon.url}), path, is_list=True)

    def _service(self, service: Service) -> Iterator[str]:
        fields = _fields(service)
        if self._files is not None and service.scpd is not None:
            kind = service.service_type
            wishes = (f"{kind.name}{kind.version or ''}", service.scpd_url, "service")
            name = self._files.place("scpd", wishes, ".xml", service.scpd)
            fields |= {"scpd": name, "scpd_url": service.scpd_url}
            if isinstance(service.handler, SimulatedService):
                fields["simulate"] = self._recording(service.handler, name)
        return _lines(fields)

    def _recording(self, handler: SimulatedService, scpd: str) -> str | bool:
        if self._files is None or not handler.recording:
            return True
        data = render_recording(handler.recording, head=RECORDING_HEAD).encode()
        return self._files.place("answers", (scpd,), ".toml", data)


def _advertising(advertising: Advertising, path: tuple[str, ...]) -> Iterator[str]:
    fields = _fields(advertising)
    if fields:
        yield from _table("advertising", _lines(fields), path)
    for name, headers in (
        ("headers", advertising.headers),
        ("description_headers", advertising.description_headers),
    ):
        if headers:
            yield from _table(name, _lines(dict(headers)), (*path, "advertising"))
    for row in advertising.rows:
        yield from _table("rows", _lines(_fields(row)), (*path, "advertising"), is_list=True)


def _extensions(extensions: Sequence[ExtensionElement], path: tuple[str, ...]) -> Iterator[str]:
    for extension in extensions:
        yield from _table("extensions", _lines(_extension(extension)), path, is_list=True)


def _extension(extension: ExtensionElement) -> dict[str, object]:
    fields = _fields(extension)
    if extension.attributes:
        fields["attributes"] = dict(extension.attributes)
    if extension.children:
        fields["children"] = [_extension(child) for child in extension.children]
    return fields


def _simple(item: Device | PnpX) -> Iterator[str]:
    return _lines(_fields(item))


def _fields(item: attrs.AttrsInstance) -> dict[str, object]:
    """The fields of *item* that one line can hold, and that differ from their defaults."""
    found: dict[str, object] = {}
    kind = RootDevice if isinstance(item, RootDevice) else type(item)  # a remote one has more fields
    for field in attrs.fields(kind):
        value = getattr(item, field.name)
        if field.name not in _NOT_SIMPLE and value != _default(field):
            found[field.name] = value if isinstance(value, str | int | float | tuple) else str(value)
    return found


def _default(field: attrs.Attribute[object]) -> object:
    return None if field.default is attrs.NOTHING else field.default


def _table(name: str, lines: Iterable[str], path: tuple[str, ...], *, is_list: bool = False) -> Iterator[str]:
    start, end = ("[[", "]]") if is_list else ("[", "]")
    yield ""
    yield f"{start}{'.'.join([*path, name])}{end}"
    yield from lines


def _lines(fields: dict[str, object]) -> Iterator[str]:
    return (_line(name, value) for name, value in fields.items())


def _line(name: str, value: object) -> str:
    return f"{toml_writing.key(name)} = {toml_writing.value(value)}"
