"""Preparing a root device to be served: choosing the URLs of its tree and rendering its documents.

The documents hold absolute paths (`upnp_trio.documents.document_paths`), because control points differ in how they
resolve other relative URLs (UDA 2.0 §2.3).
"""

from __future__ import annotations

import hashlib
import logging
from typing import TYPE_CHECKING

import attrs

from upnp_trio.documents.description import render_description
from upnp_trio.documents.document_paths import DocumentPaths
from upnp_trio.documents.served_scpd import render_scpd
from upnp_trio.errors import DescriptionError
from upnp_trio.model.device import Device, Icon, RootDevice, Service
from upnp_trio.model.handler import Handler
from upnp_trio.model.names import ServiceType, Udn
from upnp_trio.model.placeholders import Headers
from upnp_trio.model.urls import decoded, has_scheme, is_at_own_host

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["File", "Publication", "PublishedService", "publish", "publish_elsewhere"]

logger = logging.getLogger(__name__)

XML_TYPE = 'text/xml; charset="utf-8"'  # with the quotes, UDA 2.0 §2.11
HTML_TYPE = "text/html; charset=utf-8"
# Browsers draw a page's icon in 16 pixels, or in 32 on screens of double density.
FAVICON_PIXELS = 32


@attrs.frozen
class File:
    """The content of a document or picture, with the media type that HTTP gives it."""

    media_type: str
    body: bytes = attrs.field(repr=False)
    #: more header fields of the response; their placeholders are filled in for each address
    headers: Headers = ()


@attrs.frozen(kw_only=True, cache_hash=True)  # it is the key of its subscriptions and changes
class PublishedService:
    """A service of a device that is ready to be served."""

    service_type: ServiceType
    service_id: str
    #: the UDN of its device
    udn: Udn
    #: the path that takes control calls
    control_path: str
    #: the path that takes subscriptions; empty if no variable sends events
    event_path: str
    #: what carries out the actions; its class may compare by value, but one of its objects is not another
    handler: Handler | None = attrs.field(eq=id, hash=False)
    #: whether a page in a browser may call the actions
    takes_pages: bool = True

    @property
    def usn(self) -> str:
        """The Unique Service Name: the device's UDN and the service's type (UDA 2.0 §1.1.4)."""
        return f"{self.udn}::{self.service_type}"


@attrs.frozen(kw_only=True)
class Publication:
    """A root device that is ready to be served.

    *root* has every UDN, every URL and its CONFIGID, and equals the device that its description document describes, but
    for the URLs of *redirects*.
    """

    root: RootDevice
    description_path: str
    #: the description and the files that it names, by path
    files: dict[str, File]
    #: the devices that have the built-in page, by the path of the page
    pages: dict[str, Device]
    #: the services of all its devices
    services: tuple[PublishedService, ...]
    #: the pages that another server of this host has, with `HOST` as their host, by the paths that lead there
    redirects: dict[str, str] = attrs.field(factory=dict)
    #: where a live page asks for its state, and where it has its script; empty without handlers or without such a page
    state_path: str = ""
    script_path: str = ""

    @property
    def control_paths(self) -> frozenset[str]:
        """The paths that take control calls."""
        return frozenset(service.control_path for service in self.services)

    @property
    def paths(self) -> frozenset[str]:
        """Every path that it is served at, without percent escapes."""
        services = [path for each in self.services for path in (each.control_path, each.event_path)]
        paths = [*self.files, *self.pages, *self.redirects, *services, self.state_path, self.script_path]
        return frozenset(decoded(path) for path in paths if path)

    @property
    def favicon_path(self) -> str | None:
        """The path of the root device's icon that a browser shows beside the page's title; ``None`` without icons.

        It is a PNG if there is one, and of those the smallest that is not too small.
        """
        icon = min(self.root.icons, key=_unfitness, default=None)
        return None if icon is None else icon.url


def _unfitness(icon: Icon) -> tuple[bool, bool, int]:
    side = min(icon.width, icon.height)
    is_too_small = side < FAVICON_PIXELS
    return icon.mimetype.lower() != "image/png", is_too_small, -side if is_too_small else side


def publish(root: RootDevice, prefix: str = "") -> Publication:
    """Choose the URLs of *root*, whose devices all have a UDN, and render its documents.

    All paths begin with *prefix*, which is empty or begins with a slash and does not end with one.

    CONFIGID is derived from the documents, so that it changes when they change (UDA 2.0 §1.2.2). Raises
    `DescriptionError` for an icon without data, for an SCPD that is not a service description, and for a path with two
    uses.
    """
    plan = _Plan(root, prefix)
    device = plan.place_device(root, is_root=True)
    assert isinstance(device, RootDevice)
    root = attrs.evolve(device, config_id=0, url_base=None)
    scpds = {path: _scpd(service, 0, root) for path, service in plan.scpds.items()}
    config_id = _config_id(render_description(root), *scpds.values())
    root = attrs.evolve(root, config_id=config_id)
    files = {path: File(XML_TYPE, _scpd(service, config_id, root)) for path, service in plan.scpds.items()}
    description_path = plan.paths.description
    files[description_path] = File(XML_TYPE, render_description(root), root.advertising.description_headers)
    state_path, script_path = plan.place_script()
    published = _with_targets(root, plan.redirects) if plan.redirects else root
    assert isinstance(published, RootDevice)
    return Publication(
        root=published,
        description_path=description_path,
        files=files | plan.files,
        pages=plan.pages,
        redirects=plan.redirects,
        services=tuple(plan.services),
        state_path=state_path,
        script_path=script_path,
    )


