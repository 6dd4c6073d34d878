"""What ``watch --json`` and ``--save FILE.jsonl`` write: an object for each event.

Later versions may add keys and events, and change none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from upnp_trio.cli.watching.happenings import DeviceChanged
from upnp_trio.ssdp.messages import Alive, ByeBye, Search, SearchResponse, Update

if TYPE_CHECKING:
    from upnp_trio.cli.watching.happenings import Happening
    from upnp_trio.cli.watching.inputs import Received
    from upnp_trio.cli.watching.model import WatchModel
    from upnp_trio.ssdp.found import FoundDevice

__all__ = ["EVENTS", "KEYS", "Record", "record_of", "record_of_datagram", "record_of_end"]

Record = dict[str, object]

#: the values of the key ``event``, each with its meaning
EVENTS = {
    "appeared": "a device was not known before, or had gone",
    "updated": "a fact of a device has changed; `reason` names it",
    "rebooted": "a device has another BOOTID than before",
    "gone": "a device is not there any more; `reason` says why",
    "described": "a description was read for the first time, or says something else than before",
    "location_failed": "a LOCATION does not answer, or must not be asked",
    "location_answered": "it answers again",
    "late_answer": "a device answered a search of ours later than MX allows",
    "search": "somebody else has searched; with `--searches`, and in files",
    "datagram": "a datagram has arrived; in files",
    "stopped": "the last line: the counters",
}
#: the keys of all events, each with its meaning
KEYS = {
    "time": "when, in UTC, such as `2026-01-31T12:00:00.250Z`",
    "event": "what happened",
    "udn": "the UDN, as the device writes it",
    "name": "friendlyName; empty as long as the description has not been read",
    "maker": "manufacturer",
    "model": "modelName and modelNumber",
    "type": "the device type, or `null`",
    "services": "the service types",
    "is_root": "whether it was announced as `upnp:rootdevice`",
    "is_embedded": "whether it is part of a root device that is known",
    "interface": "the interface that it came in on",
    "address": "the address that it came from",
    "port": "the UDP port that it came from",
    "location": "the newest LOCATION",
    "locations": "each LOCATION, with its `url`, `interface`, `address` and `expires_in`",
    "server": "SERVER",
    "boot_id": "BOOTID, or `null`",
    "config_id": "CONFIGID, or `null`",
    "search_port": "SEARCHPORT, or `null`",
    "expires_in": "seconds until it is gone, unless it announces itself again",
    "forgiven": "the rules that it breaks and that were overlooked, each in words",
    "reason": "`byebye`, `expired`, `interface gone` or `no room`; or the facts that have changed",
    "url": "the URL that was asked",
    "seconds": "how long its answer took",
    "state": "why there was none in one or two words, such as `refused`, `unsafe` or `404`",
    "why": "the same in a sentence",
    "search_target": "ST",
    "mx": "MX in seconds, from 1 to 5; `null` without a readable one",
    "user_agent": "USER-AGENT, or an empty string",
    "latency": "seconds from our M-SEARCH to the answer",
    "late_by": "by how many seconds that exceeds MX",
    "kind": "`search`, `alive`, `byebye`, `update` or `response`; `null` if it is no message of SSDP",
    "flaw": "why it is no message, or an empty string",
    "text": "the datagram, with escapes for bytes that are not ASCII",
    "devices": "how many devices are known",
    "appeared": "how many devices came",
    "gone": "how many devices went",
    "datagrams": "how many datagrams arrived",
    "malformed": "how many of them are no messages",
    "searches": "how many are searches of others",
    "answers": "how many answered searches of ours",
    "late": "how many of these answers came after MX",
    "silent": "how many LOCATIONs do not answer",
    "missed": "how many datagrams this program was too slow for",
    "lines_dropped": "how many lines of its output could not be written",
}
_KINDS = {Search: "search", Alive: "alive", ByeBye: "byebye", Update: "update", SearchResponse: "response"}
_NAMES = {
    "DeviceDescribed": "described",
    "LocationFailed": "location_failed",
    "LocationAnswered": "location_answered",
    "AnsweredLate": "late_answer",
    "SearchedByOther": "search",
}
# Times are shown to the millisecond; the rest is noise.
_DIGITS = 3


def record_of(happening: Happening, time: str) -> Record:
    """*happening* as an object of JSON; *time* is when it was."""
    if isinstance(happening, DeviceChanged):
        record = {"time": time, "event": happening.kind, **_device(happening)}
        return record | {"reason": happening.reason} if happening.kind in ("gone", "updated") else record
    facts = attrs.asdict(happening, filter=lambda attribute, value: attribute.name != "at")
    rounded = {key: round(value, _DIGITS) if isinstance(value, float) else value for key, value in facts.items()}
    return {"time": time, "event": _NAMES[type(happening).__name__], **rounded}


def record_of_datagram(received: Received, time: str) -> Record:
    """A datagram as an object of JSON."""
    return {
        "time": time,
        "event": "datagram",
        "interface": received.interface,
        "address": received.source[0],
        "port": received.source[1],
        "kind": None if received.message is None else _KINDS[type(received.message)],
        "flaw": received.flaw,
        "forgiven": list(received.forgiven),
        "text": received.payload.decode("ascii", "backslashreplace"),
    }


def record_of_end(model: WatchModel, time: str, *, missed: int, lines_dropped: int) -> Record:
    """The counters as the last object."""
    table, totals = model.table, model.totals
    return {
        "time": time,
        "event": "stopped",
        "devices": table.present,
        "appeared": table.appeared,
        "gone": table.gone,
        "datagrams": totals.datagrams,
        "malformed": totals.malformed,
        "searches": totals.searches,
        "answers": totals.answers,
        "late": model.latencies.late,
        "silent": model.locations.silent,
        "missed": missed,
        "lines_dropped": lines_dropped,
    }


def _device(change: DeviceChanged) -> Record:
    device, now = change.device, change.at
    newest = device.locations[0]
    return {
        "udn": device.udn,
        "name": change.name,
        "type": change.device_type or None,
        "services": list(device.service_types),
        "is_root": device.is_root,
        "is_embedded": change.is_embedded,
        "interface": newest.interface,
        "address": newest.sender,
        "location": newest.url,
        "locations": _locations(device, now),
        "server": device.server,
        "boot_id": device.boot_id,
        "config_id": device.config_id,
        "search_port": device.search_port,
        "expires_in": _left(device.expires_at, now),
        "forgiven": list(device.forgiven),
    }


def _locations(device: FoundDevice, now: float) -> list[Record]:
    return [
        {
            "url": location.url,
            "interface": location.interface,
            "address": location.sender,
            "expires_in": _left(location.expires_at, now),
        }
        for location in device.locations
    ]


def _left(expires_at: float, now: float) -> int:
    return max(round(expires_at - now), 0)
