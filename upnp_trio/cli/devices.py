"""The devices that the words of the command name: device files, Python code, or nothing for the default device."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import attrs

from upnp_trio.cli.default_device import default_device
from upnp_trio.cli.parsing import UsageError
from upnp_trio.cli.postponed import withdraw
from upnp_trio.cli.verbs import VERBS
from upnp_trio.errors import DescriptionError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from upnp_trio.cli.references import Reference
    from upnp_trio.model.device import RootDevice
    from upnp_trio.model.names import Udn

__all__ = ["load_devices"]


def load_devices(named: Sequence[Path | Reference], friendly_name: str | None, udn: Udn | None) -> list[RootDevice]:
    """The devices of *named*, in their order; *friendly_name* and *udn* replace those of a single device.

    Raises `DescriptionError`, and `UsageError` if one of the two is given and there are several devices.
    """
    if named:
        withdraw()  # a device file can name code, too
    roots = [root for name in named for root in _load(name)] or [default_device()]
    if len(roots) > 1 and (friendly_name or udn):
        option = "--friendly-name" if friendly_name else "--uuid"
        raise UsageError(f"{option} is for a single device and {named[0]} gives {len(roots)}; set it in the code")
    if friendly_name:
        roots = [attrs.evolve(roots[0], friendly_name=friendly_name)]
    if udn:
        roots = [attrs.evolve(roots[0], udn=udn)]
    return roots


def _load(named: Path | Reference) -> list[RootDevice]:
    if not isinstance(named, Path):
        from upnp_trio.cli.references import load_reference  # only devices written in Python need it

        return load_reference(named)
    from upnp_trio.documents.device_file import load_device  # it imports readers of TOML and XML

    try:
        return [load_device(named)]
    except DescriptionError as error:
        if ":" in named.name and named.suffix.lower() not in (".toml", ".xml") and not named.exists():
            raise DescriptionError(f"{error}; Python code is named as in lamp.py:device or module:device") from error
        if named.name in VERBS and not named.exists():
            raise DescriptionError(f"{error}; as a command, {named.name} is the first word") from error
        raise
