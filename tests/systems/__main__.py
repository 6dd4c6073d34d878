"""The command on a simulated system: ``python -m tests.systems win32 interfaces``."""

from __future__ import annotations

import sys

from tests.systems.rules import SYSTEMS
from tests.systems.system import open_system

if __name__ == "__main__":
    platform, *words = sys.argv[1:]
    rules = next(each for each in SYSTEMS if each.platform == platform)
    with open_system(rules).active() as system:
        sys.argv[1:] = words
        system.module("cli").main()
