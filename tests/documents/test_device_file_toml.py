"""Device files in TOML: ten lines are enough, and every mistake is reported with file and place."""

from __future__ import annotations

import struct
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from tests.strategies import MINIMAL_SCPD
from upnp_trio.documents.description import parse_description, render_description
from upnp_trio.documents.device_file import load_device
from upnp_trio.documents.publication import publish
from upnp_trio.errors import CodeFailed, DescriptionError
from upnp_trio.model.device import Icon, RootDevice
from upnp_trio.model.extension import ExtensionElement, PnpX
from upnp_trio.model.rules import violations

EXAMPLES = Path(__file__).parent.parent.parent / "examples"

REQUIRED = """\
device_type = "urn:schemas-upnp-org:device:Basic:1"
friendly_name = "Lamp"
manufacturer = "Ham & Sons"
model_name = "L1"
"""
SERVICE = """
[[services]]
service_type = "urn:schemas-upnp-org:service:Dimming:1"
service_id = "urn:upnp-org:serviceId:Dimming"
"""


def _png(width: int, height: int, bits: int, colour: int) -> bytes:
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I4sIIBBBBB", 13, b"IHDR", width, height, bits, colour, 0, 0, 0)


def _load(folder: Path, text: str | bytes) -> RootDevice:
    file = folder / "lamp.toml"
    file.write_bytes(text.encode() if isinstance(text, str) else text)
    return load_device(file)


def _refusal(folder: Path, text: str | bytes) -> str:
    """The error about *text*, without the file's name, with which every line of it begins."""
    with pytest.raises(DescriptionError) as caught:
        _load(folder, text)
    lines = str(caught.value).splitlines()
    start = f"{folder / 'lamp.toml'}: "
    assert all(line.startswith(start) for line in lines)
    return "\n".join(line.removeprefix(start) for line in lines)


# --- what can be written ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["jambon3000.toml", "jambon3000.xml", "gateway.toml"])
def test_the_examples_can_be_loaded_and_published_and_break_no_rule(name: str) -> None:
    device = load_device(EXAMPLES / name)
    assert list(violations(device)) == []
    assert publish(device).root.udn == device.udn


def test_ten_lines_are_a_device(tmp_path: Path) -> None:
    device = _load(tmp_path, REQUIRED)
    assert device == RootDevice(
        device_type="urn:schemas-upnp-org:device:Basic:1",
        friendly_name="Lamp",
        manufacturer="Ham & Sons",
        model_name="L1",
    )
    assert device.udn is None


def test_a_byte_order_mark_is_ignored(tmp_path: Path) -> None:
    assert _load(tmp_path, b"\xef\xbb\xbf" + REQUIRED.encode()).friendly_name == "Lamp"


def test_a_number_in_place_of_text_means_its_digits(tmp_path: Path) -> None:
    assert _load(tmp_path, REQUIRED + "model_number = 3000").model_number == "3000"


def test_every_field_can_be_written_in_toml(tmp_path: Path) -> None:
    (tmp_path / "page.html").write_bytes(b"<p>mine</p>")
    (tmp_path / "dimming.xml").write_bytes(MINIMAL_SCPD)
    text = """
        spec_version = [1, 0]
        language = "de-CH"
        presentation = "read-only"
        upc = "123456789012"
        page = "page.html"
        dlna_docs = ["DMS-1.50", "M-DMS-1.50"]
        [[extensions]]
        namespace = "urn:example-com:ham"
        name = "slices"
        text = "7"
        attributes = { unit = "mm" }
        children = [{ namespace = "urn:example-com:ham", name = "rind" }]
        [pnpx]
        device_category = "Other"
        [[devices]]
        device_type = "urn:schemas-upnp-org:device:Basic:1"
        friendly_name = "Side dish"
        manufacturer = "Ham & Sons"
        model_name = "S1"
        [[devices.services]]
        service_type = "urn:schemas-upnp-org:service:Dimming:1"
        service_id = "urn:upnp-org:serviceId:Dimming"
        scpd = "dimming.xml"
    """
    device = _load(tmp_path, REQUIRED + text)
    rind = ExtensionElement("urn:example-com:ham", "rind")
    assert (device.spec_version, device.language, device.upc) == ((1, 0), "de-CH", "123456789012")
    assert device.presentation == "read-only"
    assert (device.page, device.dlna_docs) == (b"<p>mine</p>", ("DMS-1.50", "M-DMS-1.50"))
    assert device.extensions == (ExtensionElement("urn:example-com:ham", "slices", "7", {"unit": "mm"}, [rind]),)
    assert device.pnpx == PnpX(device_category="Other")
    assert device.devices[0].services[0].scpd == MINIMAL_SCPD
    assert device.devices[0].services[0].scpd_url == "dimming.xml"


