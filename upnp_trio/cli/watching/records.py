"""What ``watch --json`` and ``--save FILE.jsonl`` write: an object for each event.

Later versions may add keys and events, and change none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never

from upnp_trio.cli.watching.happenings import (
    AnsweredLate,
    DeviceChanged,
    DeviceDescribed,
    LocationAnswered,
    LocationFailed,
    SearchedByOther,
)
from upnp_trio.ssdp.messages import Alive, ByeBye, Search, SearchResponse, Update

if TYPE_CHECKING:
    from upnp_trio.cli.watching.happenings import Happening
    from upnp_trio.cli.watching.inputs import Received
    from upnp_trio.cli.watching.model import WatchModel

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
    "name": "its name; `null` as long as the description has not been read",
    "manufacturer": "of the description",
    "model_name": "of the description",
    "model_number": "of the description, or `null`",
    "type": "the device type, or `null`",
    "services": "the service types that were announced",
    "is_root": "whether it was announced as `upnp:rootdevice`",
    "is_embedded": "whether it is part of a root device that is known",
    "interface": "the interface that it came in on",
    "address": "the address that it came from",
    "port": "the UDP port that it came from",
    "location": "the newest LOCATION",
    "locations": "every LOCATION, the newest first",
    "server": "SERVER",
    "boot_id": "BOOTID, or `null`",
    "config_id": "CONFIGID, or `null`",
    "search_port": "SEARCHPORT, or `null`",
    "expires_in": "in how many seconds it is gone, unless it announces itself again",
    "forgiven": "what is wrong with it and was overlooked, as sentences",
    "reason": "`byebye`, `expired`, `interface gone` or `no room`; or the facts that have changed",
    "url": "the LOCATION that was asked",
    "latency_ms": "from the request, or our M-SEARCH, to the answer, in milliseconds",
    "late_ms": "by how much that is more than MX allows",
    "state": "what is the matter with the LOCATION, in one or two words, such as `refused`, `unsafe` or `404`",
    "problem": "the same in a sentence",
    "search_target": "ST",
    "mx": "MX in seconds, from 1 to 5; `null` without a readable one",
    "user_agent": "USER-AGENT, or `null`",
    "kind": "`search`, `alive`, `byebye`, `update` or `response`; `null` if it is no message of SSDP",
    "flaw": "why it is no message, or `null`",
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


def record_of(happening: Happening, time: str) -> Record:
    """*happening* as an object of JSON; *time* is when it was."""
    match happening:
        case DeviceChanged():
            record = {"time": time, "event": happening.kind, **_device(happening)}
            return record | {"reason": happening.reason} if happening.kind in ("gone", "updated") else record
        case DeviceDescribed(udn=udn, described=described):
            event: Record = {
                "event": "described",
                "udn": udn,
                "name": described.name,
                "manufacturer": described.manufacturer,
                "model_name": described.model_name,
                "model_number": described.model_number or None,
                "is_embedded": happening.is_embedded,
                "url": happening.url,
                "latency_ms": _milliseconds(happening.seconds),
            }
        case LocationFailed(udn=udn, name=name, url=url):
            event = {"event": "location_failed", "udn": udn, "name": name or None, "url": url}
            event |= {"state": happening.state, "problem": happening.why}
        case LocationAnswered(udn=udn, name=name, url=url):
            event = {"event": "location_answered", "udn": udn, "name": name or None, "url": url}
            event["latency_ms"] = _milliseconds(happening.seconds)
        case AnsweredLate(udn=udn, name=name):
            event = {
                "event": "late_answer",
                "udn": udn,
                "name": name or None,
                "interface": happening.interface,
                "address": happening.address,
                "latency_ms": _milliseconds(happening.latency),
                "mx": happening.mx,
                "late_ms": _milliseconds(happening.late_by),
            }
        case SearchedByOther():
            event = {
                "event": "search",
                "interface": happening.interface,
                "address": happening.address,
                "search_target": happening.search_target,
                "mx": happening.mx,
                "user_agent": happening.user_agent or None,
            }
        case _:
            assert_never(happening)
    return {"time": time, **event}


def record_of_datagram(received: Received, time: str) -> Record:
    """A datagram as an object of JSON."""
    return {
        "time": time,
        "event": "datagram",
        "interface": received.interface,
        "address": received.source[0],
        "port": received.source[1],
        "kind": None if received.message is None else _KINDS[type(received.message)],
        "flaw": received.flaw or None,
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
    device = change.device
    newest = device.locations[0]
    return {
        "udn": device.udn,
        "name": change.name or None,
        "type": change.device_type or None,
        "services": list(device.service_types),
        "is_root": device.is_root,
        "is_embedded": change.is_embedded,
        "interface": newest.interface,
        "address": newest.sender,
        "location": newest.url,
        "locations": list(dict.fromkeys(location.url for location in device.locations)),
        "server": device.server,
        "boot_id": device.boot_id,
        "config_id": device.config_id,
        "search_port": device.search_port,
        "expires_in": max(round(device.expires_at - change.at), 0),
        "forgiven": list(device.forgiven),
    }


def _milliseconds(seconds: float) -> float:
    return round(seconds * 1000, 3)  # microseconds; the rest is noise
