"""Reads the elements of a device description as vendors write them, and says what it overlooks."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, Any

import attrs

from upnp_trio.documents.device_elements import (
    DEVICE_TEXTS,
    DLNA_CAP,
    DLNA_DOC,
    PNPX_TEXTS,
    SERVICE_TEXTS,
    in_device,
)
from upnp_trio.documents.xml import local_name, namespace
from upnp_trio.errors import DescriptionError
from upnp_trio.model.device import Device, Icon, RootDevice, Service
from upnp_trio.model.extension import ExtensionElement, PnpX
from upnp_trio.model.forgiving import forgive
from upnp_trio.model.value_errors import shown

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

__all__ = ["DeviceReader"]

_REQUIRED = frozenset({"deviceType", "friendlyName", "manufacturer", "modelName"})
_KNOWN = frozenset({*DEVICE_TEXTS, "iconList", "serviceList", "deviceList", "presentationURL"})
_DEVICE_TAGS = frozenset(map(in_device, _KNOWN))
_SERVICE_TAGS = frozenset(map(in_device, SERVICE_TEXTS))
_CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ufffe\uffff]+")
_BLOCK_CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ufffe\uffff]+")


@attrs.frozen
class DeviceReader:
    """Makes values of elements, all of which are in UDA's namespace already."""

    #: takes a sentence for each flaw that is overlooked
    forgiven: list[str] | None
    #: begins these sentences, for an embedded device
    where: str = ""

    def root(self, document: Element) -> RootDevice:
        """The device of *document*; raises `DescriptionError` if there is none."""
        device = _child(document, "device")
        if local_name(document.tag) != "root" or device is None:
            raise DescriptionError(
                f"<{local_name(document.tag)}> is not a UPnP description: UDA §2.3 wants <root><device>"
            )
        spec_version = self._spec_version(document)
        url_base = self._text(document, "URLBase")
        if url_base and spec_version > (1, 0):
            self._overlook("URLBase is used, which UDA 1.1 forbids")
        return RootDevice(
            spec_version=spec_version,
            config_id=self._config_id(document),
            url_base=url_base,
            **self._device_fields(device),
        )

    def _spec_version(self, document: Element) -> tuple[int, int]:
        spec_version = _child(document, "specVersion")
        if spec_version is None:
            self._overlook("specVersion is missing, so this follows UDA 1.0")
            return (1, 0)
        major = self._number(spec_version, "major", missing=1)
        return (major, self._number(spec_version, "minor"))

    def _config_id(self, document: Element) -> int | None:
        text = document.get("configId", "").strip()
        if text.isascii() and text.isdecimal() and len(text) < 11:
            return int(text)
        if "configId" in document.attrib:
            self._overlook(f"configId is {shown(text)}, which is no number")
        return None

    def _device_fields(self, element: Element) -> dict[str, Any]:
        fields: dict[str, Any] = {
            "icons": [self._icon(entry) for entry in _entries(element, "iconList", "icon")],
            "services": [self._service(entry) for entry in _entries(element, "serviceList", "service")],
            "devices": [self._embedded(entry) for entry in _entries(element, "deviceList", "device")],
            "presentation_url": self._text(element, "presentationURL"),
        }
        for name, field in DEVICE_TEXTS.items():
            fields[field] = self._text(element, name) or ("" if name in _REQUIRED else None)
            if not fields[field] and (name in _REQUIRED or name == "UDN"):
                self._overlook(f"{name} is missing")
        if fields["udn"] is not None:
            fields["udn"] = self._udn(fields["udn"])
        if self.forgiven is not None:
            self._note_repeated(element)
        return fields | self._vendor_fields(element)

    def _embedded(self, element: Element) -> Device:
        device_type = _child(element, "deviceType")
        kind = shown(_line("" if device_type is None else device_type.text))
        return Device(**attrs.evolve(self, where=f"embedded device {kind}: ")._device_fields(element))

    def _udn(self, text: str) -> str | None:
        """The UDN in *text*: its first word. Some vendors add more words, or a blank after ``uuid:``."""
        first, *rest = text.split()
        if first.lower() == "uuid:":
            self._overlook(f"UDN is {shown(text)}, with a blank in it" if rest else "UDN has no UUID")
            return f"{first}{rest[0]}" if rest else None
        if rest:
            self._overlook(f"UDN has more than one word: {shown(text)}")
        if first[:5].lower() != "uuid:":  # an ESP32 renderer (pulseaudio-dlna #400)
            self._overlook(f"UDN is {shown(text)}, without 'uuid:'")
        return first

    def _vendor_fields(self, element: Element) -> dict[str, Any]:
        docs: list[str] = []
        pnpx: dict[str, str] = {}
        cap: str | None = None
        extensions: list[ExtensionElement] = []
        for child in _foreign(element, _DEVICE_TAGS):
            text = _line(child.text)
            if child.tag == DLNA_DOC and text:
                docs.append(text)
            elif child.tag == DLNA_CAP and text and cap is None:
                cap = text
            elif (field := PNPX_TEXTS.get(child.tag)) and text and field not in pnpx:
                pnpx[field] = text
            else:
                extensions += self._kept([child])
        return {
            "dlna_docs": docs,
            "dlna_cap": cap,
            "pnpx": PnpX(**pnpx) if pnpx else None,
            "extensions": extensions,
        }

    def _icon(self, element: Element) -> Icon:
        width, height, depth = (self._number(element, name, "the icon's ") for name in ("width", "height", "depth"))
        mimetype, url = self._text(element, "mimetype") or "", self._text(element, "url") or ""
        if not url:
            self._overlook("an icon has no url")
        if "/" not in mimetype:  # WeMo plugs have "jpg"
            self._overlook(f"the icon's mimetype is {shown(mimetype)}, which is no media type")
        return Icon(mimetype=mimetype, width=width, height=height, depth=depth, url=url)

    def _service(self, element: Element) -> Service:
        texts: dict[str, Any] = {field: self._text(element, name) or "" for name, field in SERVICE_TEXTS.items()}
        for name in ("serviceType", "serviceId", "SCPDURL", "controlURL"):
            if not texts[SERVICE_TEXTS[name]]:
                self._overlook(f"the service {shown(texts['service_type'] or texts['service_id'])} has no {name}")
        return Service(**texts, extensions=self._kept(_foreign(element, _SERVICE_TAGS)))

    def _kept(self, elements: list[Element]) -> list[ExtensionElement]:
        """*elements* without those that `ExtensionElement` refuses: readers skip unknown elements (UDA 2.0 §2.2)."""
        kept = []
        for element in elements:
            try:
                kept.append(_extension(element))
            except DescriptionError as error:
                self._overlook(f"the element {local_name(element.tag)} is left out: {error}")
        return kept

    # --- texts ---

    def _text(self, element: Element, name: str) -> str | None:
        child = _child(element, name)
        if child is None:
            return None
        text = (child.text or "").strip()
        if _CONTROLS.search(text):
            self._overlook(f"{name} has line breaks or control characters, read as blanks")
        return _line(text)

    def _number(self, element: Element, name: str, whose: str = "", missing: int = 0) -> int:
        text = self._text(element, name) or ""
        digits = re.match(r"[0-9]{1,9}", text)
        number = int(digits.group()) if digits else missing if not text else 0
        if digits is None or digits.group() != text:
            self._overlook(f"{whose}{name} is {shown(text)}, read as {number}")
        return number

    def _note_repeated(self, element: Element) -> None:
        for tag, count in Counter(child.tag for child in element).items():
            if count > 1 and tag in _DEVICE_TAGS:
                self._overlook(f"{local_name(tag)} comes {count} times; the first one counts")

    def _overlook(self, sentence: str) -> None:
        forgive(self.forgiven, self.where + sentence)


def _extension(element: Element) -> ExtensionElement:
    return ExtensionElement(
        namespace=namespace(element.tag),
        name=local_name(element.tag),
        text=_BLOCK_CONTROLS.sub(" ", element.text or ""),
        attributes={name: _CONTROLS.sub(" ", value) for name, value in element.items()},
        children=[_extension(child) for child in element],
    )


def _child(element: Element, name: str) -> Element | None:
    return element.find(in_device(name))


def _entries(element: Element, list_name: str, name: str) -> list[Element]:
    parent = _child(element, list_name)
    return [] if parent is None else parent.findall(in_device(name))


def _foreign(element: Element, known: frozenset[str]) -> list[Element]:
    return [child for child in element if child.tag not in known]


def _line(text: str | None) -> str:
    return _CONTROLS.sub(" ", text or "").strip()