# --- icons -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("bits", "colour", "depth"), [(8, 0, 8), (8, 2, 24), (8, 3, 8), (8, 4, 16), (8, 6, 32), (16, 6, 64), (1, 3, 1)]
)
def test_size_and_depth_of_a_png_are_read_from_its_header(tmp_path: Path, bits: int, colour: int, depth: int) -> None:
    data = _png(120, 60, bits, colour)
    (tmp_path / "a.png").write_bytes(data)
    (icon,) = _load(tmp_path, REQUIRED + '[[icons]]\nfile = "a.png"').icons
    assert icon == Icon(mimetype="image/png", width=120, height=60, depth=depth, url="a.png")
    assert icon.data == data


def test_given_sizes_of_an_icon_override_the_measured_ones(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(_png(120, 60, 8, 6))
    (icon,) = _load(tmp_path, REQUIRED + '[[icons]]\nfile = "a.png"\nwidth = 12\nurl = "b.png"').icons
    assert (icon.width, icon.height, icon.url) == (12, 60, "b.png")


def test_another_picture_needs_its_type_and_sizes(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(b"\xff\xd8\xff")
    for some in ("", 'mimetype = "image/jpeg"', "width = 1\nheight = 1\ndepth = 1"):
        message = _refusal(tmp_path, f'{REQUIRED}[[icons]]\nfile = "a.jpg"\n{some}')
        assert message == "icons[0]: the icon 'a.jpg' is not a PNG; give its mimetype, width, height and depth as well"
    sizes = 'mimetype = "image/jpeg"\nwidth = 1\nheight = 2\ndepth = 24'
    (icon,) = _load(tmp_path, f'{REQUIRED}[[icons]]\nfile = "a.jpg"\n{sizes}').icons
    assert (icon.mimetype, icon.width, icon.height, icon.depth) == ("image/jpeg", 1, 2, 24)


@pytest.mark.parametrize("data", [b"", b"\x89PNG\r\n\x1a\n", _png(1, 1, 8, 6)[:20], b"GIF89a" + b"\0" * 30])
def test_a_truncated_png_is_not_one(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "a.png").write_bytes(data)
    assert "is not a PNG" in _refusal(tmp_path, REQUIRED + '[[icons]]\nfile = "a.png"')


# --- mistakes --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("=", "not valid TOML: Invalid statement (at line 1, column 1)"),
        (REQUIRED + "x", "not valid TOML: Expected '=' after a key in a key/value pair (at "),
        (REQUIRED + 'udn = "a', "not valid TOML: "),
        (REQUIRED + 'friendly_name = "again"', "not valid TOML: Cannot overwrite a value"),
        (REQUIRED.encode() + b'\nudn = "\xe9"', "line 6: the file is not in UTF-8; save it as UTF-8"),
        (REQUIRED + "frendly_name = 'x'", "there is no field 'frendly_name'; did you mean 'friendly_name'?"),
        (REQUIRED + "xyz = 1", "there is no field 'xyz'; the fields are device_type, friendly_name, "),
        (REQUIRED + "[pnpx]\nhardwareid = 'x'", "pnpx: there is no field 'hardwareid'; did you mean 'hardware_id'?"),
        (REQUIRED + "model_number = 3.5", "model_number: it is 3.5, and must be text in quotes"),
        (REQUIRED + "model_number = true", "model_number: it is True, and must be text in quotes"),
        (REQUIRED + "serial_number = 2026-11-23", "serial_number: it is datetime.date(2026, 11, 23), and must be"),
        (REQUIRED + "udn = 'Jambon'", "udn is 'uuid:Jambon': UDA §1.1.4 wants 'uuid:' and hexadecimal digits"),
        (REQUIRED + "udn = ''", "udn is 'uuid:'; UDA §1.1.4 wants"),
        (REQUIRED + "upc = '1'", "upc is '1': UDA §2.3: a Universal Product Code has 12 digits"),
        (REQUIRED + 'model_url = "a\\u0007"', "RootDevice.model_url is 'a\\x07': the character '\\x07' at position 1"),
        (REQUIRED + "spec_version = [1]", "spec_version: "),
        (REQUIRED + "spec_version = [3, 0]", "spec_version is (3, 0): UDA §2.3 allows 1.0, 1.1 and 2.0"),
        (REQUIRED + "language = 'deutsch bitte'", "language is 'deutsch bitte'; RFC 5646 wants a tag such as 'en'"),
        (
            REQUIRED + "dlna_docs = 'DMS-1.50'",
            "dlna_docs: it is 'DMS-1.50', and must be a list of strings, in brackets",
        ),
        (REQUIRED + "config_id = '5'", "config_id: it is '5', and must be a whole number without quotes"),
        (REQUIRED + "page = 5", "page: 5 is not a file name"),
        (REQUIRED + "page = 'x.html'", "page: the file 'x.html' beside it cannot be read: No such file"),
        (REQUIRED + "icons = 5", "icons: "),
        (REQUIRED + "icons = ['a.png']", "icons[0]: an icon is 'a.png'; it must be a table with file = '...'"),
        (REQUIRED + "[[icons]]\nfil = 'a.png'", "icons[0]: an icon is {'fil': 'a.png'}; it must be a table with file"),
        (REQUIRED + "[[icons]]\nfile = 'a.png'", "icons[0]: the file 'a.png' beside it cannot be read: No such file"),
        (REQUIRED + '[[icons]]\nfile = "a\\u0000"', "icons[0]: the file 'a\\x00' beside it cannot be read: "),
        (REQUIRED + "services = [5]", "services[0]: a service is 5; it must be a table"),
        (REQUIRED + SERVICE + "scpd = 5", "services[0]: 5 is not a file name"),
        (REQUIRED + SERVICE + "scpd = 'a.xml'", "services[0]: the file 'a.xml' beside it cannot be read: No such file"),
        (REQUIRED + SERVICE + "scpd = 'lamp.toml'", "services[0]: lamp.toml: line 1, column 1: not well-formed XML"),
        (REQUIRED + "[[services]]", "services[0].service_id: the field is missing; UDA §2.3 requires it"),
        (
            REQUIRED + "description_path = 'dd.xml'",
            "description_path is 'dd.xml': it must be a path that begins with '/'",
        ),
        (REQUIRED + "advertising.headers = ['x']", "advertising must be a table, and so must its headers and descri"),
        (REQUIRED + "advertising.headers.X = '{x}'", "advertising: the header X is '{x}': {x} is neither {host} nor"),
        (REQUIRED + 'advertising.headers.X = "a\\r\\nNT: b"', "it must be one line of printable ASCII"),
        (REQUIRED + "advertising.description_headers.Etag = '5'", "advertising: the header Etag is one of HTTP's own"),
        (
            REQUIRED + "advertising.rows = 'a'",
            "advertising: rows is 'a'; write each row as a table of its own, [[adver",
        ),
        (
            REQUIRED + "advertising.rows = ['a']",
            "advertising.rows[0]: a row is 'a'; it must be a table with notification_",
        ),
        (
            REQUIRED + "[[advertising.rows]]\nusn = 'a'",
            "advertising.rows[0]: a row is {'usn': 'a'}; it must be a table",
        ),
        (
            REQUIRED + "[[advertising.rows]]\nnotification_type = 'a'\nst = 'b'",
            "advertising.rows[0]: there is no field 'st'; the fields are notification_type, usn",
        ),
        (REQUIRED + "extensions = ['x']", "extensions[0]: an extension is 'x'; it must be a table"),
        (
            REQUIRED + "[[extensions]]\nnamespace = 'urn:x'\nname = 'a b'",
            "extensions[0]: 'a b' is not an XML element name",
        ),
        (
            REQUIRED + "[[extensions]]\nnamespace = 'urn:x'\nname = 'a'\nattributes = ['b']",
            "extensions[0]: the attributes are ['b']; they must be a table",
        ),
        (REQUIRED + "x = " + "[" * 100_000, "not valid TOML: its lists and tables nest too deeply"),
        (
            REQUIRED + "x = " + "[" * 32 + "]" * 32,
            "its lists and tables nest too deeply for a description, which has at most 32 levels",
        ),
        (
            REQUIRED + ".".join("x" * 40) + " = 1",
            "its lists and tables nest too deeply for a description, which has at most 32 levels",
        ),
        (REQUIRED + "model_number = " + "9" * 5000, "not valid TOML: a number in it has thousands of digits"),
        (REQUIRED + "model_number = 0x" + "f" * 5000, "model_number: it is a number of more than 64 bits"),
        (REQUIRED + "config_id = 0x" + "f" * 5000, "config_id: it is a number of more than 64 bits"),
        (REQUIRED + "spec_version = [0x" + "f" * 5000 + ", 1]", "spec_version[0]: it is a number of more than 64 bits"),
        (REQUIRED + "[[devices]]\n" + REQUIRED + "upc = 'x'", "devices[0].upc is 'x': UDA §2.3"),
        (REQUIRED + "devices = [5]", "devices[0]: "),
    ],
)
def test_a_mistake_is_reported_with_its_place(tmp_path: Path, text: str | bytes, message: str) -> None:
    assert message in _refusal(tmp_path, text)


