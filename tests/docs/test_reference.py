"""The reference has every name, every field, every option and every dependency, and no other."""

from __future__ import annotations

import re
import tomllib

import attrs
import pytest

import upnp_trio
import upnp_trio.controlpoint
from docs.generate.changes import LISTS
from docs.generate.data import described
from docs.generate.figures import FIGURES, PATHS, rooms
from docs.generate.public import public_modules
from docs.generate.tables import SHARES_SERVING, TABLES, comments_of, first_sentence, limits
from tests.docs.blocks import ROOT, page, pages, prose
from tests.docs.commands import nox_sessions
from tests.public.sources import exported
from upnp_trio.cli.parsing import option_names
from upnp_trio.cli.verbs import VERBS

MARKER = re.compile(r"^<!-- generated: ([\w-]+) -->$", re.MULTILINE)
SITE = [name for name in pages() if name.startswith("docs/")]
#: fields that hold what a file field's file has, and keys that stand for such fields in TOML
ONLY_IN_PYTHON, ONLY_IN_TOML = {"data"}, {"file", "simulate"}
#: options of other programs that the pages name
FOREIGN_OPTIONS = {
    *("--network", "--read-only", "--cap-drop", "--lan"),  # container engines
    *("--list", "--quick", "--parts", "--devices", "--rounds", "--readme", "--seconds", "--replay", "--share-cores"),
    "--upnp-namespace",  # of pytest, by our plugin
    *("--workers", "--reload", "--threads", "--preload"),  # of uvicorn and gunicorn
    *("--strict", "--offline", "--draft", "--notes", "--format", "--option", "--imports", "--write"),
}


# --- the library -----------------------------------------------------------------------------------------------------


def test_every_public_name_is_in_the_reference_once_and_no_other() -> None:
    library = "\n".join(page(name) for name in SITE if name.startswith("docs/reference/library/"))
    shown: dict[str, list[str]] = {}
    for module, names in re.findall(r"^\.\. currentmodule:: (\S+)$(.*?)^```$", library, re.MULTILINE | re.DOTALL):
        found = re.findall(r"^\.\. auto(?:class|function|exception|data):: (\w+)$", names, re.MULTILINE)
        shown.setdefault(module, []).extend(found)
    assert {module: sorted(names) for module, names in shown.items()} == {
        module: sorted(exported(module)) for module in public_modules()
    }


def shown_data() -> list[tuple[str, str]]:
    """The type aliases and constants that the reference shows, with their modules."""
    library = "\n".join(page(name) for name in SITE if name.startswith("docs/reference/library/"))
    sections = re.findall(r"^\.\. currentmodule:: (\S+)$(.*?)^```$", library, re.MULTILINE | re.DOTALL)
    return [
        (module, name)
        for module, names in sections
        for name in re.findall(r"^\.\. autodata:: (\w+)$", names, re.MULTILINE)
    ]


@pytest.mark.parametrize(("module", "name"), shown_data())
def test_a_type_alias_or_constant_is_described_by_its_own_comment(module: str, name: str) -> None:
    """Autodoc would show the docstring of its type, such as that of `str`."""
    text = described(module, name)
    assert len(text[0]) > 10
    assert not text[0].endswith("..")


def test_a_union_is_described_with_its_types() -> None:
    assert described("upnp_trio.controlpoint", "DeviceChange") == [
        "A change of the network's devices, as `ControlPoint.changes` gives it.",
        "",
        "It is `DeviceAppeared` or `DeviceUpdated` or `DeviceRebooted` or `DeviceGone`.",
    ]
    with pytest.raises(LookupError, match=r"upnp_trio\.controlpoint\.open_control_point has no comment"):
        described("upnp_trio.controlpoint", "open_control_point")


def test_no_two_public_names_are_the_same() -> None:
    """References are resolved by the last part of a path."""
    assert set(upnp_trio.__all__) & set(upnp_trio.controlpoint.__all__) == set()


def test_properties_of_running_that_pages_name_exist() -> None:
    texts = [page(name) for name in SITE]
    named = {name for text in texts for name in re.findall(r"`running\.(\w+)", text)}
    assert named
    assert named <= set(dir(upnp_trio.Running))
    counters = {name for text in texts for name in re.findall(r"`(?:running\.)?stats\.(\w+)", text)}
    assert counters <= set(dir(upnp_trio.Stats))


