"""What a device is: the values that a description document holds (UDA 2.0 §2.3), and the bytes it points at.

A description names its icons, service descriptions and page by URL. So that one value is all that
`upnp_trio.serve_device` needs, the bytes travel with the element that names them (`Icon.data`, `Service.scpd`,
`Device.page`). They are no part of the document, so two values are equal when their documents are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from upnp_trio.errors import DescriptionError
from upnp_trio.model.extension import ExtensionElement, PnpX, as_pnpx, extensions, optional_pnpx
from upnp_trio.model.members import as_tuple, members_are, optional_bytes
from upnp_trio.model.names import DeviceType, ServiceType, Udn, as_device_type, as_service_type, as_udn
from upnp_trio.model.text import one_line, optional_line, tidy, tidy_optional, whole_number

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

__all__ = ["Device", "Icon", "RootDevice", "Service"]


# Converters that let a list stand for a tuple, one for each type: mypy cannot see through a generic one.
def _texts(items: Iterable[str]) -> tuple[str, ...]:
    texts = as_tuple(items)
    # an empty one says nothing, and would be none when read back
    return tuple(text for item in texts if (text := tidy(item)) != "") if isinstance(texts, tuple) else texts


def _icons(items: Iterable[Icon]) -> tuple[Icon, ...]:
    return as_tuple(items)


def _services(items: Iterable[Service]) -> tuple[Service, ...]:
    return as_tuple(items)


def _devices(items: Iterable[Device]) -> tuple[Device, ...]:
    return as_tuple(items)


def _pair(numbers: Sequence[int]) -> tuple[int, ...]:
    return as_tuple(numbers)


def _members_are_devices(instance: object, attribute: attrs.Attribute[tuple[Device, ...]], value: object) -> None:
    # a function of its own, as the class it names is not there yet when its fields are
    members_are(Device)(instance, attribute, value)


@attrs.frozen(kw_only=True)
class Icon:
    """A picture of the device; sizes in pixels, *depth* in bits (UDA 2.0 §2.3, iconList)."""

    mimetype: str = attrs.field(converter=tidy, validator=one_line)
    width: int = attrs.field(validator=whole_number)
    height: int = attrs.field(validator=whole_number)
    depth: int = attrs.field(validator=whole_number)
    url: str = attrs.field(converter=tidy, validator=one_line)
    #: the picture itself, served at *url*
    data: bytes | None = attrs.field(default=None, eq=False, repr=False, validator=optional_bytes)


@attrs.frozen(kw_only=True)
class Service:
    """A service of a device; URLs left empty are chosen when the device is served (UDA 2.0 §2.3, serviceList)."""

    service_type: ServiceType = attrs.field(converter=as_service_type)
    service_id: str = attrs.field(converter=tidy, validator=one_line)
    scpd_url: str = attrs.field(default="", converter=tidy, validator=one_line)
    control_url: str = attrs.field(default="", converter=tidy, validator=one_line)
    event_sub_url: str = attrs.field(default="", converter=tidy, validator=one_line)
    extensions: tuple[ExtensionElement, ...] = attrs.field(
        default=(), converter=extensions, validator=members_are(ExtensionElement)
    )
    #: the service description document; without one a minimal valid SCPD is served
    scpd: bytes | None = attrs.field(default=None, eq=False, repr=False, validator=optional_bytes)


@attrs.frozen(kw_only=True)
class Device:
    """A device, root or embedded, with everything that UDA 2.0 §2.3 allows it to say.

    Texts are single lines: outer white space is dropped, control characters are refused here. The limits of
    UDA itself are judged by `upnp_trio.check`, because descriptions of other vendors break them and must still
    be readable.
    """

    device_type: DeviceType = attrs.field(converter=as_device_type)
    friendly_name: str = attrs.field(converter=tidy, validator=one_line)
    manufacturer: str = attrs.field(converter=tidy, validator=one_line)
    manufacturer_url: str | None = attrs.field(default=None, converter=tidy_optional, validator=optional_line)
    model_description: str | None = attrs.field(default=None, converter=tidy_optional, validator=optional_line)
    model_name: str = attrs.field(converter=tidy, validator=one_line)
    model_number: str | None = attrs.field(default=None, converter=tidy_optional, validator=optional_line)
    model_url: str | None = attrs.field(default=None, converter=tidy_optional, validator=optional_line)
    serial_number: str | None = attrs.field(default=None, converter=tidy_optional, validator=optional_line)
    #: left out, it is derived from this host, the type and the friendly name: the same at every start
    udn: Udn | None = attrs.field(default=None, converter=as_udn)
    upc: str | None = attrs.field(default=None, converter=tidy_optional, validator=optional_line)
    icons: tuple[Icon, ...] = attrs.field(default=(), converter=_icons, validator=members_are(Icon))
    services: tuple[Service, ...] = attrs.field(default=(), converter=_services, validator=members_are(Service))
    #: the embedded devices
    devices: tuple[Device, ...] = attrs.field(default=(), converter=_devices, validator=_members_are_devices)
    #: left out, the device gets a page of its own
    presentation_url: str | None = attrs.field(default=None, converter=tidy_optional, validator=optional_line)
    #: ``dlna:X_DLNADOC``, such as ``DMS-1.50``; only for AV devices that follow DLNA's guidelines
    dlna_docs: tuple[str, ...] = attrs.field(default=(), converter=_texts, validator=members_are(str))
    #: ``dlna:X_DLNACAP``
    dlna_cap: str | None = attrs.field(default=None, converter=tidy_optional, validator=optional_line)
    pnpx: PnpX | None = attrs.field(default=None, converter=as_pnpx, validator=optional_pnpx)
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
    """A root device: the device of a description document, and what that document says of itself."""

    #: the UDA version this device follows, in its documents and in SERVER (UDA 2.0 §2.3, specVersion)
    spec_version: tuple[int, int] = attrs.field(default=(1, 1), converter=_pair)
    #: as read from a document; a device that is served always gets the one its documents ask for
    config_id: int | None = attrs.field(default=None, validator=attrs.validators.optional(whole_number))
    #: as read from a document; UDA 1.1 and later forbid it, so it is never served
    url_base: str | None = attrs.field(default=None, converter=tidy_optional, validator=optional_line)
    #: the language of the texts, for CONTENT-LANGUAGE
    language: str = attrs.field(default="en", eq=False)

    @spec_version.validator
    def _validate_spec_version(self, attribute: attrs.Attribute[tuple[int, int]], value: object) -> None:
        if not (
            isinstance(value, tuple) and len(value) == 2 and all(type(part) is int and part >= 0 for part in value)
        ):
            raise DescriptionError(f"spec_version is {value!r}; it must be a pair such as (1, 1)")

    @language.validator
    def _validate_language(self, attribute: attrs.Attribute[str], value: object) -> None:
        if not isinstance(value, str) or not value.isascii() or not all(part.isalnum() for part in value.split("-")):
            raise DescriptionError(f"language is {value!r}; RFC 5646 wants a tag such as 'en' or 'fr-CA'")
