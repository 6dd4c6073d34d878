"""Device files: a device that somebody described in TOML, or the XML description of any UPnP device.

The icons, SCPDs and pages that a device file names are read from its folder.
"""

from __future__ import annotations

import logging
import struct
from pathlib import Path
from typing import TYPE_CHECKING

import attrs

from upnp_trio.documents.description import parse_description
from upnp_trio.documents.folder import Folder, read_file
from upnp_trio.documents.served_scpd import render_scpd
from upnp_trio.documents.xml import MAX_DEPTH, MAX_DOCUMENT_BYTES
from upnp_trio.errors import CodeFailed, DescriptionError
from upnp_trio.model.device import Device, Icon, RootDevice, Service
from upnp_trio.model.extension import ExtensionElement
from upnp_trio.model.names import DeviceType, ServiceType, Udn
from upnp_trio.model.rules import violations
from upnp_trio.model.urls import has_scheme

if TYPE_CHECKING:  # cattrs and tomllib are imported when a TOML file is read, as other starts do not need them
    from cattrs import Converter

__all__ = ["load_device"]

logger = logging.getLogger(__name__)

# Control points show icons in lists, and those with little memory fetch them whole.
MAX_ICON_BYTES = 4 * 1024 * 1024
# A page may carry its pictures and scripts within itself.
MAX_PAGE_BYTES = 4 * 1024 * 1024
_PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_PNG_CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}


def load_device(path: str | Path) -> RootDevice:
    """Read the root device that the file at *path* describes: in TOML if its name ends in ``.toml``, else in XML.

    The device file and the files that it names must be regular files. It can name files of its own folder and of the
    folders below, once links are followed. Raises `DescriptionError` for what cannot be read and for each rule of UDA
    that the device breaks, with the file and the line or field. A TOML file can name handlers of services, Python code
    that is then imported; if that raises an exception, it is the ``__cause__`` of the error.
    """
    path = Path(path)
    data = read_file(path, MAX_DOCUMENT_BYTES)
    try:
        folder = Folder(path.parent)
        device = _from_toml(data, folder) if path.suffix.lower() == ".toml" else _from_xml(data, folder)
    except CodeFailed as error:
        raise CodeFailed(_within(path, error)) from error.__cause__
    except DescriptionError as error:
        raise DescriptionError(_within(path, error)) from error
    if errors := [str(violation) for violation in violations(device) if violation.must]:
        raise DescriptionError(_within(path, "\n".join(errors)))
    return device


def _within(path: Path, what: object) -> str:
    return "\n".join(f"{path}: {line}" for line in str(what).splitlines())


# --- TOML ------------------------------------------------------------------------------------------------------


def _from_toml(data: bytes, folder: Folder) -> RootDevice:
    import tomllib

    from cattrs import transform_error
    from cattrs.errors import ClassValidationError

    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise DescriptionError(f"line {line}: the file is not in UTF-8; save it as UTF-8") from error
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        where = str(error).replace("end of document", f"the end, line {text.count(chr(10)) + 1}")
        raise DescriptionError(f"not valid TOML: {where}") from error
    except ValueError as error:  # from int()
        raise DescriptionError("not valid TOML: a number in it has thousands of digits") from error
    except RecursionError as error:
        raise DescriptionError("not valid TOML: its lists and tables nest too deeply") from error
    _check_nesting(table)
    try:
        return _converter(folder).structure(table, RootDevice)
    except ClassValidationError as error:
        message = "\n".join(_places_first(transform_error(error, "", _explain)))
        if (failed := _code_failed(error)) is not None:
            raise CodeFailed(message) from failed.__cause__
        raise DescriptionError(message) from error


def _code_failed(group: BaseExceptionGroup[BaseException]) -> CodeFailed | None:
    """The first `CodeFailed` in *group*, if there is one."""
    for error in group.exceptions:
        found = _code_failed(error) if isinstance(error, BaseExceptionGroup) else error
        if isinstance(found, CodeFailed):
            return found
    return None


