"""A described device as an object of JSON, for scripts."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from upnp_trio.control.arguments import argument_variable
from upnp_trio.errors import DescriptionError, UnsafeUrl

if TYPE_CHECKING:
    from collections.abc import Callable

    from upnp_trio.controlpoint.remote import RemoteDevice, RemoteService
    from upnp_trio.model.device import Device, Icon
    from upnp_trio.model.literal_url import LiteralUrl
    from upnp_trio.model.service import Number, ServiceDescription, VariableDescription

__all__ = ["description_json"]


def description_json(root: RemoteDevice) -> dict[str, Any]:
    """*root* with its services and embedded devices; URLs are absolute, or ``None`` if they lead to another address."""
    services: dict[int, list[RemoteService]] = {}
    for service in root.services_of_all():
        services.setdefault(id(service.device), []).append(service)
    return {
        "location": root.location.text,
        "spec_version": f"{root.spec_version[0]}.{root.spec_version[1]}",
        "config_id": root.config_id,
        **_device(root, root, services),
        "forgiven": list(root.forgiven),
    }


def _device(device: Device, root: RemoteDevice, services: dict[int, list[RemoteService]]) -> dict[str, Any]:
    return {
        "udn": None if device.udn is None else str(device.udn),
        "type": device.device_type.text,
        "name": device.friendly_name,
        "manufacturer": device.manufacturer,
        "manufacturer_url": device.manufacturer_url,
        "model_name": device.model_name,
        "model_number": device.model_number,
        "model_description": device.model_description,
        "model_url": device.model_url,
        "serial_number": device.serial_number,
        "upc": device.upc,
        "presentation_url": _page(device, root),
        "icons": [_icon(icon, root) for icon in device.icons],
        "services": [_service(service) for service in services.get(id(device), ())],
        "devices": [_device(embedded, root, services) for embedded in device.devices],
    }


def _icon(icon: Icon, root: RemoteDevice) -> dict[str, Any]:
    return {
        "url": _url(lambda: root.url(icon.url)),
        "mimetype": icon.mimetype,
        "width": icon.width,
        "height": icon.height,
        "depth": icon.depth,
    }


def _page(device: Device, root: RemoteDevice) -> str | None:
    """A page may be anywhere on the web, and is opened by a person."""
    page = device.presentation_url
    return page and (_url(lambda: root.url(page)) or page)


def _service(service: RemoteService) -> dict[str, Any]:
    try:
        description: ServiceDescription | None = service.description
    except DescriptionError:
        description = None  # the reason is in "forgiven"
    return {
        "type": service.service.service_type.text,
        "id": service.service.service_id,
        "name": service.name,
        "scpd_url": _url(lambda: service.scpd_url),
        "control_url": _url(lambda: service.control_url),
        "event_sub_url": _url(lambda: service.event_sub_url),
        "actions": None if description is None else _actions(description),
        "variables": None if description is None else [_variable(each) for each in description.variables],
    }


def _actions(description: ServiceDescription) -> list[dict[str, Any]]:
    return [
        {
            "name": action.name,
            **{
                direction: [
                    {
                        "name": argument.name,
                        "variable": argument.related_state_variable,
                        **_values(argument_variable(description, argument)),
                    }
                    for argument in arguments
                ]
                for direction, arguments in (("in", action.in_arguments), ("out", action.out_arguments))
            },
        }
        for action in description.actions
    ]


def _variable(variable: VariableDescription) -> dict[str, Any]:
    default = variable.default
    return {
        "name": variable.name,
        **_values(variable),
        "default": None if default is None else variable.data_type.render(default),
        "evented": variable.evented,
        "multicast": variable.multicast,
    }


def _values(variable: VariableDescription) -> dict[str, Any]:
    allowed = variable.allowed_range
    values: dict[str, Any] = {"data_type": variable.data_type.name}
    if variable.allowed_values:
        values["allowed_values"] = list(variable.allowed_values)
    if allowed is not None:
        values |= {"minimum": _number(allowed.minimum), "maximum": _number(allowed.maximum)}
        values |= {} if allowed.step is None else {"step": _number(allowed.step)}
    return values


def _number(value: Number) -> int | float:
    return float(value) if isinstance(value, Decimal) else value


def _url(find: Callable[[], LiteralUrl]) -> str | None:
    try:
        return find().text
    except UnsafeUrl:
        return None
