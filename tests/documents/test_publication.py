"""Published devices: no dead links, no path outside the directory, and a CONFIGID that changes with the documents."""

from __future__ import annotations

from collections import Counter
from typing import Any
from urllib.parse import unquote, urljoin
from xml.etree import ElementTree

import attrs
import pytest
from hypothesis import given, settings

from tests.strategies import MINIMAL_SCPD, OWN_SCPD, odd_devices, servable_devices
from upnp_trio.documents.description import parse_description
from upnp_trio.documents.publication import HTML_TYPE, XML_TYPE, Publication, publish
from upnp_trio.errors import DescriptionError
from upnp_trio.model.device import Device, Icon, RootDevice, Service
from upnp_trio.model.urls import has_scheme

UUID = "e427ce1a-3e80-43d0-ad6f-89ec42e46363"
BASIC = RootDevice(
    device_type="urn:schemas-upnp-org:device:Basic:1",
    friendly_name="Jambon 3000",
    manufacturer="Boucherie numérique",
    model_name="3000",
    udn=UUID,
)
SERVICE = Service(
    service_type="urn:schemas-upnp-org:service:Dimming:1", service_id="urn:upnp-org:serviceId:1", event_sub_url="/event"
)
EMBEDDED = Device(
    device_type="urn:schemas-upnp-org:device:Basic:1",
    friendly_name="Side dish",
    manufacturer="Boucherie numérique",
    model_name="3000",
    udn="e427ce1a-3e80-43d0-ad6f-89ec42e46364",
)


def _icon(url: str, data: bytes | None = b"png") -> Icon:
    return Icon(mimetype="image/png", width=48, height=48, depth=24, url=url, data=data)


def _named(publication: Publication) -> list[str]:
    """Every URL of this device that a control point reads in its description."""
    root = parse_description(publication.files[publication.description_path].body)
    named: list[str] = []
    for device in root.walk():
        named += [icon.url for icon in device.icons]
        named += [url for service in device.services for url in (service.scpd_url, service.control_url)]
        if device.presentation_url is not None and not has_scheme(device.presentation_url):
            named.append(device.presentation_url)
    return named


def _served(publication: Publication) -> list[str]:
    return [*publication.files, *publication.pages, *publication.control_paths]


def _resolved(publication: Publication, url: str) -> str:
    return urljoin(f"http://192.0.2.1:49152{publication.description_path}", url)


def _config_id(*changes: RootDevice) -> list[int | None]:
    return [publish(root).root.config_id for root in changes]


# --- for any device --------------------------------------------------------------------------------------------


@given(servable_devices)
def test_no_url_of_a_published_description_is_a_dead_link(device: RootDevice) -> None:
    publication = publish(device)
    assert set(_named(publication)) <= set(_served(publication))


@given(servable_devices)
def test_no_two_documents_share_a_url(device: RootDevice) -> None:
    publication = publish(device)
    decoded = Counter(unquote(path) for path in [*_named(publication), publication.description_path])
    assert set(decoded.values()) == {1}
    assert not publication.files.keys() & publication.pages.keys()


@given(servable_devices)
def test_every_path_is_below_the_directory_of_the_device(device: RootDevice) -> None:
    publication = publish(device)
    directory = f"/{device.udn.uuid if device.udn else ''}/"
    assert publication.description_path == f"{directory}description.xml"
    for path in [*_served(publication), *_named(publication)]:
        for once in (path, unquote(path)):
            assert once.startswith(directory)
            assert not {"..", "."} & set(once.split("/"))
            assert "\\" not in once
        assert path.isascii()
        assert _resolved(publication, path) == f"http://192.0.2.1:49152{path}"


@given(servable_devices)
def test_the_published_device_equals_its_description(device: RootDevice) -> None:
    publication = publish(device)
    assert parse_description(publication.files[publication.description_path].body) == publication.root


@given(servable_devices)
@settings(max_examples=50)
def test_a_device_has_the_same_documents_each_time_it_is_published(device: RootDevice) -> None:
    assert publish(device) == publish(device)


@given(servable_devices)
@settings(max_examples=50)
def test_a_published_device_that_is_published_again_keeps_its_urls_and_its_config_id(device: RootDevice) -> None:
    """`Running.add` gives the device as it is served, and `Running.update` takes a changed copy of it."""
    first = publish(device)
    second = publish(first.root)
    assert (second.root, second.files, second.control_paths) == (first.root, first.files, first.control_paths)
    assert second.pages.keys() == first.pages.keys()


