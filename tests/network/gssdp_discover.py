"""What ``gssdp-discover`` of gssdp-tools does, for systems that do not have it: show what comes and what goes.

Run by a Python that has GObject introspection and GSSDP: ``python3 gssdp_discover.py INTERFACE``.
"""

import signal
import sys

import gi  # type: ignore[import-not-found,unused-ignore]  # the system's own, not to be had where mypy runs

gi.require_version("GSSDP", "1.6")
from gi.repository import GSSDP, GLib  # type: ignore[import-not-found,unused-ignore]  # noqa: E402


def _available(browser: GSSDP.ResourceBrowser, usn: str, locations: list[str]) -> None:
    print(f"resource available\n  USN:      {usn}", *(f"  Location: {location}" for location in locations), sep="\n")
    sys.stdout.flush()


def _unavailable(browser: GSSDP.ResourceBrowser, usn: str) -> None:
    print(f"resource unavailable\n  USN:      {usn}", flush=True)


def _watch(interface: str) -> None:
    client = GSSDP.Client.new_full(interface, None, 0, GSSDP.UDAVersion.VERSION_1_0)
    browser = GSSDP.ResourceBrowser.new(client, "ssdp:all")
    browser.connect("resource-available", _available)
    browser.connect("resource-unavailable", _unavailable)
    browser.set_active(True)
    loop = GLib.MainLoop()
    GLib.unix_signal_add(GLib.PRIORITY_DEFAULT, signal.SIGTERM, loop.quit)
    loop.run()


if __name__ == "__main__":
    _watch(sys.argv[1])
