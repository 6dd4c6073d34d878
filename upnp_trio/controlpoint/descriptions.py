"""Descriptions that were fetched: each once for a root device and its CONFIGID (UDA 2.0 §2.3).

CONFIGID changes with the documents. A device without it, as UDA 1.0 has none, is described anew after it was away. If
its LOCATION has moved to another place, so have the URLs of its actions, and it is described anew as well.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs
import trio

from upnp_trio.controlpoint.remote import RemoteDevice

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from upnp_trio.ssdp.found import FoundDevice

__all__ = ["Descriptions"]

# Root devices of a large home. The one that was asked for the longest ago gives way.
MAX_DESCRIPTIONS = 64


@attrs.frozen(eq=False)
class _Described:
    config_id: int | None
    device: RemoteDevice


@attrs.define(eq=False)
class _Turn:
    """Lets one task at a time fetch what is at a location; the others then find it done."""

    lock: trio.Lock = attrs.field(factory=trio.Lock)
    users: int = 0
    #: the device that is fetched, in lower case, and whether it has gone meanwhile
    udn: str = ""
    has_gone: bool = False


@attrs.define(eq=False, repr=False)
class Descriptions:
    """The descriptions of root devices, by the UDN of each device in them."""

    _by_udn: dict[str, _Described] = attrs.field(factory=dict)
    _turns: dict[str, _Turn] = attrs.field(factory=dict)

    async def get(self, found: FoundDevice, fetch: Callable[[], Awaitable[RemoteDevice]]) -> RemoteDevice:
        """The description of *found*, which *fetch* fetches if it is not known.

        If several tasks want it, one of them fetches. Should that fail, the next one tries.
        """
        turn = self._turns.setdefault(found.location, _Turn())
        turn.users += 1
        try:
            async with turn.lock:
                known = self._known(found)
                if known is not None:
                    return known
                turn.udn, turn.has_gone = found.udn.lower(), False
                device = await fetch()
                if not turn.has_gone:  # it may come back with other documents
                    self._keep(found, device)
                return device
        finally:
            turn.users -= 1
            if not turn.users:
                del self._turns[found.location]

    def forget(self, udn: str) -> None:
        """The device with *udn* has gone, or has other documents: describe its root device anew."""
        for turn in self._turns.values():
            turn.has_gone |= turn.udn == udn.lower()
        described = self._by_udn.get(udn.lower())
        if described is not None:
            self._drop(described)

    def note(self, found: FoundDevice) -> None:
        """Forget what is known of *found* if that is out of date."""
        if found.udn.lower() in self._by_udn and self._known(found) is None:
            self.forget(found.udn)

    def _known(self, found: FoundDevice) -> RemoteDevice | None:
        udn = found.udn.lower()
        described = self._by_udn.get(udn)
        if described is None or described.config_id != found.config_id:
            return None
        if not any(described.device.location.is_at(location.url) for location in found.locations):
            return None
        self._by_udn[udn] = self._by_udn.pop(udn)  # the newest is the last
        return described.device

    def _keep(self, found: FoundDevice, device: RemoteDevice) -> None:
        if (former := self._by_udn.get(found.udn.lower())) is not None:
            self._drop(former)
        described = _Described(found.config_id, device)
        for udn in {found.udn.lower(), *(str(each.udn).lower() for each in device.walk() if each.udn is not None)}:
            self._by_udn[udn] = described
        while len({id(each) for each in self._by_udn.values()}) > MAX_DESCRIPTIONS:
            self._drop(next(iter(self._by_udn.values())))

    def _drop(self, described: _Described) -> None:
        for udn in [udn for udn, each in self._by_udn.items() if each is described]:
            del self._by_udn[udn]
