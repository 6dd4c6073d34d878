"""Device files in XML: the description of any device, with the files that it names in its folder."""

from __future__ import annotations

import logging
import os
from pathlib import Path
from xml.sax.saxutils import escape

import attrs
import pytest
from hypothesis import HealthCheck, given, settings

from tests.strategies import MINIMAL_SCPD, hostile_urls
from upnp_trio.documents.device_file import load_device
from upnp_trio.documents.publication import publish
from upnp_trio.errors import DescriptionError
from upnp_trio.model.device import RootDevice

EXAMPLES = Path(__file__).parent.parent.parent / "examples"

REQUIRED = """
    <deviceType>urn:schemas-upnp-org:device:Basic:1</deviceType>
    <friendlyName>Lamp</friendlyName>
    <manufacturer>Ham &amp; Sons</manufacturer>
    <modelName>L1</modelName>
    <UDN>uuid:e427ce1a-3e80-43d0-ad6f-89ec42e46363</UDN>
"""


def _icon(url: str) -> str:
    sizes = "<mimetype>image/png</mimetype><width>1</width><height>1</height><depth>1</depth>"
    return f"<iconList><icon>{sizes}<url>{escape(url)}</url></icon></iconList>"


def _service(url: str) -> str:
    names = (
        "<serviceType>urn:schemas-upnp-org:service:Dimming:1</serviceType>"
        "<serviceId>urn:upnp-org:serviceId:Dimming</serviceId>"
    )
    return f"<serviceList><service>{names}<SCPDURL>{url}</SCPDURL></service></serviceList>"


