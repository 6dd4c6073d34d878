"""What the command's words mean, which are wrong, and what its help says."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from upnp_trio import Udn, __version__
from upnp_trio.cli.arguments import InterfacesArguments, ServeArguments, UsageError, option_names, parse, serve_parser

UUID = "e427ce1a-3e80-43d0-ad6f-89ec42e46363"


def parse_serve(*words: str) -> ServeArguments:
    asked = parse(words)
    assert isinstance(asked, ServeArguments)
    return asked


def parse_interfaces(*words: str) -> InterfacesArguments:
    asked = parse(words)
    assert isinstance(asked, InterfacesArguments)
    return asked


# --- what they mean ------------------------------------------------------------------------------------------------


def test_without_words_a_default_device_is_served_as_the_help_says() -> None:
    assert vars(parse_serve()) == {
        "devices": [],
        "friendly_name": None,
        "udn": None,
        "port": None,
        "interfaces": [],
        "family": None,
        "advertise_url": None,
        "allowed_hosts": [],
        "announce_only": False,
        "answer_off_link": False,
        "reply_budget": 64,
        "multicast_ttl": None,
        "max_age": 1800,
        "profile": "uda",
        "metrics": False,
        "log_level": "warning",
        "quiet": False,
        "debug": False,
    }


def test_serve_is_the_verb_that_may_be_left_out() -> None:
    assert parse(["serve", "a.toml", "-q"]) == parse(["a.toml", "-q"])


def test_options_may_stand_before_between_and_behind_device_files() -> None:
    asked = parse_serve("--quiet", "a.toml", "--port", "49200", "b.xml", "c.xml", "--metrics")
    assert asked.devices == [Path("a.toml"), Path("b.xml"), Path("c.xml")]
    assert (asked.quiet, asked.port, asked.metrics) == (True, 49200, True)


def test_every_option_arrives() -> None:
    words = f"""--friendly-name Ham --uuid {UUID} --port=49200 --interface eth0 --interface 192.0.2.7 --ipv6-only
        --advertise-url http://192.0.2.1:8080 --allow-host ham.local --allow-host h:80 --announce-only
        --answer-off-link --reply-budget 5 --multicast-ttl 4 --max-age 60 --profile windows --metrics
        --log-level debug --quiet --debug a.toml"""
    assert vars(parse_serve(*words.split())) == {
        "devices": [Path("a.toml")],
        "friendly_name": "Ham",
        "udn": Udn(f"uuid:{UUID}"),
        "port": 49200,
        "interfaces": ["eth0", "192.0.2.7"],
        "family": "ipv6",
        "advertise_url": "http://192.0.2.1:8080",
        "allowed_hosts": ["ham.local", "h:80"],
        "announce_only": True,
        "answer_off_link": True,
        "reply_budget": 5,
        "multicast_ttl": 4,
        "max_age": 60,
        "profile": "windows",
        "metrics": True,
        "log_level": "debug",
        "quiet": True,
        "debug": True,
    }


def test_what_one_call_adds_to_a_list_is_not_there_in_the_next() -> None:
    assert parse_serve("--interface", "eth0").interfaces == ["eth0"]
    assert parse_serve().interfaces == []


@pytest.mark.parametrize("word", ["./serve", "./interfaces"])
def test_a_device_file_named_like_a_verb_is_written_with_its_folder(word: str) -> None:
    assert parse_serve(word).devices == [Path(word)]


def test_a_verb_is_one_in_the_first_place_alone() -> None:
    assert parse_serve("-q", "interfaces").devices == [Path("interfaces")]
    assert parse_serve("serve", "serve").devices == [Path("serve")]


def test_behind_two_dashes_there_are_device_files_alone() -> None:
    asked = parse_serve("a.toml", "--", "-q", "--", "--port")
    assert asked.devices == [Path("a.toml"), Path("-q"), Path("--"), Path("--port")]
    assert not asked.quiet


def test_interfaces_takes_names_and_addresses() -> None:
    assert parse_interfaces("interfaces").names == []
    assert parse_interfaces("interfaces", "eth0", "192.0.2.7", "--", "-x").names == ["eth0", "192.0.2.7", "-x"]


@pytest.mark.parametrize("level", ["INFO", "Info", "info"])
def test_a_log_level_is_known_in_any_case(level: str) -> None:
    assert parse_serve("--log-level", level).log_level == "info"


# --- what is wrong -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("--colour red", "there is no option '--colour'; see upnp-trio --help"),
        ("--prot=5 a.toml", "there is no option '--prot'; did you mean --port?"),
        ("--interfaces eth0", "there is no option '--interfaces'; did you mean --interface?"),
        ("-x", "there is no option '-x'; "),
        ("--max 5", "there is no option '--max'; "),  # no abbreviations
        ("interfaces --quiet", "there is no option '--quiet'; see upnp-trio interfaces --help"),
        ("--port 0", "--port: '0' is no whole number from 1 to 65535"),
        ("--port 65536", "--port: '65536' is no whole number from 1 to 65535"),
        ("--port http", "--port: 'http' is no whole number from 1 to 65535"),
        ("--port", "--port: the value is missing; one that begins with '-' is written --port=VALUE"),
        ("--friendly-name -x", "--friendly-name: the value is missing; one that begins with '-' is written --friendly"),
        ("--reply-budget 0", "--reply-budget: '0' is no whole number of 1 or more"),
        ("--multicast-ttl 256", "--multicast-ttl: '256' is no whole number from 1 to 255"),
        ("--max-age -1", "--max-age: '-1' is no whole number from 1 to 2147483647"),
        ("--uuid mine", "--uuid: 'mine' is no UUID; write it as 8-4-4-4-12 hexadecimal digits"),
        ("--log-level loud", "--log-level: 'loud' is none of debug, info, warning, error"),
        ("--profile mac", "--profile: 'mac' is none of uda, windows"),
        ("--quiet=yes", "-q/--quiet: takes no value; leave out 'yes'"),
        ("--ipv4-only --ipv6-only", "--ipv6-only: not allowed with argument --ipv4-only"),
        ("a b --friendly-name x", "--friendly-name means one device, and there are 2 files; write it into the files"),
        (f"a b --uuid {UUID}", "--uuid means one device, and there are 2 files; write it into the files"),
    ],
)
def test_wrong_usage_names_the_option_the_value_and_the_cure(words: str, told: str) -> None:
    with pytest.raises(UsageError) as raised:
        parse(words.split())
    assert str(raised.value).startswith(told)
    assert "\n" not in str(raised.value)


WORDS = st.one_of(st.text(max_size=8), st.sampled_from(["interfaces", "serve", "--", *option_names(serve_parser())]))


@given(st.lists(WORDS))
def test_whatever_the_words_are_they_mean_something_or_are_wrong_usage(words: list[str]) -> None:
    assert outcome(words) in ("understood", "wrong", 0)


def outcome(words: list[str]) -> str | int | None:
    try:
        parse(words)
    except UsageError:
        return "wrong"
    except SystemExit as ended:  # 0 for --help and --version
        return ended.code
    return "understood"


# --- the help ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("words", [["--help"], ["-h"], ["serve", "-h"], ["a.toml", "-q", "--help", "--no-such"]])
@pytest.mark.parametrize("columns", [80, 100])
def test_help_shows_every_option_and_examples_and_fits_the_terminal(
    words: list[str], columns: int, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    with pytest.raises(SystemExit) as ended:
        parse(words)
    told, errors = capsys.readouterr()
    assert (ended.value.code, errors) == (0, "")
    for option in option_names(serve_parser()):
        assert f" {option}" in told
    for default in ("[default: 64]", "[default: 1800]", "[default: uda]", "upnp-trio examples/jambon3000.toml   "):
        assert default in told
    assert max(len(line) for line in told.splitlines()) < columns


def test_the_interfaces_have_a_help_of_their_own(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="0"):
        parse(["interfaces", "eth0", "--help"])
    told = capsys.readouterr().out
    assert told.startswith("usage: upnp-trio interfaces [NAME|ADDRESS]...\n")
    assert "--port" not in told


@pytest.mark.parametrize("words", [["--version"], ["serve", "--version"], ["interfaces", "--version"]])
def test_version_is_that_of_the_package(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="0"):
        parse(words)
    assert capsys.readouterr().out == f"upnp-trio {__version__}\n"
