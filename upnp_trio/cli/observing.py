"""Observes a device that is to be cloned: what it serves, how it answers searches, and what its actions answer."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

import attrs
import trio

from upnp_trio.cloning.observed import Delays, Observed, ObservedAnswer
from upnp_trio.cloning.record import MAX_RECORDED_ANSWERS
from upnp_trio.controlpoint.control_point import ControlPoint
from upnp_trio.errors import DescriptionError, NetworkError, RequestFailed, UnsafeUrl, UpnpError
from upnp_trio.model.literal_url import LiteralUrl
from upnp_trio.model.names import can_be_search_target
from upnp_trio.model.printable import printable
from upnp_trio.model.simulation import Recording
from upnp_trio.ssdp.messages import PORT

if TYPE_CHECKING:
    from upnp_trio.controlpoint.received import SearchResult
    from upnp_trio.controlpoint.remote import RemoteDevice, RemoteService
    from upnp_trio.model.service import ActionDescription

__all__ = ["contents_of", "count_of", "observe", "record", "timing_of"]

# Enough for a median. Each ends with its answer.
UNICAST_PROBES = 5
MULTICAST_PROBES = 3
MULTICAST_MX = 1
# What clients search for that know a make, and what its devices may leave out of their answers to ssdp:all: a Roku's
# remote, an Echo for a WeMo switch, and apps for screens (the server of DIAL's authors answers nothing else).
VENDOR_TARGETS = ("roku:ecp", "urn:Belkin:device:**", "urn:dial-multiscreen-org:service:dial:1")
# Of each; a device that answers everything with all of its rows has them listed already.
MAX_VENDOR_ANSWERS = 64
# Devices leave searches unanswered that follow each other too closely.
PROBE_GAP = 0.1
# A media renderer has some forty actions without in arguments; a hostile device may list thousands.
MAX_CALLS = 256
# A device that does not answer one action within this time is asked the next.
CALL_SECONDS = 5.0
# All calls together.
CALLS_SECONDS = 60.0
# What is recorded of one service, beyond which its actions are not called; the file of it has one MiB.
MAX_RECORDED_CHARACTERS = 4 * 1024 * 1024
# The initial event of a subscription comes at once.
EVENT_SECONDS = 3.0


async def observe(control_point: ControlPoint, device: RemoteDevice) -> Observed:
    """How *device* answers searches, and the header fields of its description."""
    answers, unicast, multicast = await _search(control_point, device)
    return Observed(
        device=device,
        location=device.location,
        document=device.document,
        document_headers=await _headers(control_point, device),
        answers=answers,
        unicast=unicast,
        multicast={} if multicast is None else {MULTICAST_MX: multicast},
        forgiven=device.forgiven,
    )


def count_of(number: int, what: str) -> str:
    """*number* of *what*, in words: "1 icon", "2 icons"."""
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def contents_of(device: RemoteDevice) -> str:
    """What *device* has, in a line for a person."""
    devices = list(device.walk())
    parts = [
        count_of(sum(len(each.services) for each in devices), "service"),
        count_of(sum(icon.data is not None for each in devices for icon in each.icons), "icon"),
    ]
    if len(devices) > 1:
        parts.append(count_of(len(devices) - 1, "embedded device"))
    return f"{printable(device.friendly_name) or 'the device'} at {device.location}: {', '.join(parts)}"


def timing_of(seen: Observed) -> str:
    """How a device answers searches, in a line for a person."""
    if not seen.answers:
        return "it answers no search"
    kinds = [("unicast", seen.unicast), *((f"multicast (MX {mx})", delays) for mx, delays in seen.multicast.items())]
    times = [f"{kind} after {1000 * delays.median:.1f} ms" for kind, delays in kinds if delays is not None]
    return "; ".join(
        [f"{count_of(len(seen.answers), 'row')} in its answers to searches", *filter(None, [", ".join(times)])]
    )


async def _headers(control_point: ControlPoint, device: RemoteDevice) -> dict[str, str]:
    """The header fields that HTTP gives with the description; none if it is not to be had again."""
    try:
        return dict((await control_point.fetch(device.location.text)).headers)
    except RequestFailed:
        return {}


# --- searches ------------------------------------------------------------------------------------------------------


async def _search(
    control_point: ControlPoint, device: RemoteDevice
) -> tuple[tuple[ObservedAnswer, ...], Delays | None, Delays | None]:
    """The answers of *device* to searches, one for each row, and how long those to unicast and multicast ones take."""
    udns = [str(each.udn or "") for each in device.walk()]
    if not all(map(_can_be_searched_for, udns)):
        return (), None, None  # its rows cannot be told from those of others
    known = control_point.devices.get(str(device.udn))
    asker = _Asker(
        control_point,
        device.location.zoned_address,
        (known and known.search_port) or PORT,
        frozenset(udn.lower() for udn in udns),
        device.location,
    )
    unicast = await asker.probe(str(device.udn), UNICAST_PROBES, to_device=True)
    multicast = await asker.probe(str(device.udn), MULTICAST_PROBES, to_device=False)
    # for as long as the search takes, as there may be rows that the description does not tell of
    rows = await asker.search("ssdp:all", sends=2, to_device=unicast is not None, at_most=MAX_RECORDED_ANSWERS)
    mx = MULTICAST_MX if unicast is None else None
    answers = [ObservedAnswer(payload=each.payload, latency=each.latency, mx=mx) for each in rows]
    listed = {_key(each) for each in rows}
    for each in await asker.search_for_all(VENDOR_TARGETS, at_most=MAX_VENDOR_ANSWERS):
        if _key(each) not in listed:
            answers.append(ObservedAnswer(payload=each.payload, latency=each.latency, mx=MULTICAST_MX))
    return tuple(answers), unicast, multicast


def _key(result: SearchResult) -> tuple[str, str]:
    return result.search_target.lower(), result.usn.lower()


def _can_be_searched_for(udn: str) -> bool:
    return can_be_search_target(udn)


@attrs.frozen
class _Asker:
    """Searches for one root device."""

    control_point: ControlPoint
    address: str
    port: int
    #: those of the root device and of the embedded ones, in lower case
    udns: Collection[str]
    #: of its description; what is announced there with another UDN is one of its rows, too
    location: LiteralUrl

    async def probe(self, udn: str, number: int, *, to_device: bool) -> Delays | None:
        """How long the answers to *number* searches take; after one without an answer, no more are sent."""
        latencies = []
        for _ in range(number):
            found = await self.search(udn, sends=1, to_device=to_device, at_most=1)
            if not found:
                break
            latencies.append(found[0].latency)
            await trio.sleep(PROBE_GAP)
        return Delays.of(latencies)

    async def search_for_all(self, targets: Sequence[str], *, at_most: int) -> list[SearchResult]:
        """What `search` gives for each of *targets*, at most *at_most* of each; they are multicast side by side."""
        found: dict[tuple[str, str], SearchResult] = {}

        async def search(target: str) -> None:
            for each in await self.search(target, sends=2, to_device=False, at_most=at_most):
                found.setdefault(_key(each), each)

        async with trio.open_nursery() as nursery:
            for target in targets:
                nursery.start_soon(search, target)
        return [found[key] for key in sorted(found)]

    async def search(self, target: str, *, sends: int, to_device: bool, at_most: int) -> list[SearchResult]:
        """The first answers about each ST and USN of the device; the search ends when there are *at_most* of them."""
        found: dict[tuple[str, str], SearchResult] = {}
        to, port = (self.address, self.port) if to_device else (None, PORT)
        try:
            async with self.control_point.search(target, mx=MULTICAST_MX, sends=sends, to=to, port=port) as results:
                async for result in results:
                    if result.udn.lower() in self.udns or self.location.is_at(result.location):
                        found.setdefault(_key(result), result)
                    if len(found) == at_most:
                        break
        except NetworkError:  # it was described all the same, as a device beyond the link may be
            return []
        return list(found.values())


# --- actions -------------------------------------------------------------------------------------------------------


async def record(device: RemoteDevice) -> dict[tuple[int, int], Recording]:
    """What the services of *device* answer, by the index of the device in `walk` and of its service.

    Each is subscribed to once, for the values of its variables. Each action that has no in arguments and has a result
    is called once.
    """
    places = [(number, index) for number, each in enumerate(device.walk()) for index, _ in enumerate(each.services)]
    recordings: dict[tuple[int, int], Recording] = {}
    calls_left = MAX_CALLS
    with trio.move_on_after(CALLS_SECONDS):
        for place, service in zip(places, device.services_of_all(), strict=True):
            recorder = _Recorder(service)
            await recorder.take_values()
            calls_left -= await recorder.call_actions(calls_left)
            if recording := recorder.recording():
                recordings[place] = recording
    return recordings


class _Recorder:
    def __init__(self, service: RemoteService) -> None:
        self._service = service
        self._variables: dict[str, str] = {}
        self._answers: dict[str, dict[str, str]] = {}
        self._errors: dict[str, tuple[int, str]] = {}
        self._characters = 0

    def recording(self) -> Recording:
        return Recording(variables=self._variables, answers=self._answers, errors=self._errors)

    async def take_values(self) -> None:
        """Take the values of the initial event, if the service has events."""
        if not self._service.service.event_sub_url:
            return
        with trio.move_on_after(EVENT_SECONDS):
            try:
                async with self._service.subscribe() as changes:
                    async for change in changes:
                        self._variables.update(change.texts)
                        break
            except (RequestFailed, UnsafeUrl):  # the simulation begins with other values
                return

    async def call_actions(self, at_most: int) -> int:
        """Call the actions that can be called without knowing more; returns how many there were."""
        try:
            actions = [action for action in self._service.description.actions if _is_question(action)][:at_most]
        except DescriptionError:  # the clone's notes say so
            return 0
        for action in actions:
            if self._characters > MAX_RECORDED_CHARACTERS:
                break
            with trio.move_on_after(CALL_SECONDS):
                await self._call(action.name)
        return len(actions)

    async def _call(self, action: str) -> None:
        try:
            texts = (await self._service.invoke(action, {})).texts
            self._answers[action] = texts
            self._characters += sum(len(name) + len(text) for name, text in texts.items())
        except UpnpError as error:
            self._errors[action] = (error.code, error.description)
        except (RequestFailed, UnsafeUrl, DescriptionError):  # no answer is recorded, and the simulation says so
            return


def _is_question(action: ActionDescription) -> bool:
    """Whether *action* needs to be told nothing, and gives something."""
    return not action.in_arguments and bool(action.out_arguments)
