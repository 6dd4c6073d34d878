"""Drive a media renderer by async_upnp_client, and show what it knew after each step as JSON.

``python drive_renderer.py URL ADDRESS``, where ADDRESS is this host's, for the events.
"""

import asyncio
import json
import sys
from collections.abc import Callable

from async_upnp_client.aiohttp import AiohttpNotifyServer, AiohttpRequester
from async_upnp_client.client_factory import UpnpFactory
from async_upnp_client.profiles.dlna import DmrDevice, TransportState

SONG = "http://192.0.2.9/song.mp3"


async def _drive(url: str, address: str) -> dict[str, object]:
    requester = AiohttpRequester(timeout=30)
    device = await UpnpFactory(requester).async_create_device(url)
    server = AiohttpNotifyServer(requester, source=(address, 0))
    await server.async_start_server()
    renderer = DmrDevice(device, server.event_handler)
    told = asyncio.Event()
    renderer.on_event = lambda service, variables: told.set()

    async def until(is_so: Callable[[], bool]) -> None:
        while not is_so():
            await told.wait()
            told.clear()

    await renderer.async_subscribe_services(auto_resubscribe=False)
    # the initial events tell both
    await until(lambda: renderer.volume_level == 0.5 and renderer.transport_state == TransportState.NO_MEDIA_PRESENT)
    seen: dict[str, object] = {
        "is_renderer": DmrDevice.is_profile_device(device),
        "sinks": len(renderer.sink_protocol_info),
        "at_first": [renderer.transport_state, renderer.is_volume_muted],
    }
    await renderer.async_set_volume_level(0.2)
    await until(lambda: renderer.volume_level == 0.2)
    await renderer.async_set_transport_uri(SONG, "Song")
    await renderer.async_play()
    await until(lambda: renderer.transport_state == TransportState.PLAYING)
    seen["playing"] = [renderer.media_title, renderer.can_pause, renderer.can_stop]
    await renderer.async_pause()
    await until(lambda: renderer.transport_state == TransportState.PAUSED_PLAYBACK)
    await renderer.async_stop()
    await until(lambda: renderer.transport_state == TransportState.STOPPED)
    await renderer.async_update()  # asks instead of waiting for events
    seen["at_last"] = [renderer.transport_state, renderer.current_track_uri]
    await renderer.async_unsubscribe_services()
    await server.async_stop_server()
    return seen


async def _main() -> None:
    async with asyncio.timeout(45):
        print(json.dumps(await _drive(*sys.argv[1:])))


if __name__ == "__main__":
    asyncio.run(_main())
