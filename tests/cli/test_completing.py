"""What Tab completes."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from upnp_trio.cli.completing import DIRECTORIES, FILES, KINDS, Candidate, candidates
from upnp_trio.cli.parsing import option_names
from upnp_trio.cli.printable import printable
from upnp_trio.cli.recent_devices import RecentDevice, RecentService, remember
from upnp_trio.cli.verbs import VERBS
from upnp_trio.ssdp.profiles import PROFILES

SWITCH = RecentService(
    service_type="urn:schemas-upnp-org:service:SwitchPower:1",
    service_id="urn:upnp-org:serviceId:SwitchPower",
    actions={"SetTarget": ("newTargetValue", "other"), "GetTarget": ()},
)


def device(number: int, name: str, kind: str = "MediaServer", services: tuple[RecentService, ...] = ()) -> RecentDevice:
    return RecentDevice(
        udn=f"uuid:{number}",
        name=name,
        device_type=f"urn:schemas-upnp-org:device:{kind}:1",
        location=f"http://192.0.2.{number}/",
        services=services,
    )


@pytest.fixture(autouse=True)
def recent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file of recent devices."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    names = [
        device(1, "Living room", "DimmableLight", (SWITCH,)),
        device(2, "NAS"),
        device(3, "Lamp"),
        device(4, "LAMP"),
    ]
    remember([*names, device(5, "\x1b]0;x\x07")])


def values(*words: str) -> list[str]:
    return [candidate.value for candidate in candidates(words[:-1], words[-1])]


# --- verbs and options -----------------------------------------------------------------------------------------------


def test_the_first_word_is_a_verb_with_its_summary() -> None:
    shown = [verb for verb in VERBS.values() if not verb.is_hidden]
    assert list(candidates([], "")) == [Candidate(verb.name, verb.summary) for verb in shown]
    assert values("se") == ["serve", "search"]


def test_the_first_word_may_also_be_a_file_or_an_option_of_serve() -> None:
    assert values("lamp.t") == [":files"]
    assert values("-") == option_names(VERBS["serve"].load().parser())


@pytest.mark.parametrize("verb", VERBS)
def test_each_verb_completes_its_options_and_knows_its_words(verb: str) -> None:
    assert values(verb, "-") == option_names(VERBS[verb].load().parser())
    assert set(VERBS[verb].words) <= set(KINDS)


def test_an_option_has_the_start_of_its_help() -> None:
    found = {candidate.value: candidate.help for candidate in candidates(["serve"], "--")}
    assert found["--friendly-name"] == "The name that people see"
    assert found["--interface"].startswith("Serve only on this interface, ")


def test_an_option_completes_its_value_in_both_forms() -> None:
    assert values("serve", "--profile", "") == list(PROFILES)
    assert values("serve", "--profile=") == [f"--profile={name}" for name in PROFILES]
    assert values("search", "--interface", "") == [name for _, name in socket.if_nameindex()]
    assert list(candidates(["serve", "--state-dir"], "")) == [DIRECTORIES]
    assert values("serve", "--port", "") == []
    assert values("serve", "--quiet=") == []
    assert values("serve", "--nosuch=") == []


def test_after_two_dashes_nothing_is_an_option() -> None:
    assert list(candidates(["serve", "--"], "-x")) == [FILES]


# --- words -----------------------------------------------------------------------------------------------------------


def test_options_and_their_values_are_not_counted_as_words() -> None:
    assert values("completion", "") == ["bash", "zsh", "fish"]
    assert values("completion", "bash", "") == []
    assert list(candidates(["stub", "--class", "Lamp", "--id=x"], "")) == [FILES]
    assert list(candidates(["stub", "a.xml"], "")) == []


def test_the_last_word_of_some_verbs_is_repeated() -> None:
    assert values("demo", "light", "") == ["light", "jambon"]
    assert list(candidates(["serve", "a", "b"], "c")) == [FILES]


def test_a_device_is_named_by_its_name_where_that_is_clear() -> None:
    assert list(candidates(["ping"], "")) == [
        Candidate("Living room", "DimmableLight:1"),
        Candidate("NAS", "MediaServer:1"),
        Candidate("uuid:3", "Lamp, MediaServer:1"),
        Candidate("uuid:4", "LAMP, MediaServer:1"),
        Candidate("uuid:5", "\x1b]0;x\x07, MediaServer:1"),
    ]


def test_a_device_is_named_by_its_udn_or_location_if_that_is_begun() -> None:
    assert values("ping", "uuid:") == [f"uuid:{number}" for number in range(1, 6)]
    assert values("ping", "http:")[:2] == ["http://192.0.2.1/", "http://192.0.2.2/"]


def test_a_target_is_a_short_word_or_a_type_that_was_seen() -> None:
    assert values("search", "") == ["root", "all", "DimmableLight:1", "MediaServer:1"]
    assert values("search", "uu")[-1] == "uuid:5"


@pytest.mark.parametrize("word", ["Living room", "uuid:1", "http://192.0.2.1/"])
def test_services_actions_and_arguments_are_those_of_the_device(word: str) -> None:
    def of(kind: str, *others: str) -> list[str]:
        return [candidate.value for candidate in KINDS[kind](others, "")]

    assert of("service", word) == ["SwitchPower"]
    for service in ("SwitchPower", "switchpower", SWITCH.service_id, SWITCH.service_type):
        assert of("action", word, service) == ["SetTarget", "GetTarget"]
    assert of("argument", word, "SwitchPower", "SetTarget") == ["newTargetValue=", "other="]
    assert of("argument", word, "SwitchPower", "SetTarget", "other=1") == ["newTargetValue="]
    assert of("argument", word, "SwitchPower", "Nothing") == []
    assert of("action", word, "Nothing") == []


@pytest.mark.parametrize("word", ["NAS", "Lamp", "nobody", "192.0.2.1"])
def test_a_device_that_is_not_known_well_has_nothing_to_complete(word: str) -> None:
    assert list(KINDS["service"]([word], "")) == []


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])  # the file stays the same
@given(
    st.lists(st.one_of(st.text(max_size=5), st.sampled_from([*VERBS, "--", "--profile", "Living room"])), min_size=1)
)
def test_any_words_have_candidates_that_a_line_can_carry(words: list[str]) -> None:
    for candidate in candidates(words[:-1], words[-1]):
        assert candidate.value == printable(candidate.value, 256)
