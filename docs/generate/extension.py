"""The Sphinx extension of these pages: generated parts, and references to public names by their public path."""

from __future__ import annotations

import builtins
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import upnp_trio
import upnp_trio.asyncio
import upnp_trio.controlpoint
import upnp_trio.testing
import upnp_trio.threads
from docs.generate.changes import LISTS
from docs.generate.data import described
from docs.generate.figures import FIGURES
from docs.generate.tables import TABLES

if TYPE_CHECKING:
    from docutils import nodes
    from sphinx.addnodes import pending_xref
    from sphinx.application import Sphinx
    from sphinx.environment import BuildEnvironment

__all__ = ["LINK", "MARKER", "PAGES", "setup"]

ROOT = Path(__file__).parents[2]
MARKER = re.compile(r"^<!-- generated: ([\w-]+) -->$", re.MULTILINE)
LINK = re.compile(r"\[([^][]*)\]\((?!#|[a-z]+:)([^()#\s]+)(#[\w-]+)?\)")
#: the pages that files of the repository are included in, or that have the same text
PAGES = {
    "README.md": "index.md",
    "SECURITY.md": "explanation/security.md",
    "CONTRIBUTING.md": "project/contributing.md",
    "CHANGELOG.md": "project/changelog.md",
    "benchmarks": "explanation/benchmarks.md",
    "benchmarks/README.md": "explanation/benchmarks.md",
    "deploy": "how-to/systemd.md",
    "deploy/README.md": "how-to/systemd.md",
    "tests/chaos": "project/chaos.md",
    "tests/chaos/README.md": "project/chaos.md",
    "tests/fuzz": "project/fuzzing.md",
    "tests/fuzz/README.md": "project/fuzzing.md",
}
#: what signatures name and other projects document; their inventories would have to be fetched from the net
FOREIGN = re.compile(
    r"(trio|datetime|decimal|uuid|ipaddress|random|collections|typing|pathlib|asyncio|os)\.[\w.]+[][]*"
)
#: names of other projects that the annotations give without their module
FOREIGN_NAMES = {
    "AbstractAsyncContextManager", "AbstractContextManager", "AsyncIterator", "Callable", "Counter", "Decimal",
    "IPv4Address", "IPv6Address", "IpAddress", "Iterable",
    "Iterator", "Mapping", "MemoryReceiveChannel", "Path", "Random", "Sequence", "UUID", "Unpack", "datetime",
}  # fmt: skip
#: what public names give and `upnp_trio` does not have by name
INNER_NAMES = {
    "Address", "BoundAction", "Change", "Choice", "DeferredValue", "Handler", "HasDevice", "Interface", "LiteralUrl",
    "NoSuchValue", "Publication", "SupportsAsService",
}  # fmt: skip
#: type variables
TYPE_VARIABLES = {"H", "M", "Method", "T"}
#: classes that only the library creates, so their signatures are not shown
MADE_BY_US = {
    "ActionCalled", "Announced", "CallAnswer", "ControlPoint", "Counted", "DeviceAppeared", "DeviceGone",
    "DeviceRebooted", "DeviceUpdated", "EventIterator", "EventStream", "Expectation", "Feed", "FoundDevice",
    "FoundLocation", "HttpAnswer", "Listener", "Location", "NetworkChanged", "Nic", "PipeStream", "Playing",
    "ReceivedMessage", "RemoteDevice", "RemoteService", "RequestAnswered", "Running", "SearchAnswered",
    "SearchResult", "Stats", "Subscription", "UdpSocket", "VariableChange", "VariablesChanged",
}  # fmt: skip


def fill_in(app: Sphinx, docname: str, source: list[str]) -> None:
    """Put the table, list or figure that each marker names in its place."""

    def made(marker: re.Match[str]) -> str:
        name = marker[1]
        return FIGURES[name] if name in FIGURES else {**TABLES, **LISTS}[name]()

    source[0] = MARKER.sub(made, source[0])


def lead_on(app: Sphinx, included: Path, parent: str, content: list[str]) -> None:
    """Let the links of an included file lead to the page that shows their target, or else to the file itself."""
    here = (ROOT / "docs" / app.env.docname).parent  # MyST's *parent* lacks the folder

    def led(link: re.Match[str]) -> str:
        text, target, anchor = link.groups(default="")
        path = (Path(app.srcdir) / included).parent.joinpath(target).resolve()
        repository_path = path.relative_to(ROOT).as_posix()
        if repository_path in PAGES:
            path = ROOT / "docs" / PAGES[repository_path]
        elif path.is_dir():
            return text
        return f"[{text}]({os.path.relpath(path, here)}{anchor})"

    content[0] = LINK.sub(led, content[0])


def name_fully(app: Sphinx, doctree: nodes.document) -> None:
    """Let a name that several public modules have be that of the module at hand, or else that of `upnp_trio`."""
    from sphinx.addnodes import pending_xref  # tests import this module without Sphinx

    for node in doctree.findall(pending_xref):
        name = node["reftarget"]
        if node.get("refdomain") == "py" and name in upnp_trio.__all__ and name not in _own(node.get("py:module")):
            node["reftarget"] = f"{upnp_trio.__name__}.{name}"


def _own(module: str | None) -> list[str]:
    return next((each.__all__ for each in (upnp_trio.asyncio, upnp_trio.threads) if each.__name__ == module), [])


def resolve(
    app: Sphinx, env: BuildEnvironment, node: pending_xref, contnode: nodes.TextElement
) -> nodes.Element | None:
    """The reference to a name of ours as its public path, and names of other projects as plain text."""
    if node.get("refdomain") != "py":
        return None
    target = node["reftarget"]
    name = target.rpartition(".")[2]
    public = public_path(name)
    if public and target != public:
        python = env.domains.python_domain
        found = python.resolve_xref(env, node["refdoc"], app.builder, "obj", public, node, contnode)
        if found is not None:
            return found
    if hasattr(builtins, target) or FOREIGN.fullmatch(target) or name in FOREIGN_NAMES | INNER_NAMES | TYPE_VARIABLES:
        return contnode
    return None


def public_path(name: str) -> str | None:
    """The path that *name* is imported by; ``None`` if it is not public."""
    for module in (upnp_trio, upnp_trio.controlpoint, upnp_trio.testing):
        if name in module.__all__:
            return f"{module.__name__}.{name}"
    return None


def without_signature(
    app: Sphinx, what: str, name: str, obj: object, options: object, signature: str | None, returns: str | None
) -> tuple[str, None] | None:
    """Leave out how a class is called that only the library makes."""
    return ("", None) if what == "class" and name.rpartition(".")[2] in MADE_BY_US else None


def describe_data(app: Sphinx, what: str, name: str, obj: object, options: object, lines: list[str]) -> None:
    """Say what a type alias or a constant is, in place of the docstring of its type."""
    if what == "data":
        module, _, own = name.rpartition(".")
        lines[:] = described(module, own)


def setup(app: Sphinx) -> dict[str, Any]:
    """Connect all of it."""
    app.connect("source-read", fill_in)
    app.connect("include-read", lead_on)
    app.connect("doctree-read", name_fully)
    app.connect("missing-reference", resolve)
    app.connect("autodoc-process-signature", without_signature)
    app.connect("autodoc-process-docstring", describe_data)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