@given(servable_devices)
def test_the_config_id_is_in_the_description_and_in_every_scpd(device: RootDevice) -> None:
    publication = publish(device)
    config_id = publication.root.config_id
    assert config_id is not None
    assert 0 <= config_id < 2**24
    documents = [file.body for file in publication.files.values() if file.media_type == XML_TYPE]
    assert len(documents) == 1 + sum(len(embedded.services) for embedded in device.walk())
    assert {ElementTree.fromstring(body).get("configId") for body in documents} == {str(config_id)}


# --- URLs ------------------------------------------------------------------------------------------------------


def test_a_device_without_urls_gets_all_of_them() -> None:
    publication = publish(attrs.evolve(BASIC, services=[attrs.evolve(SERVICE, event_sub_url="")]))
    assert publication.root.presentation_url == f"/{UUID}/"
    (service,) = publication.root.services
    assert (service.scpd_url, service.control_url, service.event_sub_url) == (
        f"/{UUID}/service-1/scpd.xml",
        f"/{UUID}/service-1/control",
        "",
    )
    assert publication.control_paths == {service.control_url}
    assert publication.pages == {f"/{UUID}/": attrs.evolve(publication.root, presentation_url=None, config_id=None)}


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("icon.png", "icon.png"),
        ("/icons/a.png", "icons/a.png"),
        ("/icons//./a%20b.png?x=1#y", "icons/a%20b.png"),
        ("http://192.0.2.1:80/icon.png", "icon.png"),
        ("../../etc/passwd", "etc/passwd"),
        ("%2e%2e/%2E%2E/etc/passwd", "etc/passwd"),
        ("..%2f..%2fetc%2fpasswd", "etc/passwd"),
        ("%252e%252e/a", "%252e%252e/a"),
        ("..\\..\\a.png", "icon"),
        ("//elsewhere.example.com/a.png", "a.png"),
        ("http://[", "icon"),
        ("été.png", "%C3%A9t%C3%A9.png"),
        ("description.xml", "description-2.xml"),
        ("", "icon"),
        ("/", "icon"),
        ("?a", "icon"),
        (f"/{UUID}/a.png", "a.png"),
        (f"/{UUID}/", "icon"),
        (f"/{UUID}x/a.png", f"{UUID}x/a.png"),
        (f"/{UUID}/{UUID}/a.png", f"{UUID}/a.png"),
    ],
)
def test_a_url_keeps_its_path_below_the_directory(url: str, path: str) -> None:
    publication = publish(attrs.evolve(BASIC, icons=[_icon(url)]))
    assert publication.root.icons[0].url == f"/{UUID}/{path}"


def test_equal_urls_become_different_ones() -> None:
    publication = publish(
        attrs.evolve(BASIC, icons=[_icon("a.png", b"1"), _icon("/a.png", b"2"), _icon("./a.png", b"3")])
    )
    assert [icon.url for icon in publication.root.icons] == [f"/{UUID}/a{end}.png" for end in ("", "-2", "-3")]
    assert [publication.files[icon.url].body for icon in publication.root.icons] == [b"1", b"2", b"3"]


def test_no_event_url_is_published() -> None:
    publication = publish(attrs.evolve(BASIC, services=[SERVICE], devices=[attrs.evolve(EMBEDDED, services=[SERVICE])]))
    assert [service.event_sub_url for device in publication.root.walk() for service in device.services] == ["", ""]
    assert publication.files[publication.description_path].body.count(b"<eventSubURL></eventSubURL>") == 2


def test_a_url_base_is_never_served() -> None:
    publication = publish(attrs.evolve(BASIC, url_base="http://192.0.2.1/"))
    assert b"URLBase" not in publication.files[publication.description_path].body


@pytest.mark.parametrize("url", ["icon.png", "http://192.0.2.1/icon.png"])
def test_an_icon_without_data_is_an_error(url: str) -> None:
    with pytest.raises(DescriptionError, match="has no data to serve") as caught:
        publish(attrs.evolve(BASIC, icons=[_icon(url, None)]))
    assert repr(url) in str(caught.value)


