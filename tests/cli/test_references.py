"""Devices that the command imports from Python: which words name them, and what they may be."""

from __future__ import annotations

from pathlib import Path

import pytest

from upnp_trio import RootDevice, Udn
from upnp_trio.cli.devices import load_devices
from upnp_trio.cli.parsing import UsageError
from upnp_trio.cli.references import Reference, as_reference
from upnp_trio.cli.serve_options import ServeArguments
from upnp_trio.cli.verbs import parse
from upnp_trio.errors import DescriptionError

pytestmark = pytest.mark.usefixtures("imports_undone")

UUID = "e427ce1a-3e80-43d0-ad6f-89ec42e46363"
LAMP = """\
from upnp_trio import Device, RootDevice, ServiceHandler

class Switch(ServiceHandler, service_type="urn:x:service:Switch:1"):
    pass

def lamp(name, kind=RootDevice):
    return kind(device_type="urn:x:device:Lamp:1", friendly_name=name, manufacturer="Ham & Sons", model_name="L1")

def pair():
    return (lamp("Left"), lamp("Right"))

async def soon():
    return lamp("Late")

class House:
    hall = lamp("Hall")

device, nothing, number, embedded, mixed = lamp("Lamp"), [], 5, lamp("Part", Device), [lamp("Lamp"), 5]
"""


