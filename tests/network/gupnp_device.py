"""A device on GUPnP, run by a Python that has GObject introspection: ``python3 gupnp_device.py INTERFACE FOLDER``.

Its description, benchmarks/peers/description.xml, is copied into FOLDER.
"""

import shutil
import signal
import sys
from pathlib import Path

import gi  # type: ignore[import-not-found,unused-ignore]  # the system's own, not to be had where mypy runs

gi.require_version("GSSDP", "1.6")
gi.require_version("GUPnP", "1.6")
from gi.repository import GSSDP, GLib, GUPnP  # type: ignore[import-not-found,unused-ignore]  # noqa: E402

DESCRIPTION = Path(__file__).parents[2] / "benchmarks" / "peers" / "description.xml"


def _serve(interface: str, folder: str) -> None:
    shutil.copy(DESCRIPTION, folder)
    context = GUPnP.Context.new_full(interface, None, 0, GSSDP.UDAVersion.VERSION_1_0)
    device = GUPnP.RootDevice.new(context, DESCRIPTION.name, folder)
    device.set_available(True)
    loop = GLib.MainLoop()
    GLib.unix_signal_add(GLib.PRIORITY_DEFAULT, signal.SIGTERM, loop.quit)
    loop.run()
    device.set_available(False)
    # byebye leaves from the loop
    GLib.timeout_add(500, loop.quit)
    loop.run()


if __name__ == "__main__":
    _serve(*sys.argv[1:])
