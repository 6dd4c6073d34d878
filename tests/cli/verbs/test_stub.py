"""``upnp-trio stub``: names by default, and what is written."""

from __future__ import annotations

import importlib
from pathlib import Path

import pytest

from upnp_trio import ServiceHandler
from upnp_trio.cli.command import command
from upnp_trio.cli.parsing import TextWanted, UsageError
from upnp_trio.cli.verbs.stub import StubArguments, parse
from upnp_trio.controlpoint import ServiceClient

SAMPLES = Path(__file__).parents[2] / "documents" / "scpd_samples"


def parse_stub(*words: str) -> StubArguments:
    return parse(words)


def names(*words: str) -> tuple[str, str, str]:
    asked = parse_stub(*words)
    return asked.service_type, asked.service_id, asked.class_name


# --- names ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("file", "name", "version"),
    [
        ("SwitchPower.xml", "SwitchPower", 1),
        ("SwitchPower1.xml", "SwitchPower", 1),
        ("switchPower:2.xml", "SwitchPower", 2),
        ("a/b/WANIPConnection_v2.xml", "WANIPConnection", 2),
        ("dimming-scpd.xml", "Dimming", 1),
        ("Dimming1SCPD.xml", "Dimming", 1),
        ("Dimming-scpd-2.xml", "Dimming", 2),
        ("x_contentdirectory.xml", "Contentdirectory", 1),
        ("rendering_control.xml", "RenderingControl", 1),
        ("RenderingControl0.xml", "RenderingControl", 1),
    ],
)
def test_the_file_s_name_suggests_a_standard_service(file: str, name: str, version: int) -> None:
    assert names(file) == (f"urn:schemas-upnp-org:service:{name}:{version}", f"urn:upnp-org:serviceId:{name}", name)


def test_a_vendor_s_type_gives_the_id_and_the_class() -> None:
    assert names("scpd.xml", "--type", "urn:ham-example:service:Slicer.X:3") == (
        "urn:ham-example:service:Slicer.X:3",
        "urn:ham-example:serviceId:Slicer.X",
        "Slicer_X",
    )
    assert names("scpd.xml", "--type", "urn:ham-example:service:3D:1")[2] == "Service3D"
    assert names("none.xml")[2] == "ServiceNone"


def test_each_name_can_be_given() -> None:
    words = ["a.xml", "--type", "urn:h:service:S:3", "--id", "urn:h:serviceId:T.2", "--class", "U"]
    assert names(*words) == ("urn:h:service:S:3", "urn:h:serviceId:T.2", "U")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("", "stub: name one SCPD file, not 0"),
        ("a.xml b.xml", "stub: name one SCPD file, not 2"),
        ("scpd.xml", "'scpd.xml' does not say which service it describes; give --type"),
        ("éèà.xml", "'éèà.xml' does not say which service it describes; give --type"),
        ("a.xml --type Slicer", "--type: 'Slicer' must read 'urn:<domain>:service:<type>:<version>' in ASCII, "),
        (
            "a.xml --type \b",
            "--type: ServiceType is '\\x08': the character '\\x08' at position 0 is a control character",
        ),
        ("a.xml --id Slicer", "--id: 'Slicer' must read 'urn:<domain>:serviceId:<id>'"),
        ("a.xml --client --id urn:a:serviceId:b", "--id: a client is for all services of a type"),
        ("a.xml --class a-b", "--class: 'a-b' is not a name in Python; write one such as SwitchPower"),
        ("a.xml --class class", "--class: 'class' is not a name in Python; write one such as SwitchPower"),
        ("a.xml --port 5", "unknown option '--port'; see upnp-trio stub --help"),
    ],
)
def test_wrong_usage_is_reported_with_the_remedy(words: str, message: str) -> None:
    with pytest.raises(UsageError) as raised:
        parse_stub(*words.split(" ") if words else ())
    assert str(raised.value).startswith(message)


def test_the_verb_has_its_own_help() -> None:
    with pytest.raises(TextWanted) as wanted:
        parse(["--help"])
    assert wanted.value.text.startswith("usage: upnp-trio stub [OPTIONS] SCPD.xml\n")


# --- what is written -----------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("imports_undone")
@pytest.mark.parametrize("sample", ["dimming", "rendering_control", "switch_power"])
def test_the_class_is_a_service(
    sample: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert command(["stub", str(SAMPLES / f"{sample}.xml")]) == 0
    written, errors = capsys.readouterr()
    assert errors == ""
    (tmp_path / f"{sample}_stub.py").write_text(written, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    module = importlib.import_module(f"{sample}_stub")
    made = getattr(module, parse_stub(f"{sample}.xml").class_name)()
    assert isinstance(made, ServiceHandler)
    assert made.as_service().service_id.startswith("urn:upnp-org:serviceId:")


@pytest.mark.usefixtures("imports_undone")
def test_with_client_the_class_is_a_client(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert command(["stub", "--client", str(SAMPLES / "switch_power.xml")]) == 0
    written, errors = capsys.readouterr()
    assert errors == ""
    (tmp_path / "switch_power_client.py").write_text(written, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    client = importlib.import_module("switch_power_client").SwitchPowerClient
    assert issubclass(client, ServiceClient)
    assert client.service_type == "urn:schemas-upnp-org:service:SwitchPower:1"


def test_a_client_of_a_flawed_scpd_is_written_and_the_flaws_are_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    scpd = (SAMPLES / "switch_power.xml").read_bytes().replace(b"boolean", b"bool", 1)
    (tmp_path / "lamp.xml").write_bytes(scpd + b"junk")
    assert command(["stub", "--client", "--class", "Lamp", str(tmp_path / "lamp.xml")]) == 0
    written, errors = capsys.readouterr()
    assert "\nclass Lamp(" in written
    assert errors.splitlines() == [
        f"{tmp_path}/lamp.xml: there is something behind the end of the document",
        f"{tmp_path}/lamp.xml: the state variable Target has the data type 'bool'; it is read as string",
    ]


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("none.xml", None, "none.xml: cannot be read: No such file or directory"),
        ("a.xml", "<scpd>", "a.xml: line 1"),
        ("a.xml", "<root/>", "a.xml: <root> is not a service description"),
    ],
)
def test_a_wrong_scpd_is_status_1_and_one_line(
    name: str, text: str | None, message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    if text is not None:
        (tmp_path / name).write_text(text, encoding="utf-8")
    assert command(["stub", str(tmp_path / name)]) == 1
    output, errors = capsys.readouterr()
    assert output == ""
    assert errors.startswith(f"Error: {tmp_path}/{message}")
    assert errors.count("\n") == 1
