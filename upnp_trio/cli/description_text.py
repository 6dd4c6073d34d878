"""A described device as a person reads it: devices, services, actions with their arguments, and state variables."""

from __future__ import annotations

from typing import TYPE_CHECKING

from upnp_trio.cli.printable import cells, fit, printable
from upnp_trio.cli.value_words import type_words
from upnp_trio.control.arguments import argument_variable
from upnp_trio.errors import DescriptionError, UnsafeUrl
from upnp_trio.model.service import ARGUMENT_TYPE

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from upnp_trio.cli.styles import Styles
    from upnp_trio.controlpoint.remote import RemoteDevice, RemoteService
    from upnp_trio.model.device import Device
    from upnp_trio.model.service import ActionDescription, ServiceDescription, VariableDescription

__all__ = ["description_lines"]

# Names of standards have less than 40 characters; a type or a URL may need a line.
NAME_CHARACTERS = 64
LINE_CHARACTERS = 400
# A longer name stands out, where that does no harm to the other lines.
MAX_NAME_COLUMNS = 32


def description_lines(root: RemoteDevice, styles: Styles) -> Iterator[str]:
    """The lines for *root*. Nothing in them controls a terminal but the *styles*."""
    services: dict[int, list[RemoteService]] = {}
    for service in root.services_of_all():
        services.setdefault(id(service.device), []).append(service)
    yield from _device(root, root, services, styles)
    if root.forgiven:
        yield ""
        yield styles.bold("Overlooked")
        yield from (styles.dim(f"  {printable(sentence, LINE_CHARACTERS)}") for sentence in root.forgiven)


def _device(
    device: Device, root: RemoteDevice, services: dict[int, list[RemoteService]], styles: Styles
) -> Iterator[str]:
    rows = [*_device_rows(device, root), *(_root_rows(root) if device is root else ())]
    yield styles.bold(printable(device.friendly_name, LINE_CHARACTERS) or "(no name)")
    yield from (f"  {styles.dim(f'{name:<9}')} {text}" for name, text in rows)
    for service in services.get(id(device), ()):
        yield ""
        yield from _indented(_service(service, styles))
    for embedded in device.devices:
        yield ""
        yield from _indented(_device(embedded, root, services, styles))


def _device_rows(device: Device, root: RemoteDevice) -> Iterator[tuple[str, str]]:
    yield "type", printable(device.device_type.text, LINE_CHARACTERS)
    yield "UDN", printable(str(device.udn or "none"), LINE_CHARACTERS)
    yield "maker", _joined(device.manufacturer, device.manufacturer_url)
    yield "model", _joined(device.model_name, device.model_number, device.model_url)
    if device.model_description:
        yield "is", printable(device.model_description, LINE_CHARACTERS)
    if device.serial_number:
        yield "serial", printable(device.serial_number, LINE_CHARACTERS)
    if device.upc:
        yield "UPC", printable(device.upc, LINE_CHARACTERS)
    if device.presentation_url:
        yield "page", printable(_page(device.presentation_url, root), LINE_CHARACTERS)
    for icon in device.icons:
        size = f"{icon.width} x {icon.height}, {icon.depth} bit"
        yield "icon", f"{printable(icon.url, LINE_CHARACTERS)}  {printable(icon.mimetype)}, {size}"


def _root_rows(root: RemoteDevice) -> Iterator[tuple[str, str]]:
    config_id = "" if root.config_id is None else f", CONFIGID {root.config_id}"
    yield "UDA", f"{root.spec_version[0]}.{root.spec_version[1]}{config_id}"
    yield "location", root.location.text


def _page(reference: str, root: RemoteDevice) -> str:
    """The URL for a browser; a page may be anywhere on the web."""
    try:
        return root.url(reference).text
    except UnsafeUrl:
        return reference


def _joined(*texts: str | None) -> str:
    return "  ".join(printable(text, LINE_CHARACTERS) for text in texts if text)


def _service(service: RemoteService, styles: Styles) -> Iterator[str]:
    service_type = printable(service.service.service_type.text, LINE_CHARACTERS)
    yield f"{styles.bold(printable(service.name, NAME_CHARACTERS))}  {service_type}"
    yield f"  {styles.dim(printable(service.service.service_id, LINE_CHARACTERS))}"
    try:
        description = service.description
    except DescriptionError as error:
        yield f"  {styles.red(printable(str(error), LINE_CHARACTERS))}"
        return
    names = [argument.name for action in description.actions for argument in action.arguments]
    width = _width(names)
    for action in description.actions:
        yield from _action(description, action, width, styles)
    variables = [each for each in description.variables if each.evented or not each.name.startswith(ARGUMENT_TYPE)]
    if variables:
        yield f"  {styles.dim('state variables')}"
    width = _width(variable.name for variable in variables)
    marks = [_mark(variable) for variable in variables]
    for variable, mark in zip(variables, marks, strict=True):
        default = "" if variable.default is None else f"  (default {_default(variable)})"
        yield f"    {_name(variable.name, width)}  {fit(mark, max(map(len, marks)))}  {type_words(variable)}{default}"


def _action(description: ServiceDescription, action: ActionDescription, width: int, styles: Styles) -> Iterator[str]:
    yield f"  {styles.cyan(printable(action.name, NAME_CHARACTERS))}"
    for argument in (*action.in_arguments, *action.out_arguments):
        words = type_words(argument_variable(description, argument))
        yield f"    {argument.direction:<3}  {_name(argument.name, width)}  {words}"


def _mark(variable: VariableDescription) -> str:
    if variable.multicast:
        return "multicast"
    return "evented" if variable.evented else ""


def _default(variable: VariableDescription) -> str:
    return printable(variable.data_type.render(variable.default)) or "empty"


def _width(names: Iterable[str]) -> int:
    return min(max((cells(printable(name, NAME_CHARACTERS)) for name in names), default=0), MAX_NAME_COLUMNS)


def _name(name: str, width: int) -> str:
    return fit(printable(name, NAME_CHARACTERS), width, cut=False)


def _indented(lines: Iterable[str]) -> Iterator[str]:
    return (f"  {line}" if line else line for line in lines)
