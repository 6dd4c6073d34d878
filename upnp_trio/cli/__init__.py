"""The command: ``python -m upnp_trio`` and ``upnp-trio``; the only place that prints, colours and exits."""

import gc

__all__ = ["main"]


def main() -> None:
    """Run the command and exit."""
    # Imports make a lot that lasts and little that goes. The garbage collector would go through all of it dozens of
    # times, in vain, and again with every full collection later on.
    gc.disable()
    from upnp_trio.cli.command import command

    gc.freeze()
    gc.enable()
    command(prog_name="upnp-trio")