def _sizes(*sizes: int, mimetype: str = "image/png") -> list[Icon]:
    return [attrs.evolve(_icon(f"{mimetype}-{size}"), width=size, height=size, mimetype=mimetype) for size in sizes]


@pytest.mark.parametrize(
    ("icons", "chosen"),
    [
        (_sizes(16, 120, 48), "image/png-48"),
        (_sizes(120, 32, 48), "image/png-32"),
        (_sizes(8, 24, 16), "image/png-24"),
        (_sizes(512), "image/png-512"),
        ([*_sizes(48, mimetype="image/jpeg"), *_sizes(16)], "image/png-16"),
        (_sizes(120, 48, mimetype="image/jpeg"), "image/jpeg-48"),
        ([*_sizes(32, mimetype="IMAGE/PNG"), *_sizes(48)], "IMAGE/PNG-32"),
        ([attrs.evolve(_icon("wide"), width=200, height=10), *_sizes(300)], "image/png-300"),
    ],
)
def test_the_icon_for_browsers_is_the_smallest_png_that_is_large_enough(icons: list[Icon], chosen: str) -> None:
    publication = publish(attrs.evolve(BASIC, icons=icons))
    assert publication.favicon_path == f"/{UUID}/{chosen}"
    assert publication.files[publication.favicon_path].media_type == chosen.rpartition("-")[0]


def test_the_icon_for_browsers_is_one_of_the_root_device() -> None:
    assert publish(BASIC).favicon_path is None
    assert publish(attrs.evolve(BASIC, devices=[attrs.evolve(EMBEDDED, icons=[_icon("a")])])).favicon_path is None


@given(servable_devices)
def test_the_icon_for_browsers_is_among_the_files(device: RootDevice) -> None:
    publication = publish(device)
    assert (publication.favicon_path is None) == (device.icons == ())
    if publication.favicon_path is not None:
        assert publication.files[publication.favicon_path].media_type.startswith("image/")


# --- pages -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("url", [None, "/", ".", "?a", f"/{UUID}/"])
def test_the_page_of_the_root_device_is_its_directory(url: str | None) -> None:
    publication = publish(attrs.evolve(BASIC, presentation_url=url))
    assert publication.root.presentation_url == f"/{UUID}/"
    assert list(publication.pages) == [f"/{UUID}/"]


def test_a_given_page_is_served_at_its_url() -> None:
    publication = publish(attrs.evolve(BASIC, presentation_url="index.html", page=b"<p>mine"))
    assert publication.pages == {}
    file = publication.files[f"/{UUID}/index.html"]
    assert (file.media_type, file.body) == (HTML_TYPE, b"<p>mine")


def test_a_page_on_another_host_keeps_its_url() -> None:
    publication = publish(attrs.evolve(BASIC, presentation_url="http://jambon.example.com/"))
    assert publication.root.presentation_url == "http://jambon.example.com/"
    assert publication.pages == {}


def test_a_page_of_another_server_on_this_host_is_a_path_of_ours_in_the_document() -> None:
    elsewhere = "http://{host}:8123/home"
    embedded = attrs.evolve(EMBEDDED, presentation_url="https://{host}/")
    publication = publish(attrs.evolve(BASIC, presentation_url=elsewhere, devices=[embedded]))
    assert publication.redirects == {f"/{UUID}/": elsewhere, f"/{UUID}/page.html": "https://{host}/"}
    assert publication.pages == {}
    described = parse_description(publication.files[publication.description_path].body)
    assert described.presentation_url == f"/{UUID}/"
    assert described.devices[0].presentation_url == f"/{UUID}/page.html"
    assert publication.root.presentation_url == elsewhere
    assert publish(publication.root) == publication


def test_an_embedded_device_has_a_page_only_if_it_names_one() -> None:
    publication = publish(attrs.evolve(BASIC, devices=[EMBEDDED, attrs.evolve(EMBEDDED, presentation_url="side")]))
    assert [device.presentation_url for device in publication.root.devices] == [None, f"/{UUID}/side"]
    assert publication.pages[f"/{UUID}/side"].friendly_name == "Side dish"


