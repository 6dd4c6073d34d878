"""``upnp-trio serve``: the meaning of the words, wrong usage, and the help."""

from __future__ import annotations

from pathlib import Path
from typing import get_type_hints

import pytest

from upnp_trio import Elsewhere, ServeOptions, Udn
from upnp_trio.cli.parsing import TextWanted, UsageError, option_names
from upnp_trio.cli.serve import _all_options
from upnp_trio.cli.serve_options import ServeArguments
from upnp_trio.cli.verbs import VERBS, parse
from upnp_trio.state import state_directory

UUID = "e427ce1a-3e80-43d0-ad6f-89ec42e46363"


def parse_serve(*words: str) -> ServeArguments:
    asked = parse(words)
    assert isinstance(asked, ServeArguments)
    return asked


def parse_text(*words: str) -> str:
    with pytest.raises(TextWanted) as wanted:
        parse(words)
    return wanted.value.text


# --- meaning -------------------------------------------------------------------------------------------------------


def test_the_defaults_are_those_that_the_help_shows() -> None:
    assert vars(parse_serve()) == {
        "devices": [],
        "friendly_name": None,
        "udn": None,
        "location": None,
        "port": None,
        "interfaces": [],
        "family": None,
        "advertise_url": None,
        "allowed_hosts": [],
        "announce_only": False,
        "answer_off_link": False,
        "reply_budget": 64,
        "max_subscriptions": 32,
        "multicast_ttl": None,
        "max_age": None,
        "profile": [],
        "presentation": None,
        "state_dir": state_directory(),
        "metrics": False,
        "log_level": "warning",
        "quiet": False,
        "debug": False,
    }


def test_the_verb_serve_may_be_left_out() -> None:
    assert parse(["serve", "a.toml", "-q"]) == parse(["a.toml", "-q"])


def test_options_may_stand_before_between_and_after_device_files() -> None:
    asked = parse_serve("--quiet", "a.toml", "--port", "49200", "b.xml", "c.xml", "--metrics")
    assert asked.devices == [Path("a.toml"), Path("b.xml"), Path("c.xml")]
    assert (asked.quiet, asked.port, asked.metrics) == (True, 49200, True)


def test_each_option_sets_its_argument() -> None:
    words = f"""--friendly-name Ham --uuid {UUID} --location http://{{host}}/d.xml --port=49200
        --interface eth0 --interface 192.0.2.7 --ipv6-only
        --advertise-url http://192.0.2.1:8080 --allow-host ham.local --allow-host h:80 --announce-only
        --answer-off-link --reply-budget 5 --max-subscriptions 8 --multicast-ttl 4 --max-age 60
        --profile windows --profile roku
        --metrics --state-dir state --presentation read-only
        --log-level debug --quiet --debug a.toml"""
    assert vars(parse_serve(*words.split())) == {
        "devices": [Path("a.toml")],
        "friendly_name": "Ham",
        "udn": Udn(f"uuid:{UUID}"),
        "location": "http://{host}/d.xml",
        "port": 49200,
        "interfaces": ["eth0", "192.0.2.7"],
        "family": "ipv6",
        "advertise_url": "http://192.0.2.1:8080",
        "allowed_hosts": ["ham.local", "h:80"],
        "announce_only": True,
        "answer_off_link": True,
        "reply_budget": 5,
        "max_subscriptions": 8,
        "multicast_ttl": 4,
        "max_age": 60,
        "profile": ["windows", "roku"],
        "presentation": "read-only",
        "state_dir": Path("state"),
        "metrics": True,
        "log_level": "debug",
        "quiet": True,
        "debug": True,
    }


def test_every_option_of_serving_can_be_chosen_but_chance_and_the_clock() -> None:
    passed = _all_options(parse_serve("--max-subscriptions", "8"))
    assert set(passed) == set(get_type_hints(ServeOptions)) - {"rng", "utcnow"}
    assert passed["max_subscriptions"] == 8


def test_a_location_leads_elsewhere() -> None:
    location = "http://{host}:8123/lamp.xml"
    assert _all_options(parse_serve("--location", location))["http"] == Elsewhere(location)
    assert _all_options(parse_serve())["http"] is None


def test_a_repeatable_option_starts_empty_in_each_call() -> None:
    assert parse_serve("--interface", "eth0").interfaces == ["eth0"]
    assert parse_serve().interfaces == []


