"""A lamp within a web server of a program, and raw requests to it."""

from __future__ import annotations

import http.client
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, Unpack
from uuid import uuid4

import attrs
import trio

from tests.mounted.servers import Mounted
from upnp_trio import (
    Icon,
    In,
    Out,
    RootDevice,
    Running,
    ServeOptions,
    ServiceHandler,
    StateVariable,
    action,
    serve_device,
)

__all__ = ["DIRECTORY", "SWITCH_TYPE", "UUID", "Answer", "Lamp", "ask", "call", "envelope", "lamp", "served"]

SWITCH_TYPE = "urn:schemas-upnp-org:service:SwitchPower:1"
#: of this process alone, as one UDN is served by one program
UUID = str(uuid4())
DIRECTORY = f"/{UUID}/"


class Lamp(ServiceHandler, service_type=SWITCH_TYPE):
    status: Annotated[bool, StateVariable("Status")] = False

    @action("SetTarget")
    async def set_target(self, value: Annotated[bool, In("newTargetValue", "Status")]) -> None:
        await trio.lowlevel.checkpoint()
        self.status = value

    @action("GetStatus")
    def get_status(self) -> Annotated[bool, Out("ResultStatus", "Status")]:
        return self.status


def lamp(handler: ServiceHandler | None = None) -> RootDevice:
    return RootDevice(
        device_type="urn:schemas-upnp-org:device:BinaryLight:1",
        friendly_name="Lamp",
        manufacturer="Example",
        model_name="Lamp",
        udn=f"uuid:{UUID}",
        icons=[Icon(mimetype="image/png", width=1, height=1, depth=24, url="lamp.png", data=b"png")],
        services=[handler or Lamp()],
    )


@asynccontextmanager
async def served(
    upnp: Mounted, device: RootDevice | None = None, **options: Unpack[ServeOptions]
) -> AsyncIterator[Running]:
    options |= {"interfaces": ["lo"], "ipv6": False, "state_dir": None}
    with trio.fail_after(30):
        async with serve_device(device or lamp(), http=upnp, **options) as running:  # type: ignore[misc]
            yield running


@attrs.frozen
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes
    #: also those that come several times
    all_headers: list[tuple[str, str]]


def _ask(port: int, method: str, path: str, headers: dict[str, str], body: bytes | None) -> Answer:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    try:
        connection.putrequest(method, path, skip_host="Host" in headers, skip_accept_encoding=True)
        if body is not None and "Content-Length" not in headers and "Transfer-Encoding" not in headers:
            headers = {**headers, "Content-Length": str(len(body))}
        for name, value in headers.items():
            connection.putheader(name, value)
        connection.endheaders(body)
        response = connection.getresponse()
        fields = {name.lower(): value for name, value in response.getheaders()}
        return Answer(response.status, fields, response.read(), response.getheaders())
    finally:
        connection.close()


async def ask(upnp: Mounted, path: str, *, method: str = "GET", body: bytes | None = None, **headers: str) -> Answer:
    """The answer to a request for *path* below the prefix; fields have underscores for hyphens."""
    fields = {name.replace("_", "-"): value for name, value in headers.items()}
    return await trio.to_thread.run_sync(_ask, upnp._port, method, upnp._prefix + path, fields, body)


def envelope(action: str, arguments: str = "") -> bytes:
    return (
        '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/" '
        's:encodingStyle="http://schemas.xmlsoap.org/soap/encoding/"><s:Body>'
        f'<u:{action} xmlns:u="{SWITCH_TYPE}">{arguments}</u:{action}></s:Body></s:Envelope>'
    ).encode()


async def call(upnp: Mounted, action: str, arguments: str = "", **headers: str) -> Answer:
    headers = {"Content_Type": 'text/xml; charset="utf-8"', "SOAPACTION": f'"{SWITCH_TYPE}#{action}"'} | headers
    return await ask(upnp, f"{DIRECTORY}service-1/control", method="POST", body=envelope(action, arguments), **headers)
