"""The words of ``upnp-trio subscribe``."""

from __future__ import annotations

import pytest

from upnp_trio.cli.command import command
from upnp_trio.cli.parsing import UsageError
from upnp_trio.cli.verbs import subscribe


def test_it_takes_a_device_and_perhaps_a_service() -> None:
    asked = subscribe.parse(["Living room"])
    assert (asked.device, asked.service, asked.count, asked.timeout, asked.json) == (
        *("Living room", None, None),
        *(None, False),
    )
    asked = subscribe.parse(["TV", "--json", "RenderingControl", "--count", "0", "--timeout", "2.5"])
    assert (asked.device, asked.service, asked.count, asked.timeout, asked.json) == (
        *("TV", "RenderingControl", 0),
        *(2.5, True),
    )


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("subscribe", "subscribe: name one device, and one of its services if you like, not 0 words"),
        ("subscribe Living room light", "subscribe: name one device, and one of its services if you like, not 3 words"),
        ("subscribe a --count -1", "--count: '-1' is not a whole number"),
        ("subscribe a --count x", "--count: 'x' is not a whole number"),
    ],
)
def test_wrong_usage_is_reported_with_the_remedy(words: str, message: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(UsageError) as caught:
        subscribe.parse(words.split(" ")[1:])
    assert str(caught.value).startswith(message)
    assert command(words.split(" ")) == 2
    assert capsys.readouterr().err.startswith(f"Error: {message}")
