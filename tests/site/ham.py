"""A root device, a site that serves it, and what tests of sites ask for."""

from __future__ import annotations

import attrs

from tests.asking import call_request, response_to
from tests.strategies import OWN_SCPD
from upnp_trio.documents.publication import publish
from upnp_trio.exchange import Peer, Request, Response, ServedAddress
from upnp_trio.model.advertising import Advertising
from upnp_trio.model.device import Icon, RootDevice, Service
from upnp_trio.site import Site

UUID = "e427ce1a-3e80-43d0-ad6f-89ec42e46363"
HAM = RootDevice(
    device_type="urn:schemas-upnp-org:device:Basic:1",
    friendly_name="Jambon 3000",
    manufacturer="Boucherie numérique",
    model_name="3000",
    udn=UUID,
    language="fr",
    icons=[Icon(mimetype="image/png", width=48, height=48, depth=24, url="le jambon.png", data=b"ham")],
    services=[
        Service(
            service_type="urn:schemas-upnp-org:service:Ham:1",
            service_id="urn:upnp-org:serviceId:Ham",
            scpd_url="ham.xml",
            control_url="control",
            scpd=OWN_SCPD,
        )
    ],
)
DESCRIPTION = f"/{UUID}/description.xml"
ICON = f"/{UUID}/le%20jambon.png"
SCPD = f"/{UUID}/ham.xml"
PAGE = f"/{UUID}/"
CONTROL = f"/{UUID}/control"
SOAPACTION = '"urn:schemas-upnp-org:service:Ham:1#Slice"'
ENVELOPE = call_request(CONTROL, "urn:schemas-upnp-org:service:Ham:1", "Slice").body
CALL = {"content-type": "text/xml", "soapaction": SOAPACTION}
LANGUAGE = {"accept-language": "de, en;q=0.5"}
#: at a fixed path, with header fields of its own
DIAL = attrs.evolve(
    HAM,
    description_path="/dd.xml",
    advertising=Advertising(
        description_headers={"Application-URL": "http://{host}:{port}/apps/", "X-Braces": "{{}}", "Server": "Ham/1"}
    ),
)
LIVING_ROOM = attrs.evolve(HAM, udn=UUID.replace("e", "f"), friendly_name="Living room", description_path="/dd.xml")


def site_of(*roots: RootDevice) -> Site:
    """A site with *roots*, at one address."""
    site = Site()
    site.base_urls = ["http://192.0.2.1:49152"]
    for root in roots:
        site.add(publish(root))
    return site


SITE = site_of(HAM)


def ask(target: str, method: str = "GET", site: Site = SITE, **headers: str) -> Response:
    """The response of *site*; the names of *headers* have underscores."""
    return response_to(
        site, Request(method, target, {name.replace("_", "-"): value for name, value in headers.items()})
    )


def ask_at(base_url: str, target: str, method: str = "GET", site: Site | None = None, **headers: str) -> Response:
    """The response at an address, which *base_url* has; without *site*, that of one with `DIAL`."""
    peer = Peer("192.0.2.9", ServedAddress(address="192.0.2.1", base_url=base_url))
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    return response_to(site or site_of(DIAL), Request(method, target, names, peer=peer))


def header_of(response: Response, name: str) -> str | None:
    """The value of the field *name*, which *response* has once at most."""
    values = [value for header, value in response.headers if header.lower() == name.lower()]
    assert len(values) <= 1
    return values[0] if values else None
