"""A GUPnP control point that shows the devices of one type as they come and go.

Run by a Python that has GObject introspection and GUPnP: ``python3 gupnp_control_point.py INTERFACE TYPE``.
GUPnP shows a device only after it has fetched and read its description.
"""

import signal
import sys

import gi  # type: ignore[import-not-found,unused-ignore]  # the system's own, not to be had where mypy runs

gi.require_version("GSSDP", "1.6")
gi.require_version("GUPnP", "1.6")
from gi.repository import GSSDP, GLib, GUPnP  # type: ignore[import-not-found,unused-ignore]  # noqa: E402


def _available(control_point: GUPnP.ControlPoint, device: GUPnP.DeviceProxy) -> None:
    services = " ".join(service.get_service_type() for service in device.list_services())
    print(f"available {device.get_udn()} {device.get_friendly_name()!r} {services}", flush=True)


def _unavailable(control_point: GUPnP.ControlPoint, device: GUPnP.DeviceProxy) -> None:
    print(f"unavailable {device.get_udn()}", flush=True)


def _watch(interface: str, device_type: str) -> None:
    context = GUPnP.Context.new_full(interface, None, 0, GSSDP.UDAVersion.VERSION_1_0)
    control_point = GUPnP.ControlPoint.new(context, device_type)
    control_point.connect("device-proxy-available", _available)
    control_point.connect("device-proxy-unavailable", _unavailable)
    control_point.set_active(True)
    loop = GLib.MainLoop()
    GLib.unix_signal_add(GLib.PRIORITY_DEFAULT, signal.SIGTERM, loop.quit)
    loop.run()


if __name__ == "__main__":
    _watch(*sys.argv[1:])