# --- the command -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", pages())
def test_options_that_a_page_names_exist(name: str) -> None:
    known = {*(name for verb in VERBS.values() for name in option_names(verb.load().parser())), *FOREIGN_OPTIONS}
    named = {
        option for code in re.findall(r"`([^`\n]+)`", prose(name)) for option in re.findall(r"(?<!\S)--\w[\w-]*", code)
    }
    assert named <= known


@pytest.mark.parametrize("name", pages())
def test_sessions_that_a_page_names_exist(name: str) -> None:
    named = {
        session for code in re.findall(r"`([^`\n]+)`", page(name)) for session in re.findall(r"nox -s (\w+)", code)
    }
    assert named <= nox_sessions()


@pytest.mark.parametrize("verb", [name for name in VERBS if f"{name}-options" in TABLES])
def test_the_tables_of_options_have_them_all(verb: str) -> None:
    shared = "serve-options" if verb in SHARES_SERVING else "asking-options"
    tables = {table: re.findall(r"`(--[\w-]+)", TABLES[table]()) for table in (shared, f"{verb}-options")}
    own = tables[f"{verb}-options"]
    known = {name for name in option_names(VERBS[verb].load().parser()) if name.startswith("--")}
    assert len(own) == len(set(own))
    assert set(own) <= known <= {*own, *tables[shared], "--help", "--version"}


# --- device files ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "kind",
    [
        *("Device", "RootDevice", "Icon", "Service", "PnpX", "ExtensionElement"),
        *("Advertising", "AdvertisedRow"),
    ],
)
def test_every_field_of_a_device_file_is_in_its_table(kind: str) -> None:
    text = page("docs/reference/device-file.md").partition(f"<!-- fields: {kind} -->\n")[2]
    rows = dict(re.findall(r"^\| `(\w+)` \|(?:.*\|)? (.+) \|$", text.partition("\n#")[0], re.MULTILINE))
    known = {field.name: field for field in attrs.fields(getattr(upnp_trio, kind))}
    if kind == "RootDevice":
        known = {name: field for name, field in known.items() if name not in attrs.fields_dict(upnp_trio.Device)}
    assert set(rows) - ONLY_IN_TOML == set(known) - ONLY_IN_PYTHON
    if kind != "Icon":  # whose sizes are read from the picture
        required = {name for name, meaning in rows.items() if meaning.startswith("required")}
        assert required == {name for name, field in known.items() if field.default is attrs.NOTHING}


# --- what is generated -----------------------------------------------------------------------------------------------


def test_each_marker_means_something_and_all_that_is_generated_is_shown() -> None:
    shown = [marker for name in SITE for marker in MARKER.findall(page(name))]
    assert sorted(shown) == sorted([*TABLES, *LISTS, *FIGURES])


@pytest.mark.parametrize("name", TABLES)
def test_a_generated_table_is_whole(name: str) -> None:
    tables = re.findall(r"(?:^\|.+\|\n?)+", TABLES[name](), re.MULTILINE)
    assert tables
    for table in tables:
        lines = table.splitlines()
        assert len(lines) > 2
        assert len({len(re.findall(r"(?<!\\)\|", line)) for line in lines}) == 1


def test_the_limits_are_found_with_their_reasons() -> None:
    found = {f"{limit.module}.{limit.name}": limit for limit in limits()}
    depth = found["documents.xml.MAX_DEPTH"]
    assert (depth.value, depth.shown) == (32, "32")
    assert "embedded devices" in depth.reason
    assert found["documents.xml.MAX_DOCUMENT_BYTES"].shown == "1 MiB"
    assert found["http.phases.HEAD_SECONDS"].shown == "5 s"
    assert sum(bool(limit.reason) for limit in found.values()) > 0.9 * len(found)


def test_a_reason_belongs_to_the_numbers_below_it_and_to_no_others() -> None:
    source = "# First\n# reason.\nA = 1\nB_SECONDS: float = 2.0\nC = {3}\nD = 4\n\n# No reason of E's.\n\nE = 5\n"
    assert comments_of(source, "#", indent=0) == {"A": "First reason.", "B_SECONDS": "First reason."}


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("One thing. Another.\n\nMore.", "One thing."),
        ("Rules of UDA 2.0 §1.2\nin two lines.", "Rules of UDA 2.0 §1.2 in two lines."),
        ("``code`` in it", "`code` in it"),
    ],
)
def test_the_first_sentence_of_a_docstring(text: str, sentence: str) -> None:
    assert first_sentence(text) == sentence


def test_the_paths_of_the_figures_lead_through_rooms_that_exist() -> None:
    assert {step.room for steps in PATHS.values() for step in steps} <= set(rooms())


