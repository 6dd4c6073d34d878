"""The command: ``python -m upnp_trio`` and ``upnp-trio``. Only this package prints, colours and exits."""

import gc
import os
import sys

from upnp_trio.cli.postponed import postpone

__all__ = ["main"]

# Imports allocate many objects that stay; while they run, the collector looks less often.
IMPORTING_THRESHOLD = 20_000


def main() -> None:
    """Run the command and exit."""
    _occupy_standard_descriptors()
    usual = gc.get_threshold()
    gc.set_threshold(IMPORTING_THRESHOLD, *usual[1:])
    postpone("ssl")
    from upnp_trio.cli.command import command

    def imported() -> None:
        gc.freeze()  # otherwise every later full collection would visit everything that was imported
        gc.set_threshold(*usual)

    sys.exit(command(sys.argv[1:], imported))


def _occupy_standard_descriptors() -> None:
    """Open those of the descriptors 0 to 2 that are closed, or the first sockets would get the numbers.

    Whatever writes to standard error below Python, such as the C library, would then write to the network.
    """
    if None in (sys.stdin, sys.stdout, sys.stderr):
        while (descriptor := os.open(os.devnull, os.O_RDWR)) <= 2:
            pass
        os.close(descriptor)