def test_devices_nest_as_deeply_as_in_xml(tmp_path: Path) -> None:
    def tree(levels: int) -> str:
        tables = (f"[[{'.'.join(['devices'] * level)}]]\n{REQUIRED}" for level in range(1, levels + 1))
        return REQUIRED + "".join(tables)

    device = _load(tmp_path, tree(14))
    assert parse_description(render_description(device)) == device
    assert "nest too deeply for a description" in _refusal(tmp_path, tree(15))


def test_all_missing_fields_are_reported_at_once(tmp_path: Path) -> None:
    assert _refusal(tmp_path, "").splitlines() == [
        f"{field}: the field is missing; UDA §2.3 requires it"
        for field in ("device_type", "friendly_name", "manufacturer", "model_name")
    ]


def test_a_device_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(DescriptionError) as caught:
        load_device(tmp_path / "none.toml")
    assert str(caught.value) == f"{tmp_path / 'none.toml'}: cannot be read: No such file or directory"


def test_a_folder_stands_for_the_device_file_in_it(tmp_path: Path) -> None:
    with pytest.raises(DescriptionError) as caught:
        load_device(tmp_path)
    assert str(caught.value) == f"{tmp_path}: the folder has no device.toml; name a device file in it"
    (tmp_path / "device.toml").write_text(REQUIRED + "upc = 'x'", encoding="utf-8")
    with pytest.raises(DescriptionError, match=r"device\.toml: upc is 'x'"):
        load_device(tmp_path)
    (tmp_path / "device.toml").write_text(REQUIRED, encoding="utf-8")
    assert load_device(tmp_path).friendly_name == load_device(str(tmp_path)).friendly_name == "Lamp"


