"""The tables that repeat the code, each made from it; a page shows one by ``<!-- generated: NAME -->``."""

from __future__ import annotations

import ast
import importlib
import inspect
import re
from argparse import ArgumentParser
from functools import partial
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import attrs

import upnp_trio
from upnp_trio import Stats
from upnp_trio.cli.asking_options import add_asking_options
from upnp_trio.cli.parsing import add_help
from upnp_trio.cli.serve_options import add_serving_options
from upnp_trio.cli.verbs import VERBS
from upnp_trio.cli.watching.records import EVENTS, KEYS
from upnp_trio.http.metrics import State, render_metrics

__all__ = ["TABLES", "Limit", "comments_of", "first_sentence", "limits", "modules"]

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from types import ModuleType

T = TypeVar("T", bound=attrs.AttrsInstance)

PACKAGE = Path(upnp_trio.__file__).parent
#: parts of the package whose numbers are not limits of the network's or a file's
WITHOUT_LIMITS = ("cli", "demo")
#: verbs that have none of their own
WITHOUT_OPTIONS = {"demo", "interfaces", "completion"}
#: verbs that have most of the options of serve, which shows them
SHARES_SERVING = {"announce"}
#: the help of options whose meaning depends on the verb
DEPENDS = "depends on the verb"
OPTIONS_HEAD = ("Option", "Meaning", "Default")
#: numbers of the protocols, which bound nothing
NO_LIMITS = {
    *("PORT", "HTTP_PORT", "DEFAULT_PORT", "EVENT_PORT", "PRECONDITION_FAILED", "SO_BINDTODEVICE"),
    *("MAX_SEQ", "MAX_INSTANCE_ID", "R4_MAX"),
}
_DEFAULT = re.compile(r"\s*\[default: (.+)\]$")


def _table(head: tuple[str, ...], rows: Iterator[tuple[str, ...]]) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


# --- the command ---------------------------------------------------------------------------------------------------


def _verbs() -> str:
    shown = (verb for verb in VERBS.values() if not verb.is_hidden)
    return _table(("Command", "What it does"), ((f"`{verb.usage}`", verb.summary) for verb in shown))


def _options(verb: str) -> str:
    """The options of *verb* that no other verb has in the same meaning."""
    shared = {*_rows(_asking_parser()), *_rows(add_help(_blank_parser()))}
    if verb in SHARES_SERVING:
        shared |= {*_rows(add_serving_options(_blank_parser()))}
    return _table(OPTIONS_HEAD, (row for row in _rows(VERBS[verb].load().parser()) if row not in shared))


def _asking_options() -> str:
    """The options that mean the same in all verbs that ask devices."""
    return _table(OPTIONS_HEAD, (row for row in _rows(_asking_parser()) if DEPENDS not in row))


def _blank_parser() -> ArgumentParser:
    return ArgumentParser(add_help=False)


def _asking_parser() -> ArgumentParser:
    return add_asking_options(_blank_parser(), timeout=DEPENDS, json=DEPENDS)


def _rows(parser: ArgumentParser) -> Iterator[tuple[str, ...]]:
    formatter = parser._get_formatter()  # there is no public way to a help text with its default
    for action in parser._actions:
        text = formatter._expand_help(action)
        default = _DEFAULT.search(text)
        value = f" {action.metavar}" if action.metavar else ""
        names = ", ".join(f"`{name}{value}`" for name in action.option_strings)
        yield names, _DEFAULT.sub("", text), default[1] if default else ""


def _meanings(head: str, meanings: Mapping[str, str]) -> str:
    return _table((head, "Meaning"), ((f"`{name}`", meaning) for name, meaning in meanings.items()))


# --- what is counted -----------------------------------------------------------------------------------------------


def _counters() -> str:
    comments = comments_of(inspect.getsource(Stats), "#:", indent=4)
    rows = ((f"`{field.name}`", comments[field.name]) for field in attrs.fields(Stats))
    return _table(("Counter", "What it counts"), rows)


def _metrics() -> str:
    # the names and the help of an exposition do not depend on what was counted
    exposition = render_metrics(Stats().snapshot(), _blank(State)).decode()

    def rows() -> Iterator[tuple[str, ...]]:
        kinds = dict(re.findall(r"^# TYPE (\S+) (\S+)$", exposition, re.MULTILINE))
        for name, text in re.findall(r"^# HELP (\S+) (.+)$", exposition, re.MULTILINE):
            yield f"`{name}`", kinds[name], text

    return _table(("Metric", "Kind", "Meaning"), rows())


def _blank(kind: type[T]) -> T:
    """A value of the attrs class *kind* whose texts are empty and whose numbers are 0."""
    return kind(**{name: "" if field.type in (str, "str") else 0 for name, field in attrs.fields_dict(kind).items()})


# --- limits --------------------------------------------------------------------------------------------------------


