"""The HTTP requests that the load generator sends to a device, as its options."""

from urllib.parse import SplitResult, urljoin, urlsplit

import attrs

from benchmarks.calls import Call, render_call
from benchmarks.clients import AGENT_MARK
from benchmarks.devices import Device, Light
from benchmarks.namespaces import DEVICE_ADDRESS

__all__ = ["DeviceRequests"]


@attrs.frozen
class DeviceRequests:
    """What is sent to *device*, whose description is at *location*."""

    device: Device
    location: str

    def get(self, *, differ: bool, keep: bool) -> dict[str, object]:
        """GET of its description, whose User-Agent is another one each time if they are to *differ*."""
        url = self._url()
        agent = AGENT_MARK if differ else "benchmarks"
        closing = "" if keep else "Connection: close\r\n"
        return {
            "destination": DEVICE_ADDRESS,
            "port": url.port,
            "request": f"GET {url.path} HTTP/1.1\r\nHost: {url.netloc}\r\nUser-Agent: {agent}\r\n{closing}\r\n",
        }

    def call(self, call: Call, *, keep: bool) -> dict[str, object]:
        """A call of an action of a light, and what its response has."""
        url = self._url(self._light.control[call.service_type])
        return {
            "destination": DEVICE_ADDRESS,
            "port": url.port,
            "request": render_call(call, url.netloc, url.path, keep=keep),
            "expect": call.expected,
        }

    def subscription(self, call: Call) -> dict[str, object]:
        """Where to subscribe to the service of *call*."""
        url = self._url(self._light.events[call.service_type])
        return {"events": url.path, "authority": url.netloc}

    def _url(self, relative: str = "") -> SplitResult:
        """A URL that is relative to LOCATION; LOCATION itself without one."""
        return urlsplit(urljoin(self.location, relative))

    @property
    def _light(self) -> Light:
        assert self.device.light is not None  # else a part has started the wrong device
        return self.device.light
