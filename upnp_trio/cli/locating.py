"""The device that a word names: by its UDN or the start of it, by its URL, or by its name.

A device that was seen lately is asked for by its UDN. Any other one is looked for among the root devices that answer a
search, whose names are in their descriptions.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import attrs
import trio

from upnp_trio.cli.device_words import read_device_word
from upnp_trio.cli.parsing import UsageError
from upnp_trio.cli.printable import printable
from upnp_trio.cli.recent_devices import RecentDevice, RecentService, read_recent, remember
from upnp_trio.controlpoint.remote import RemoteDevice
from upnp_trio.errors import DescriptionError, UnknownDevice, UpnpTrioError
from upnp_trio.model.names import Udn
from upnp_trio.model.suggestions import suggestion

if TYPE_CHECKING:
    from collections.abc import Sequence

    from upnp_trio.controlpoint.control_point import ControlPoint
    from upnp_trio.ssdp.found import FoundDevice

__all__ = ["Located", "locate"]

_UUID = re.compile(r"(uuid:)?[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
# Fewer characters of a UUID are more likely a name.
MIN_UUID_CHARACTERS = 4
# Devices whose names are read to find one of them, and how long that may take.
MAX_NAMED = 256
NAMES_SECONDS = 15.0
# More are not listed in a message.
MAX_LISTED = 5


@attrs.frozen
class Located:
    """A device that was found and described."""

    device: RemoteDevice
    #: the embedded device that was named; ``None`` if it was the root device
    udn: Udn | None = None


async def locate(control_point: ControlPoint, word: str, *, contents: bool = True) -> Located:
    """The device that *word* names, with its services and icons, or with *contents* false without them.

    Raises `UsageError` for a word that names several devices, `UnknownDevice` for one that names none, and what
    `ControlPoint.describe` raises.
    """
    recent = read_recent()
    found: FoundDevice | None = None
    wanted = _known(word, recent)
    if wanted is None:
        found = await _search(control_point, word)
        wanted = found.udn
    try:
        device = await control_point.describe(found or wanted, contents=contents)
    except UnknownDevice:
        if found is not None or "://" in wanted:
            raise
        # a device that was seen has gone, the UDN is the start of one, or the device answers only searches for root
        # devices, as ssdpy's does
        found = await _search(control_point, wanted if _UUID.fullmatch(word) else word)
        device = await control_point.describe(found, contents=contents)
    remember(_as_remembered(device))
    return Located(device, _embedded(device, found.udn if found else wanted))


def _known(word: str, recent: Sequence[RecentDevice]) -> str | None:
    """The UDN or URL that *word* is or names without a search."""
    starts = [] if _UUID.fullmatch(word) else [device.udn for device in recent if _is_start(word, device.udn)]
    try:
        read = read_device_word(word, recent)
    except UsageError:
        # several devices may have had a name; a search tells which of them are there now
        return starts[0] if len(starts) == 1 else None
    if read.kind == "address":
        raise UsageError(f"{word} is an address, where several devices may be; name one by its name, UDN or URL")
    return starts[0] if read.kind == "udn" and not read.name and len(starts) == 1 else read.value


def _is_start(word: str, udn: str) -> bool:
    start = word.lower().removeprefix("uuid:")
    return len(start) >= MIN_UUID_CHARACTERS and udn.lower().removeprefix("uuid:").startswith(start)


def _embedded(device: RemoteDevice, udn: str) -> Udn | None:
    """The UDN of the embedded device in *device* that *udn* names."""
    found = (each.udn for each in device.walk() if each.udn is not None and each is not device)
    return next((each for each in found if each.text.lower() == udn.lower()), None)


# --- by a search -----------------------------------------------------------------------------------------------------


async def _search(control_point: ControlPoint, word: str) -> FoundDevice:
    """The device with a UDN that begins with *word*, or that is called *word*."""
    async with control_point.search("upnp:rootdevice") as results:
        async for _ in results:
            pass
    devices = [device for device in control_point.devices.values() if device.is_root]
    starts = [device for device in devices if _is_start(word, device.udn)]
    if starts:
        return _only(word, starts, {})
    if _UUID.fullmatch(word):  # no name
        raise UnknownDevice(f"no device with the UDN {word} answers; is it on, and on this network?")
    names = await _names(control_point, devices[:MAX_NAMED])
    for is_it in (str.__eq__, _equal_without_case):
        called = [device for device in devices if is_it(names.get(device.udn, ""), word)]
        if called:
            return _only(word, called, names)
    raise UnknownDevice(
        f"no device that answers a search has the name or the UDN {word!r}; "
        f"{suggestion(word, sorted(set(names.values())), 'devices')}"
    )


def _equal_without_case(name: str, word: str) -> bool:
    return name.casefold() == word.casefold()


def _only(word: str, devices: Sequence[FoundDevice], names: dict[str, str]) -> FoundDevice:
    if len(devices) == 1:
        return devices[0]
    listed = ", ".join(
        printable(f"{device.udn} ({names[device.udn]})" if device.udn in names else device.udn)
        for device in devices[:MAX_LISTED]
    )
    raise UsageError(f"{word!r} may mean {len(devices)} devices; name one by its UDN: {listed}")


async def _names(control_point: ControlPoint, devices: Sequence[FoundDevice]) -> dict[str, str]:
    """The names of *devices*, by UDN, as far as they can be had."""
    names: dict[str, str] = {}

    async def read(device: FoundDevice) -> None:
        try:
            described = await control_point.describe(device, contents=False)
        except UpnpTrioError:
            return  # it is not the device that was meant, or it cannot be used anyway
        names[device.udn] = described.friendly_name

    with trio.move_on_after(NAMES_SECONDS):
        async with trio.open_nursery() as nursery:
            for device in devices:
                nursery.start_soon(read, device)
    return names


# --- for the next time -----------------------------------------------------------------------------------------------


def _as_remembered(device: RemoteDevice) -> list[RecentDevice]:
    """*device* with the names that a call needs, for completion."""
    if device.udn is None:
        return []
    services = []
    for each in device.services_of_all():
        try:
            actions = each.description.actions
        except DescriptionError:
            continue
        services.append(
            RecentService(
                service_type=each.service.service_type.text,
                service_id=each.service.service_id,
                actions={action.name: tuple(argument.name for argument in action.in_arguments) for action in actions},
            )
        )
    return [
        RecentDevice(
            udn=str(device.udn),
            name=device.friendly_name,
            device_type=device.device_type.text,
            location=device.location.text,
            services=tuple(services),
        )
    ]
