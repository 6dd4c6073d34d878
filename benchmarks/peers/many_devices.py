"""Many root devices in one process of upnp_trio: ``python -m benchmarks.peers.many_devices COUNT PORT``."""

import sys

import trio

from upnp_trio import RootDevice, serve_devices


def numbered(number: int) -> RootDevice:
    """The device with this number, whose UDN `udn_of` gives."""
    return RootDevice(
        device_type="urn:schemas-upnp-org:device:Basic:1",
        friendly_name=f"Device {number}",
        manufacturer="Benchmark",
        model_name="Many",
        udn=udn_of(number),
    )


def udn_of(number: int) -> str:
    """The UDN of the device with this number."""
    return f"uuid:00000000-0000-4000-8000-{number:012}"


async def main(count: int, port: int) -> None:
    """Serve until killed."""
    async with serve_devices([numbered(number) for number in range(count)], ipv6=False, port=port):
        await trio.sleep_forever()


if __name__ == "__main__":
    trio.run(main, int(sys.argv[1]), int(sys.argv[2]))