def _check_nesting(value: object, level: int = 2) -> None:
    """Refuse a file whose description would nest too deeply to be read; the root element is level 1."""
    if level > MAX_DEPTH:
        raise DescriptionError(
            f"its lists and tables nest too deeply for a description, which has at most {MAX_DEPTH} levels"
        )
    for member in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        _check_nesting(member, level + 1)


def _places_first(lines: list[str]) -> list[str]:
    """The lines of cattrs, "what @ .where", as "where: what"."""
    parted = (line.rpartition(" @ ") for line in lines)
    return [f"{where.lstrip('.')}: {what}" if where else what for what, _, where in parted]


def _explain(error: BaseException, type_: type | None) -> str:
    from cattrs import ForbiddenExtraKeysError
    from cattrs.v import format_exception

    if isinstance(error, ForbiddenExtraKeysError):
        known = [attribute.name for attribute in attrs.fields(error.cl)] if attrs.has(error.cl) else []
        return "; ".join(_unknown_field(name, known) for name in sorted(error.extra_fields))
    if isinstance(error, DescriptionError):
        return str(error)
    if isinstance(error, KeyError):
        return "the field is missing; UDA §2.3 requires it"
    return format_exception(error, type_)


def _unknown_field(name: str, known: list[str]) -> str:
    import difflib

    close = difflib.get_close_matches(name, known, n=1)
    hint = f"did you mean {close[0]!r}?" if close else f"the fields are {', '.join(known)}"
    return f"there is no field {name!r}; {hint}"


def _converter(folder: Folder) -> Converter:
    from cattrs import Converter
    from cattrs.gen import make_dict_structure_fn

    converter = Converter(forbid_extra_keys=True)
    converter.register_structure_hook(str, _structure_text)
    converter.register_structure_hook(int, _structure_number)
    for name_type in (Udn, DeviceType, ServiceType):
        converter.register_structure_hook(name_type, lambda value, kind: kind(_structure_text(value, str)))
    converter.register_structure_hook_func(lambda kind: kind == tuple[str, ...], _structure_texts)
    plain_extension = make_dict_structure_fn(ExtensionElement, converter, _cattrs_forbid_extra_keys=True)
    plain_icon = make_dict_structure_fn(Icon, converter, _cattrs_forbid_extra_keys=True)
    plain_service = make_dict_structure_fn(Service, converter, _cattrs_forbid_extra_keys=True)

    def icon(table: object, _: type) -> Icon:
        if not isinstance(table, dict) or not isinstance(table.get("file"), str):
            raise DescriptionError(f"an icon is {table!r}; it must be a table with file = '...'")
        name = table["file"]
        data = folder.read(name, MAX_ICON_BYTES)
        measured = {} if (size := _png_size(data)) is None else {"mimetype": "image/png", **size}
        declared = {key: value for key, value in table.items() if key != "file"}
        if not measured and not {"mimetype", "width", "height", "depth"} <= declared.keys():
            raise DescriptionError(
                f"the icon {name!r} is not a PNG; give its mimetype, width, height and depth as well"
            )
        return plain_icon({"url": name, **measured, **declared, "data": data}, Icon)

    def service(table: object, _: type) -> Service:
        if not isinstance(table, dict):
            raise DescriptionError(f"a service is {table!r}; it must be a table")
        table = dict(table)
        if "handler" in table:
            return handled(table.pop("handler"), table)
        if "scpd" in table:
            name = _file_name(table["scpd"])
            table["scpd"] = _read_scpd(folder, name)
            table.setdefault("scpd_url", name)
        return plain_service(table, Service)

    def handled(reference: object, table: dict[str, object]) -> Service:
        from upnp_trio.documents.handlers import service_of_handler  # most device files name no code

        if "scpd" in table:
            raise DescriptionError("a handler describes its service itself; leave out scpd, or the handler")
        made = service_of_handler(reference, folder)
        own = {"service_type": str(made.service_type), "service_id": made.service_id, "scpd_url": made.scpd_url}
        return attrs.evolve(plain_service({**own, **table}, Service), scpd=made.scpd, handler=made.handler)

    def page(value: object, _: type) -> bytes:
        return value if isinstance(value, bytes) else folder.read(_file_name(value), MAX_PAGE_BYTES)

    def extension(table: object, _: type) -> ExtensionElement:
        if not isinstance(table, dict):
            raise DescriptionError(f"an extension is {table!r}; it must be a table")
        attributes = table.get("attributes", {})
        if not isinstance(attributes, dict):
            raise DescriptionError(f"the attributes are {attributes!r}; they must be a table")
        return plain_extension({**table, "attributes": list(attributes.items())}, ExtensionElement)

    converter.register_structure_hook(bytes, page)  # icons and SCPDs come here as bytes already
    converter.register_structure_hook(ExtensionElement, extension)
    converter.register_structure_hook(Icon, icon)
    converter.register_structure_hook(Service, service)
    return converter


