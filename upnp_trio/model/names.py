"""The names of UPnP: UDNs, device types and service types (UDA 2.0 §1.1.4, §1.2.2, §2.3)."""

from __future__ import annotations

import re
from uuid import UUID

import attrs

from upnp_trio.errors import DescriptionError
from upnp_trio.model.text import reject_control_characters

__all__ = [
    "MAX_SEARCH_TARGET_BYTES",
    "MAX_USN_CHARACTERS",
    "STANDARD_DOMAIN",
    "DeviceType",
    "ServiceType",
    "TypeUrn",
    "Udn",
    "as_device_type",
    "as_service_type",
    "as_udn",
    "can_be_search_target",
    "split_version",
    "unsearchable",
]

# Real names, even vendors' service types, are far shorter. SSDP refuses a longer search target, because each
# response repeats it.
MAX_SEARCH_TARGET_BYTES = 256
# A real USN is a UUID and a type, some 120 characters.
MAX_USN_CHARACTERS = 512
#: the domain in the types of UPnP's standards, whose service IDs have ``upnp-org``
STANDARD_DOMAIN = "schemas-upnp-org"

_HEX_FORM = re.compile(r"uuid:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
# What SSDP can carry as ST and read as one: a type or a UDN has no blanks, and quotes at the ends are taken off.
_SEARCH_TARGET = re.compile(r"[!#-~]([!-~]*[!#-~])?")
# ASCII without blanks, because headers of SSDP carry it
_TYPE_URN = re.compile(r"urn:(?P<domain>[!-9;-~]+):(?P<kind>device|service):(?P<name>[!-9;-~]+):[0-9]{1,9}")


def split_version(text: str) -> tuple[str, int | None]:
    """Split a type into the part before its version, and the version; ``None`` if no number ends it.

    >>> split_version("urn:schemas-upnp-org:device:Basic:1")
    ('urn:schemas-upnp-org:device:Basic', 1)
    """
    base, colon, version = text.rpartition(":")
    # No real version has more than nine digits, and a number from the network must be cheap to read.
    if colon and version.isascii() and version.isdecimal() and len(version) <= 9:
        return base, int(version)
    return text, None


def can_be_search_target(text: str) -> bool:
    """Whether a search for *text* can be sent: 1 to `MAX_SEARCH_TARGET_BYTES` printable characters of ASCII."""
    return text.isascii() and text.isprintable() and 0 < len(text) <= MAX_SEARCH_TARGET_BYTES


def unsearchable(target: str) -> str | None:
    """The rule by which SSDP does not read a search for *target*, if any (UDA 2.0 §1.3.2)."""
    if len(target) > MAX_SEARCH_TARGET_BYTES:
        return (
            f"UDA §1.3.2: it must be a search target, which may have at most {MAX_SEARCH_TARGET_BYTES} characters; "
            f"this one has {len(target)}"
        )
    if target.endswith('"'):
        return "UDA §1.3.2: it must be a search target, and a quote at the end of one is ignored"
    if not _SEARCH_TARGET.fullmatch(target):
        return "UDA §1.3.2: it must be a search target, which is ASCII without blanks"
    return None


def _udn_text(value: object) -> object:
    if isinstance(value, UUID):
        return f"uuid:{value}"
    if isinstance(value, str):
        value = value.strip()
        return value if value[:5].lower() == "uuid:" else f"uuid:{value}"
    return value


@attrs.frozen
class Udn:
    """A Unique Device Name: ``uuid:`` and a UUID (UDA 2.0 §1.1.4).

    Its spelling is kept, because SSDP repeats it letter for letter. UDA 1.0 allows any text after ``uuid:``, and so
    does this class, because such devices exist. `upnp_trio.check` applies the stricter rule of UDA 1.1.
    """

    text: str = attrs.field(converter=_udn_text)

    @text.validator
    def _validate(self, attribute: attrs.Attribute[str], value: object) -> None:
        if not isinstance(value, str) or len(value) == len("uuid:") or re.search(r"\s", value):
            raise DescriptionError(f"udn is {value!r}; UDA §1.1.4 wants 'uuid:' and a UUID without white space")
        reject_control_characters(value, "udn")

    def __str__(self) -> str:
        return self.text

    @property
    def uuid(self) -> str:
        """The part after ``uuid:``."""
        return self.text[5:]

    @property
    def is_uuid(self) -> bool:
        """Whether this has the 8-4-4-4-12 form of UDA 1.1 and later."""
        return _HEX_FORM.fullmatch(self.text) is not None


def _strip(value: object) -> object:
    return value.strip() if isinstance(value, str) else value


@attrs.frozen
class TypeUrn:
    """A device or service type such as ``urn:schemas-upnp-org:device:Basic:1``, spelled as given."""

    text: str = attrs.field(converter=_strip)

    @text.validator
    def _validate(self, attribute: attrs.Attribute[str], value: object) -> None:
        if not isinstance(value, str):
            raise DescriptionError(f"{type(self).__name__} is {value!r}; it must be text such as 'urn:…:1'")
        reject_control_characters(value, type(self).__name__)

    def __str__(self) -> str:
        return self.text

    @property
    def version(self) -> int | None:
        """The version at the end, or ``None`` if the type has none."""
        return split_version(self.text)[1]

    @property
    def name(self) -> str:
        """The name within the type, such as ``SwitchPower``; an empty string if this is no URN of five parts."""
        parts = self.text.split(":", 5)
        return parts[3] if len(parts) == 5 else ""

    def flaw(self, kind: str) -> str | None:
        """The rule that this breaks as a type of *kind* ``device`` or ``service`` (UDA 2.0 §1.2.2, §2.3), if any."""
        match = _TYPE_URN.fullmatch(self.text)
        if match is None or match["kind"] != kind:
            return f"must read 'urn:<domain>:{kind}:<type>:<version>' in ASCII, with a whole number at the end"
        if "." in match["domain"]:
            return "must name its domain with '-' for each '.', as in 'schemas-upnp-org'"
        if len(match["name"]) > 64:
            return f"must have a type name of at most 64 characters; this one has {len(match['name'])}"
        if self.version == 0:
            return "must have a version of at least 1"
        if "#" in self.text:
            return "must not contain '#'"
        return None


class DeviceType(TypeUrn):
    """A device's type, with its version."""


class ServiceType(TypeUrn):
    """A service's type, with its version."""

    @property
    def usual_id(self) -> str:
        """The usual service ID of a device's only service of this type (UDA 2.0 §2.3)."""
        _, domain, _, name, *_ = [*self.text.split(":"), "", "", "", ""]
        return f"urn:{'upnp-org' if domain == STANDARD_DOMAIN else domain}:serviceId:{name}"


def as_udn(value: Udn | str | UUID | None) -> Udn | None:
    """*value* as a Udn; the prefix ``uuid:`` may be missing."""
    return value if value is None or isinstance(value, Udn) else Udn(value)


def as_device_type(value: DeviceType | str) -> DeviceType:
    """*value* as a DeviceType."""
    return value if isinstance(value, DeviceType) else DeviceType(value)


def as_service_type(value: ServiceType | str) -> ServiceType:
    """*value* as a ServiceType."""
    return value if isinstance(value, ServiceType) else ServiceType(value)
