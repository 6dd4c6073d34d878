"""Devices and a control point in memory for the verbs that describe and call, and what they write."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import attrs

from tests.cli.noted import NotedOutput
from tests.controlpoint.scenes import asking, hosts, serving
from tests.services.every_type import device as device_of_every_type
from upnp_trio import RootDevice
from upnp_trio.cli.output import Outputs
from upnp_trio.controlpoint.control_point import ControlPoint
from upnp_trio.testing import Link

__all__ = ["EVERY_TYPE", "Written", "among"]

#: the UDN of `device_of_every_type`
EVERY_TYPE = "uuid:0c6cd4d5-65ba-4d1e-8b7a-3a6b6a1a2c11"


class _Noted(NotedOutput):
    def __init__(self, *, is_terminal: bool) -> None:
        super().__init__()
        self._is_shown = is_terminal
        self.data = b""

    def isatty(self) -> bool:
        return self._is_shown

    def write_bytes(self, data: bytes) -> None:
        self.data += data


@attrs.frozen
class Written:
    """Outputs, and what is written to them; both are one terminal or none is."""

    outputs: Outputs
    output: _Noted
    errors: _Noted

    @classmethod
    def anew(cls, *, is_terminal: bool = False) -> Written:
        """Outputs that nothing was written to."""
        outputs, output, errors = Outputs(None, None), _Noted(is_terminal=is_terminal), _Noted(is_terminal=is_terminal)
        outputs.output, outputs.errors = output, errors
        return cls(outputs, output, errors)


@asynccontextmanager
async def among(*devices: RootDevice) -> AsyncIterator[ControlPoint]:
    """A control point on a link in memory with *devices*, or with the one of every data type."""
    link = Link(seconds=0.001)
    host, asker = hosts(link)
    async with serving(host, *(devices or [device_of_every_type()])), asking(asker, listen=False) as control_point:
        yield control_point
