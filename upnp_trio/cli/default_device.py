"""The device that the command serves if no device file is given."""

from __future__ import annotations

import socket
from pathlib import Path

from upnp_trio._version import __version__
from upnp_trio.model.device import Icon, RootDevice

__all__ = ["default_device", "default_icon"]


def default_device() -> RootDevice:
    """A Basic device named after this host."""
    return RootDevice(
        device_type="urn:schemas-upnp-org:device:Basic:1",
        friendly_name=f"upnp_trio on {socket.gethostname() or 'this host'}"[:63],
        manufacturer="upnp_trio",
        model_name="upnp_trio device",
        model_description="The default device of python -m upnp_trio",
        model_number=__version__,
        icons=[default_icon()],
    )


def default_icon() -> Icon:
    """The icon of a device that has none of its own."""
    data = Path(__file__).with_name("icon.png").read_bytes()
    return Icon(mimetype="image/png", width=120, height=120, depth=32, url="icon.png", data=data)
