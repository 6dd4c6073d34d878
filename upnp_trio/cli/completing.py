"""What Tab completes: verbs, options, their values, and the words that a verb takes.

Names of devices, services, actions and arguments are those in the file of `upnp_trio.cli.recent_devices`.
"""

from __future__ import annotations

import re
import socket
from argparse import Action
from typing import TYPE_CHECKING

import attrs

from upnp_trio.cli.device_words import read_device_word
from upnp_trio.cli.parsing import OneOf, UsageError
from upnp_trio.cli.printable import printable
from upnp_trio.cli.recent_devices import RecentDevice, RecentService, read_recent
from upnp_trio.cli.search_targets import SHORT_TARGETS
from upnp_trio.cli.shell_words import bash_word, unquoted
from upnp_trio.cli.short_types import short_type
from upnp_trio.cli.statuses import DONE
from upnp_trio.cli.verbs import VERBS, Verb, find_verb
from upnp_trio.cli.verbs.completion import SHELLS
from upnp_trio.cli.verbs.demo import DEMOS
from upnp_trio.model.names import STANDARD_DOMAIN, ServiceType

if TYPE_CHECKING:
    from argparse import ArgumentParser
    from collections.abc import Callable, Iterator, Sequence

    from upnp_trio.cli.output import Outputs
    from upnp_trio.cli.verbs.complete import CompleteArguments

__all__ = ["DIRECTORIES", "FILES", "KINDS", "Candidate", "candidates", "complete"]

# A help beside a word is one short line.
HELP_LIMIT = 60


@attrs.frozen
class Candidate:
    """A word, and what it means."""

    value: str
    help: str = ""


#: not words, but what the shell completes better
FILES, DIRECTORIES = Candidate(":files"), Candidate(":directories")


def complete(asked: CompleteArguments, outputs: Outputs) -> int:
    """Write the candidates, one on each line; always done, as Tab has no place for errors."""
    words = [unquoted(word) for word in asked.words]
    current = asked.words[-1]
    for candidate in candidates(words[:-1], words[-1]):
        if (line := _line(candidate, asked.shell, current)) is not None:
            outputs.output.write_line(line)
    outputs.output.finish()
    return DONE


def _line(candidate: Candidate, shell: str, current: str) -> str | None:
    if candidate in (FILES, DIRECTORIES):
        return candidate.value
    if shell != "bash":
        return f"{candidate.value}\t{printable(candidate.help, HELP_LIMIT)}" if candidate.help else candidate.value
    # the others match by themselves, and by rules of the user's choice
    return bash_word(candidate.value, current) if candidate.value.startswith(unquoted(current)) else None


def candidates(words: Sequence[str], current: str) -> Iterator[Candidate]:
    """What *current*, which may be empty, can become after *words*, those that follow ``upnp-trio``."""
    if not words and not current.startswith("-"):
        verbs = [verb for verb in VERBS.values() if not verb.is_hidden and verb.name.startswith(current)]
        yield from (Candidate(verb.name, verb.summary) for verb in verbs)
        if verbs:
            return
    verb, others = find_verb(words)
    parser = verb.load().parser()
    options = {name: action for action in parser._actions for name in action.option_strings}
    before = _Before.read(others, options)
    if before.open_option is not None:
        yield from _values(before.open_option)
    elif current.startswith("-") and not before.has_ended_options:
        yield from _options(parser, options, current)
    elif (kind := _kind(verb, len(before.others))) is not None:
        yield from _safe(KINDS[kind](before.others, current))


@attrs.frozen
class _Before:
    """The words before the current one."""

    others: tuple[str, ...]
    #: the option whose value the current word is
    open_option: Action | None
    has_ended_options: bool

    @classmethod
    def read(cls, words: Sequence[str], options: dict[str, Action]) -> _Before:
        others: list[str] = []
        open_option: Action | None = None
        for index, word in enumerate(words):
            if open_option is not None:
                open_option = None
            elif word == "--":
                return cls((*others, *words[index + 1 :]), None, True)
            elif word in options and options[word].nargs != 0:
                open_option = options[word]
            elif not word.startswith("-"):
                others.append(word)
        return cls(tuple(others), open_option, False)


def _kind(verb: Verb, number: int) -> str | None:
    """What the word after *number* others is."""
    if number < len(verb.words):
        return verb.words[number]
    return verb.words[-1] if verb.words and verb.synopsis.endswith("...") else None


def _safe(found: Iterator[Candidate]) -> Iterator[Candidate]:
    """Those of *found* that are shown as they are typed: without control characters, and not as long as a page."""
    return (each for each in found if each.value and each.value == printable(each.value, 256))


# --- options ---------------------------------------------------------------------------------------------------------


