"""The tables of a device file in TOML, as a device."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs
from cattrs import Converter
from cattrs.errors import ClassValidationError
from cattrs.gen import make_dict_structure_fn

from upnp_trio.documents.named_files import MAX_ICON_BYTES, MAX_PAGE_BYTES, file_name, png_size, read_scpd
from upnp_trio.documents.table_errors import description_error
from upnp_trio.documents.toml_reading import number_of, read_toml, text_of
from upnp_trio.errors import DescriptionError
from upnp_trio.model.advertising import AdvertisedRow, Advertising
from upnp_trio.model.device import Icon, RootDevice, Service
from upnp_trio.model.extension import ExtensionElement
from upnp_trio.model.names import DeviceType, ServiceType, Udn

if TYPE_CHECKING:
    from collections.abc import Callable

    from upnp_trio.documents.folder import Folder

__all__ = ["read_device_tables"]


def read_device_tables(data: bytes, folder: Folder) -> RootDevice:
    """The device that *data*, TOML, describes; the files that it names are read from *folder*.

    Raises `DescriptionError` with the place of each mistake.
    """
    tables = read_toml(data)
    try:
        return _Reader(folder).read(tables)
    except ClassValidationError as error:
        raise (raised := description_error(error)) from raised.__cause__ or error


class _Reader:
    """Reads the tables whose keys are not simply the fields of a value."""

    def __init__(self, folder: Folder) -> None:
        self._folder = folder
        self._converter = converter = Converter(forbid_extra_keys=True)
        converter.register_structure_hook(str, lambda value, _: text_of(value))
        converter.register_structure_hook(int, lambda value, _: number_of(value))
        converter.register_structure_hook(bool, lambda value, _: _truth(value))
        converter.register_structure_hook(float, lambda value, _: _number(value))
        for name_type in (Udn, DeviceType, ServiceType):
            converter.register_structure_hook(name_type, lambda value, kind: kind(text_of(value)))
        converter.register_structure_hook_func(lambda kind: kind == tuple[str, ...], lambda value, _: _texts(value))
        self._plain_icon = self._plain(Icon)
        self._plain_service = self._plain(Service)
        self._plain_extension = self._plain(ExtensionElement)
        self._plain_row = self._plain(AdvertisedRow)
        self._plain_advertising = self._plain(Advertising)
        converter.register_structure_hook(bytes, lambda value, _: self._page(value))
        converter.register_structure_hook(Icon, lambda value, _: self._icon(value))
        converter.register_structure_hook(Service, lambda value, _: self._service(value))
        converter.register_structure_hook(ExtensionElement, lambda value, _: self._extension(value))
        converter.register_structure_hook(AdvertisedRow, lambda value, _: self._row(value))
        converter.register_structure_hook(Advertising, lambda value, _: self._advertising(value))

    def read(self, tables: dict[str, object]) -> RootDevice:
        return self._converter.structure(tables, RootDevice)

    def _plain(self, kind: type) -> Callable[..., object]:
        return make_dict_structure_fn(kind, self._converter, _cattrs_forbid_extra_keys=True)

    def _icon(self, table: object) -> object:
        if not isinstance(table, dict) or not isinstance(table.get("file"), str):
            raise DescriptionError(f"an icon is {table!r}; it must be a table with file = '...'")
        name = table["file"]
        data = self._folder.read(name, MAX_ICON_BYTES)
        measured = {} if (size := png_size(data)) is None else {"mimetype": "image/png", **size}
        declared = {key: value for key, value in table.items() if key != "file"}
        if not measured and not {"mimetype", "width", "height", "depth"} <= declared.keys():
            raise DescriptionError(
                f"the icon {name!r} is not a PNG; give its mimetype, width, height and depth as well"
            )
        return self._plain_icon({"url": name, **measured, **declared, "data": data}, Icon)

    def _service(self, table: object) -> object:
        if not isinstance(table, dict):
            raise DescriptionError(f"a service is {table!r}; it must be a table")
        table = dict(table)
        simulate = table.pop("simulate", False)
        if "handler" in table:
            return self._handled(table.pop("handler"), table, simulate)
        if "scpd" in table:
            name = file_name(table["scpd"])
            table["scpd"] = read_scpd(self._folder, name)
            table.setdefault("scpd_url", name)
        service = self._plain_service(table, Service)
        assert isinstance(service, Service)
        return self._simulated(service, simulate) if simulate is not False else service

    def _handled(self, reference: object, table: dict[str, object], simulate: object) -> Service:
        from upnp_trio.documents.handlers import service_of_handler  # most device files name no code

        for name, value in (("scpd", table.get("scpd")), ("simulate", simulate)):
            if value:
                raise DescriptionError(f"a handler describes its service itself; leave out {name}, or the handler")
        made = service_of_handler(reference, self._folder)
        own = {"service_type": str(made.service_type), "service_id": made.service_id, "scpd_url": made.scpd_url}
        service = self._plain_service({**own, **table}, Service)
        assert isinstance(service, Service)
        return attrs.evolve(service, scpd=made.scpd, handler=made.handler)

    def _simulated(self, service: Service, simulate: object) -> Service:
        from upnp_trio.documents.recordings import simulated  # few device files need it

        if simulate is not True and not isinstance(simulate, str):
            raise DescriptionError(f"simulate is {simulate!r}; it must be true, or the file of recorded answers")
        if service.scpd is None:
            raise DescriptionError("simulate needs a service description; give scpd as well")
        return simulated(service, self._folder, None if simulate is True else simulate)

    def _page(self, value: object) -> bytes:
        # icons and SCPDs come here as bytes already
        return value if isinstance(value, bytes) else self._folder.read(file_name(value), MAX_PAGE_BYTES)

    def _extension(self, table: object) -> object:
        if not isinstance(table, dict):
            raise DescriptionError(f"an extension is {table!r}; it must be a table")
        attributes = table.get("attributes", {})
        if not isinstance(attributes, dict):
            raise DescriptionError(f"the attributes are {attributes!r}; they must be a table")
        return self._plain_extension({**table, "attributes": list(attributes.items())}, ExtensionElement)

    def _advertising(self, table: object) -> object:
        names = ("headers", "description_headers")
        if not isinstance(table, dict) or not all(isinstance(table.get(name, {}), dict) for name in names):
            raise DescriptionError("advertising must be a table, and so must its headers and description_headers")
        if not isinstance(rows := table.get("rows", []), list):
            raise DescriptionError(f"rows is {rows!r}; write each row as a table of its own, [[advertising.rows]]")
        headers = {name: list(table[name].items()) for name in names if name in table}
        return self._plain_advertising({**table, **headers}, Advertising)

    def _row(self, table: object) -> object:
        if not isinstance(table, dict) or "notification_type" not in table:
            raise DescriptionError(f"a row is {table!r}; it must be a table with notification_type = '...'")
        return self._plain_row(table, AdvertisedRow)


def _texts(values: object) -> tuple[str, ...]:
    # cattrs would take a string for a list of its characters.
    if isinstance(values, list):
        return tuple(map(text_of, values))
    raise DescriptionError(f"it is {values!r}, and must be a list of strings, in brackets")


def _truth(value: object) -> bool:
    if isinstance(value, bool):
        return value
    raise DescriptionError(f"it is {value!r}, and must be true or false, without quotes")


def _number(value: object) -> float:
    return value if isinstance(value, float) else float(number_of(value))
