"""``upnp-trio announce``: the meaning of the words, wrong usage, and the help."""

from __future__ import annotations

from pathlib import Path

import pytest

from upnp_trio import Udn
from upnp_trio.cli.parsing import TextWanted, UsageError, option_names
from upnp_trio.cli.verbs.announce import AnnounceArguments, parse, parser

UUID = "e427ce1a-3e80-43d0-ad6f-89ec42e46363"


def test_words_are_urls_and_files() -> None:
    asked = parse(["http://nas.local:5000", "pages.toml", "http://localhost:8000/", "/etc/More.TOML"])
    assert [url.text for url in asked.urls] == ["http://nas.local:5000/", "http://{host}:8000/"]
    assert asked.files == [Path("pages.toml"), Path("/etc/More.TOML")]
    assert isinstance(asked, AnnounceArguments)


def test_the_options_of_a_page() -> None:
    asked = parse(
        [
            *("http://nas/", "--name", " The NAS ", "--icon", "a.png", "--type", "Printer:2", "--category", "Storage"),
            *(
                "--uuid",
                UUID,
                "--check",
                "http://nas:81/health",
                "--every",
                "5",
                "--failures",
                "1",
                "-q",
                "--port",
                "80",
            ),
        ]
    )
    assert (asked.name, asked.icon, str(asked.device_type)) == (
        "The NAS",
        "a.png",
        "urn:schemas-upnp-org:device:Printer:2",
    )
    assert (asked.category, asked.udn, str(asked.check)) == ("Storage", Udn(UUID), "http://nas:81/health")
    assert (asked.every, asked.failures, asked.quiet, asked.port) == (5, 1, True, 80)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([], "announce: name a page, as in http://localhost:8000, or a file of pages, as in pages.toml"),
        (["nas.local"], "announce: 'nas.local' has no scheme; write it with http:// or https://"),
        (["ftp://nas/"], "announce: 'ftp://nas/' is not a web page"),
        (["http://a/", "http://b/", "--name", "x"], "--name is for a single page; write a file with a table [[page]]"),
        (["http://a/", "b.toml", "--uuid", UUID], "--uuid is for a single page"),
        (["b.toml", "--check", "http://a/"], "--check is for a single page"),
        (["http://a/", "--type", "Pr inter"], "--type: 'Pr inter' is no device type"),
        (["http://a/", "--category", "storage"], "--category: 'storage' is no category; did you mean Storage?"),
        (["http://a/", "--category", "Storage."], "--category: 'Storage.' is no category"),
        (["http://a/", "--name", " "], "--name: it is empty"),
        (["http://a/", "--name", "a\x1bb"], "--name: it is 'a\\x1bb'"),
        (["http://a/", "--check", "a"], "--check: 'a' has no scheme"),
        (["http://a/", "--every", "0"], "--every: '0' is not a whole number from 1 to 86400"),
        (["http://a/", "--failures", "0"], "--failures: '0' is not a whole number from 1 to 1000"),
        (["http://a/", "--friendly-name", "x"], "unknown option '--friendly-name'"),
    ],
)
def test_wrong_usage_is_reported_with_the_remedy(words: list[str], message: str) -> None:
    with pytest.raises(UsageError) as raised:
        parse(words)
    assert str(raised.value).startswith(message)


@pytest.mark.parametrize("category", ["Other", "NetworkInfrastructure.Router", "Printers Storage"])
def test_categories_may_have_a_second_part_and_be_several(category: str) -> None:
    assert parse(["http://a/", "--category", category]).category == category


def test_the_help_has_all_options_and_what_the_command_does_not_do() -> None:
    with pytest.raises(TextWanted) as wanted:
        parse(["--help"])
    text = wanted.value.text
    for word in (*option_names(parser()), "DNS-SD", "WS-Discovery", "udp-broadcast-relay-redux", "not passed on"):
        assert word in text
