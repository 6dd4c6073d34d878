"""A device as values: the content of its description document (UDA 2.0 §2.3), and the files that this names.

A description names its icons, service descriptions and pages by URL. The values hold the content of these files as
well (`Icon.data`, `Service.scpd`, `Device.page`), so that `upnp_trio.serve_device` needs one value and nothing else.
The files are not part of the document: two devices are equal if their documents are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from upnp_trio.errors import DescriptionError
from upnp_trio.model.advertising import Advertising
from upnp_trio.model.extension import ExtensionElement, PnpX, as_pnpx, extensions, optional_pnpx
from upnp_trio.model.handler import Handler, SupportsAsService  # cattrs reads the annotations
from upnp_trio.model.members import as_tuple, members_are, optional_bytes
from upnp_trio.model.names import DeviceType, ServiceType, Udn, as_device_type, as_service_type, as_udn
from upnp_trio.model.text import one_line, optional_line, tidy, tidy_optional, whole_number
from upnp_trio.model.urls import fixed_path_flaw

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

__all__ = ["PRESENTATIONS", "Device", "Icon", "RootDevice", "Service"]

PRESENTATIONS = ("full", "read-only", "off")


# Converters that accept any iterable for a tuple. There is one for each type, as mypy cannot infer a generic one's.
def _texts(items: Iterable[str]) -> tuple[str, ...]:
    texts = as_tuple(items)
    # An empty string is left out, because a reader of the document takes its element for a missing one.
    return tuple(text for item in texts if (text := tidy(item)) != "") if isinstance(texts, tuple) else texts


def _icons(items: Iterable[Icon]) -> tuple[Icon, ...]:
    return as_tuple(items)


def _services(items: Iterable[Service | SupportsAsService]) -> tuple[Service, ...]:
    members = as_tuple(items)
    if not isinstance(members, tuple):  # the validator refuses it
        return members  # type: ignore[unreachable]
    return tuple(_as_service(member, number) for number, member in enumerate(members))


def _as_service(member: Service | SupportsAsService, number: int) -> Service:
    if isinstance(member, type) and hasattr(member, "as_service"):  # a class whose parentheses were forgotten
        raise DescriptionError(f"Device.services[{number}] is the class {member.__name__}; write {member.__name__}()")
    if isinstance(member, Service) or not isinstance(member, SupportsAsService):
        return member  # the validator refuses what is no service
    return member.as_service()


def _devices(items: Iterable[Device]) -> tuple[Device, ...]:
    return as_tuple(items)


def _pair(numbers: Sequence[int]) -> tuple[int, ...]:
    return as_tuple(numbers)


def _optional_handler(instance: object, attribute: attrs.Attribute[Handler | None], value: object) -> None:
    if isinstance(value, type):
        raise DescriptionError(f"Service.handler is the class {value.__name__}; write {value.__name__}()")
    if value is not None and not hasattr(value, "actions"):  # the one that every use of it needs
        raise DescriptionError(f"Service.handler is {value!r}; it must be a ServiceHandler")


def _optional_path(instance: object, attribute: attrs.Attribute[str], value: object) -> None:
    one_line(instance, attribute, value)
    if value and (flaw := fixed_path_flaw(str(value))):
        raise DescriptionError(f"{attribute.name} is {value!r}: {flaw}")


def _members_are_devices(instance: object, attribute: attrs.Attribute[tuple[Device, ...]], value: object) -> None:
    # This looks up `Device` when it is called, because the class does not exist yet when its fields are defined.
    members_are(Device)(instance, attribute, value)


@attrs.frozen(kw_only=True)
class Icon:
    """A picture of the device; sizes are in pixels, *depth* in bits per pixel (UDA 2.0 §2.3, iconList)."""

    #: such as ``image/png``, which at least one icon should be
    mimetype: str = attrs.field(converter=tidy, validator=one_line)
    width: int = attrs.field(validator=whole_number)
    height: int = attrs.field(validator=whole_number)
    depth: int = attrs.field(validator=whole_number)
    #: the URL of the picture file; it may be relative to the description
    url: str = attrs.field(converter=tidy, validator=one_line)
    #: the content of the picture file, served at *url*
    data: bytes | None = attrs.field(default=None, eq=False, repr=False, validator=optional_bytes)


@attrs.frozen(kw_only=True)
class Service:
    """A service of a device; empty URLs are replaced when the device is served (UDA 2.0 §2.3, serviceList)."""

    #: such as ``urn:schemas-upnp-org:service:SwitchPower:1``
    service_type: ServiceType = attrs.field(converter=as_service_type)
    #: identifies the service within its device, such as ``urn:upnp-org:serviceId:SwitchPower.1``
    service_id: str = attrs.field(converter=tidy, validator=one_line)
    #: the URL of the service description (SCPD); it may be relative to the description of the device. Like the next
    #: two, an absolute path stays as it is if the root device has a *description_path*
    scpd_url: str = attrs.field(default="", converter=tidy, validator=one_line)
    #: the URL at which control points call the actions of the service
    control_url: str = attrs.field(default="", converter=tidy, validator=one_line)
    #: the URL at which control points subscribe to events; served empty for a service without evented variables
    event_sub_url: str = attrs.field(default="", converter=tidy, validator=one_line)
    #: elements of other vendors, kept as they are
    extensions: tuple[ExtensionElement, ...] = attrs.field(
        default=(), converter=extensions, validator=members_are(ExtensionElement)
    )
    #: the service description document; without one a minimal valid SCPD is served
    scpd: bytes | None = attrs.field(default=None, eq=False, repr=False, validator=optional_bytes)
    #: what carries out the actions; without one, each is answered with UPnP error 401
    handler: Handler | None = attrs.field(default=None, eq=False, repr=False, validator=_optional_handler)


@attrs.frozen(kw_only=True)
class Device:
    """A root or embedded device, with all elements of UDA 2.0 §2.3.

    Each text is a single line. White space around it is removed, and a control character raises `DescriptionError`.
    `upnp_trio.check` applies the limits of UDA, which this class does not, because descriptions of other vendors
    break them and must still be readable.
    """

    #: such as ``urn:schemas-upnp-org:device:MediaServer:1``
    device_type: DeviceType = attrs.field(converter=as_device_type)
    #: the short name that control points show to the user
    friendly_name: str = attrs.field(converter=tidy, validator=one_line)
    #: the manufacturer's name
    manufacturer: str = attrs.field(converter=tidy, validator=one_line)
    manufacturer_url: str | None = attrs.field(default=None, converter=tidy_optional, validator=optional_line)
    #: a longer text for the user
    model_description: str | None = attrs.field(default=None, converter=tidy_optional, validator=optional_line)
    model_name: str = attrs.field(converter=tidy, validator=one_line)
    model_number: str | None = attrs.field(default=None, converter=tidy_optional, validator=optional_line)
    model_url: str | None = attrs.field(default=None, converter=tidy_optional, validator=optional_line)
    #: the manufacturer's number of this one device
    serial_number: str | None = attrs.field(default=None, converter=tidy_optional, validator=optional_line)
    #: the unique device name; if ``None``, serving derives it from this host, the device type and the friendly name,
    #: the same at every start
    udn: Udn | None = attrs.field(default=None, converter=as_udn)
    #: the Universal Product Code, 12 digits that identify the consumer package
    upc: str | None = attrs.field(default=None, converter=tidy_optional, validator=optional_line)
    icons: tuple[Icon, ...] = attrs.field(default=(), converter=_icons, validator=members_are(Icon))
    services: tuple[Service, ...] = attrs.field(default=(), converter=_services, validator=members_are(Service))
    #: the embedded devices
    devices: tuple[Device, ...] = attrs.field(default=(), converter=_devices, validator=_members_are_devices)
    #: the page that shows the device in a browser; if ``None``, a root device is served with the built-in page. If
    #: another server of this host has the page, ``{host}`` stands for this host's address, as in
    #: ``http://{host}:8123/``: a path of ours then leads on to the address that the browser has reached. ``{ipv4}``
    #: is for a server that IPv6 does not reach
    presentation_url: str | None = attrs.field(default=None, converter=tidy_optional, validator=optional_line)
    #: ``dlna:X_DLNADOC``, such as ``DMS-1.50``; only for AV devices that follow DLNA's guidelines
    dlna_docs: tuple[str, ...] = attrs.field(default=(), converter=_texts, validator=members_are(str))
    #: ``dlna:X_DLNACAP``, the capabilities of an AV device
    dlna_cap: str | None = attrs.field(default=None, converter=tidy_optional, validator=optional_line)
    #: the device's place in Windows's Network folder
    pnpx: PnpX | None = attrs.field(default=None, converter=as_pnpx, validator=optional_pnpx)
    #: elements of other vendors, kept as they are
    extensions: tuple[ExtensionElement, ...] = attrs.field(
        default=(), converter=extensions, validator=members_are(ExtensionElement)
    )
    #: an HTML page to serve at a relative *presentation_url* in place of the built-in one
    page: bytes | None = attrs.field(default=None, eq=False, repr=False, validator=optional_bytes)

    def walk(self) -> Iterator[Device]:
        """This device and all devices embedded in it, to any depth, parents first."""
        yield self
        for device in self.devices:
            yield from device.walk()


@attrs.frozen(kw_only=True)
class RootDevice(Device):
    """A root device: the outermost device of a description document, with the properties of the document."""

    #: the UDA version this device follows, in its documents and in SERVER (UDA 2.0 §2.3, specVersion)
    spec_version: tuple[int, int] = attrs.field(default=(1, 1), converter=_pair)
    #: as read from a document; a device is served with one that is computed from its documents
    config_id: int | None = attrs.field(default=None, validator=attrs.validators.optional(whole_number))
    #: as read from a document; it is never served, because UDA 1.1 and later forbid it
    url_base: str | None = attrs.field(default=None, converter=tidy_optional, validator=optional_line)
    #: a path of the description outside the device's own directory, such as ``/setup.xml`` or ``/``, for control points
    #: that know it. Then all URLs of the description that are absolute paths stay as they are given, too
    description_path: str = attrs.field(default="", converter=tidy, eq=False, validator=_optional_path)
    #: what the built-in page offers: "full", the values of the state variables and a form for each action;
    #: "read-only", the values alone; "off", there is no page. Only with "full", pages in a browser can call actions
    presentation: str = attrs.field(default="full", eq=False)
    #: the language of the texts, for CONTENT-LANGUAGE
    language: str = attrs.field(default="en", eq=False)
    #: what SSDP says beside the document, and how soon
    advertising: Advertising = attrs.field(factory=Advertising, eq=False)
    #: whether a rule of UDA that must be kept keeps a device from being served that breaks it; if not, it is a warning,
    #: unless the device cannot be served at all. For devices that stand for others, which break rules. ``None`` is for
    #: those whose make breaks them: as ``False``, but logged at INFO
    strict: bool | None = attrs.field(default=True, eq=False)

    @spec_version.validator
    def _validate_spec_version(self, attribute: attrs.Attribute[tuple[int, int]], value: object) -> None:
        if not (
            isinstance(value, tuple) and len(value) == 2 and all(type(part) is int and part >= 0 for part in value)
        ):
            raise DescriptionError(f"spec_version is {value!r}; it must be a pair such as (1, 1)")

    @advertising.validator
    def _validate_advertising(self, attribute: attrs.Attribute[Advertising], value: object) -> None:
        if not isinstance(value, Advertising):
            raise DescriptionError(f"advertising is {value!r}; it must be of type Advertising")

    @strict.validator
    def _validate_strict(self, attribute: attrs.Attribute[bool | None], value: object) -> None:
        if value is not None and not isinstance(value, bool):
            raise DescriptionError(f"strict is {value!r}; it must be True, False or None")

    @presentation.validator
    def _validate_presentation(self, attribute: attrs.Attribute[str], value: object) -> None:
        if value not in PRESENTATIONS:
            raise DescriptionError(f"presentation is {value!r}; it must be one of {', '.join(PRESENTATIONS)}")

    @language.validator
    def _validate_language(self, attribute: attrs.Attribute[str], value: object) -> None:
        if not isinstance(value, str) or not value.isascii() or not all(part.isalnum() for part in value.split("-")):
            raise DescriptionError(f"language is {value!r}; RFC 5646 wants a tag such as 'en' or 'fr-CA'")
