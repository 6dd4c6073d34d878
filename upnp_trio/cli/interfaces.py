"""``upnp-trio interfaces``: show this host's interfaces, which of them are served, and why."""

from __future__ import annotations

from typing import TYPE_CHECKING

from upnp_trio.cli.view import interface_table
from upnp_trio.errors import NetworkError
from upnp_trio.network.host_interfaces import host_interfaces
from upnp_trio.network.interfaces import choose, missing

if TYPE_CHECKING:
    from collections.abc import Sequence

    from upnp_trio.cli.output import Output

__all__ = ["show_interfaces"]


def show_interfaces(names: Sequence[str], output: Output) -> None:
    """Show the interfaces as if *names* were given to ``--interface``.

    Raises `NetworkError` after the table if this host lacks one of *names*, and `OutputError`.
    """
    interfaces = host_interfaces()
    output.write_line(interface_table(choose(interfaces, names)))
    output.finish()
    if problem := missing(interfaces, names):
        raise NetworkError(problem)
