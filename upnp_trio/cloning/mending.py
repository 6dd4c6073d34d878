"""What must be changed in a stranger's device so that it can be served, each change in words.

A clone keeps what its original says, rules of UDA that it breaks included, as a control point may depend on them. What
is changed here would keep a device from being served, or would lead to the original.
"""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, TypeVar

import attrs

from upnp_trio.documents.recordings import fitting
from upnp_trio.documents.scpd import parse_scpd
from upnp_trio.documents.served_scpd import render_scpd
from upnp_trio.documents.xml import namespace, parse_xml
from upnp_trio.errors import DescriptionError
from upnp_trio.model.device import Device, Icon, RootDevice, Service
from upnp_trio.model.literal_url import LiteralUrl
from upnp_trio.model.names import MAX_SEARCH_TARGET_BYTES, DeviceType, ServiceType, Udn
from upnp_trio.model.rules import is_picture_type
from upnp_trio.model.simulation import Recording, SimulatedService
from upnp_trio.model.urls import has_scheme, is_web_link, path_within
from upnp_trio.model.value_errors import shown

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from upnp_trio.model.extension import ExtensionElement

__all__ = ["CLONE_MARK", "mended", "with_new_udns"]

#: what the name of a clone ends in, so that people can tell it from its original
CLONE_MARK = " (clone)"
# UDA 2.0 §2.3: a name should be shorter than 64 characters.
MAX_NAME_CHARACTERS = 63
# The namespace of the names that the UDNs of clones are derived from; picked once, at random.
_NAMESPACE = uuid.UUID("c2f0a1e4-6d2b-4b6e-9a57-1f3a5c0e8d74")
# All icons of a device, which the clone holds in memory; real devices have less than one MiB.
MAX_ICON_BYTES_IN_ALL = 64 * 1024 * 1024
#: how pictures of each type begin
_SIGNATURES = {
    b"\x89PNG\r\n\x1a\n": "image/png",
    b"\xff\xd8\xff": "image/jpeg",
    b"GIF8": "image/gif",
    b"BM": "image/bmp",
}

# A browser that is shown a document of the clone would run scripts in these, as if they were the clone's own.
_ACTIVE_PICTURES = frozenset({"image/svg+xml", "image/svg"})
_ACTIVE_NAMESPACES = frozenset({"http://www.w3.org/1999/xhtml", "http://www.w3.org/2000/svg"})

N = TypeVar("N", DeviceType, ServiceType)


def with_new_udns(root: RootDevice, seed: str | None) -> tuple[RootDevice, list[str]]:
    """*root* and its embedded devices with UDNs that are derived from theirs and from *seed*.

    Without *seed* they keep their UDNs, except for those that no device can be served with. What has to be changed
    beyond that is returned in words. A UDN that is no UUID only gets another end, as clients may know how it begins:
    pywemo takes ``uuid:Socket-1_0-221517K0101769`` for a switch.
    """
    notes: list[str] = []
    taken: dict[str, int] = {}

    def renamed(device: Device) -> Device:
        udn = device.udn
        if udn is not None:
            old = udn.text.lower()
            taken[old] = number = taken.get(old, 0) + 1
            is_servable = number == 1 and _searchable(udn.text) == udn.text
            if not is_servable:
                reason = "cannot be searched for" if number == 1 else "is that of another device in it, too"
                notes.append(f"the UDN {shown(udn.text)} {reason}; {shown(device.friendly_name)} has another one")
            if seed is not None or not is_servable:
                name = "\0".join([seed or "", old, *([str(number)] if number > 1 else [])])
                derived = uuid.uuid5(_NAMESPACE, name)
                longer = f"{udn.text}-{derived.hex[:8]}"
                keeps_start = is_servable and not udn.is_uuid and _searchable(longer) == longer
                udn = Udn(longer if keeps_start else derived)
        return attrs.evolve(device, udn=udn, devices=[renamed(embedded) for embedded in device.devices])

    new = renamed(root)
    assert isinstance(new, RootDevice)
    return new, notes


def mended(
    root: RootDevice, location: LiteralUrl, recordings: Mapping[tuple[int, int], Recording]
) -> tuple[RootDevice, list[str]]:
    """*root* as it can be served by another host than *location*, and what has been changed, in words.

    Services are simulated from their descriptions, with the *recordings*, which are by the index of the device in
    `RootDevice.walk` and of its service.
    """
    mender = _Mender(location, recordings)
    device = mender.device(root)
    assert isinstance(device, RootDevice)
    return attrs.evolve(device, config_id=None, url_base=None, description_path=""), mender.notes


