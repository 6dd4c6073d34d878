"""A device in Windows's Network folder, with a category and a picture.

Explorer's FDSSDP searches and listens, and gets the description; DAFUPnP gets it, too, and the picture. A double click
opens ``presentationURL``. The category chooses the group and, without an icon of the device's own, the picture.

Sources: ``PNPX_DEVICECATEGORY_*`` in functiondiscoverykeys.h of Windows's SDK (and of mingw-w64) for PnP-X's
categories; Microsoft's list of device categories for metadata packages ("Device metadata package submission"), and
descriptions of a Livebox, of HDHomeRun tuners and of Sony's televisions, for those of Windows 7 and later; the README
of ZeWaren/python-upnp-ssdp-example and sabnzbd #1780 for FDSSDP and DAFUPnP.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from upnp_trio.errors import DescriptionError
from upnp_trio.model.device import RootDevice
from upnp_trio.model.extension import PnpX

if TYPE_CHECKING:
    from collections.abc import Iterable
    from uuid import UUID

    from upnp_trio.model.device import Icon
    from upnp_trio.model.names import Udn

__all__ = ["CATEGORIES", "windows_device"]

#: ``pnpx:X_deviceCategory``, with the ``df:X_deviceCategory`` of Windows 7 and later for it, where one is documented
CATEGORIES: dict[str, str | None] = {
    "Computers": "Computer.Desktop",
    "Input": None,
    "Printers": "PrintFax.Printer",
    "Scanners": "Imaging.Scanner",
    "FAX": "PrintFax.Fax",
    "MFP": "PrintFax.MFP",
    "Cameras": "Imaging.Camera",
    "Storage": None,
    "NetworkInfrastructure": None,
    "NetworkInfrastructure.Router": None,
    "NetworkInfrastructure.Gateway": "Network.Gateway",
    "Displays": "Display.TV",
    "MediaDevices": "Multimedia",
    "Gaming": None,
    "Phones": "Communication.Phone.Cell",
    "HomeAutomation": None,
    "HomeSecurity": None,
    "Other": None,
}


def windows_device(
    name: str,
    *,
    category: str = "Other",
    page: str | None = None,
    icons: Iterable[Icon] = (),
    manufacturer: str = "upnp_trio",
    model_name: str = "Device",
    udn: Udn | UUID | str | None = None,
) -> RootDevice:
    """A device that is named *name*, in *category*, such as ``Storage``; *page* is what a double click opens.

    Without *page* that is the built-in page. Windows takes PNG icons of 48 by 48 and 120 by 120 pixels. Raises
    `DescriptionError`, which lists the categories.
    """
    if category not in CATEGORIES:
        raise DescriptionError(f"category is {category!r}; Windows has {', '.join(CATEGORIES)}")
    return RootDevice(
        device_type="urn:schemas-upnp-org:device:Basic:1",
        friendly_name=name,
        manufacturer=manufacturer,
        model_name=model_name,
        udn=udn,
        icons=icons,
        presentation_url=page,
        pnpx=PnpX(device_category=category, df_device_category=CATEGORIES[category]),
    )
