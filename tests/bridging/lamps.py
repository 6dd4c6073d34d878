"""A device to serve on loopback beside threads and beside asyncio, and a client that calls its actions."""

from __future__ import annotations

import http.client
import itertools
import threading
from typing import Annotated, Any
from urllib.parse import urlsplit

from upnp_trio import In, Out, RootDevice, ServiceHandler, StateVariable, action
from upnp_trio.server.options import ServeOptions

__all__ = ["LOOPBACK", "Lamp", "call", "calling", "lamp_device"]

#: nothing leaves this machine, and nothing is left on it
LOOPBACK = ServeOptions(interfaces=["lo"], ipv6=False, state_dir=None)
_numbers = itertools.count(1)


class Lamp(ServiceHandler, service_type="urn:example-com:service:Lamp:1"):
    """Its subclasses say what its actions do."""

    level: Annotated[int, StateVariable("Level")] = 0
    other: Annotated[int, StateVariable("Other")] = 0

    @action("Plain")
    def plain(self, level: Annotated[int, In("NewLevel", "Level")]) -> Annotated[int, Out("OldLevel", "Level")]:
        return self.do_plain(level)

    @action("Async")
    async def coroutine(
        self, level: Annotated[int, In("NewLevel", "Level")]
    ) -> Annotated[int, Out("OldLevel", "Level")]:
        return await self.do_async(level)

    def do_plain(self, level: int) -> int:
        old, self.level = self.level, level
        return old

    async def do_async(self, level: int) -> int:
        return self.do_plain(level)


def lamp_device(*lamps: ServiceHandler, name: str | None = None) -> RootDevice:
    """A device with a name, and so a UDN, of its own."""
    return RootDevice(
        device_type="urn:example-com:device:Lamp:1",
        friendly_name=name or f"Lamp {next(_numbers)} of {threading.get_ident()}",
        manufacturer="upnp_trio",
        model_name="Lamp",
        services=lamps,
    )


def call(running: Any, name: str, level: int, *, timeout: float = 20) -> tuple[int, str]:  # noqa: ANN401  # either face's
    """Call an action of the first service as a control point does; status and body."""
    place = urlsplit(running.locations[0])
    service = running.device.services[0]
    body = (
        '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"'
        ' s:encodingStyle="http://schemas.xmlsoap.org/soap/encoding/"><s:Body>'
        f'<u:{name} xmlns:u="{service.service_type}"><NewLevel>{level}</NewLevel></u:{name}></s:Body></s:Envelope>'
    )
    connection = http.client.HTTPConnection(place.netloc, timeout=timeout)
    try:
        connection.request(
            "POST",
            service.control_url,
            body.encode(),
            {"Content-Type": 'text/xml; charset="utf-8"', "SOAPACTION": f'"{service.service_type}#{name}"'},
        )
        response = connection.getresponse()
        return response.status, response.read().decode()
    finally:
        connection.close()


class calling:  # reads as a statement
    """A call in a thread of its own; at the end of the body it has ended."""

    def __init__(self, running: Any, name: str, level: int) -> None:  # noqa: ANN401
        self.status = 0
        self.is_answered = False
        self._thread = threading.Thread(target=self._run, args=(running, name, level))

    def _run(self, running: Any, name: str, level: int) -> None:  # noqa: ANN401
        self.status, _ = call(running, name, level)
        self.is_answered = True

    def __enter__(self) -> calling:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._thread.join()
