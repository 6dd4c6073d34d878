"""A light on GUPnP, run by a Python that has GObject introspection: ``gupnp_light.py INTERFACE FOLDER [NAME]``.

With a NAME, it has that name and a UDN of its own. Its documents, those of benchmarks/peers/light, are copied into
FOLDER. It is a UDA 1.0 device whose SwitchPower works, and whose MessageBoard refuses every message with the error 402.
Its first event has no variables: PyGObject hands the handler of query-variable a copy of the value that it should fill.
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
MESSAGE_BOARD = "urn:example-com:service:MessageBoard:1"


class _Switch:
    """The light itself."""

    is_on = False

    def set_target(self, service: GUPnP.Service, call: GUPnP.ServiceAction) -> None:
        before, self.is_on = self.is_on, call.get_value("newTargetValue", GObject.TYPE_BOOLEAN)
        call.return_success()
        if self.is_on != before:
            service.notify_value("Status", self._value())

    def get_target(self, service: GUPnP.Service, call: GUPnP.ServiceAction) -> None:
        call.set_value("RetTargetValue", self._value())
        call.return_success()

    def get_status(self, service: GUPnP.Service, call: GUPnP.ServiceAction) -> None:
        call.set_value("ResultStatus", self._value())
        call.return_success()

    def _value(self) -> GObject.Value:
        value = GObject.Value()
        value.init(GObject.TYPE_BOOLEAN)
        value.set_boolean(self.is_on)
        return value


def _serve(interface: str, folder: str, name: str | None = None) -> None:
    shutil.copytree(DOCUMENTS, folder, dirs_exist_ok=True)
    if name is not None:
        description = Path(folder, "description.xml")
        text = description.read_text(encoding="utf-8").replace("6f1d0a52", "6f1d0a53")
        description.write_text(text.replace("<friendlyName>Light<", f"<friendlyName>{name}<"), encoding="utf-8")
    context = GUPnP.Context.new_full(interface, None, 0, GSSDP.UDAVersion.VERSION_1_0)
    device = GUPnP.RootDevice.new(context, "description.xml", folder)
    # both stay referenced here, because their signals are handled for no longer
    power, board = device.get_service(SWITCH_POWER), device.get_service(MESSAGE_BOARD)
    switch = _Switch()
    power.connect("action-invoked::SetTarget", switch.set_target)
    power.connect("action-invoked::GetTarget", switch.get_target)
    power.connect("action-invoked::GetStatus", switch.get_status)
    board.connect("action-invoked::SetMessage", lambda service, call: call.return_error(402, "Invalid Args"))
    device.set_available(True)
    loop = GLib.MainLoop()
    GLib.unix_signal_add(GLib.PRIORITY_DEFAULT, signal.SIGTERM, loop.quit)
    loop.run()
    device.set_available(False)
    # byebye leaves from the loop, after whatever announcements are still queued
    GLib.timeout_add(3000, loop.quit)
    loop.run()


if __name__ == "__main__":
    _serve(*sys.argv[1:])