@pytest.mark.parametrize("word", ["./serve", "./interfaces"])
def test_a_device_file_with_the_name_of_a_verb_is_written_with_its_folder(word: str) -> None:
    assert parse_serve(word).devices == [Path(word)]


def test_only_the_first_word_can_be_a_verb() -> None:
    assert parse_serve("-q", "interfaces").devices == [Path("interfaces")]
    assert parse_serve("serve", "serve").devices == [Path("serve")]


def test_all_words_after_two_dashes_are_device_files() -> None:
    asked = parse_serve("a.toml", "--", "-q", "--", "--port")
    assert asked.devices == [Path("a.toml"), Path("-q"), Path("--"), Path("--port")]
    assert not asked.quiet


@pytest.mark.parametrize("level", ["INFO", "Info", "info"])
def test_a_log_level_may_be_written_in_any_case(level: str) -> None:
    assert parse_serve("--log-level", level).log_level == "info"


# --- wrong usage ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("--colour red", "unknown option '--colour'; see upnp-trio serve --help"),
        ("--prot=5 a.toml", "unknown option '--prot'; did you mean --port?"),
        ("--interfaces eth0", "unknown option '--interfaces'; did you mean --interface?"),
        ("-x", "unknown option '-x'; "),
        ("--max 5", "unknown option '--max'; "),  # no abbreviations
        ("interfaces --quiet", "unknown option '--quiet'; see upnp-trio interfaces --help"),
        ("--port 0", "--port: '0' is not a whole number from 1 to 65535"),
        ("--port 65536", "--port: '65536' is not a whole number from 1 to 65535"),
        ("--port http", "--port: 'http' is not a whole number from 1 to 65535"),
        ("--port", "--port: the value is missing; write one that begins with '-' as --port=VALUE"),
        ("--friendly-name -x", "--friendly-name: the value is missing; write one that begins with '-' as --friendly-n"),
        ("--reply-budget 0", "--reply-budget: '0' is not a whole number of 1 or more"),
        ("--max-subscriptions 0", "--max-subscriptions: '0' is not a whole number of 1 or more"),
        ("--multicast-ttl 256", "--multicast-ttl: '256' is not a whole number from 1 to 255"),
        ("--max-age -1", "--max-age: '-1' is not a whole number from 1 to 2147483647"),
        ("--uuid mine", "--uuid: 'mine' is not a UUID; write it as 8-4-4-4-12 hexadecimal digits"),
        ("--log-level loud", "--log-level: 'loud' is not one of debug, info, warning, error"),
        ("--presentation mine", "--presentation: 'mine' is not one of full, read-only, off"),
        ("--profile mac", "--profile: 'mac' is not one of uda, windows, roku, hue"),
        ("--quiet=yes", "-q/--quiet: takes no value; leave out 'yes'"),
        ("--ipv4-only --ipv6-only", "--ipv6-only: not allowed with argument --ipv4-only"),
        ("a b --friendly-name x", "--friendly-name is for a single device and there are 2 files; set it in the files"),
        (f"a b --uuid {UUID}", "--uuid is for a single device and there are 2 files; set it in the files"),
    ],
)
def test_wrong_usage_is_reported_with_the_option_the_value_and_the_remedy(words: str, message: str) -> None:
    with pytest.raises(UsageError) as raised:
        parse(words.split())
    assert str(raised.value).startswith(message)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("number", [" 80", "80 ", "+80", "8_0", "８０", "٨٠", "80.0", "0x50", "", "8" * 5000])
@pytest.mark.parametrize("option", ["--port", "--reply-budget", "--max-subscriptions", "--multicast-ttl", "--max-age"])
def test_a_number_is_written_in_ascii_digits_and_nothing_else(option: str, number: str) -> None:
    with pytest.raises(UsageError, match=f"^{option}: '.*' is not a whole number "):
        parse([f"{option}={number}"])


# --- the help ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("words", [["serve", "-h"], ["a.toml", "-q", "--help", "--no-such"]])
@pytest.mark.parametrize("columns", [80, 100])
def test_help_shows_every_option_and_examples_and_fits_the_terminal(
    words: list[str], columns: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    text = parse_text(*words)
    for option in option_names(VERBS["serve"].load().parser()):
        assert f" {option}" in text
    for default in ("[default: 64]", " or 1800]", "[default: uda]", "upnp-trio examples/jambon3000.toml   "):
        assert default in text
    assert max(len(line) for line in text.splitlines()) < columns