def _options(parser: ArgumentParser, options: dict[str, Action], current: str) -> Iterator[Candidate]:
    name, equals, _ = current.partition("=")
    if equals:
        if name in options and options[name].nargs != 0:
            yield from (attrs.evolve(value, value=f"{name}={value.value}") for value in _values(options[name]))
        return
    for option, action in options.items():
        text = re.split(r"(?<=[a-z)])[.;] | \[default", action.help or "")[0].rstrip(".")
        yield Candidate(option, text)


def _values(option: Action) -> Iterator[Candidate]:
    if isinstance(option.type, OneOf):
        yield from map(Candidate, option.type.choices)
    elif option.dest == "interfaces":
        yield from _interfaces((), "")
    elif option.dest == "state_dir":
        yield DIRECTORIES


# --- words -----------------------------------------------------------------------------------------------------------


def _files(others: Sequence[str], current: str) -> Iterator[Candidate]:
    yield FILES


def _directories(others: Sequence[str], current: str) -> Iterator[Candidate]:
    yield DIRECTORIES


def _interfaces(others: Sequence[str], current: str) -> Iterator[Candidate]:
    yield from (Candidate(name) for _, name in socket.if_nameindex())


def _demos(others: Sequence[str], current: str) -> Iterator[Candidate]:
    yield from map(Candidate, DEMOS)


def _shells(others: Sequence[str], current: str) -> Iterator[Candidate]:
    yield from map(Candidate, SHELLS)


def _targets(others: Sequence[str], current: str) -> Iterator[Candidate]:
    yield from (Candidate(word, target) for word, target in SHORT_TARGETS.items())
    recent = read_recent()
    types = dict.fromkeys(device.device_type for device in recent)
    standard = f"urn:{STANDARD_DOMAIN}:"
    yield from (Candidate(short_type(urn) if urn.startswith(standard) else urn) for urn in types)
    if current.startswith("u"):
        yield from (Candidate(device.udn, device.name) for device in recent)


def _devices(others: Sequence[str], current: str) -> Iterator[Candidate]:
    recent = read_recent()
    if current.lower().startswith("uuid:"):
        yield from (Candidate(device.udn, device.name) for device in recent)
    elif current.lower().startswith("http:"):
        yield from (Candidate(device.location, device.name) for device in recent)
    else:
        names = [device.name.casefold() for device in recent]
        for device in recent:
            is_clear = names.count(device.name.casefold()) == 1 and printable(device.name) == device.name
            kind = short_type(device.device_type)
            yield Candidate(device.name, kind) if is_clear else Candidate(device.udn, f"{device.name}, {kind}")


def _services(others: Sequence[str], current: str) -> Iterator[Candidate]:
    services = _device(others[0]).services
    names = [service_name(service) for service in services]
    for name, service in zip(names, services, strict=True):
        yield Candidate(name if names.count(name) == 1 else service.service_id, service.service_type)


def _actions(others: Sequence[str], current: str) -> Iterator[Candidate]:
    for service in _chosen(others):
        for action, arguments in service.actions.items():
            yield Candidate(action, ", ".join(arguments))


def _arguments(others: Sequence[str], current: str) -> Iterator[Candidate]:
    given = {word.partition("=")[0] for word in others[3:]}
    for service in _chosen(others):
        yield from (Candidate(f"{name}=") for name in service.actions.get(others[2], ()) if name not in given)


#: what completes each kind of word: the words of the verb before it, and what there is of it
KINDS: dict[str, Callable[[Sequence[str], str], Iterator[Candidate]]] = {
    "file": _files,
    "directory": _directories,
    "interface": _interfaces,
    "demo": _demos,
    "shell": _shells,
    "target": _targets,
    "device": _devices,
    "service": _services,
    "action": _actions,
    "argument": _arguments,
}


def service_name(service: RecentService) -> str:
    """The short name of a service: that in its type, such as SwitchPower."""
    return ServiceType(service.service_type).name or service.service_id


def _device(word: str) -> RecentDevice:
    """What *word* names among the devices that were seen; one without services if it names none."""
    recent = read_recent()
    try:
        named = read_device_word(word, recent)
    except UsageError:
        return _NO_DEVICE
    known = (device for device in recent if named.value in (device.udn, device.location))
    return next(known, _NO_DEVICE)


def _chosen(others: Sequence[str]) -> list[RecentService]:
    """The services of the device that the second word names."""
    wanted = others[1].casefold()
    return [
        service
        for service in _device(others[0]).services
        if wanted in (service_name(service).casefold(), service.service_id.casefold(), service.service_type.casefold())
    ]


_NO_DEVICE = RecentDevice(udn="", name="", device_type="", location="")
