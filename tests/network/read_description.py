"""Read a device by async_upnp_client, strictly, and show what it understood as JSON.

``python read_description.py URL``
"""

import asyncio
import json
import sys

from async_upnp_client.aiohttp import AiohttpRequester
from async_upnp_client.client_factory import UpnpFactory


async def _read(url: str) -> dict[str, object]:
    device = await UpnpFactory(AiohttpRequester(timeout=30)).async_create_device(url)
    return {
        "friendly_name": device.friendly_name,
        "manufacturer": device.manufacturer,
        "udn": device.udn,
        "device_type": device.device_type,
        "icons": [icon.url for icon in device.icons],
        "services": [
            {
                "service_type": service.service_type,
                "service_id": service.service_id,
                "state_variables": sorted(service.state_variables),
            }
            for service in device.all_services
        ],
        "embedded": sorted(embedded.friendly_name for embedded in device.all_devices if embedded is not device),
    }


if __name__ == "__main__":
    print(json.dumps(asyncio.run(_read(sys.argv[1]))))