@pytest.fixture
def lamp(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of ``lamp.py``, in which the command runs."""
    (tmp_path / "lamp.py").write_text(LAMP, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def load(*words: str) -> list[RootDevice]:
    asked = parse(words)
    assert isinstance(asked, ServeArguments)
    return load_devices(asked.devices, asked.friendly_name, asked.udn)


def names(*words: str) -> list[str]:
    return [root.friendly_name for root in load(*words)]


# --- words ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("word", "module", "attribute", "file"),
    [
        ("lamp.py:device", "lamp", "device", "lamp.py"),
        ("./my/lamp.py:House.hall", "lamp", "House.hall", "my/lamp.py"),
        ("my-lamp.PY:device", "my-lamp", "device", "my-lamp.PY"),
        ("lamp:device", "lamp", "device", None),
        ("home.lamp:House.hall", "home.lamp", "House.hall", None),
        ("a:b", "a", "b", None),
        ("toml:xml", "toml", "xml", None),
    ],
)
def test_a_word_that_names_a_python_object(word: str, module: str, attribute: str, file: str | None) -> None:
    expected = None if file is None else Path(file)
    folder = Path() if expected is None else expected.parent
    assert as_reference(word) == Reference(word, module, attribute, folder, expected)


def test_the_path_of_a_python_file_may_begin_with_a_drive() -> None:
    reference = as_reference(r"C:\home\lamp.py:device")
    assert reference is not None
    assert (reference.file, reference.attribute) == (Path(r"C:\home\lamp.py"), "device")


@pytest.mark.parametrize(
    "word",
    [
        "lamp.toml", "lamp.xml", "lamp", "", ":", r"C:\x.toml", "C:/x.xml", "C:x.toml", "c:X.XML", r"C:\x", "a-b:c",
        "./a:b", "a/b:c", "lamp:", ":device", "a:b:c", "a b:c", "lamp:1", "py:.",
    ],
)  # fmt: skip
def test_another_word_names_a_device_file(word: str) -> None:
    assert as_reference(word) is None


@pytest.mark.parametrize(
    ("word", "message"),
    [
        ("lamp.py", "'lamp.py': name the device in this file as well, as in lamp.py:device"),
        ("lamp.py:", "'lamp.py:': '' is not the name of a device in lamp.py; write lamp.py:device"),
        ("lamp.py:1", "'lamp.py:1': '1' is not the name of a device in lamp.py; write lamp.py:device"),
    ],
)
def test_a_python_file_without_a_name_in_it_is_wrong_usage(word: str, message: str) -> None:
    with pytest.raises(UsageError) as raised:
        parse([word])
    assert str(raised.value) == message


# --- what is served ------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("lamp")
@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("lamp.py:device", ["Lamp"]),
        ("./lamp.py:device", ["Lamp"]),
        ("lamp:device", ["Lamp"]),
        ("lamp.py:House.hall", ["Hall"]),
        ("lamp.py:pair", ["Left", "Right"]),
    ],
)
def test_an_object_a_list_and_a_function_give_devices(word: str, expected: list[str]) -> None:
    assert names(word) == expected
    assert names("serve", word) == expected


def test_a_path_names_a_file_of_any_folder(lamp: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir("/")
    assert names(f"{lamp}/lamp.py:device") == ["Lamp"]


@pytest.mark.usefixtures("lamp")
def test_device_files_and_python_are_served_together_in_their_order() -> None:
    file = Path("basic.toml")
    required = {"device_type": "urn:x:device:Lamp:1", "friendly_name": "File", "manufacturer": "x", "model_name": "x"}
    file.write_text("\n".join(f"{key} = {value!r}" for key, value in required.items()), encoding="utf-8")
    assert names("lamp.py:pair", "basic.toml", "lamp:device") == ["Left", "Right", "File", "Lamp"]


@pytest.mark.usefixtures("lamp")
def test_the_name_and_uuid_of_a_single_device_can_be_replaced() -> None:
    (root,) = load("lamp.py:device", "--friendly-name", "Ham", "--uuid", UUID)
    assert (root.friendly_name, root.udn) == ("Ham", Udn(UUID))


@pytest.mark.usefixtures("lamp")
@pytest.mark.parametrize(("option", "value"), [("--friendly-name", "Ham"), ("--uuid", UUID)])
def test_the_name_and_uuid_of_several_devices_cannot_be_replaced(option: str, value: str) -> None:
    with pytest.raises(UsageError) as raised:
        load("lamp.py:pair", option, value)
    assert str(raised.value) == f"{option} is for a single device and lamp.py:pair gives 2; set it in the code"


# --- mistakes ------------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("lamp")
@pytest.mark.parametrize(
    ("word", "message"),
    [
        ("none.py:device", "none.py:device: 'none.py' cannot be read: No such file or directory"),
        ("my.lamp.py:device", "my.lamp.py:device: a module's name has no dot; rename the file to my_lamp.py"),
        ("none:device", "none:device: there is no module 'none' in "),
        ("lamp.py:devcie", "lamp.py:devcie: lamp has no attribute 'devcie'; did you mean 'device'?"),
        ("lamp.py:House.hal", "lamp.py:House.hal: lamp.House has no attribute 'hal'; did you mean 'hall'?"),
        ("lamp.py:lamp", "lamp.py:lamp: lamp is called without arguments, and that does not work: missing a required"),
        ("lamp.py:soon", "lamp.py:soon: soon is async, but is called before the event loop runs; make it a plain"),
        ("lamp.py:nothing", "lamp.py:nothing: it is an empty list; it must be a RootDevice, a list of them, or "),
        ("lamp.py:number", "lamp.py:number: it has the type int; it must be a RootDevice, a list of them, or "),
        ("lamp.py:mixed", "lamp.py:mixed: it has the type int; it must be a RootDevice, a list of them, or "),
        ("lamp.py:embedded", "lamp.py:embedded: 'Part' is a Device, which is embedded in others; use RootDevice"),
        (
            "lamp.py:Switch",
            "lamp.py:Switch: Switch is a service; write device = RootDevice(..., services=[Switch()])",
        ),
        ("a-b:c", "a-b:c: cannot be read: No such file or directory; Python code is named as in lamp.py:device or "),
    ],
)
def test_a_mistake_is_one_line_that_begins_with_the_word(word: str, message: str) -> None:
    with pytest.raises(DescriptionError) as raised:
        load(word)
    assert str(raised.value).startswith(message)
    assert "\n" not in str(raised.value)


@pytest.mark.usefixtures("lamp")
def test_a_command_that_is_not_the_first_word_is_told_from_a_missing_file() -> None:
    with pytest.raises(DescriptionError) as raised:
        load("-q", "demo", "light")
    assert str(raised.value) == "demo: cannot be read: No such file or directory; as a command, demo is the first word"


@pytest.mark.usefixtures("lamp")
def test_a_missing_toml_file_with_a_drive_is_not_taken_for_python() -> None:
    with pytest.raises(DescriptionError) as raised:
        load("C:x.toml")
    assert str(raised.value) == "C:x.toml: cannot be read: No such file or directory"
