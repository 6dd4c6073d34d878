"""A DIAL receiver, for YouTube, Netflix and other apps that start their counterpart on a screen.

They search ``urn:dial-multiscreen-org:service:dial:1``, get the LOCATION, read ``Application-URL`` in the header of
that response, and get ``<Application-URL>/YouTube``: 200 with the state of the app, or 404. They start it by a POST
there. The program answers below ``Application-URL``.

Chromium takes no Application-URL of another host than the LOCATION's, and sends ``Origin:
package:Google-Chrome.87.Linux`` with what it asks of an app. YouTube wants requests to be refused that come without
Origin, or from other pages than its own (§6.6 is about origins).

Sources: the DIAL specification 2.2.1 (§5 and §6), Chromium's DIAL client (chrome/browser/media/router/discovery/dial),
and YouTube's requirements as a comment of RDK's xdialserver quotes them.
"""

from __future__ import annotations

import re

from upnp_trio.errors import DescriptionError
from upnp_trio.model.advertising import Advertising
from upnp_trio.model.device import RootDevice, Service
from upnp_trio.profiles.identifiers import wakeup

__all__ = ["dial_receiver"]

_ABSOLUTE = re.compile(r"http://[^/?#]")
SERVICE_TYPE = "urn:dial-multiscreen-org:service:dial:1"


def dial_receiver(
    name: str,
    *,
    applications: str = "http://{host}:{port}/apps",
    manufacturer: str = "upnp_trio",
    model_name: str = "DIAL receiver",
    mac: str | None = None,
) -> RootDevice:
    """A screen that is named *name*. *applications* is Application-URL, with the address and HTTP's port filled in.

    With *mac*, clients can wake the screen by Wake-on-LAN. Raises `DescriptionError`.
    """
    if not isinstance(applications, str) or not _ABSOLUTE.match(applications):
        raise DescriptionError(
            f"applications is {applications!r}; it must be a whole URL on this host, such as 'http://{{host}}:8008/apps'"
        )
    return RootDevice(
        device_type="urn:dial-multiscreen-org:device:dial:1",
        friendly_name=name,
        manufacturer=manufacturer,
        model_name=model_name,
        description_path="/dd.xml",
        services=[Service(service_type=SERVICE_TYPE, service_id="urn:dial-multiscreen-org:serviceId:dial")],
        advertising=Advertising(
            headers={} if mac is None else {"WAKEUP": wakeup(mac)},
            description_headers={"Application-URL": applications},
        ),
    )
