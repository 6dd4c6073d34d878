"""Find, follow and switch a WeMo switch by pywemo; what it understood goes out as lines of JSON.

``python pywemo_client.py NAME`` takes the switch with this name.
"""

import json
import sys

from pywemo.discovery import discover_devices
from pywemo.subscribe import SubscriptionRegistry


def tell(what: str, value: object) -> None:
    """Write one line."""
    sys.stdout.write(f"{json.dumps([what, value])}\n")  # at once, as events come in a thread of their own
    sys.stdout.flush()


def main(name: str) -> None:
    """Go through what Home Assistant's integration does."""
    found = discover_devices()
    tell("found", sorted([type(device).__name__, device.name, device.serial_number] for device in found))
    (switch,) = [device for device in found if device.name == name]
    registry = SubscriptionRegistry()
    registry.start()
    registry.on(switch, "BinaryState", lambda device, kind, value: tell("event", value))
    registry.register(switch)
    for line in sys.stdin:
        getattr(switch, line.strip())()  # on or off
        tell("state", switch.get_state(force_update=True))
    registry.stop()


if __name__ == "__main__":
    main(sys.argv[1])