def test_the_path_may_be_a_string() -> None:
    assert load_device(str(EXAMPLES / "gateway.toml")).friendly_name == "Passerelle"


# --- handlers --------------------------------------------------------------------------------------------------

DIMMING = """\
from typing import Annotated
from upnp_trio import ServiceHandler, StateVariable, Ui1, action

class Dimming(ServiceHandler, service_type="urn:schemas-upnp-org:service:Dimming:1"):
    level: Annotated[Ui1, StateVariable("LoadLevelStatus")] = 0

    @action
    def get_load_level_status(self) -> Ui1:
        return self.level

hall = Dimming()

def kitchen():
    return hall

def broken():
    raise ValueError("no ham")

def wrong(x):
    pass

nothing = None
"""
HANDLER = "\n[[services]]\nhandler = "


@pytest.fixture
def dimming(tmp_path: Path, imports_undone: None) -> ModuleType:
    """The module ``dimming`` beside the device file, imported."""
    (tmp_path / "dimming.py").write_text(DIMMING, encoding="utf-8")
    _load(tmp_path, REQUIRED + HANDLER + "'dimming:Dimming'")
    return sys.modules["dimming"]


def test_a_handler_s_class_is_instantiated_and_gives_types_and_scpd(tmp_path: Path, dimming: ModuleType) -> None:
    (service,) = _load(tmp_path, REQUIRED + HANDLER + "'dimming:Dimming'").services
    assert isinstance(service.handler, dimming.Dimming)
    assert service == dimming.hall.as_service()
    assert service.scpd is not None
    assert b"<name>GetLoadLevelStatus</name>" in service.scpd


@pytest.mark.parametrize("name", ["hall", "kitchen"])
def test_a_handler_may_be_an_instance_or_a_function_that_returns_one(
    name: str, tmp_path: Path, dimming: ModuleType
) -> None:
    (service,) = _load(tmp_path, REQUIRED + HANDLER + f"'dimming:{name}'").services
    assert service.handler is dimming.hall


