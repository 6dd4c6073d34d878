"""How a clone is advertised: SERVER, max-age, a vendor's header fields and a delay, from the original's answers."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, Any

import attrs

from upnp_trio.errors import DescriptionError
from upnp_trio.model.advertising import (
    MAX_ANSWER_DELAY,
    RESERVED_DESCRIPTION_HEADERS,
    RESERVED_HEADERS,
    Advertising,
)
from upnp_trio.model.placeholders import PORT, escaped
from upnp_trio.model.urls import HOST
from upnp_trio.model.value_errors import shown

if TYPE_CHECKING:
    from upnp_trio.cloning.observed import Observed, ObservedAnswer
    from upnp_trio.model.literal_url import LiteralUrl

__all__ = ["LEAST_DELAY", "advertising_of"]

# A shorter delay is that of the network, and the clone's own timer does not keep it.
LEAST_DELAY = 0.02
# Fields that tell of a web server and not of the device (RFC 9110, RFC 9111).
_OF_ANY_SERVER = frozenset(
    {
        *("ACCEPT-RANGES", "AGE", "ALLOW", "CACHE-CONTROL", "EXPIRES", "EXT", "LAST-MODIFIED", "PRAGMA", "SERVER"),
        *("SET-COOKIE", "STRICT-TRANSPORT-SECURITY", "VARY", "VIA", "X-CONTENT-TYPE-OPTIONS", "X-FRAME-OPTIONS"),
    }
)
# HTTP's answers are read with lower-case names, and simple clients of DIAL look for this one as DIAL spells it.
_SPELLED = {"application-url": "Application-URL"}
_MAX_AGE = re.compile(r"max-age\s*=\s*\"?([0-9]{1,10})", re.IGNORECASE)


def advertising_of(observed: Observed) -> tuple[Advertising, list[str]]:
    """How the clone of a device is advertised, and in words what of its answers is not repeated."""
    draft = _Draft(observed.location)
    answers = observed.answers
    if server := _most_common(answers, "SERVER"):
        draft.take(server=server)
    if found := _MAX_AGE.search(_most_common(answers, "CACHE-CONTROL")):
        draft.take(max_age=int(found[1]))
    if observed.unicast is not None:
        draft.take_delay(observed.unicast.median)
    for name, values in _own_headers(answers).items():
        draft.take_header(name, values, len(answers))
    for name, value in observed.document_headers.items():
        if name.upper() not in _OF_ANY_SERVER | RESERVED_DESCRIPTION_HEADERS:
            draft.take_description_header(_SPELLED.get(name.lower(), name), value)
    return draft.advertising, draft.notes


class _Draft:
    """What is known so far; what cannot be repeated becomes a note."""

    def __init__(self, location: LiteralUrl) -> None:
        self.advertising = Advertising()
        self.notes: list[str] = []
        self._location = location

    def take(self, **fields: Any) -> None:  # noqa: ANN401  # the fields of `Advertising`, which checks them
        try:
            self.advertising = attrs.evolve(self.advertising, **fields)
        except DescriptionError as error:
            self._leave_out(str(error))

    def take_delay(self, median: float) -> None:
        delay = round(median, 3)
        if delay > MAX_ANSWER_DELAY:
            self.notes.append(f"half of its answers took more than {delay} s; the clone waits {MAX_ANSWER_DELAY} s")
        if delay >= LEAST_DELAY:
            self.take(answer_delay=min(delay, MAX_ANSWER_DELAY))

    def take_header(self, name: str, values: Counter[str], answers: int) -> None:
        if len(values) > 1 or values.total() < answers:
            self._leave_out(f"the header {shown(name)}, which is not the same in all")
            return
        (value,) = values
        self.take(headers=[*self.advertising.headers, (name, self._at_clone(name, value))])

    def take_description_header(self, name: str, value: str) -> None:
        headers = [*self.advertising.description_headers, (name, self._at_clone(name, value))]
        try:
            self.advertising = attrs.evolve(self.advertising, description_headers=headers)
        except DescriptionError as error:
            self._leave_out(str(error), "with the description")

    def _at_clone(self, name: str, value: str) -> str:
        """*value* with the clone's address in place of the original's; apps take no Application-URL of another host."""
        template = escaped(value)
        for text, place in _places(self._location):
            whole = rf"(?<![0-9A-Za-z.:]){re.escape(text)}(?![0-9A-Za-z]|\.[0-9A-Za-z])"
            template = re.sub(whole, place, template, flags=re.IGNORECASE)
        if template != escaped(value):
            self.notes.append(
                f"the header {shown(name)} leads to {shown(template)}, where the clone has no more than its documents"
            )
        return template

    def _leave_out(self, what: str, where: str = "in answers to searches") -> None:
        self.notes.append(f"not repeated {where}: {what}")


def _places(location: LiteralUrl) -> list[tuple[str, str]]:
    """What a header's value may have of the original, the longest first, with what stands for it."""
    host = f"[{location.address}]" if location.address.version == 6 else str(location.address)
    return [(f"{host}:{location.port}", f"{HOST}:{PORT}"), (host, HOST)]


def _most_common(answers: tuple[ObservedAnswer, ...], name: str) -> str:
    counted = Counter(value for answer in answers for key, value in answer.headers if key.upper() == name)
    return counted.most_common(1)[0][0] if counted else ""


def _own_headers(answers: tuple[ObservedAnswer, ...]) -> dict[str, Counter[str]]:
    """The values of the fields that UPnP does not define, by name in its first spelling."""
    spelled: dict[str, str] = {}
    found: dict[str, Counter[str]] = {}
    for answer in answers:
        for key, value in answer.headers:
            if key.upper() not in RESERVED_HEADERS:
                name = spelled.setdefault(key.upper(), key)
                found.setdefault(name, Counter())[value] += 1
    return found
