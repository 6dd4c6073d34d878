"""SOAP and GENA from another host of the network, by hand: what is sent is exactly what a test says."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urljoin
from xml.etree import ElementTree
from xml.sax.saxutils import escape

import attrs

from tests.network.fetching import Answer, fetch

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.network.namespaces import Namespace

__all__ = ["Endpoint", "envelope", "error_code", "find_services", "results"]

_DEVICE = {"": "urn:schemas-upnp-org:device-1-0"}
_CONTROL = {"": "urn:schemas-upnp-org:control-1-0"}
XML_TYPE = 'text/xml; charset="utf-8"'


@attrs.frozen
class Endpoint:
    """A service at its URLs, as *host* finds them in the description."""

    host: Namespace
    service_type: str
    service_id: str
    scpd_url: str
    control_url: str
    event_url: str
    #: the subscriptions that were granted
    sids: list[str] = attrs.field(factory=list)

    def call(self, action: str, arguments: Mapping[str, str] | None = None) -> Answer:
        """Call *action*; returns the answer as it is."""
        return self.post(action, envelope(self.service_type, action, arguments or {}))

    def post(self, action: str, body: bytes) -> Answer:
        """Send *body* as a call of *action*."""
        headers = {"Content-Type": XML_TYPE, "SOAPACTION": f'"{self.service_type}#{action}"'}
        return fetch(self.host, self.control_url, method="POST", headers=headers, body=body)

    def get(self, action: str) -> str:
        """The only result of *action*, which has no arguments."""
        answer = self.call(action)
        assert answer.status == 200, answer
        (value,) = results(answer).values()
        return value

    def subscribe(self, callback: str, **headers: str) -> Answer:
        """Ask for a new subscription whose events go to *callback*."""
        answer = self.request("SUBSCRIBE", CALLBACK=callback, NT="upnp:event", **headers)
        if answer.status == 200:
            self.sids.append(answer.headers["SID"])
        return answer

    def end_subscriptions(self) -> None:
        """Unsubscribe from whatever is left, so that its places are free."""
        while self.sids:
            assert self.request("UNSUBSCRIBE", SID=self.sids.pop()).status in (200, 412)

    def request(self, method: str, **headers: str) -> Answer:
        """A request to the service's event URL."""
        return fetch(self.host, self.event_url, method=method, headers=headers)


def find_services(host: Namespace, location: str) -> dict[str, Endpoint]:
    """The services of the device at *location*, by the last part of their ids."""
    root = ElementTree.fromstring(fetch(host, location).body)
    found = {}
    for service in root.iterfind(".//service", _DEVICE):
        texts = {child.tag.rpartition("}")[2]: child.text or "" for child in service}
        found[texts["serviceId"].rpartition(":")[2]] = Endpoint(
            host=host,
            service_type=texts["serviceType"],
            service_id=texts["serviceId"],
            scpd_url=urljoin(location, texts["SCPDURL"]),
            control_url=urljoin(location, texts["controlURL"]),
            event_url=urljoin(location, texts["eventSubURL"]),
        )
    return found


def envelope(service_type: str, action: str, arguments: Mapping[str, str]) -> bytes:
    """A call as UDA 2.0 §3.2.1 shows it."""
    given = "".join(f"<{name}>{escape(text)}</{name}>" for name, text in arguments.items())
    return (
        '<?xml version="1.0"?>\n'
        '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"'
        ' s:encodingStyle="http://schemas.xmlsoap.org/soap/encoding/">\n'
        f'<s:Body><u:{action} xmlns:u="{service_type}">{given}</u:{action}></s:Body>\n</s:Envelope>\n'
    ).encode()


def results(answer: Answer) -> dict[str, str]:
    """The results in *answer*, in their order."""
    body = ElementTree.fromstring(answer.body).find("{http://schemas.xmlsoap.org/soap/envelope/}Body")
    assert body is not None
    (response,) = body
    return {argument.tag: argument.text or "" for argument in response}


def error_code(answer: Answer) -> int:
    """The UPnP error in *answer*, which must be one."""
    assert answer.status == 500, answer
    code = ElementTree.fromstring(answer.body).findtext(".//UPnPError/errorCode", namespaces=_CONTROL)
    assert code is not None
    return int(code)
