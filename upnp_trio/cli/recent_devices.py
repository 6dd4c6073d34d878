"""The devices that were seen lately, in a small file, so that names are completed without asking the network.

Everything in it came from the network, so code that shows it calls `printable`. The file is bounded, and what cannot be
read, or is not what we write, counts as empty: the network will fill it again.
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import attrs

from upnp_trio.state import hold_lock, read_file, replace_file, state_directory

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

__all__ = ["RecentDevice", "RecentService", "read_recent", "remember"]

logger = logging.getLogger(__name__)

FILE_NAME, LOCK_NAME = "recent-devices.json", "recent-devices.lock"
#: of the file's form; another one counts as an empty file
FORM = 1
# A home's devices. The ones that were seen the longest ago give way.
MAX_DEVICES = 64
# A large device has 10 services with 20 actions each. A larger one is kept without them, so that it leaves room.
MAX_DEVICE_BYTES = 32 * 1024
MAX_FILE_BYTES = 256 * 1024
# A name that is longer is not completed.
MAX_TEXT = 256
MAX_SERVICES = 64
MAX_ACTIONS = 128
MAX_ARGUMENTS = 64
# A device that was not seen for a month has gone.
KEEP_SECONDS = 30 * 86_400


@attrs.frozen(kw_only=True)
class RecentService:
    """A service of a device: the names that a call needs."""

    service_type: str
    service_id: str
    #: the names of the in arguments of each action
    actions: Mapping[str, tuple[str, ...]]


@attrs.frozen(kw_only=True)
class RecentDevice:
    """A root device that was found or described."""

    udn: str
    name: str
    device_type: str
    location: str
    #: of the root device and the embedded ones; empty if only the description of the device was read
    services: tuple[RecentService, ...] = ()


def read_recent(directory: Path | None = None, now: float | None = None) -> list[RecentDevice]:
    """The devices, the newest first; none if there is no file or it cannot be read.

    The file is in *directory*, by default the one for this system's state; *now* is the time since 1970, by default
    the clock's.
    """
    return [device for _, device in _read(_folder(directory), _time(now))]


def remember(devices: Iterable[RecentDevice], directory: Path | None = None, now: float | None = None) -> None:
    """Put *devices*, which were seen just now, into the file of `read_recent`.

    A device without services keeps those that it has there. If the file cannot be written, nothing is remembered, and
    that is all.
    """
    now, folder = _time(now), _folder(directory)
    if folder is None:
        return
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with hold_lock(folder / LOCK_NAME):
            kept = {device.udn.lower(): (seen, device) for seen, device in _read(folder, now)}
            for device in devices:
                known = kept.get(device.udn.lower())
                if known is not None and not device.services and known[1].location == device.location:
                    device = attrs.evolve(device, services=known[1].services)
                kept[device.udn.lower()] = (now, device)
            replace_file(folder / FILE_NAME, _render(kept.values()))
    except OSError as error:
        logger.info("the devices that were seen are not remembered: %s", error)


def _folder(directory: Path | None) -> Path | None:
    return state_directory() if directory is None else directory


def _time(now: float | None) -> float:
    return time.time() if now is None else now


# --- the file ------------------------------------------------------------------------------------------------------


def _render(devices: Iterable[tuple[float, RecentDevice]]) -> bytes:
    text = json.dumps({"form": FORM}) + "\n"
    for seen, device in sorted(devices, key=lambda pair: -pair[0])[:MAX_DEVICES]:
        row = _row(seen, _cut(device))
        if len(row) > MAX_DEVICE_BYTES:
            row = _row(seen, attrs.evolve(_cut(device), services=()))
        if len(row) <= MAX_DEVICE_BYTES and len(text) + len(row) <= MAX_FILE_BYTES:
            text += row
    return text.encode("ascii")


def _row(seen: float, device: RecentDevice) -> str:
    return json.dumps({"seen": int(seen), **attrs.asdict(device)}) + "\n"


def _cut(device: RecentDevice) -> RecentDevice:
    """*device* with no more services, actions and arguments than there is room for."""
    services = tuple(
        attrs.evolve(
            service,
            actions={
                action: arguments[:MAX_ARGUMENTS]
                for action, arguments in list(service.actions.items())[:MAX_ACTIONS]
                if len(action) <= MAX_TEXT and all(len(argument) <= MAX_TEXT for argument in arguments)
            },
        )
        for service in device.services[:MAX_SERVICES]
    )
    return attrs.evolve(device, name=device.name[:MAX_TEXT], services=services)


def _read(folder: Path | None, now: float) -> list[tuple[float, RecentDevice]]:
    if folder is None:
        return []
    try:
        first, *rows = read_file(folder / FILE_NAME, MAX_FILE_BYTES).decode("ascii").splitlines()
        if json.loads(first) != {"form": FORM}:
            return []
        return [
            (seen, device) for seen, device in map(_device, map(json.loads, rows)) if 0 <= now - seen < KEEP_SECONDS
        ]
    # not written by us; for deep nesting and huge numbers, json and float raise the last two
    except (OSError, ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError) as error:
        logger.debug("the devices that were seen lately cannot be read: %s", error)
        return []


def _device(row: Mapping[str, Any]) -> tuple[float, RecentDevice]:
    device = RecentDevice(
        **{name: _text(row[name]) for name in ("udn", "name", "device_type", "location")},
        services=tuple(map(_service, row["services"])),
    )
    return float(row["seen"]), device


def _service(row: Mapping[str, Any]) -> RecentService:
    return RecentService(
        service_type=_text(row["service_type"]),
        service_id=_text(row["service_id"]),
        actions={_text(name): tuple(map(_text, arguments)) for name, arguments in row["actions"].items()},
    )


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r} is no text")
    return value