@attrs.frozen
class Limit:
    """A number that the code is bounded by, as a named constant with the reason that stands above it."""

    module: str
    name: str
    value: int | float
    reason: str

    @property
    def shown(self) -> str:
        """The value with its unit, which the name implies."""
        value = self.value
        if "BYTES" in self.name:
            for unit, size in (("MiB", 1024 * 1024), ("KiB", 1024)):
                if value >= size and value % size == 0:
                    return f"{value // size} {unit}"
            return f"{value:,} bytes"
        if self.name.endswith(("SECONDS", "GAP")):
            return f"{value:g} s"
        return f"{value:,}"


def limits() -> list[Limit]:
    """All of them, in the order of the modules and of the lines."""
    found = []
    for path, module in modules():
        if path.relative_to(PACKAGE).parts[0] in WITHOUT_LIMITS:
            continue
        source = path.read_text(encoding="utf-8")
        reasons = comments_of(source, "#", indent=0)
        for node in ast.parse(source).body:
            name = _assigned(node)
            value = getattr(module, name, None) if name else None
            if not name or name in NO_LIMITS or not re.fullmatch(r"[A-Z][A-Z0-9_]+", name):
                continue
            if type(value) in (int, float):
                assert isinstance(value, int | float)
                found.append(Limit(module.__name__.removeprefix("upnp_trio."), name, value, reasons.get(name, "")))
    return found


def _assigned(node: ast.stmt) -> str | None:
    if isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name):
        return node.targets[0].id
    if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
        return node.target.id
    return None


def _limits() -> str:
    parts = []
    for module, members in groupby(limits(), lambda limit: limit.module):
        rows = []
        # constants that follow each other without a comment between them share the reason above the first
        for reason, several in groupby(members, lambda limit: limit.reason):
            together = list(several)
            names, values = (f"`{limit.name}`" for limit in together), (limit.shown for limit in together)
            rows.append(("<br>".join(names), "<br>".join(values), reason))
        summary = first_sentence(importlib.import_module(f"upnp_trio.{module}").__doc__ or "")
        parts.append(f"## `{module}`\n\n{summary}\n\n{_table(('Constant', 'Value', 'Reason'), iter(rows))}")
    return "\n\n".join(parts)


# --- modules -------------------------------------------------------------------------------------------------------


def modules() -> Iterator[tuple[Path, ModuleType]]:
    """Every module of the package, with its file; a folder's own comes before those in it."""
    for path in sorted(PACKAGE.rglob("*.py"), key=lambda path: path.relative_to(PACKAGE).with_suffix("").parts):
        parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
        if parts[-1] != "__main__":
            yield path, importlib.import_module(".".join(parts[:-1] if parts[-1] == "__init__" else parts))


def _modules() -> str:
    def rows() -> Iterator[tuple[str, ...]]:
        for path, module in modules():
            parts = path.relative_to(PACKAGE).with_suffix("").parts
            if parts == ("__init__",):
                continue
            is_room = parts[-1] == "__init__"
            name = "/".join(parts[:-1]) + "/" if is_room else "/".join(parts) + ".py"
            shown = f"**`{name}`**" if is_room else f"`{name}`"
            yield shown, first_sentence(module.__doc__ or "")

    return _table(("Module", "What it does"), rows())


def first_sentence(text: str) -> str:
    """The first sentence of a docstring, on one line."""
    paragraph = " ".join(text.strip().partition("\n\n")[0].split()).replace("``", "`")
    return re.split(r"(?<=[.;])\s+(?=[A-Z`])", paragraph)[0].rstrip(";")


# --- comments ------------------------------------------------------------------------------------------------------


def comments_of(source: str, mark: str, *, indent: int) -> dict[str, str]:
    """The comments that begin with *mark* and stand above an assignment at column *indent*, by the name assigned.

    Numbers that follow each other without a comment between them share the one above the first.
    """
    reasons: dict[str, str] = {}
    comment: list[str] = []
    shared = ""
    for line in source.splitlines():
        text = line[indent:] if not line[:indent].strip() else ""
        assigned = re.match(r"([A-Za-z_]\w*)(?:: [^=]*[^= ])?( = -?[0-9])?", text)
        if text.startswith(f"{mark} "):
            comment.append(text.removeprefix(mark).strip())
            continue
        if assigned and (reason := " ".join(comment) or (shared if assigned[2] else "")):
            reasons[assigned[1]] = reason
        shared = reasons.get(assigned[1], "") if assigned and assigned[2] else ""
        comment = []
    return reasons


#: what each marker in a page stands for
TABLES: dict[str, Callable[[], str]] = {
    "verbs": _verbs,
    "asking-options": _asking_options,
    **{
        f"{name}-options": partial(_options, name)
        for name, verb in VERBS.items()
        if not verb.is_hidden and name not in WITHOUT_OPTIONS
    },
    "watch-events": lambda: _meanings("Event", EVENTS),
    "watch-keys": lambda: _meanings("Key", KEYS),
    "limits": _limits,
    "counters": _counters,
    "metrics": _metrics,
    "modules": _modules,
}
