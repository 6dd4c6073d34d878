"""Quotes of shells: what is put on a command line means the word and nothing else."""

from __future__ import annotations

import shutil
import subprocess

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.network.demands import demand
from upnp_trio.cli.printable import printable
from upnp_trio.cli.shell_words import bash_word, unquoted

#: texts as they are completed, with much that shells have a meaning for
TEXTS = (
    st.lists(st.one_of(st.characters(), st.sampled_from(list("$`\\\"'!~*?[]{}()<>|&;#= \u3000"))))
    .map("".join)
    .map(printable)
)


@pytest.mark.parametrize(
    ("word", "value"),
    [
        ("Living", "Living"),
        ("Living\\ room", "Living room"),
        ('"Living room"', "Living room"),
        ('"Living ro', "Living ro"),
        ("'a\\b", "a\\b"),
        ('"a\\b\\$c', "a\\b$c"),
        ("a'b'\"c\"d", "abcd"),
        ("a\\", "a"),
        ("", ""),
    ],
)
def test_a_word_without_its_quotes(word: str, value: str) -> None:
    assert unquoted(word) == value


@pytest.mark.parametrize(
    ("value", "current", "word"),
    [
        ("Living room", "Liv", "Living\\ room"),
        ("Living room", '"Liv', "Living room"),
        ("Living room", "'Liv", "Living room"),
        ("$(id)`id`", "", "\\$\\(id\\)\\`id\\`"),
        ("$(id)`id`", '"', "\\$(id)\\`id\\`"),
        ("Bob's", "'B", None),
        ("Hi!", '"H', None),
        ("Hi!", "H", "Hi\\!"),
        ("~x", "", "\\~x"),
        ("uuid:1", "uuid:", "uuid:1"),
        ("name=", "", "name="),
        ("Küche", "K", "Küche"),
    ],
)
def test_a_word_for_bash(value: str, current: str, word: str | None) -> None:
    assert bash_word(value, current) == word


@given(TEXTS, st.sampled_from(["", '"', "'"]))
def test_what_is_quoted_for_bash_means_the_same_to_us(text: str, quote: str) -> None:
    word = bash_word(text, quote)
    assert word is None or unquoted(f"{quote}{word}{quote}") == text


@settings(max_examples=30)
@given(st.lists(TEXTS.filter(bool), min_size=1, max_size=50))
def test_what_is_quoted_for_bash_means_the_same_to_bash(texts: list[str]) -> None:
    demand(None if shutil.which("bash") else "there is no bash")
    words, meant = [], []
    for text in texts:
        for quote in ("", '"', "'"):
            word = bash_word(text, quote)
            if word is not None and "\ud800" not in text:
                words.append(f"{quote}{word}{quote}")
                meant.append(text)
    script = f"printf '%s\\0' {' '.join(words)}"
    done = subprocess.run(["bash", "-c", script], capture_output=True, check=True)
    assert done.stdout.decode().split("\0")[:-1] == meant
