"""The command: ``python -m upnp_trio`` and ``upnp-trio``; the only place that prints, colours and exits."""

from upnp_trio.cli.command import main

__all__ = ["main"]
