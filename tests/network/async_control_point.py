"""Drive a device by async_upnp_client: commands come as lines of JSON, what it understood goes out likewise.

``python async_control_point.py URL ADDRESS``, where events are received at ADDRESS. A line "reply ..." answers each
command, "event ..." shows each event.
"""

import asyncio
import json
import sys
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from async_upnp_client.aiohttp import AiohttpNotifyServer, AiohttpRequester
from async_upnp_client.client import UpnpService, UpnpStateVariable
from async_upnp_client.client_factory import UpnpFactory
from async_upnp_client.exceptions import UpnpActionError, UpnpResponseError


class ControlPoint:
    """A device, as the library sees it, and a server for its events."""

    def __init__(self, services: dict[str, UpnpService], notify_server: AiohttpNotifyServer) -> None:
        self._services = services
        self._handler = notify_server.event_handler
        for service in services.values():
            service.on_event = _show_event

    async def call(self, service: str, action: str, arguments: dict[str, str]) -> object:
        """Call an action; the results are shown as the library's own values."""
        called = self._services[service].action(action)
        values = {}
        for name, text in arguments.items():
            argument = called.argument(name, "in")
            assert argument is not None
            values[name] = argument.coerce_python(text)
        try:
            results = await called.async_call(**values)
        except UpnpActionError as error:
            return {"error": error.error_code, "description": error.error_desc}
        return {name: repr(value) for name, value in results.items()}

    async def describe(self, service: str) -> object:
        """What the library has read in the SCPD."""
        variables = self._services[service].state_variables
        return {
            name: [variable.data_type, variable.send_events, repr(variable.default_value)]
            for name, variable in variables.items()
        }

    async def subscribe(self, service: str, seconds: int = 1800) -> object:
        """Subscribe; the library takes only one subscription of each service."""
        sid, granted = await self._handler.async_subscribe(self._services[service], timedelta(seconds=seconds))
        return [sid, granted.total_seconds()]

    async def renew(self, sid: str) -> object:
        """Renew, or subscribe anew if the device no longer knows the subscription."""
        sid, granted = await self._handler.async_resubscribe(sid)
        return [sid, granted.total_seconds()]

    async def unsubscribe(self, sid: str) -> object:
        """End a subscription."""
        try:
            return await self._handler.async_unsubscribe(sid)
        except UpnpResponseError as error:
            return error.status


def _name(service: UpnpService) -> str:
    """The name within its type; the ID of GUPnP's light ends in a number."""
    return service.service_type.split(":")[-2]


def _show_event(service: UpnpService, changed: Sequence[UpnpStateVariable[Any]]) -> None:
    values = {variable.name: repr(variable.value) for variable in changed}
    print("event", json.dumps([_name(service), values]), flush=True)


async def _run(url: str, address: str) -> None:
    requester = AiohttpRequester(timeout=30)
    # not strict: what is wrong is for the device to refuse
    device = await UpnpFactory(requester, non_strict=True).async_create_device(url)
    server = AiohttpNotifyServer(requester, source=(address, 0))
    await server.async_start_server()
    services = {_name(service): service for service in device.all_services}
    control_point = ControlPoint(services, server)
    print("ready", flush=True)
    while line := await asyncio.to_thread(sys.stdin.readline):
        name, arguments = json.loads(line)
        print("reply", json.dumps(await getattr(control_point, name)(**arguments)), flush=True)
    await server.async_stop_server()


if __name__ == "__main__":
    asyncio.run(_run(*sys.argv[1:]))
