"""The paths of a clone: those of its original, which some control points know whatever LOCATION and description say.

An Echo asks a WeMo switch for ``/setup.xml``, and SoCo a Sonos player for ``/xml/device_description.xml``. A path that
the clone cannot have is below the clone's directory, and a note says so.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

import attrs

from upnp_trio.model.device import Device, RootDevice, Service
from upnp_trio.model.literal_url import LiteralUrl
from upnp_trio.model.urls import decoded, fixed_path_flaw, has_scheme
from upnp_trio.model.value_errors import shown

if TYPE_CHECKING:
    from upnp_trio.cloning.observed import Observed

__all__ = ["at_original_paths"]

FRONT_PAGE = "/"
PAGE_NAME = "page.html"
# What people write into a URL and a path may not have: blanks, and characters beyond ASCII.
_SAFE = "!#$%&'()*+,/:;=?@[]~"


def at_original_paths(clone: RootDevice, observed: Observed) -> tuple[RootDevice, list[str]]:
    """*clone* with the paths of the device that was *observed*, and in words which of them it cannot have.

    No control point knows a path by heart that has a UDN in it. In that case, the clone has paths of its own.
    """
    path = observed.location.target
    udn = observed.device.udn
    if udn is not None and udn.is_uuid and udn.uuid.lower() in path.lower():
        return clone, []
    if flaw := fixed_path_flaw(path):
        return clone, [f"the description is not at {shown(path)}, as the original's is: {flaw}"]
    placer = _Placer(clone, path, _base(observed))
    placed = placer.device(attrs.evolve(clone, description_path=path))
    assert isinstance(placed, RootDevice)
    return placed, placer.notes


def _base(observed: Observed) -> LiteralUrl:
    """What the URLs of the description are relative to (UDA 1.0 §2.1: URLBase, if it has one)."""
    try:
        base = LiteralUrl.parse(observed.device.url_base or "")
    except ValueError:
        return observed.location
    return base if base.address == observed.location.address else observed.location


class _Placer:
    def __init__(self, clone: RootDevice, description: str, base: LiteralUrl) -> None:
        self._base = base
        self._directory = "" if clone.udn is None else f"/{clone.udn.uuid}/".lower()
        #: what has each path: a tuple with an SCPD, which several services may have, or ``None``
        self._taken: dict[str, tuple[bytes | None] | None] = {decoded(description): None}
        self.notes: list[str] = []

    def device(self, device: Device) -> Device:
        """*device* and those embedded in it."""
        return attrs.evolve(
            device,
            icons=[attrs.evolve(icon, url=self._place(icon.url, "the icon")) for icon in device.icons],
            services=[self._service(service) for service in device.services],
            devices=[self.device(embedded) for embedded in device.devices],
            presentation_url=self._page(device),
        )

    def _service(self, service: Service) -> Service:
        of = f"of {shown(service.service_id)}"
        return attrs.evolve(
            service,
            scpd_url=self._place(service.scpd_url, f"the description {of}", (service.scpd,)),
            control_url=self._place(service.control_url, f"control {of}"),
            event_sub_url=self._place(service.event_sub_url, f"events {of}"),
        )

    def _page(self, device: Device) -> str | None:
        url = device.presentation_url
        if url is None or has_scheme(url):
            return url  # none, or one on another host
        is_root = isinstance(device, RootDevice)
        if url == FRONT_PAGE and is_root and url not in self._taken:
            return url
        # without a note, as it is asked for by whoever has read the description
        return self._place(url) or (None if is_root else PAGE_NAME)

    def _place(self, url: str, what: str = "", scpd: tuple[bytes | None] | None = None) -> str:
        """The path of *url* on the original; one below the clone's directory if the clone cannot have it."""
        if not url:
            return url
        path = self._path(quote(url, safe=_SAFE))
        if path is not None:
            key = decoded(path)
            if key not in self._taken or (scpd is not None and self._taken[key] == scpd):
                self._taken[key] = scpd
                return path
        if what:
            self.notes.append(f"{what} is not at {shown(url)}, as the original's is; it is below the clone's directory")
        below = url.lstrip("/")
        return f"./{below}" if has_scheme(below) else below

    def _path(self, url: str) -> str | None:
        """The absolute path of *url*; ``None`` if the clone cannot have it."""
        try:
            path = url if url.startswith("/") else self._base.join(url).target
        except ValueError:
            return None
        is_own = self._directory and decoded(path).lower().startswith(self._directory)
        return None if path == FRONT_PAGE or is_own or fixed_path_flaw(path) else path
