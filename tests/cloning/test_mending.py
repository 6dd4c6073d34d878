"""What is changed in a device that breaks rules, so that its clone can be served, and what is not."""

from __future__ import annotations

import attrs
import pytest

from tests.cloning.observing import LIGHT, PNG, SCPD, clone_of, observed
from upnp_trio.model.device import Icon, RootDevice
from upnp_trio.model.extension import ExtensionElement
from upnp_trio.model.simulation import SimulatedService

SWITCH = LIGHT.services[0]
ICON = LIGHT.icons[0]


def _with_service(**changes: object) -> RootDevice:
    return attrs.evolve(LIGHT, services=[attrs.evolve(SWITCH, **changes)])  # type: ignore[arg-type]  # any field


def _with_icon(**changes: object) -> RootDevice:
    return attrs.evolve(LIGHT, icons=[attrs.evolve(ICON, **changes)])  # type: ignore[arg-type]  # any field


@pytest.mark.parametrize(
    "device",
    [
        attrs.evolve(LIGHT, device_type="urn:samsung.com:device:RemoteControlReceiver:1"),
        _with_service(service_type="urn:dial-multiscreen.org:service:dial:1"),
        attrs.evolve(LIGHT, spec_version=(3, 7)),
        attrs.evolve(LIGHT, manufacturer="", upc="none"),
        _with_service(service_id="SwitchPower"),
        attrs.evolve(
            LIGHT, services=[SWITCH, attrs.evolve(SWITCH, control_url="/2/Control", event_sub_url="/2/Event")]
        ),
        _with_icon(width=0, height=0, depth=0),
    ],
)
def test_a_broken_rule_that_does_no_harm_stays_broken(device: RootDevice) -> None:
    clone, read = clone_of(observed(device))
    assert not read.strict
    assert clone.notes == ()
    assert (read.device_type, read.spec_version, read.upc) == (device.device_type, device.spec_version, device.upc)
    assert read.services == device.services


@pytest.mark.parametrize(
    ("given", "made"),
    [
        ("two words", "two_words"),
        ('"quoted"', "_quoted_"),
        ("", "_"),
        ("Füße", "F__e"),
        ("x" * 300, "x" * 256),
    ],
)
def test_a_type_that_cannot_be_searched_for_is_one_that_can(given: str, made: str) -> None:
    clone, read = clone_of(observed(attrs.evolve(LIGHT, device_type=given)))
    assert str(read.device_type) == made
    assert clone.notes[0].startswith("the type ")
    assert clone.notes[0].endswith(f"; it is {made!r}"[:50]) or len(made) > 50
    _, read = clone_of(observed(_with_service(service_type=given)))
    assert str(read.services[0].service_type) == made


def test_a_udn_that_cannot_be_searched_for_is_another_one() -> None:
    device = attrs.evolve(LIGHT, udn="uuid:hâm")
    clone, read = clone_of(observed(device), seed=None)
    assert clone.notes == ("the UDN 'uuid:hâm' cannot be searched for; 'Light' has another one",)
    assert read.udn is not None
    assert read.udn.is_uuid
    same = attrs.evolve(LIGHT, udn="uuid:ham")
    assert clone_of(observed(same), seed=None)[1].udn == same.udn


# --- icons ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("mimetype", "data", "kept", "note"),
    [
        ("image/png", PNG, "image/png", ""),
        ("image/gif", PNG, "image/gif", ""),
        ("png", PNG, "image/png", "the icon '/icon.png' has the type 'png'; it is image/png"),
        ("", b"\xff\xd8\xff\xe0", "image/jpeg", "the icon '/icon.png' has the type ''; it is image/jpeg"),
        ("text/html", b"GIF89a", "image/gif", "the icon '/icon.png' has the type 'text/html'; it is image/gif"),
        ("ico", b"<html>", None, "the icon '/icon.png' has the type 'ico', no picture's; it is left out"),
        (
            "image/svg+xml",
            b"<svg/>",
            None,
            "the icon '/icon.png' is image/svg+xml, which can hold scripts; it is left out",
        ),
        ("image/png", None, None, "the icon '/icon.png' could not be read; it is left out"),
    ],
)
def test_an_icon_has_a_picture_s_type_or_is_left_out(
    mimetype: str, data: bytes | None, kept: str | None, note: str
) -> None:
    clone, read = clone_of(observed(_with_icon(mimetype=mimetype, data=data)))
    assert [icon.mimetype for icon in read.icons] == ([] if kept is None else [kept])
    assert clone.notes == ((note,) if note else ())


def test_icons_are_left_out_when_they_are_too_large_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("upnp_trio.cloning.mending.MAX_ICON_BYTES_IN_ALL", 10)
    icons = [attrs.evolve(ICON, url=f"/{size}.png", data=bytes(size)) for size in (4, 7, 6)]
    clone, read = clone_of(observed(attrs.evolve(LIGHT, icons=icons)))
    assert [icon.url for icon in read.icons] == ["/4.png", "/6.png"]
    assert clone.notes == ("the icon '/7.png' is too large beside the others; it is left out",)