def test_no_generated_figure_loads_anything() -> None:
    pictures = [path.read_text(encoding="utf-8") for path in (ROOT / "docs").glob("*.svg")]
    assert len(pictures) >= 4
    for drawn in [*FIGURES.values(), *pictures]:
        assert not re.search(r"url\((?!#)|@import|<script|href=", drawn)


#: figures in the prose, and the constant that each repeats
FIGURES_IN_PROSE = [
    ("docs/how-to/embed.md", "requests in flight get two seconds", "GRACE_SECONDS", 2),
    ("docs/explanation/architecture.md", "Requests in flight get two seconds", "GRACE_SECONDS", 2),
    ("docs/reference/command.md", "requests in flight are finished for up to two seconds", "GRACE_SECONDS", 2),
    ("docs/explanation/architecture.md", "elsewhere a look every two seconds", "POLL_SECONDS", 2),
    ("docs/how-to/windows.md", "within two seconds, by looking", "POLL_SECONDS", 2),
    ("docs/how-to/several-devices.md", "One search gets 256 answers at the most", "MAX_ANSWERS", 256),
    ("docs/explanation/packets.md", "CACHE-CONTROL: max-age=1800", "DEFAULT_MAX_AGE", 1800),
    ("docs/explanation/packets.md", "within 100 ms of the start", "MAX_FIRST_WAIT", 0.1),
    ("docs/explanation/packets.md", "twice more within the first second", "FIRST_REPEATS", 2),
    ("docs/how-to/watch.md", "worth a warning each hour", "LOG_INTERVAL_SECONDS", 3600),
    ("docs/how-to/write-a-service.md", "cancelled after 25 seconds", "HANDLER_SECONDS", 25),
    ("docs/how-to/write-a-service.md", "accepts 32 subscriptions", "DEFAULT_MAX_SUBSCRIPTIONS", 32),
    ("docs/explanation/control-and-events.md", "when 128 handlers wait", "MAX_WAITING_CALLS", 128),
    ("docs/explanation/control-and-events.md", "or 32 of one address", "MAX_WAITING_CALLS_OF_ONE_PEER", 32),
    ("docs/explanation/control-and-events.md", "a call of more than 64 KiB", "MAX_CALL_BYTES", 64 * 1024),
    ("docs/explanation/control-and-events.md", "more than 6 URLs", "MAX_CALLBACKS", 6),
    ("docs/explanation/control-and-events.md", "holds ten events", "MAX_QUEUED_EVENTS", 10),
    ("docs/explanation/control-and-events.md", "none older than 30 seconds", "MAX_EVENT_AGE_SECONDS", 30),
    ("docs/explanation/control-and-events.md", "after 25 seconds without a change", "WAIT_SECONDS", 25),
    ("docs/explanation/control-and-events.md", "An eighth of a second after", "SETTLING_SECONDS", 0.125),
    ("docs/explanation/control-and-events.md", "kept for 30 seconds after an event", "delivery.IDLE_SECONDS", 30),
    ("docs/how-to/control-devices.md", "At most eight documents are fetched at once", "MAX_FETCHES", 8),
    ("docs/how-to/control-devices.md", "and two from one address", "MAX_FETCHES_OF_ONE_PEER", 2),
    ("docs/how-to/control-devices.md", "30 for a call", "CALL_SECONDS", 30),
    ("docs/how-to/control-devices.md", "10 seconds for a document", "REQUEST_SECONDS", 10),
    ("docs/how-to/control-devices.md", "a second after the last answer is due", "searching.LATE_SECONDS", 1),
    ("docs/explanation/control-and-events.md", "One address has 32 of them", "MAX_CONNECTIONS_OF_ONE_PEER", 32),
]


@pytest.mark.parametrize(("name", "phrase", "constant", "value"), FIGURES_IN_PROSE)
def test_a_figure_in_the_prose_is_the_one_in_the_code(name: str, phrase: str, constant: str, value: float) -> None:
    assert phrase in " ".join(page(name).split())
    named = (limit for limit in limits() if f".{limit.module}.{limit.name}".endswith(f".{constant}"))
    assert {limit.value for limit in named} == {value}


# --- dependencies ----------------------------------------------------------------------------------------------------


def test_the_table_of_dependencies_has_them_all() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    required = [re.match(r"[\w-]+", dependency)[0] for dependency in project["dependencies"]]  # type: ignore[index]
    shown = re.findall(r"^\| ([\w-]+) \| (?!What it is for)", page("docs/explanation/dependencies.md"), re.MULTILINE)
    assert sorted(shown) == sorted(required)