def publish_elsewhere(root: RootDevice, description_path: str) -> Publication:
    """*root*, whose documents another server has, its description at *description_path*: nothing of it is served.

    Without a CONFIGID, it gets one that changes when it changes.
    """
    if root.config_id is None:
        root = attrs.evolve(root, config_id=_config_id(render_description(attrs.evolve(root, config_id=0))))
    return Publication(root=root, description_path=description_path, files={}, pages={}, services=())


def _config_id(*documents: bytes) -> int:
    # a device may choose a number from 0 to 2**24 - 1 (UDA 2.0 §1.2.2)
    return int.from_bytes(hashlib.sha256(b"\0".join(documents)).digest()[:3], "big")


def _with_targets(device: Device, redirects: Mapping[str, str]) -> Device:
    """*device* with the URLs that its pages lead to, so that it can be published again."""
    url = device.presentation_url
    return attrs.evolve(
        device,
        presentation_url=redirects.get(url, url) if url is not None else None,
        devices=[_with_targets(embedded, redirects) for embedded in device.devices],
    )


def _scpd(service: Service, config_id: int, root: RootDevice) -> bytes:
    try:
        return render_scpd(service.scpd, config_id=config_id, spec_version=root.spec_version)
    except DescriptionError as error:
        raise DescriptionError(f"the SCPD of {service.service_id}: {error}") from error


class _Plan:
    """The paths of one root device, and what each of them serves."""

    def __init__(self, root: RootDevice, prefix: str) -> None:
        self._presentation = root.presentation
        self.paths = DocumentPaths(root, prefix)
        self.files: dict[str, File] = {}
        self.pages: dict[str, Device] = {}
        self.redirects: dict[str, str] = {}
        self.scpds: dict[str, Service] = {}
        self.services: list[PublishedService] = []

    def place_device(self, device: Device, *, is_root: bool = False) -> Device:
        """*device* and the devices embedded in it, with their URLs."""
        placed = attrs.evolve(
            device,
            icons=[self._place_icon(icon) for icon in device.icons],
            services=[self._place_service(service, device) for service in device.services],
            devices=[self.place_device(embedded) for embedded in device.devices],
        )
        return attrs.evolve(placed, presentation_url=self._place_page(placed, is_root=is_root))

    def place_script(self) -> tuple[str, str]:
        """The paths of the state and of the script of live pages; empty if no page of this root device is one."""
        if not self.pages or not any(service.handler for service in self.services):
            return "", ""
        return self.paths.choose("", "state.json", "its state"), self.paths.choose("", "page.js", "its script")

    def _place_page(self, device: Device, *, is_root: bool) -> str | None:
        url = device.presentation_url
        if url is not None and is_at_own_host(url):
            # one document is served at all addresses, so a path of ours leads on to the address of the request
            path = self.paths.choose_page("", f"the page of {device.friendly_name!r}", is_root=is_root)
            self.redirects[path] = url
            return path
        if url is not None and has_scheme(url):
            return url  # the device has its page on another host
        if self._presentation == "off" or (url is None and not is_root):
            return None
        path = self.paths.choose_page(url or "", f"the page of {device.friendly_name!r}", is_root=is_root)
        if device.page is None:
            self.pages[path] = device
        else:
            self.files[path] = File(HTML_TYPE, device.page)
        return path

    def _place_icon(self, icon: Icon) -> Icon:
        if icon.data is None:
            raise DescriptionError(
                f"the icon {icon.url!r} has no data to serve; give Icon(data=...), or leave the icon out"
            )
        path = self.paths.choose(icon.url, "icon", f"the icon {icon.url!r}")
        self.files[path] = File(icon.mimetype, icon.data)
        return attrs.evolve(icon, url=path)

    def _place_service(self, service: Service, device: Device) -> Service:
        assert device.udn is not None
        number = len(self.services) + 1
        scpd_path = self._place_scpd(service, f"service-{number}/scpd.xml")
        of = f"of {service.service_id}"
        control_path = self.paths.choose(service.control_url, f"service-{number}/control", f"control {of}")
        event_path = ""  # an empty eventSubURL says that the service has no events (UDA 2.0 §2.3)
        if service.handler is not None and service.handler.description.evented:
            event_path = self.paths.choose(service.event_sub_url, f"service-{number}/events", f"events {of}")
        elif service.event_sub_url:
            logger.info("%s has no handler with evented variables; its eventSubURL is left empty", service.service_id)
        self.services.append(
            PublishedService(
                service_type=service.service_type,
                service_id=service.service_id,
                udn=device.udn,
                control_path=control_path,
                event_path=event_path,
                handler=service.handler,
                takes_pages=self._presentation == "full",
            )
        )
        return attrs.evolve(service, scpd_url=scpd_path, control_url=control_path, event_sub_url=event_path)

    def _place_scpd(self, service: Service, default: str) -> str:
        url = service.scpd_url
        fixed = self.paths.fixed(url)
        if fixed is not None and fixed in self.scpds and self.scpds[fixed].scpd == service.scpd:
            return fixed  # vendors give one SCPD to several services of a type
        path = self.paths.choose(url, default, f"the SCPD of {service.service_id}")
        self.scpds[path] = service
        return path
