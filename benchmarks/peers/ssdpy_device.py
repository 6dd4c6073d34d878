"""A device on ssdpy's `SSDPServer`: it answers searches, at once and with a NOTIFY, and has no HTTP.

The server ends with an exception on some malformed datagrams; the benchmark sends none, and would report its end.

    python -m benchmarks.peers.ssdpy_device ADDRESS
"""

import sys

from ssdpy import SSDPServer  # type: ignore[import-untyped]  # it has no types


def serve(address: str) -> None:
    """Answer searches for the root device on `address` until killed."""
    server = SSDPServer(
        "uuid:6f1d0a52-7c1e-4b6c-9a54-3d1f7e0c2b11::upnp:rootdevice",
        device_type="upnp:rootdevice",
        address=address,
        max_age=1800,
        location=f"http://{address}/nothing-is-served-here.xml",
    )
    server.serve_forever()


if __name__ == "__main__":
    serve(sys.argv[1])
