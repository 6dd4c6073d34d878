"""The record of what was observed of a device: ``recorded.toml``, for people. Nothing in it is served."""

from __future__ import annotations

from typing import TYPE_CHECKING

from upnp_trio.documents.toml_writing import comment, key, value

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from upnp_trio.cloning.observed import Delays, Observed, ObservedAnswer

__all__ = ["MAX_RECORDED_ANSWERS", "render_record"]

# A gateway has some twenty rows.
MAX_RECORDED_ANSWERS = 1024
HEAD = (
    "What was received from the original. Nothing in this file is served; device.toml says what is.",
    "Delays are in seconds, from a search to its answer. Each byte of a line is one character.",
)


def render_record(observed: Observed, *, cloned_at: str) -> str:
    """The record of *observed*; *cloned_at* is the date as a person reads it."""
    return "\n".join([*_lines(observed, cloned_at), ""])


def _lines(observed: Observed, cloned_at: str) -> Iterator[str]:
    device = observed.device
    yield from map(comment, HEAD)
    yield ""
    yield from _pairs(
        {
            "location": observed.location.text,
            "cloned_at": cloned_at,
            "friendly_name": device.friendly_name,
            "udns": [str(each.udn or "") for each in device.walk()],
            "forgiven": list(observed.forgiven),
        }
    )
    if observed.unicast is not None:
        yield from _delays("unicast", observed.unicast)
    for mx, delays in observed.multicast.items():
        yield from _delays(f"multicast-mx-{mx}", delays)
    if observed.document_headers:
        yield ""
        yield "[description.headers]"
        yield from _pairs(observed.document_headers)
    for answer in observed.answers[:MAX_RECORDED_ANSWERS]:
        yield from _answer(answer)


def _delays(name: str, delays: Delays) -> Iterator[str]:
    yield ""
    yield f"[delays.{name}]"
    yield f"answers = {delays.number}"
    for field, seconds in (("min", delays.least), ("p50", delays.median), ("max", delays.most)):
        yield f"{field} = {seconds:.6f}"


def _answer(answer: ObservedAnswer) -> Iterator[str]:
    yield ""
    yield "[[answers]]"
    yield f"seconds = {answer.latency:.6f}"
    if answer.mx is not None:
        yield f"mx = {answer.mx}"
    yield "lines = ["
    yield from (f"  {value(line)}," for line in answer.lines)
    yield "]"


def _pairs(pairs: Mapping[str, object]) -> Iterator[str]:
    return (f"{key(name)} = {value(item)}" for name, item in pairs.items())
