"""Values of a page, as options and files have them; each function raises `DescriptionError`."""

from __future__ import annotations

import re

from upnp_trio.documents.pictures import Picture, flaw_of_picture, read_picture
from upnp_trio.errors import DescriptionError
from upnp_trio.model.names import STANDARD_DOMAIN, DeviceType
from upnp_trio.model.suggestions import suggestion
from upnp_trio.model.text import reject_control_characters
from upnp_trio.model.web_url import WebUrl

__all__ = ["CATEGORIES", "category", "device_type", "picture", "tidy_line", "web_url"]

#: functiondiscoverykeys.h of Windows's SDK; a subcategory may follow after a dot
CATEGORIES = (
    *("Computers", "Input", "Printers", "Scanners", "FAX", "MFP", "Cameras", "Storage", "NetworkInfrastructure"),
    *("Displays", "MediaDevices", "Gaming", "Phones", "HomeAutomation", "HomeSecurity", "Other"),
)
_SHORT_TYPE = re.compile(r"(?P<name>[A-Za-z][A-Za-z0-9_-]*)(?::(?P<version>[0-9]{1,9}))?")


def web_url(text: str) -> WebUrl:
    """The URL of a page."""
    try:
        return WebUrl.parse(text)
    except ValueError as error:
        raise DescriptionError(str(error)) from error


def device_type(text: str) -> DeviceType:
    """A device type: Printer, Printer:1 or the whole URN.

    >>> str(device_type("Printer"))
    'urn:schemas-upnp-org:device:Printer:1'
    """
    match = _SHORT_TYPE.fullmatch(text)
    full = f"urn:{STANDARD_DOMAIN}:device:{match['name']}:{match['version'] or 1}" if match else text
    found = DeviceType(full)
    if flaw := found.flaw("device"):
        raise DescriptionError(f"{text!r} is no device type: it {flaw}; write one such as Basic or Printer:1")
    return found


def tidy_line(text: str) -> str:
    """One line of text."""
    line = text.strip()
    if not line:
        raise DescriptionError("it is empty; write a text, or leave it out")
    reject_control_characters(line, "it")
    return line


def category(text: str) -> str:
    """A category of PnP-X, or several with blanks between them, as Windows's SDK lists them (PNPX_DEVICECATEGORY)."""
    for word in text.split():
        name, dot, rest = word.partition(".")
        if name not in CATEGORIES or (dot and not rest):
            raise DescriptionError(f"{word!r} is no category; {suggestion(name, CATEGORIES, 'categories')}")
    return tidy_line(text)


def picture(data: bytes, name: str) -> Picture:
    """The icon in the file called *name*."""
    found = read_picture(data)
    if found is None:
        raise DescriptionError(f"the icon {name!r} {flaw_of_picture(data)}; save it as a PNG")
    return found
