"""What vendors add to a device: raw elements in their own namespaces, and Windows's PnP-X (UDA 2.0 §2.7)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

import attrs

from upnp_trio.errors import DescriptionError
from upnp_trio.model.text import optional_line, reject_control_characters, tidy, tidy_optional

__all__ = ["ExtensionElement", "PnpX"]

# ASCII only, though XML allows more: no vendor's name needs it, and none can surprise a reader.
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.\-]*")
_ATTRIBUTE_NAME = re.compile(r"(\{[^{}\s]+\})?(?!xmlns)[A-Za-z_][A-Za-z0-9_.\-]*")


def _pairs(items: Mapping[str, str] | tuple[tuple[str, str], ...]) -> tuple[tuple[str, str], ...]:
    return tuple(sorted(items.items() if isinstance(items, Mapping) else items))


def extensions(items: Iterable[ExtensionElement]) -> tuple[ExtensionElement, ...]:
    """An attrs converter: a list of elements may stand for a tuple."""
    return tuple(items)


@attrs.frozen
class ExtensionElement:
    """One element that UDA does not define, kept as it is.

    *attributes* is a mapping, or pairs; a name in a namespace is written ``{namespace}name``. Text that stands
    between children (mixed content) is not kept: no UPnP vendor uses it.
    """

    namespace: str
    name: str
    text: str = attrs.field(default="", converter=tidy)
    attributes: tuple[tuple[str, str], ...] = attrs.field(default=(), converter=_pairs)
    children: tuple[ExtensionElement, ...] = attrs.field(default=(), converter=extensions)

    def __attrs_post_init__(self) -> None:
        if not self.namespace or self.namespace.startswith("http://www.w3.org/2000/xmlns"):
            raise DescriptionError(f"the extension element {self.name!r} has no namespace; UDA §2.7 wants one")
        if not _NAME.fullmatch(self.name):
            raise DescriptionError(f"{self.name!r} is no XML element name")
        reject_control_characters(self.namespace, f"the namespace of {self.name}")
        reject_control_characters(self.text, f"the text of {self.name}", lines=True)
        for name, value in self.attributes:
            if not _ATTRIBUTE_NAME.fullmatch(name):
                raise DescriptionError(f"{name!r} is no XML attribute name (on the element {self.name})")
            reject_control_characters(name + value, f"the attribute {name} of {self.name}")


@attrs.frozen(kw_only=True)
class PnpX:
    """How Windows sorts the device into its Network folder (PnP-X; not part of UDA).

    Values are written as Windows documents them: several hardware ids, compatible ids or categories stand in
    one text, separated by spaces, the most specific or primary one first.
    """

    #: ``pnpx:X_deviceCategory``, such as ``MediaDevices`` or ``NetworkInfrastructure.Router``
    device_category: str | None = attrs.field(default=None, converter=tidy_optional, validator=optional_line)
    #: ``pnpx:X_hardwareId``, such as ``VEN_0115&DEV_0001&SUBSYS_0001&REV_0001``
    hardware_id: str | None = attrs.field(default=None, converter=tidy_optional, validator=optional_line)
    #: ``pnpx:X_compatibleId``, such as ``GenericUmPass``
    compatible_id: str | None = attrs.field(default=None, converter=tidy_optional, validator=optional_line)
    #: ``df:X_containerId``, a GUID in braces, the same for every protocol face of one box
    container_id: str | None = attrs.field(default=None, converter=tidy_optional, validator=optional_line)
    #: ``df:X_deviceCategory`` of Windows 7 and later, such as ``Multimedia.DMS``
    df_device_category: str | None = attrs.field(default=None, converter=tidy_optional, validator=optional_line)
