"""``upnp-trio demo``: the meaning of the words, wrong usage, and the help."""

from __future__ import annotations

import pytest

from upnp_trio.cli.parsing import TextWanted, UsageError, option_names
from upnp_trio.cli.references import Reference
from upnp_trio.cli.verbs.demo import DEMOS, parse, parser


def test_a_demo_is_a_device_in_python_and_takes_the_options_of_serve() -> None:
    asked = parse(["light", "--port", "49200"])
    assert asked.devices == [Reference("light", "upnp_trio.demo.light", "device")]
    assert asked.port == 49200
    assert len(parse(["light", "jambon"]).devices) == 2


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("", "demo: name the device: light or jambon"),
        ("ligth", "demo: there is no 'ligth'; the devices are light, jambon"),
        ("light jambon --friendly-name x", "--friendly-name is for a single device and there are 2"),
    ],
)
def test_wrong_usage_is_reported_with_the_remedy(words: str, message: str) -> None:
    with pytest.raises(UsageError) as raised:
        parse(words.split())
    assert str(raised.value).startswith(message)


def test_the_help_names_the_devices_and_all_options() -> None:
    with pytest.raises(TextWanted) as wanted:
        parse(["--help"])
    for word in (*DEMOS, *option_names(parser())):
        assert f" {word}" in wanted.value.text