class _Mender:
    def __init__(self, location: LiteralUrl, recordings: Mapping[tuple[int, int], Recording]) -> None:
        self._location = location
        self._recordings = recordings
        self._device_number = -1
        self._icon_bytes = 0
        self.notes: list[str] = []

    def device(self, device: Device) -> Device:
        self._device_number += 1  # before those of its embedded devices, as in `walk`
        return attrs.evolve(
            device,
            device_type=self._type(device.device_type, DeviceType),
            presentation_url=self._presentation(device.presentation_url),
            icons=[mended for icon in device.icons if (mended := self._icon(icon)) is not None],
            services=[self._service(service, number) for number, service in enumerate(device.services)],
            devices=[self.device(embedded) for embedded in device.devices],
            extensions=self._extensions(device.extensions),
        )

    def _extensions(self, extensions: Iterable[ExtensionElement]) -> list[ExtensionElement]:
        kept = [extension for extension in extensions if not _is_active(extension)]
        left_out = [extension.name for extension in extensions if _is_active(extension)]
        self.notes += [f"the element {shown(name)} can hold scripts; it is left out" for name in left_out]
        return kept

    def _type(self, urn: N, kind: type[N]) -> N:
        text = _searchable(urn.text)
        if text != urn.text:
            self.notes.append(f"the type {shown(urn.text)} cannot be searched for; it is {shown(text)}")
        return urn if text == urn.text else kind(text)

    def _presentation(self, url: str | None) -> str | None:
        if url is None or not has_scheme(url):
            return url  # a path, where the clone has a page of its own
        if not is_web_link(url):
            self.notes.append(f"the presentationURL {shown(url)} is no page; it is left out")
            return None
        try:
            is_own = LiteralUrl.parse(url).address == self._location.address
        except ValueError:  # a name, or a page elsewhere
            is_own = False
        return _path(url) if is_own else url

    def _icon(self, icon: Icon) -> Icon | None:
        """*icon* with a type that HTTP can name; ``None`` if it cannot be served."""
        declared, url = icon.mimetype, shown(icon.url)
        mimetype = declared if is_picture_type(declared) else _type_by_content(icon.data or b"")
        flaw = None
        if icon.data is None:
            flaw = "could not be read"
        elif self._icon_bytes + len(icon.data) > MAX_ICON_BYTES_IN_ALL:
            flaw = "is too large beside the others"
        elif mimetype is None:
            flaw = f"has the type {shown(declared)}, no picture's"
        elif mimetype.lower() in _ACTIVE_PICTURES:
            flaw = f"is {mimetype}, which can hold scripts"
        if flaw is not None or mimetype is None or icon.data is None:
            self.notes.append(f"the icon {url} {flaw}; it is left out")
            return None
        if mimetype != declared:
            self.notes.append(f"the icon {url} has the type {shown(declared)}; it is {mimetype}")
        self._icon_bytes += len(icon.data)
        return attrs.evolve(icon, url=_path(icon.url), mimetype=mimetype)

    def _service(self, service: Service, number: int) -> Service:
        recording = self._recordings.get((self._device_number, number))
        return attrs.evolve(
            self._acting(service, recording),
            service_type=self._type(service.service_type, ServiceType),
            scpd_url=_path(service.scpd_url),
            control_url=_path(service.control_url),
            event_sub_url=_path(service.event_sub_url),
            extensions=self._extensions(service.extensions),
        )

    def _acting(self, service: Service, recording: Recording | None) -> Service:
        what = f"the description of {shown(service.service_id)}"
        if service.scpd is None:
            self.notes.append(f"{what} could not be read; a minimal one is served")
            return service
        try:
            _check_scpd(service.scpd)
        except DescriptionError as error:
            self.notes.append(f"{what} cannot be served, and a minimal one is: {error}")
            return attrs.evolve(service, scpd=None)
        if recording is not None:
            recording, left_out = fitting(recording)
            self.notes += [f"what was recorded of {shown(name)} is too long; it is left out" for name in left_out]
        try:
            return attrs.evolve(service, handler=SimulatedService(parse_scpd(service.scpd), recording))
        except DescriptionError as error:
            self.notes.append(f"{what} does not tell how to act, and calls are answered with errors: {error}")
            return service


def _check_scpd(scpd: bytes) -> None:
    """Raise `DescriptionError` if *scpd* cannot be served."""
    render_scpd(scpd, config_id=0, spec_version=(1, 1))
    if any(namespace(element.tag) in _ACTIVE_NAMESPACES for element in parse_xml(scpd).iter()):
        raise DescriptionError("it can hold scripts")


def _is_active(extension: ExtensionElement) -> bool:
    return extension.namespace in _ACTIVE_NAMESPACES or any(map(_is_active, extension.children))


def _searchable(text: str) -> str:
    """*text* as SSDP can carry it: ASCII without blanks and quotes, and not too long."""
    clean = "".join(character if "!" <= character <= "~" and character != '"' else "_" for character in text)
    return clean[:MAX_SEARCH_TARGET_BYTES] or "_"


def _path(url: str) -> str:
    """The path of a URL on the original; relative ones are kept as they are."""
    return f"/{path_within(url)}" if has_scheme(url) or url.startswith("//") else url


def _type_by_content(data: bytes) -> str | None:
    return next((kind for start, kind in _SIGNATURES.items() if data.startswith(start)), None)