def test_an_embedded_device_does_not_take_the_page_of_the_root() -> None:
    dish = attrs.evolve(EMBEDDED, presentation_url="/")
    publication = publish(attrs.evolve(BASIC, presentation_url="/", page=b"the root's", devices=[dish]))
    assert publication.files[f"/{UUID}/"].body == b"the root's"
    assert publication.root.devices[0].presentation_url == f"/{UUID}/page.html"
    assert list(publication.pages) == [f"/{UUID}/page.html"]


# --- SCPDs and CONFIGID ----------------------------------------------------------------------------------------


def test_a_given_scpd_is_served_and_a_missing_one_is_made() -> None:
    services = [attrs.evolve(SERVICE, scpd=OWN_SCPD, scpd_url="own.xml"), SERVICE]
    publication = publish(attrs.evolve(BASIC, services=services))
    own, made = (publication.files[service.scpd_url].body for service in publication.root.services)
    assert b"<name>Slices</name>" in own
    assert b"<name>A_ARG_TYPE_Unused</name>" in made


def test_the_error_for_a_wrong_scpd_names_its_service() -> None:
    with pytest.raises(
        DescriptionError, match="the SCPD of urn:upnp-org:serviceId:1: <root> is not a service description"
    ):
        publish(attrs.evolve(BASIC, services=[attrs.evolve(SERVICE, scpd=b"<root/>")]))


def test_equal_documents_have_the_same_config_id() -> None:
    same = [
        BASIC,
        attrs.evolve(BASIC, config_id=5),
        attrs.evolve(BASIC, url_base="http://192.0.2.1/"),
        attrs.evolve(BASIC, presentation_url="/"),
        attrs.evolve(BASIC, language="fr"),
        attrs.evolve(BASIC, page=b"another page"),
    ]
    assert len(set(_config_id(*same))) == 1
    assert len(set(_config_id(*(attrs.evolve(BASIC, icons=[_icon("a", data)]) for data in (b"1", b"2"))))) == 1


def test_the_config_id_changes_with_any_text_of_any_document() -> None:
    different = [
        BASIC,
        attrs.evolve(BASIC, friendly_name="Jambon 3001"),
        attrs.evolve(BASIC, serial_number="1"),
        attrs.evolve(BASIC, spec_version=(1, 0)),
        attrs.evolve(BASIC, icons=[_icon("a.png")]),
        attrs.evolve(BASIC, devices=[EMBEDDED]),
        attrs.evolve(BASIC, devices=[attrs.evolve(EMBEDDED, model_number="2")]),
        attrs.evolve(BASIC, services=[SERVICE]),
        attrs.evolve(BASIC, services=[attrs.evolve(SERVICE, scpd=OWN_SCPD)]),
        attrs.evolve(BASIC, services=[attrs.evolve(SERVICE, scpd=MINIMAL_SCPD)]),
    ]
    assert len(set(_config_id(*different))) == len(different)


# --- fixed paths -------------------------------------------------------------------------------------------------


def _service(number: int = 1, *, scpd_url: str = "", control_url: str = "") -> Service:
    service_id = f"urn:upnp-org:serviceId:{number}"
    return attrs.evolve(SERVICE, service_id=service_id, event_sub_url="", scpd_url=scpd_url, control_url=control_url)


PLUG = attrs.evolve(
    BASIC,
    description_path="/setup.xml",
    icons=[_icon("/icon.jpg"), _icon("other.png")],
    presentation_url="/pluginpres.html",
    services=[
        _service(scpd_url="/eventservice.xml", control_url="/upnp/control/basicevent1"),
        _service(2, scpd_url="eventservice.xml"),
    ],
)


def test_absolute_paths_stay_as_they_are_given_and_others_are_below_the_directory() -> None:
    publication = publish(PLUG)
    assert publication.description_path == "/setup.xml"
    assert _named(publication) == [
        "/icon.jpg",
        f"/{UUID}/other.png",
        "/eventservice.xml",
        "/upnp/control/basicevent1",
        f"/{UUID}/eventservice.xml",
        f"/{UUID}/service-2/control",
        "/pluginpres.html",
    ]
    assert set(_named(publication)) <= set(_served(publication))
    assert f"/{UUID}/description.xml" not in publication.files


def test_without_a_description_path_absolute_paths_are_below_the_directory_as_well() -> None:
    publication = publish(attrs.evolve(PLUG, description_path=""))
    assert {path.startswith(f"/{UUID}/") for path in [*_named(publication), publication.description_path]} == {True}