def _structure_text(value: object, _: type) -> str:
    # TOML reads a model number such as 3000 as a number, and its author means the digits.
    if type(value) is int:
        return str(_small(value))
    if isinstance(value, str):
        return value
    raise DescriptionError(f"it is {value!r}, and must be text in quotes")


def _structure_texts(values: object, _: object) -> tuple[str, ...]:
    # cattrs would take a string for a list of its characters.
    if isinstance(values, list):
        return tuple(_structure_text(value, str) for value in values)
    raise DescriptionError(f"it is {values!r}, and must be a list of strings, in brackets")


def _structure_number(value: object, _: type) -> int:
    if type(value) is int:
        return _small(value)
    raise DescriptionError(f"it is {value!r}, and must be a whole number without quotes")


def _small(number: int) -> int:
    # tomllib reads larger numbers than TOML has, and Python refuses to write the largest of them.
    if number.bit_length() >= 64:
        raise DescriptionError("it is a number of more than 64 bits, which TOML does not have")
    return number


def _file_name(value: object) -> str:
    if not isinstance(value, str):
        raise DescriptionError(f"{value!r} is not a file name")
    return value


def _read_scpd(folder: Folder, name: str) -> bytes:
    data = folder.read(name, MAX_DOCUMENT_BYTES)
    try:
        render_scpd(data, config_id=0, spec_version=(1, 1))
    except DescriptionError as error:
        raise DescriptionError(f"{name}: {error}") from error
    return data


def _png_size(data: bytes) -> dict[str, int] | None:
    """Width, height and depth (bits per pixel) of a PNG; ``None`` for anything else."""
    if data[:8] != _PNG_SIGNATURE or data[12:16] != b"IHDR" or len(data) < 26:
        return None
    width, height, bits, colour = struct.unpack_from(">IIBB", data, 16)
    return {"width": width, "height": height, "depth": bits * _PNG_CHANNELS.get(colour, 1)}


# --- XML -------------------------------------------------------------------------------------------------------


def _from_xml(data: bytes, folder: Folder) -> RootDevice:
    device = _with_files(parse_description(data), folder)
    assert isinstance(device, RootDevice)
    return device


def _with_files(device: Device, folder: Folder) -> Device:
    """*device* with the content of the files that its description names."""
    icons = []
    for icon in device.icons:
        if (name := folder.find(icon.url)) is None:
            logger.warning("the icon %s is not beside the description and is left out", icon.url)
        else:
            icons.append(attrs.evolve(icon, data=folder.read(name, MAX_ICON_BYTES)))
    services = []
    for service in device.services:
        if (name := folder.find(service.scpd_url)) is None:
            logger.warning("the SCPD %s is not beside the description; a minimal one is served", service.scpd_url)
        services.append(service if name is None else attrs.evolve(service, scpd=_read_scpd(folder, name)))
    url = device.presentation_url
    page = None if url is None or has_scheme(url) else folder.find(url)
    return attrs.evolve(
        device,
        icons=icons,
        services=services,
        devices=[_with_files(embedded, folder) for embedded in device.devices],
        page=None if page is None else folder.read(page, MAX_PAGE_BYTES),
    )