def test_the_device_file_may_give_a_handler_s_service_another_id_and_urls(tmp_path: Path, dimming: ModuleType) -> None:
    text = (
        REQUIRED + HANDLER + "'dimming:Dimming'\nservice_id = 'urn:upnp-org:serviceId:Dimming.2'\nscpd_url = 'two.xml'"
    )
    (service,) = _load(tmp_path, text).services
    assert (service.service_id, service.scpd_url) == ("urn:upnp-org:serviceId:Dimming.2", "two.xml")
    assert isinstance(service.handler, dimming.Dimming)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("5", "services[0]: the handler is 5; write module:class, such as 'lamp:SwitchPower'"),
        ("'dimming'", "services[0]: the handler is 'dimming'; write module:class, such as 'lamp:SwitchPower'"),
        ("'dimming.py:Dimming:'", "services[0]: the handler is 'dimming.py:Dimming:'; write module:class, "),
        ("'dim/ming:Dimming'", "services[0]: the handler is 'dim/ming:Dimming'; write module:class, "),
        ("'nosuch:Dimming'", "services[0]: the handler 'nosuch:Dimming': there is no module 'nosuch' in "),
        (
            "'dimming:Diming'",
            "services[0]: the handler 'dimming:Diming': dimming has no attribute 'Diming'; did you mean 'Dimming'?",
        ),
        ("'dimming:nothing'", "services[0]: the handler 'dimming:nothing' is None; it must be a ServiceHandler"),
        ("'dimming:wrong'", "services[0]: the handler 'dimming:wrong': dimming:wrong is called without arguments"),
        (
            "'dimming:Dimming'\nscpd = 'dimming.xml'",
            "services[0]: a handler describes its service itself; leave out scpd, or the handler",
        ),
        ("'dimming:Dimming'\nservice_idd = 'x'", "services[0]: there is no field 'service_idd'; did you mean"),
    ],
)
def test_a_mistake_in_a_handler_is_reported_with_its_place(
    value: str, message: str, tmp_path: Path, dimming: ModuleType
) -> None:
    assert message in _refusal(tmp_path, REQUIRED + HANDLER + value)


def test_a_handler_that_is_named_by_its_file_is_reported_with_its_right_name(
    tmp_path: Path, dimming: ModuleType
) -> None:
    refusal = _refusal(tmp_path, REQUIRED + HANDLER + "'dimming.py:Dimming'")
    assert "services[0]: the handler 'dimming.py:Dimming': " in refusal
    assert refusal.endswith("; write dimming:Dimming")


def test_a_handler_that_fails_is_reported_with_its_place_and_its_exception(tmp_path: Path, dimming: ModuleType) -> None:
    with pytest.raises(CodeFailed) as caught:
        _load(tmp_path, REQUIRED + HANDLER + "'dimming:broken'\n[[icons]]\nfile = 'none.png'")
    assert isinstance(caught.value.__cause__, ValueError)
    lines = str(caught.value).splitlines()
    assert all(line.startswith(f"{tmp_path / 'lamp.toml'}: ") for line in lines)
    assert "services[0]: the handler 'dimming:broken': calling dimming:broken failed: ValueError: no ham" in str(
        caught.value
    )
    assert "none.png" in str(caught.value)


@pytest.mark.usefixtures("imports_undone")
@pytest.mark.parametrize("module", ["outside", "package.outside"])
def test_a_handler_s_module_that_is_a_link_out_of_the_folder_is_refused(module: str, tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    (folder / "package").mkdir(parents=True)
    (folder / "package" / "__init__.py").touch()
    (tmp_path / "outside.py").write_text("raise AssertionError", encoding="utf-8")
    (folder / f"{module.replace('.', '/')}.py").symlink_to(tmp_path / "outside.py")
    message = _refusal(folder, REQUIRED + HANDLER + f"'{module}:Dimming'")
    assert f"is a link to {str(tmp_path / 'outside.py')!r}, outside its folder" in message


def test_a_device_file_without_handlers_imports_no_code() -> None:
    code = "import sys, upnp_trio; upnp_trio.load_device('examples/gateway.toml'); print(*sys.modules)"
    shown = subprocess.run(
        [sys.executable, "-c", code], cwd=EXAMPLES.parent, check=True, capture_output=True, text=True
    )
    assert not {"upnp_trio.documents.code", "upnp_trio.documents.handlers"} & set(shown.stdout.split())
