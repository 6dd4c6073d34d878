"""What ``upnp-trio interfaces`` shows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from upnp_trio.cli.view import interface_table
from upnp_trio.errors import NetworkError
from upnp_trio.network.host_interfaces import host_interfaces
from upnp_trio.network.interfaces import choose, missing

if TYPE_CHECKING:
    from upnp_trio.cli.output import Outputs
    from upnp_trio.cli.verbs.interfaces import InterfacesArguments

__all__ = ["show_interfaces"]


def show_interfaces(asked: InterfacesArguments, outputs: Outputs) -> int:
    """Show the interfaces as if the names were given to ``--interface``.

    Raises `NetworkError` after the table if this host lacks one of them, and `OutputError`.
    """
    interfaces = host_interfaces()
    outputs.output.write_line(interface_table(choose(interfaces, asked.names)))
    outputs.output.finish()
    if problem := missing(interfaces, asked.names):
        raise NetworkError(problem)
    return 0
