"""``upnp-trio clone``: its words, and what it refuses before it asks anybody."""

from __future__ import annotations

from pathlib import Path

import pytest

from upnp_trio.cli.command import command
from upnp_trio.cli.parsing import UsageError
from upnp_trio.cli.verbs.clone import parse


def test_a_device_and_a_folder_are_named() -> None:
    asked = parse(["Living room", "lamp"])
    assert (asked.device, asked.directory) == ("Living room", Path("lamp"))
    assert (asked.same_udn, asked.answers, asked.json, asked.timeout) == (False, False, False, None)
    asked = parse(["lamp", "--answers", "--same-udn", "--timeout", "5", "--", "-lamp-"])
    assert (asked.device, str(asked.directory)) == ("lamp", "-lamp-")
    assert (asked.same_udn, asked.answers, asked.timeout) == (True, True, 5.0)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([], "clone: name a device and a new folder, not 0 words; quote a name that has spaces"),
        (["lamp"], "clone: name a device and a new folder, not 1 words"),
        (["Living", "room", "lamp"], "clone: name a device and a new folder, not 3 words"),
        (["lamp", ""], "clone: the name of the folder is empty"),
        (["--same-uuid", "a", "b"], "unknown option '--same-uuid'; did you mean --same-udn?"),
    ],
)
def test_wrong_usage_is_reported_with_the_remedy(words: list[str], message: str) -> None:
    with pytest.raises(UsageError) as raised:
        parse(words)
    assert str(raised.value).startswith(message)


def test_a_folder_that_is_not_empty_is_refused_at_once(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "mine").write_bytes(b"")
    assert command(["clone", "lamp", str(tmp_path)]) == 1
    assert capfd.readouterr() == ("", f"Error: {tmp_path} is not empty; give the name of a new folder\n")
