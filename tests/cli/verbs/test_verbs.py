"""What all verbs have in common: they are in the table, and their words are read without what does their work."""

from __future__ import annotations

import subprocess
import sys
from argparse import Namespace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from upnp_trio import __version__
from upnp_trio.cli.overview import overview
from upnp_trio.cli.parsing import TextWanted, UsageError, option_names
from upnp_trio.cli.verbs import DEFAULT_VERB, VERBS, find_verb, parse

REPOSITORY = Path(__file__).parents[3]
FOLDER = REPOSITORY / "upnp_trio" / "cli" / "verbs"
SHOWN = [name for name, verb in VERBS.items() if not verb.is_hidden]
verbs = pytest.mark.parametrize("verb", SHOWN)


def help_of(*words: str) -> str:
    with pytest.raises(TextWanted) as wanted:
        parse([*words, "--help"])
    return wanted.value.text


def test_each_module_is_a_verb_and_each_verb_a_module() -> None:
    modules = {path.stem for path in FOLDER.glob("*.py")} - {"__init__"}
    assert {verb.replace("-", "_") for verb in VERBS} == modules


def test_only_the_first_word_can_be_a_verb() -> None:
    assert find_verb(["interfaces", "interfaces"]) == (VERBS["interfaces"], ["interfaces"])
    assert find_verb(["-q", "interfaces"]) == (DEFAULT_VERB, ["-q", "interfaces"])
    assert find_verb([]) == (DEFAULT_VERB, [])


def test_the_overview_shows_each_verb_and_fits_a_terminal() -> None:
    lines = overview().splitlines()
    for name, verb in VERBS.items():
        shown = [line for line in lines if line.startswith(f"  {name} ")]
        assert [line.split(maxsplit=1)[1] for line in shown] == ([] if verb.is_hidden else [verb.summary])
    assert max(map(len, lines)) < 80


@verbs
@pytest.mark.parametrize("columns", [80, 100])
def test_the_help_has_the_synopsis_each_option_and_examples_and_fits_the_terminal(
    verb: str, columns: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    text = help_of(verb)
    assert text.startswith(f"usage: upnp-trio {verb} ")
    for option in option_names(VERBS[verb].load().parser()):
        assert f" {option}" in text
    assert f"\nexamples:\n  upnp-trio {verb} " in text or verb == DEFAULT_VERB.name
    assert max(len(line) for line in text.splitlines()) < columns


@verbs
def test_each_verb_shows_the_version(verb: str) -> None:
    with pytest.raises(TextWanted) as wanted:
        parse([verb, "--version"])
    assert wanted.value.text == f"upnp-trio {__version__}\n"


@verbs
@given(data=st.data())
def test_any_words_are_understood_or_wrong_usage(verb: str, data: st.DataObject) -> None:
    options = option_names(VERBS[verb].load().parser())
    words = data.draw(st.lists(st.one_of(st.text(max_size=8), st.sampled_from(["serve", "--", *options]))))
    try:
        asked = parse([verb, *words])
    except (UsageError, TextWanted):
        return
    assert isinstance(asked, Namespace)


def test_help_and_completion_import_no_more_than_they_need() -> None:
    code = (
        "import sys; from upnp_trio.cli.command import command; from upnp_trio.cli.verbs import VERBS\n"
        "for verb in VERBS.values(): verb.load().parser()\n"
        "print(*sys.modules)"
    )
    shown = subprocess.run([sys.executable, "-c", code], cwd=REPOSITORY, check=True, capture_output=True, text=True)
    imported = set(shown.stdout.split())
    assert "upnp_trio.cli.verbs.serve" in imported
    assert not imported & {"trio", "h11", "rich", "cattrs", "defusedxml", "ifaddr", "difflib", "json"}
