"""The built-in page of a device, which Windows opens on a double click in its Network folder (UDA 2.0 §5).

The page is HTML, and every value in it is escaped. It loads nothing but the device's icon. A device whose services have
handlers gets a live page, which has a script of ours as well: see `upnp_trio.documents.live_page`.
"""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from upnp_trio._version import __version__
from upnp_trio.documents.page_markup import PagePart, attributes
from upnp_trio.documents.page_style import STYLE
from upnp_trio.model.urls import has_scheme, is_web_link

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from upnp_trio.documents.live_page import LivePage
    from upnp_trio.model.device import Device

__all__ = ["render_device_list", "render_page"]


def render_page(device: Device, locations: Sequence[str], *, language: str, live: LivePage | None = None) -> bytes:
    """The page of *device*, with the URLs of its description as addresses; its texts are in *language*.

    With *live*, it shows the state of the services of *device* and has their forms. Then it is sent with
    `LIVE_PAGE_HEADERS` of `upnp_trio.documents.page_headers`, and without with `PAGE_HEADERS`.
    """
    part = PagePart(style=STYLE)
    if live is not None:
        from upnp_trio.documents.live_page import render_live_part  # imported here, as most pages have none

        part = render_live_part(device, live)
    icon = max(device.icons, key=lambda icon: icon.width * icon.height, default=None)
    picture = f'<img src="{escape(icon.url)}" alt="">' if icon else ""
    facts = [
        ("Manufacturer", _linked(device.manufacturer, device.manufacturer_url)),
        ("Model", _linked(device.model_name, device.model_url)),
        ("Model number", escape(device.model_number or "")),
        ("Serial number", escape(device.serial_number or "")),
        ("Device type", _code(device.device_type.text)),
        ("UDN", _code(str(device.udn or ""))),
    ]
    sections = [
        f"<header>{picture}<div><h1>{escape(device.friendly_name)}</h1>",
        f"<p>{escape(device.model_description or device.model_name)}</p></div></header>",
        *part.sections,
        "<h2>Device</h2><dl>",
        *(f"<dt>{name}</dt><dd>{value}</dd>" for name, value in facts if value),
        "</dl>",
        *_list("Addresses", (_anchor(location, location) for location in locations)),
        *_list(
            "Services",
            (
                f"{_code(service.service_type.text)} · {_anchor(service.scpd_url, 'SCPD')}"
                for embedded in device.walk()
                for service in embedded.services
            ),
        ),
        *_list(
            "Embedded devices",
            (
                f"{escape(embedded.friendly_name)} · {_code(embedded.device_type.text)}"
                for embedded in device.walk()
                if embedded is not device
            ),
        ),
    ]
    return _document(device.friendly_name, "\n".join(sections), language, part)


def render_device_list(pages: Iterable[tuple[str, str]]) -> bytes:
    """A page with links to the pages of several devices; *pages* holds pairs of name and URL."""
    items = _list("", (_anchor(url, name) for name, url in pages))
    return _document("UPnP devices", "\n".join(["<h1>UPnP devices</h1>", *items]), "en", PagePart(style=STYLE))


def _document(title: str, body: str, language: str, part: PagePart) -> bytes:
    text = (
        f'<!DOCTYPE html>\n<html lang="{escape(language)}">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)}</title>\n<style>{part.style}</style>\n{part.head}</head>\n<body>\n"
        f"<main{attributes(part.settings)}>\n{body}\n</main>\n"
        f"<footer>Served by upnp_trio {__version__}</footer>\n</body>\n</html>\n"
    )
    return text.encode("utf-8", "replace")  # a handler's text may have a surrogate, which is no reason for no page


def _list(title: str, items: Iterable[str]) -> list[str]:
    lines = [f"<li>{item}</li>" for item in items]
    heading = [f"<h2>{title}</h2>"] if title else []
    return [*heading, "<ul>", *lines, "</ul>"] if lines else []


def _code(text: str) -> str:
    return f"<code>{escape(text)}</code>" if text else ""


def _anchor(url: str, text: str) -> str:
    """*text* as a link to *url*, or as plain text if that is no web link: a URL may be "javascript:..."."""
    if not is_web_link(url):
        return escape(text)
    return f'<a href="{escape(url)}">{escape(text)}</a>'


def _linked(text: str, url: str | None) -> str:
    return _anchor(url, text) if url and has_scheme(url) else escape(text)
