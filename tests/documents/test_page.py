"""The built-in page: it shows the texts of a device as text, never as markup, and loads nothing from elsewhere."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.strategies import embedded_devices, lines
from upnp_trio.documents.page import render_device_list, render_page
from upnp_trio.documents.publication import publish
from upnp_trio.model.device import Device, Icon, RootDevice, Service

LOCATIONS = ["http://192.0.2.1:49152/d/description.xml", "http://198.51.100.1:49152/d/description.xml"]
SCHEMES = st.sampled_from(
    ["javascript:alert(1)", "JavaScript:x", "data:text/html,x", "vbscript:x", "file:///etc/passwd"]
)
JAMBON = RootDevice(
    device_type="urn:schemas-upnp-org:device:Basic:1",
    friendly_name="Jambon <3000>",
    manufacturer="Boucherie & fils",
    manufacturer_url="http://boucherie.example.com/",
    model_description="Le jambon",
    model_name="Jambon 3000",
    model_url="javascript:alert('ham')",
    model_number="3000",
    serial_number="JMB-1",
    udn="e427ce1a-3e80-43d0-ad6f-89ec42e46363",
)

#: the only elements of the page
FRAME = {"html", "head", "meta", "title", "style", "body", "main", "footer"}
MARKUP = FRAME | {"header", "div", "img", "h1", "h2", "p", "dl", "dt", "dd", "ul", "li", "code", "a"}


class _Page(HTMLParser):
    """Reads the elements, links, pictures and texts of a page as a browser does."""

    def __init__(self, page: bytes) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str, str]] = []
        self.texts = [""]
        self.comments: list[str] = []
        self.feed(page.decode("utf-8"))
        self.close()

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(tag, name, value or "") for name, value in attributes]
        self.texts.append("")

    def handle_endtag(self, tag: str) -> None:
        self.texts.append("")

    def handle_data(self, data: str) -> None:
        self.texts[-1] += data

    def handle_comment(self, data: str) -> None:
        self.comments.append(data)

    def of(self, tag: str, name: str) -> list[str]:
        return [value for of, attribute, value in self.attributes if (of, attribute) == (tag, name)]


def _plain(text: str) -> str:
    # These tests do not depend on how a browser reads line ends.
    return text.replace("\r\n", "\n").strip()


@given(embedded_devices(2))
def test_the_page_shows_every_text_of_a_device_unchanged(device: Device) -> None:
    page = _Page(render_page(device, LOCATIONS, language="en"))
    texts = {_plain(text) for text in page.texts}
    assert {device.friendly_name, device.manufacturer, device.model_name} - {""} <= texts
    assert {device.model_number or "", device.serial_number or "", device.device_type.text} - {""} <= texts
    for embedded in device.walk():
        assert {service.service_type.text for service in embedded.services} - {""} <= texts


@given(embedded_devices(2))
def test_no_text_of_a_device_becomes_markup(device: Device) -> None:
    page = _Page(render_page(device, LOCATIONS, language="en"))
    assert set(page.tags) <= MARKUP
    assert page.comments == []
    for element in ("html", "title", "style", "h1", "footer"):
        assert page.tags.count(element) == 1
    assert {name for _, name, _ in page.attributes} <= {"lang", "charset", "name", "content", "src", "alt", "href"}


def test_markup_in_any_text_is_shown_as_text() -> None:
    harm = "\"'><script>alert(1)</script><!--"
    inner = Device(device_type=harm, friendly_name=harm, manufacturer=harm, model_name=harm)
    icon = Icon(mimetype=harm, width=1, height=1, depth=1, url=f"/{harm}")
    service = Service(service_type=harm, service_id=harm, scpd_url=f"/scpd{harm}")
    device = attrs.evolve(
        inner,
        manufacturer_url=f"http://maker/{harm}",
        model_description=harm,
        model_number=harm,
        model_url=f"http://model/{harm}",
        serial_number=harm,
        icons=[icon],
        services=[service],
        devices=[inner],
    )
    document = render_page(device, [f"http://here/{harm}"], language="en")
    page = _Page(document)
    assert b"<script" not in document
    assert page.comments == []
    assert page.of("img", "src") == [f"/{harm}"]
    assert page.of("a", "href") == [
        f"{start}{harm}" for start in ("http://maker/", "http://model/", "http://here/", "/scpd")
    ]
    document = render_device_list([(harm, f"http://there/{harm}"), (harm, "javascript:alert(1)")])
    assert b"<script" not in document
    assert _Page(document).of("a", "href") == [f"http://there/{harm}"]


@given(embedded_devices(1), st.none() | SCHEMES | lines, st.none() | SCHEMES | lines)
def test_links_lead_to_the_web_or_to_the_device_only(device: Device, manufacturer_url: str, model_url: str) -> None:
    device = attrs.evolve(device, manufacturer_url=manufacturer_url, model_url=model_url)
    page = _Page(render_page(device, LOCATIONS, language="en"))
    assert set(LOCATIONS) <= set(page.of("a", "href"))
    for url in page.of("a", "href"):
        assert re.match(r"https?://|/", url, re.IGNORECASE)


@pytest.mark.parametrize("url", ["http://ham.example.com/", "HTTPS://ham.example.com/?a=1&b=2"])
def test_makers_and_models_link_to_their_web_pages(url: str) -> None:
    page = _Page(render_page(attrs.evolve(JAMBON, manufacturer_url=url, model_url=url), [], language="en"))
    assert page.of("a", "href") == [url, url]


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", " JAVASCRIPT:alert(1)", "data:text/html,x", "ham.example.com", "//x"]
)
def test_other_schemes_are_not_links(url: str) -> None:
    page = _Page(render_page(attrs.evolve(JAMBON, manufacturer_url=url, model_url=url), [], language="en"))
    assert page.of("a", "href") == []
    assert "Boucherie & fils" in page.texts


def test_the_page_loads_nothing_but_its_own_icon() -> None:
    icons = [
        Icon(mimetype="image/png", width=size, height=size, depth=24, url=f"{size}.png", data=b"png")
        for size in (48, 120)
    ]
    root = publish(attrs.evolve(JAMBON, icons=icons)).root
    document = render_page(root, LOCATIONS, language="en")
    page = _Page(document)
    assert page.of("img", "src") == [f"/{root.udn.uuid if root.udn else ''}/120.png"]
    assert "script" not in page.tags
    assert "link" not in page.tags
    assert b"url(" not in document
    assert b"@import" not in document


def test_the_page_shows_manufacturer_model_services_and_addresses() -> None:
    service = Service(service_type="urn:schemas-upnp-org:service:Ham:1", service_id="urn:upnp-org:serviceId:Ham")
    dish = Device(device_type="urn:x:device:Dish:1", friendly_name="Dish", manufacturer="x", model_name="x", udn="1")
    root = publish(attrs.evolve(JAMBON, services=[service], devices=[dish])).root
    page = _Page(render_page(root, LOCATIONS, language="fr-CA"))
    assert page.of("html", "lang") == ["fr-CA"]
    for text in ("Jambon <3000>", "Boucherie & fils", "Le jambon", "JMB-1", "urn:x:device:Dish:1", *LOCATIONS):
        assert text in page.texts
    assert root.services[0].scpd_url in page.of("a", "href")


def test_facts_without_a_value_are_left_out() -> None:
    page = _Page(render_page(attrs.evolve(JAMBON, serial_number=None, model_number=None), [], language="en"))
    assert "Serial number" not in page.texts
    assert "Model number" not in page.texts
    for heading in ("Addresses", "Services", "Embedded devices"):
        assert heading not in page.texts


@given(st.lists(st.tuples(lines.map(str.strip), SCHEMES | lines | st.just("/a/description.xml")), max_size=3))
def test_the_list_of_devices_has_every_name_and_only_safe_links(pages: list[tuple[str, str]]) -> None:
    page = _Page(render_device_list(pages))
    assert set(page.tags) <= MARKUP
    assert page.tags.count("li") == len(pages)
    assert {name for name, _ in pages} - {""} <= {_plain(text) for text in page.texts}
    assert page.of("a", "href") == [url for _, url in pages if re.match(r"https?://[^/\s]|/", url, re.IGNORECASE)]