def test_services_may_share_an_scpd_but_only_the_same() -> None:
    shared = [_service(number, scpd_url="/dimming.xml") for number in (1, 2)]
    publication = publish(attrs.evolve(PLUG, services=shared))
    assert [service.scpd_url for service in publication.root.services] == ["/dimming.xml"] * 2
    shared[1] = attrs.evolve(shared[1], scpd=OWN_SCPD)
    with pytest.raises(DescriptionError, match=r"the path /dimming.xml is that of the SCPD of .*:1 and of the SCPD of"):
        publish(attrs.evolve(PLUG, services=shared))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"icons": [_icon("/setup.xml")]},
            "the path /setup.xml is that of the description and of the icon '/setup.xml'",
        ),
        ({"icons": [_icon("/s%65tup.xml")]}, "the path /s%65tup.xml is that of the description and of the icon"),
        ({"presentation_url": "/setup.xml"}, "is that of the description and of the page of 'Jambon 3000'; give one"),
        (
            {"services": [_service(control_url="/x", scpd_url="/x")]},
            "the SCPD of urn:upnp-org:serviceId:1 and of control",
        ),
        (
            {"services": [_service(control_url="/")]},
            "the path of control of urn:upnp-org:serviceId:1 is '/', which is th",
        ),
        ({"icons": [_icon("/a?b")]}, "the path of the icon '/a?b' is '/a?b': it must be a path that begins with '/'"),
        ({"icons": [_icon("/../b")]}, "without '?', '#', ';', '//' and the parts '.' and '..'; write other char"),
        ({"icons": [_icon("/%2e%2e/b")]}, "it must be a path that begins"),
        ({"icons": [_icon("/a%0ab")]}, "it must be a path that begins"),
        ({"icons": [_icon("/" + "a" * 256)]}, "it has 257 characters; at most 256 are served as they are"),
        ({"description_path": f"/{UUID}/"}, f"the path /{UUID}/ is that of the device's directory and of the descr"),
    ],
)
def test_a_path_with_two_uses_or_that_is_none_is_refused_with_both(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(DescriptionError) as caught:
        publish(attrs.evolve(PLUG, **changes))
    assert message in str(caught.value)


@pytest.mark.parametrize(
    "path", ["setup.xml", "http://192.0.2.1/a", "//a", "/a//b", "/a\\b", "/a b", "/é", "/a\nb", "/a;b"]
)
def test_a_description_path_is_one(path: str) -> None:
    with pytest.raises(DescriptionError, match="description_path is "):
        attrs.evolve(BASIC, description_path=path)


@pytest.mark.parametrize(
    "path", ["/", "/setup.xml", f"/{UUID}/description.xml", "/xml/device_description.xml", "/a%20b"]
)
def test_a_published_device_is_published_again_with_the_same_paths(path: str) -> None:
    publication = publish(attrs.evolve(PLUG, description_path=path))
    again = publish(publication.root)
    assert (again.root, again.files, again.paths) == (publication.root, publication.files, publication.paths)
    assert publish(attrs.evolve(publication.root, presentation_url=None)).root.presentation_url == f"/{UUID}/"


def test_the_page_of_a_root_device_may_be_the_front_page_and_one_of_an_embedded_device_may_not() -> None:
    publication = publish(attrs.evolve(PLUG, presentation_url="/"))
    assert list(publication.pages) == ["/"]
    with pytest.raises(DescriptionError, match="the path of the page of 'Side dish' is '/', which is the front page"):
        publish(attrs.evolve(PLUG, devices=[attrs.evolve(EMBEDDED, presentation_url="/")]))
    with pytest.raises(DescriptionError, match="the path / is that of the description and of the page"):
        publish(attrs.evolve(PLUG, description_path="/", presentation_url="/"))


@given(odd_devices)
def test_an_odd_device_is_published_without_dead_links_or_is_refused(device: RootDevice) -> None:
    try:
        publication = publish(device)
    except DescriptionError:
        return
    assert publication.description_path == device.description_path
    assert set(_named(publication)) <= set(_served(publication))
    assert not publication.files.keys() & publication.pages.keys()
    for path in [*_served(publication), *_named(publication)]:
        assert path.isascii()
        assert _resolved(publication, path) == f"http://192.0.2.1:49152{path}"
    assert parse_description(publication.files[publication.description_path].body) == publication.root
