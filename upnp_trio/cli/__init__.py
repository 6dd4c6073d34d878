"""The command: ``python -m upnp_trio`` and ``upnp-trio``; the only place that prints, colours and exits."""

import gc
import io
import sys

__all__ = ["main"]

# Imports make a lot that lasts and little that goes: while they run, the collector looks less often.
IMPORTING_THRESHOLD = 20_000


def main() -> None:
    """Run the command and exit."""
    usual = gc.get_threshold()
    gc.set_threshold(IMPORTING_THRESHOLD, *usual[1:])
    from upnp_trio.cli.command import command

    gc.freeze()  # or every full collection later on would go through all that was imported
    gc.set_threshold(*usual)
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # a name that an encoding cannot spell ends no device
    sys.exit(command(sys.argv[1:]))
