"""The device that stands for a page."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

from upnp_trio._version import __version__
from upnp_trio.cli.default_device import default_icon
from upnp_trio.model.device import RootDevice
from upnp_trio.model.extension import PnpX
from upnp_trio.model.urls import HOST

if TYPE_CHECKING:
    from upnp_trio.cli.announcing.appearance import Appearance
    from upnp_trio.cli.announcing.page import Page
    from upnp_trio.model.names import Udn

__all__ = ["page_device"]

# UDA 2.0 §2.3: friendlyName and modelDescription should be shorter than 64 and 128 characters.
MAX_NAME_CHARACTERS = 63
MAX_DESCRIPTION_CHARACTERS = 127


def page_device(page: Page, appearance: Appearance, presentation_url: str, udn: Udn) -> RootDevice:
    """The device of *page* with this *appearance*, whose page is at *presentation_url*."""
    own_name = socket.gethostname() or "this host"
    name = page.name or appearance.title or page.url.authority.replace(HOST, own_name)
    description = f"The web page {page.url.text.replace(HOST, own_name)}"
    icons = [] if appearance.icon is None else [appearance.icon.icon()]
    if not any(icon.mimetype == "image/png" for icon in icons):
        icons.append(default_icon())  # at least one should be a PNG (UDA 2.0 §2.3)
    return RootDevice(
        device_type=page.device_type,
        friendly_name=name[:MAX_NAME_CHARACTERS],
        manufacturer=page.manufacturer,
        model_name=page.model,
        model_description=description[:MAX_DESCRIPTION_CHARACTERS],
        model_number=__version__,
        udn=udn,
        icons=icons,
        presentation_url=presentation_url,
        presentation="off",
        pnpx=PnpX(device_category=page.category),
    )
