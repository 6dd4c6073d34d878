"""The verbs of ``upnp-trio``, one module for each, and the table of them.

To add a verb, add its row to `VERBS` and a module with the functions of `VerbModule`. The row is enough for the usage
text, the reference and the completion of the verb; its options come from its parser.

A module of a verb reads words. It must not import trio or rich at its top, because help and completion import it and
should be quick. What does the work is in another module of ``upnp_trio.cli``, which `VerbModule.runner` imports.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any, Protocol, cast

import attrs

if TYPE_CHECKING:
    from argparse import ArgumentParser
    from collections.abc import Callable, Sequence

    from upnp_trio.cli.output import Outputs

__all__ = ["DEFAULT_VERB", "VERBS", "Verb", "VerbModule", "find_verb", "parse"]


class VerbModule(Protocol):
    """What a verb's module has."""

    def parser(self) -> ArgumentParser:
        """A parser of the verb's options, with its help."""
        ...

    def parse(self, words: Sequence[str]) -> Any:  # noqa: ANN401  # a Namespace of the verb's own
        """What *words*, which follow the verb, ask for; raises `UsageError` and `TextWanted`.

        A verb with the option ``--debug`` gives it as the attribute *debug*.
        """
        ...

    def runner(self) -> Callable[[Any, Outputs], int]:
        """Import what does the work; returns the function that does it and returns the exit status."""
        ...


@attrs.frozen
class Verb:
    """A row of the table."""

    name: str
    #: what follows the name in the synopsis
    synopsis: str
    #: what it does, in a few words that begin with a verb
    summary: str
    #: what completes the words that follow, each by its kind in `upnp_trio.cli.completing.KINDS`; if the synopsis ends
    #: with "...", the last kind is repeated
    words: tuple[str, ...] = ()
    #: whether only scripts use it
    is_hidden: bool = attrs.field(default=False, kw_only=True)

    @property
    def usage(self) -> str:
        """The synopsis as the help shows it."""
        return f"upnp-trio {self.name} {self.synopsis}".rstrip()

    def load(self) -> VerbModule:
        """Import the module."""
        return cast("VerbModule", importlib.import_module(f"{__name__}.{self.name}"))


#: in the order in which the help shows them
VERBS = {
    verb.name: verb
    for verb in (
        Verb("serve", "[OPTIONS] [DEVICE.toml|DEVICE.xml|CODE.py:NAME]...", "put devices on the network", ("file",)),
        Verb("announce", "[OPTIONS] URL|PAGES.toml...", "announce web pages that others serve", ("file",)),
        Verb("demo", "[OPTIONS] light|jambon...", "serve a device to try things with", ("demo",)),
        Verb("search", "[OPTIONS] [TARGET]", "find the devices on the network", ("target",)),
        Verb("ping", "[OPTIONS] NAME|UDN|ADDRESS|URL...", "measure how long devices take to answer", ("device",)),
        Verb("watch", "[OPTIONS]", "watch what happens on the network"),
        Verb("describe", "[OPTIONS] NAME|UDN|URL", "show what a device is, and what can be done with it", ("device",)),
        Verb(
            "call",
            "[OPTIONS] NAME|UDN|URL SERVICE ACTION [ARGUMENT=VALUE]...",
            "call an action of a device",
            ("device", "service", "action", "argument"),
        ),
        Verb(
            "subscribe",
            "[OPTIONS] NAME|UDN|URL [SERVICE]",
            "follow the events of a device",
            ("device", "service"),
        ),
        Verb(
            "clone",
            "[OPTIONS] NAME|UDN|URL DIR",
            "copy a device into a folder that can be served",
            ("device", "directory"),
        ),
        Verb("stub", "[OPTIONS] SCPD.xml", "write the Python class of a service", ("file",)),
        Verb("interfaces", "[NAME|ADDRESS]...", "show this host's interfaces, and which are served", ("interface",)),
        Verb("completion", "bash|zsh|fish", "complete words with Tab", ("shell",)),
        Verb("complete", "SHELL WORD...", "say what a word can become", is_hidden=True),
    )
}
#: the verb if the first word is not one; a device file that is named like a verb is written as ./interfaces
DEFAULT_VERB = VERBS["serve"]


def find_verb(words: Sequence[str]) -> tuple[Verb, Sequence[str]]:
    """The verb that *words* begin with, or `DEFAULT_VERB`, and the words after it."""
    if words and words[0] in VERBS:
        return VERBS[words[0]], words[1:]
    return DEFAULT_VERB, words


def parse(words: Sequence[str]) -> Any:  # noqa: ANN401  # a Namespace of the verb's own
    """What *words* ask for; raises `UsageError` and `TextWanted`."""
    verb, others = find_verb(words)
    return verb.load().parse(others)
