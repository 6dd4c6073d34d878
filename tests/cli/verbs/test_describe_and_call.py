"""The words of ``upnp-trio describe`` and ``upnp-trio call``."""

from __future__ import annotations

import pytest

from upnp_trio.cli.command import command
from upnp_trio.cli.parsing import TextWanted, UsageError
from upnp_trio.cli.verbs import call, describe


def test_describe_takes_one_device() -> None:
    asked = describe.parse(["Living room", "--json", "--interface", "eth0", "--timeout", "3"])
    assert (asked.device, asked.json, asked.xml, asked.interfaces, asked.timeout) == (
        *("Living room", True, False),
        *(["eth0"], 3.0),
    )


def test_call_takes_a_device_a_service_an_action_and_arguments() -> None:
    asked = call.parse(["TV", "RenderingControl", "--json", "SetVolume", "InstanceID=0", "Text=a=b", "Empty="])
    assert (asked.device, asked.service, asked.action) == ("TV", "RenderingControl", "SetVolume")
    assert asked.arguments == [("InstanceID", "0"), ("Text", "a=b"), ("Empty", "")]
    assert call.parse(["TV", "A", "B", "--", "C=-1", "--D=x"]).arguments == [("C", "-1"), ("--D", "x")]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("describe", "describe: name one device, not 0"),
        ("describe Living room", "describe: name one device, not 2; quote a name that has spaces"),
        ("describe a --json --xml", "describe: --json, --xml and --toml exclude each other"),
        ("describe a --toml --xml", "describe: --json, --xml and --toml exclude each other"),
        ("describe a --jason", "unknown option '--jason'; did you mean --json?"),
        ("call", "call: name the device, the service and the action; upnp-trio describe shows what there is"),
        ("call a", "call: name the service and the action; "),
        ("call a b", "call: name the action; "),
        ("call a b c d", "call: write an argument as name=value, not 'd'"),
        ("call a b c =d", "call: write an argument as name=value, not '=d'"),
        ("call a b c d=1 d=2", "call: the argument d is there twice"),
    ],
)
def test_wrong_usage_is_reported_with_the_remedy(words: str, message: str, capsys: pytest.CaptureFixture[str]) -> None:
    verb, *others = words.split(" ")
    module = {"describe": describe, "call": call}[verb]
    with pytest.raises(UsageError) as caught:
        module.parse(others)
    assert str(caught.value).startswith(message)
    assert command(words.split(" ")) == 2
    assert capsys.readouterr().err.startswith(f"Error: {message}")


@pytest.mark.parametrize("module", [describe, call])
def test_the_help_has_examples_and_exit_statuses(module: object) -> None:
    with pytest.raises(TextWanted) as caught:
        module.parse(["--help"])  # type: ignore[attr-defined]
    assert "examples:" in caught.value.text
    assert "exit status: 0" in caught.value.text
