"""Sentences about what was overlooked: few, short, and harmless to a terminal."""

from __future__ import annotations

import logging

import pytest
from hypothesis import given
from hypothesis import strategies as st

from upnp_trio.model.forgiving import MAX_FORGIVEN, MAX_SENTENCE_CHARACTERS, forgive


def test_a_sentence_is_added_once() -> None:
    forgiven: list[str] = []
    for sentence in ("UDN is missing", "modelName is missing", "UDN is missing"):
        forgive(forgiven, sentence)
    assert forgiven == ["UDN is missing", "modelName is missing"]


def test_a_hostile_document_gets_a_bounded_number_of_sentences() -> None:
    forgiven: list[str] = []
    for number in range(10_000):
        forgive(forgiven, f"flaw {number}")
    assert len(forgiven) == MAX_FORGIVEN + 1
    assert forgiven[-2:] == [f"flaw {MAX_FORGIVEN - 1}", "there is more"]


def test_the_bound_may_be_another_one() -> None:
    forgiven: list[str] = []
    for number in range(5):
        forgive(forgiven, f"flaw {number}", at_most=2)
    assert forgiven == ["flaw 0", "flaw 1", "there is more"]


def test_nobody_needs_to_listen(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG, logger="upnp_trio"):
        forgive(None, "UDN is missing\x1b[2J")
    assert [record.getMessage() for record in caplog.records] == ["overlooked: UDN is missing?[2J"]


@given(st.text(max_size=300))
def test_any_text_becomes_one_short_printable_line(text: str) -> None:
    forgiven: list[str] = []
    forgive(forgiven, text)
    assert forgiven[0].isprintable()
    assert len(forgiven[0]) <= MAX_SENTENCE_CHARACTERS
