"""Vendor elements of a device: any element with a namespace, and Windows's PnP-X (UDA 2.0 §2.7)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

import attrs

from upnp_trio.errors import DescriptionError
from upnp_trio.model.members import as_tuple
from upnp_trio.model.text import optional_line, reject_control_characters, tidy, tidy_optional

__all__ = ["ExtensionElement", "PnpX"]

# XML allows more, but not every reader does.
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.\-]*")
_ATTRIBUTE_NAME = re.compile(r"(\{(?P<namespace>[^{}\s]+)\})?(?!xmlns\Z)[A-Za-z_][A-Za-z0-9_.\-]*")
# Parsers put braces around a namespace, or a blank behind it, to separate it from the name.
_NAMESPACE = re.compile(r"[^{}\s]+")
# No document may bind a prefix to this namespace (Namespaces in XML 1.0 §3).
_XMLNS = "http://www.w3.org/2000/xmlns/"


def _pairs(items: Mapping[str, str] | Iterable[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    pairs = as_tuple(items.items() if isinstance(items, Mapping) else items)
    return tuple(sorted(pairs)) if _are_pairs_of_texts(pairs) else pairs


def _are_pairs_of_texts(pairs: object) -> bool:
    return isinstance(pairs, tuple) and all(
        isinstance(pair, tuple) and len(pair) == 2 and all(isinstance(part, str) for part in pair) for pair in pairs
    )


def extensions(items: Iterable[ExtensionElement]) -> tuple[ExtensionElement, ...]:
    """An attrs converter that accepts any iterable of elements for a tuple."""
    return as_tuple(items)


@attrs.frozen
class ExtensionElement:
    """An element that UDA does not define, kept as it is.

    *attributes* is a mapping or an iterable of pairs; a name in a namespace is written ``{namespace}name``. Text
    between the children (mixed content) is not kept.
    """

    #: the namespace URI; UDA requires one
    namespace: str
    #: the name without a prefix
    name: str
    text: str = attrs.field(default="", converter=tidy)
    attributes: tuple[tuple[str, str], ...] = attrs.field(default=(), converter=_pairs)
    #: the elements inside this one
    children: tuple[ExtensionElement, ...] = attrs.field(default=(), converter=extensions)

    def __attrs_post_init__(self) -> None:
        for field in ("namespace", "name", "text"):
            if not isinstance(value := getattr(self, field), str):
                raise DescriptionError(f"ExtensionElement.{field} is {value!r}; it must be text")
        if not self.namespace or self.namespace == _XMLNS:
            raise DescriptionError(f"the extension element {self.name!r} has no namespace; UDA §2.7 wants one")
        if not _NAMESPACE.fullmatch(self.namespace):
            raise DescriptionError(f"{self.namespace!r} is not a namespace (of the extension element {self.name!r})")
        if not _NAME.fullmatch(self.name):
            raise DescriptionError(f"{self.name!r} is not an XML element name")
        reject_control_characters(self.namespace, f"the namespace of {self.name}")
        reject_control_characters(self.text, f"the text of {self.name}", lines=True)
        self._check_attributes()
        if not isinstance(self.children, tuple) or not all(
            isinstance(child, ExtensionElement) for child in self.children
        ):
            raise DescriptionError(f"the children of {self.name} are {self.children!r}; all must be ExtensionElement")

    def _check_attributes(self) -> None:
        if not _are_pairs_of_texts(self.attributes):
            raise DescriptionError(
                f"the attributes of {self.name} are {self.attributes!r}; they must be pairs of strings"
            )
        for name, value in self.attributes:
            match = _ATTRIBUTE_NAME.fullmatch(name)
            if match is None or match["namespace"] == _XMLNS:
                raise DescriptionError(f"{name!r} is not an XML attribute name (on the element {self.name})")
            reject_control_characters(name + value, f"the attribute {name} of {self.name}")
        if len(dict(self.attributes)) < len(self.attributes):
            raise DescriptionError(f"the element {self.name} has an attribute twice: {self.attributes!r}")


@attrs.frozen(kw_only=True)
class PnpX:
    """The place of the device in Windows's Network folder (PnP-X, which is not part of UDA).

    Values have the format that Windows documents: spaces separate several hardware ids, compatible ids or categories,
    of which the first is the most specific or primary one.
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


def as_pnpx(value: PnpX | None) -> PnpX | None:
    """An attrs converter: ``None`` in place of a PnpX without any value."""
    return None if value == PnpX() else value


def optional_pnpx(instance: object, attribute: attrs.Attribute[PnpX | None], value: object) -> None:
    """An attrs validator: a PnpX, or ``None``."""
    if value is not None and not isinstance(value, PnpX):
        raise DescriptionError(f"{type(instance).__name__}.{attribute.name} is {value!r}; it must be of type PnpX")
