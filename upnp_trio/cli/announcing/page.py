"""A page to announce, as a person asks for it."""

from __future__ import annotations

import uuid

import attrs

from upnp_trio.documents.pictures import Picture
from upnp_trio.model.names import DeviceType, Udn, as_device_type
from upnp_trio.model.web_url import WebUrl

__all__ = ["BASIC", "DEFAULT_CATEGORY", "Page", "page_udn"]

BASIC = "urn:schemas-upnp-org:device:Basic:1"
#: PnP-X's category of a device that is nothing else; Windows lists it under "Other Devices"
DEFAULT_CATEGORY = "Other"

# The namespace of the names that UDNs of pages are derived from; picked once, at random.
_NAMESPACE = uuid.UUID("0d3c4b52-7f0e-4c19-9a57-3f2a6c1b8e74")


@attrs.frozen(kw_only=True)
class Page:
    """A page, and the values that replace what it says of itself."""

    url: WebUrl
    #: for the title of the page
    name: str = ""
    #: for the page's own icon; a URL is fetched
    icon: Picture | WebUrl | None = None
    device_type: DeviceType = attrs.field(default=DeviceType(BASIC), converter=as_device_type)
    #: PnP-X's, which gives the place in Windows's Network folder
    category: str = DEFAULT_CATEGORY
    manufacturer: str = "upnp_trio"
    model: str = "Web page"
    #: what is asked for in place of the page, to see whether it is there
    check: WebUrl | None = None
    #: in place of the one that is derived from this host and the URL
    udn: Udn | None = None


def page_udn(page: Page, host_id: str) -> Udn:
    """The UDN of *page*: its own, or one that is the same at each start on the host with *host_id*."""
    return page.udn or Udn(str(uuid.uuid5(_NAMESPACE, f"{host_id}\0{page.url.text}")))
