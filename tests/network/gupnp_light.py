"""A light on GUPnP with a UDN of its own: ``python3 gupnp_light.py INTERFACE FOLDER``.

It is run by a Python that has GObject introspection. The documents of benchmarks/peers/light are copied into FOLDER.
"""

import shutil
import signal
import sys
from pathlib import Path

import gi  # type: ignore[import-not-found,unused-ignore]  # the system's own, not to be had where mypy runs

gi.require_version("GSSDP", "1.6")
gi.require_version("GUPnP", "1.6")
from gi.repository import GSSDP, GLib, GObject, GUPnP  # type: ignore[import-not-found,unused-ignore]  # noqa: E402

DOCUMENTS = Path(__file__).parents[2] / "benchmarks" / "peers" / "light"
SWITCH_POWER = "urn:schemas-upnp-org:service:SwitchPower:1"


class Light:
    """Switches, and tells of it."""

    def __init__(self, service: "GUPnP.Service") -> None:
        self.service = service  # without a reference to it, GUPnP does not serve it
        self.is_on = False
        service.connect("action-invoked::SetTarget", self.set_target)
        service.connect("action-invoked::GetStatus", self.get_status)

    def set_target(self, service: "GUPnP.Service", action: "GUPnP.ServiceAction") -> None:
        self.is_on = action.get_value("newTargetValue", GObject.TYPE_BOOLEAN)
        action.return_success()
        service.notify_value("Status", self.is_on)

    def get_status(self, service: "GUPnP.Service", action: "GUPnP.ServiceAction") -> None:
        action.set_value("ResultStatus", self.is_on)
        action.return_success()


def _serve(interface: str, folder: str) -> None:
    for document in DOCUMENTS.iterdir():
        shutil.copy(document, folder)
    description = Path(folder) / "description.xml"
    text = description.read_text(encoding="utf-8").replace("6f1d0a52", "6f1d0a53")
    description.write_text(text.replace("<friendlyName>Light<", "<friendlyName>Gleam<"), encoding="utf-8")
    context = GUPnP.Context.new_full(interface, None, 0, GSSDP.UDAVersion.VERSION_1_0)
    device = GUPnP.RootDevice.new(context, description.name, folder)
    light = Light(device.get_service(SWITCH_POWER))
    device.set_available(True)
    loop = GLib.MainLoop()
    GLib.unix_signal_add(GLib.PRIORITY_DEFAULT, signal.SIGTERM, loop.quit)
    loop.run()
    device.set_available(False)
    # byebye leaves from the loop
    GLib.timeout_add(500, loop.quit)
    loop.run()
    del light


if __name__ == "__main__":
    _serve(*sys.argv[1:])
