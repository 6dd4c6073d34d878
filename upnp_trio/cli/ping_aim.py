"""Where the probes of a device go, and how one is sent and answered."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs
import trio

from upnp_trio.cli.device_words import DeviceWord, read_device_word
from upnp_trio.cli.latency_text import milliseconds
from upnp_trio.cli.locating import locate
from upnp_trio.cli.parsing import UsageError
from upnp_trio.cli.ping_series import Method, Outcome
from upnp_trio.cli.search_targets import ROOT_DEVICES
from upnp_trio.cli.zoned import zoned
from upnp_trio.errors import NetworkError, UnknownDevice, UnsafeUrl
from upnp_trio.model.literal_url import LiteralUrl
from upnp_trio.ssdp.messages import PORT

if TYPE_CHECKING:
    from upnp_trio.controlpoint.control_point import ControlPoint
    from upnp_trio.controlpoint.received import SearchResult

__all__ = ["Aim", "find_aim", "probe"]

# UDP loses datagrams. A device that is there answers one of three.
FINDING_SENDS = 3
# A user who names an address wants to see that it does not answer, so the search for its SEARCHPORT is short.
PORT_SECONDS = 1.5


@attrs.frozen(kw_only=True)
class Aim:
    """Where probes go, and which answers are those of the device."""

    #: what the lines call it
    label: str
    #: ST of the probes; the device's UDN, so that one answer comes, or all root devices if only its address is known
    target: str = ROOT_DEVICES
    #: with a zone where it needs one
    address: str
    port: int = PORT
    #: LOCATION of the answers that count, and the URL of the description; ``None`` if any answer from *address* counts
    location: LiteralUrl | None = None

    def accepts(self, result: SearchResult) -> bool:
        """Whether *result* is an answer of the device."""
        if self.target != ROOT_DEVICES:
            return result.udn.lower() == self.target.lower()
        return result.sender == self.address.partition("%")[0] and (
            self.location is None or self.location.is_at(result.location)
        )


async def find_aim(control_point: ControlPoint, text: str, *, fetches: bool) -> Aim:
    """Find the device that *text* names; with its LOCATION if *fetches*.

    Raises `UnknownDevice` if it does not answer, `UsageError` if there are several, and what `ControlPoint.describe`
    raises if its LOCATION is of no use.
    """
    word = await _read(control_point, text)
    match word.kind:
        case "url":
            return _aim_of_url(word.value)
        case "udn":
            result = await _first(control_point, word.value, sends=FINDING_SENDS)
            if result is None:
                raise UnknownDevice(f"{word.name or word.value} does not answer searches")
            aim = Aim(
                label=word.name or result.sender,
                target=result.udn,
                address=_with_zone(result),
                port=result.search_port or PORT,
            )
        case "address":
            result = await _at_address(control_point, word.value)
            port = PORT if result is None else result.search_port or PORT
            aim = Aim(label=word.value, address=word.value, port=port)
    if not fetches:
        return aim
    if result is None:
        raise UnknownDevice(f"{word.value} does not answer searches, so the URL of its description is not known")
    described = await control_point.describe(result.udn, contents=False)
    return attrs.evolve(aim, location=described.location)


async def _read(control_point: ControlPoint, text: str) -> DeviceWord:
    try:
        return read_device_word(text)
    except UsageError:  # a name that was not seen lately, or the start of a UDN
        located = await locate(control_point, text, contents=False)
    udn = located.udn or located.device.udn
    return DeviceWord("udn", str(udn), located.device.friendly_name)


def _aim_of_url(text: str) -> Aim:
    try:
        url = LiteralUrl.parse(text)
    except ValueError as error:
        raise UnsafeUrl(f"{error}; write it as LOCATION has it") from error
    return Aim(label=url.authority, address=url.zoned_address, location=url)


async def _at_address(control_point: ControlPoint, address: str) -> SearchResult | None:
    """An answer from *address*: to a unicast search, or to a multicast one, which also reaches another SEARCHPORT."""
    with trio.move_on_after(PORT_SECONDS):
        if (result := await _first(control_point, ROOT_DEVICES, sends=2, to=address)) is not None:
            return result
    anywhere = Aim(label="", address=address)
    with trio.move_on_after(PORT_SECONDS):
        async with control_point.search(ROOT_DEVICES, mx=1, sends=2) as feed:
            async for result in feed:
                if anywhere.accepts(result):
                    return result
    return None


async def _first(control_point: ControlPoint, target: str, *, sends: int, to: str | None = None) -> SearchResult | None:
    async with control_point.search(target, mx=1, sends=sends, to=to) as feed:
        async for result in feed:
            if target == ROOT_DEVICES or result.udn.lower() == target.lower():
                return result
    return None


def _with_zone(result: SearchResult) -> str:
    return zoned(result.sender, result.interface)


# --- probes ----------------------------------------------------------------------------------------------------------


async def probe(control_point: ControlPoint, aim: Aim, method: Method, *, seq: int, mx: int, seconds: float) -> Outcome:
    """Send one probe and wait up to *seconds* for its answer."""
    latency, note = None, ""
    with trio.move_on_after(seconds):
        try:
            if method == "http":
                latency = await _fetch(control_point, aim)
            else:
                latency, note = await _search(control_point, aim, is_unicast=method == "unicast", mx=mx)
        except NetworkError as error:
            note = str(error)
    return Outcome(
        seq=seq, latency=latency, note=note or ("" if latency is not None else f"no answer within {seconds:g} s")
    )


async def _fetch(control_point: ControlPoint, aim: Aim) -> float:
    assert aim.location is not None, "find_aim was told to find it"
    start = trio.current_time()
    await control_point.fetch(aim.location.text)
    return trio.current_time() - start


async def _search(control_point: ControlPoint, aim: Aim, *, is_unicast: bool, mx: int) -> tuple[float | None, str]:
    # each search has sockets of its own, so no answer to an earlier probe can come here
    search = control_point.search(
        aim.target, mx=mx, sends=1, to=aim.address if is_unicast else None, port=aim.port if is_unicast else PORT
    )
    async with search as feed:
        async for result in feed:
            if aim.accepts(result):
                late = f"{milliseconds(result.late_by)} ms later than MX allows" if result.late_by else ""
                return result.latency, "" if is_unicast else late
    return None, ""