def test_icons_with_one_url_in_several_spellings_are_several_files() -> None:
    icons = [
        Icon(mimetype="image/png", width=1, height=1, depth=1, url=url, data=PNG) for url in ("/A.png", "/a.PNG", "")
    ]
    clone, read = clone_of(observed(attrs.evolve(LIGHT, icons=icons)))
    assert [name for name in clone.files if name.startswith("icons/")] == [
        "icons/A.png",
        "icons/a-2.png",
        "icons/icon.png",
    ]
    assert [icon.url for icon in read.icons] == ["/A.png", "/a.PNG", ""]


# --- service descriptions ------------------------------------------------------------------------------------------

SCRIPT = SCPD.replace(b"</scpd>", b'<script xmlns="http://www.w3.org/1999/xhtml">alert(1)</script></scpd>')
NAMELESS = SCPD.replace(b"<name>newTargetValue</name>", b"")


@pytest.mark.parametrize(
    ("scpd", "note"),
    [
        (None, "could not be read; a minimal one is served"),
        (
            b"<html/>",
            "cannot be served, and a minimal one is: <html> is not a service description: UDA §2.5 wants <scpd>",
        ),
        (b"", "cannot be served, and a minimal one is: "),
        (SCRIPT, "cannot be served, and a minimal one is: it can hold scripts"),
    ],
)
def test_a_service_without_a_description_that_can_be_served_has_a_minimal_one(scpd: bytes | None, note: str) -> None:
    clone, read = clone_of(observed(_with_service(scpd=scpd)))
    assert (read.services[0].scpd, read.services[0].handler) == (None, None)
    assert len(clone.notes) == 1
    assert clone.notes[0].startswith(f"the description of 'urn:upnp-org:serviceId:SwitchPower' {note}")


def test_a_service_whose_arguments_have_no_names_is_served_without_acting() -> None:
    clone, read = clone_of(observed(_with_service(scpd=NAMELESS)))
    assert (read.services[0].scpd, read.services[0].handler) == (NAMELESS, None)
    assert clone.notes[0].startswith(
        "the description of 'urn:upnp-org:serviceId:SwitchPower' does not tell how to act, and calls are answered with "
    )


# --- URLs ----------------------------------------------------------------------------------------------------------


def test_urls_on_the_original_become_paths() -> None:
    urls = {name: f"http://192.0.2.7:80/a/{name}?x=1#y" for name in ("scpd_url", "control_url", "event_sub_url")}
    _, read = clone_of(observed(_with_service(**urls)))
    (service,) = read.services
    assert (service.scpd_url, service.control_url, service.event_sub_url) == (
        "/a/scpd_url",
        "/a/control_url",
        "/a/event_sub_url",
    )
    assert isinstance(service.handler, SimulatedService)


@pytest.mark.parametrize(
    ("url", "kept"),
    [
        (None, None),
        ("/index.html", "/index.html"),
        ("/index.html?lang=en", "index.html?lang=en"),
        ("/javascript:alert(1)?", "./javascript:alert(1)?"),
        ("http://192.0.2.7/admin/", "/admin"),
        ("http://192.0.2.7:8080/admin/x%20y", "/admin/x%20y"),
        ("http://vendor.example.com/", "http://vendor.example.com/"),
        ("https://192.0.2.7/", "https://192.0.2.7/"),
        ("http://198.51.100.7/", "http://198.51.100.7/"),
        ("javascript:alert(1)", None),
    ],
)
def test_a_page_on_the_original_becomes_the_clone_s_own(url: str | None, kept: str | None) -> None:
    clone, read = clone_of(observed(attrs.evolve(LIGHT, presentation_url=url)))
    assert read.presentation_url == kept
    assert bool(clone.notes) == (url == "javascript:alert(1)")
    assert read.page is None


def test_urlbase_and_configid_are_not_the_clone_s() -> None:
    _, read = clone_of(observed(LIGHT))
    assert (read.url_base, read.config_id) == (None, None)


# --- scripts -------------------------------------------------------------------------------------------------------


def test_vendor_elements_that_can_hold_scripts_are_left_out() -> None:
    script = ExtensionElement("http://www.w3.org/1999/xhtml", "script", "alert(1)")
    kept = ExtensionElement("urn:x", "a")
    extensions = [script, kept, ExtensionElement("urn:x", "b", children=[script])]
    clone, read = clone_of(observed(attrs.evolve(_with_service(extensions=extensions), extensions=extensions)))
    assert read.extensions == read.services[0].extensions == (kept,)
    assert sorted(clone.notes) == [
        *["the element 'b' can hold scripts; it is left out"] * 2,
        *["the element 'script' can hold scripts; it is left out"] * 2,
    ]