def _load(folder: Path, inner: str, required: str = REQUIRED) -> RootDevice:
    file = folder / "lamp.xml"
    file.write_text(f"<root><device>{required}{inner}</device></root>", encoding="utf-8")
    return load_device(file)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with the files of a description, in another folder that holds a secret."""
    (tmp_path / "secret.png").write_bytes(b"secret")
    folder = tmp_path / "lamp"
    (folder / "icons").mkdir(parents=True)
    (folder / "icon.png").write_bytes(b"beside")
    (folder / "icons" / "icon.png").write_bytes(b"below")
    (folder / "scpd.xml").write_bytes(MINIMAL_SCPD)
    (folder / "index.html").write_bytes(b"<p>mine</p>")
    return folder


def test_the_example_is_read_with_the_files_that_it_names(caplog: pytest.LogCaptureFixture) -> None:
    device = load_device(EXAMPLES / "jambon3000.xml")
    assert caplog.messages == []
    assert [icon.data for icon in device.icons] == [
        (EXAMPLES / name).read_bytes() for name in ("jambon.png", "jambon-48.png")
    ]
    assert device.services[0].scpd == (EXAMPLES / "jambon-scpd.xml").read_bytes()


def test_the_jambon_is_the_same_device_in_toml_and_in_xml() -> None:
    toml, xml = (load_device(EXAMPLES / f"jambon3000.{ending}") for ending in ("toml", "xml"))

    def unplaced(device: RootDevice) -> RootDevice:
        # Only the URLs that TOML leaves out may differ.
        return attrs.evolve(
            device,
            icons=[attrs.evolve(icon, url=icon.url.lstrip("/")) for icon in device.icons],
            services=[
                attrs.evolve(service, scpd_url=service.scpd_url.lstrip("/"), control_url="")
                for service in device.services
            ],
            presentation_url=None,
        )

    assert unplaced(toml) == unplaced(xml)
    assert [icon.data for icon in toml.icons] == [icon.data for icon in xml.icons]
    assert [service.scpd for service in toml.services] == [service.scpd for service in xml.services]
    assert publish(toml).root.icons == publish(xml).root.icons


@pytest.mark.parametrize(
    ("url", "data"),
    [
        ("icon.png", b"beside"),
        ("/icon.png", b"beside"),
        ("icons/icon.png", b"below"),
        ("/icons/icon.png?size=1#top", b"below"),
        ("http://192.0.2.1:80/icons/icon.png", b"below"),
        # A file that is not at its path is looked for beside the description, where downloads are.
        ("/img/48/icon.png", b"beside"),
        ("icons/%69con.png", b"below"),
    ],
)
def test_an_icon_is_found_at_its_path_or_beside_the_file(folder: Path, url: str, data: bytes) -> None:
    (icon,) = _load(folder, _icon(url)).icons
    assert (icon.url, icon.data) == (url, data)


def test_a_missing_icon_is_left_out_with_a_warning(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    assert _load(folder, _icon("/none.png")).icons == ()
    assert [(record.levelno, record.getMessage()) for record in caplog.records] == [
        (logging.WARNING, "the icon /none.png is not beside the description and is left out")
    ]


def test_a_missing_scpd_gets_a_minimal_one_with_a_warning(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    device = _load(folder, _service("/none.xml"))
    assert caplog.messages == ["the SCPD /none.xml is not beside the description; a minimal one is served"]
    publication = publish(device)
    assert b"A_ARG_TYPE_Unused" in publication.files[publication.root.services[0].scpd_url].body


def test_an_scpd_beside_the_file_is_served(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    assert _load(folder, _service("/any/scpd.xml")).services[0].scpd == MINIMAL_SCPD
    assert caplog.messages == []


def test_embedded_devices_find_their_files_too(folder: Path) -> None:
    embedded = REQUIRED.replace("e46363", "e46364") + _icon("icon.png")
    device = _load(folder, f"<deviceList><device>{embedded}</device></deviceList>")
    assert device.devices[0].icons[0].data == b"beside"


def test_a_page_is_read_for_a_relative_url_only(folder: Path) -> None:
    assert _load(folder, "<presentationURL>/index.html</presentationURL>").page == b"<p>mine</p>"
    assert _load(folder, "<presentationURL>http://192.0.2.1/index.html</presentationURL>").page is None
    assert _load(folder, "<presentationURL>/</presentationURL>").page is None
    assert _load(folder, "").page is None


# --- never outside the folder ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "url",
    [
        "../secret.png",
        "/../secret.png",
        "%2e%2e/secret.png",
        "icons/../../secret.png",
        "..%2fsecret.png",
        "..\\secret.png",
        "../../etc/passwd",
        "/etc/passwd",
        "file:///etc/passwd",
        "//etc/passwd",
        "lamp/../../secret.png",
        "link.png",
        "loop.png",
        "up/secret.png",
        "",
        ".",
        "icons",
        "icon.png%00",
        "x" * 5000,
        "http://[",
    ],
)
def test_no_file_outside_the_folder_is_read(folder: Path, url: str) -> None:
    os.symlink(folder.parent / "secret.png", folder / "link.png")
    os.symlink("loop.png", folder / "loop.png")
    os.symlink("..", folder / "up")
    assert _load(folder, _icon(url)).icons == ()


def test_an_absolute_path_to_a_file_outside_is_not_followed(folder: Path) -> None:
    assert _load(folder, _icon(f"{folder.parent}/secret.png")).icons == ()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(hostile_urls)
def test_any_url_finds_a_file_of_the_folder_or_none(folder: Path, url: str) -> None:
    for icon in _load(folder, _icon(url)).icons:
        assert icon.data in (b"beside", b"below", MINIMAL_SCPD, b"<p>mine</p>", (folder / "lamp.xml").read_bytes())


# --- mistakes --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("inner", "required", "message"),
    [
        ("</nonsense>", REQUIRED, "line 7, column 3: not well-formed XML (mismatched tag)"),
        ("<upc>", REQUIRED, "not well-formed XML"),
        ("<UPC>1</UPC>", REQUIRED, "upc is '1': UDA §2.3: a Universal Product Code has 12 digits"),
        ("", REQUIRED.replace("Lamp", ""), "friendly_name is '': UDA §2.3 requires text here"),
        ("", REQUIRED.replace("uuid:e", "uuid:x"), "udn is 'uuid:x427ce1a-3e80-43d0-ad6f-89ec42e46363': UDA §1.1.4"),
        (_service("index.html"), REQUIRED, "index.html: <p> is not a service description: UDA §2.5 wants <scpd>"),
        (
            "<presentationURL>javascript:alert(1)</presentationURL>",
            REQUIRED,
            "presentation_url is 'javascript:alert(1)'",
        ),
    ],
)
def test_a_mistake_is_reported_with_its_place(folder: Path, inner: str, required: str, message: str) -> None:
    version = "<!-- --></device><specVersion><major>1</major><minor>1</minor></specVersion><device>"
    with pytest.raises(DescriptionError) as caught:
        _load(folder, inner + version, required)
    assert str(caught.value).startswith(f"{folder / 'lamp.xml'}: ")
    assert message in str(caught.value)


def test_a_file_with_another_ending_is_read_as_xml(folder: Path) -> None:
    _load(folder, "")
    (folder / "lamp.xml").rename(folder / "description")
    assert load_device(folder / "description").friendly_name == "Lamp"
