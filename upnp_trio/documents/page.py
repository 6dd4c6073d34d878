"""The built-in page of a device, which Windows opens on a double click in its Network folder (UDA 2.0 §5).

The page is HTML without scripts. It loads nothing but the device's icon, and every value in it is escaped.
"""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from upnp_trio._version import __version__
from upnp_trio.model.urls import has_scheme, is_web_link

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from upnp_trio.model.device import Device

__all__ = ["render_device_list", "render_page"]

_STYLE = """
:root { color-scheme: light dark; --ink: #1d2433; --soft: #5b6577; --line: #d9dee7; --back: #f5f7fa; --card: #fff;
  --link: #0b5cad; }
@media (prefers-color-scheme: dark) { :root { --ink: #e8ebf1; --soft: #a3adbd; --line: #343c4a; --back: #161a21;
  --card: #1f252e; --link: #7ab8ff; } }
* { box-sizing: border-box; }
body { margin: 0; padding: 2rem 1rem; background: var(--back); color: var(--ink);
  font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "DejaVu Sans", sans-serif; }
main { max-width: 46rem; margin: 0 auto; background: var(--card); border: 1px solid var(--line);
  border-radius: 12px; padding: 2rem; overflow-wrap: anywhere; }
header { display: flex; gap: 1.25rem; align-items: center; }
header img { width: 72px; height: 72px; object-fit: contain; }
h1 { font-size: 1.75rem; line-height: 1.2; margin: 0; }
h2 { font-size: 1.05rem; margin: 2rem 0 .5rem; }
p { margin: .25rem 0; color: var(--soft); }
dl { display: grid; grid-template-columns: minmax(7rem, max-content) 1fr; gap: .35rem 1.25rem; margin: 0; }
dt { color: var(--soft); }
dd { margin: 0; }
ul { margin: 0; padding-left: 1.2rem; }
code { font: .9em/1.4 ui-monospace, "DejaVu Sans Mono", monospace; }
a { color: var(--link); }
footer { max-width: 46rem; margin: 1rem auto; color: var(--soft); font-size: .85rem; text-align: center; }
"""


def render_page(device: Device, locations: Sequence[str], *, language: str) -> bytes:
    """The page of *device*, with the URLs of its description as addresses; its texts are in *language*."""
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
    return _document(device.friendly_name, "\n".join(sections), language)


def render_device_list(pages: Iterable[tuple[str, str]]) -> bytes:
    """A page with links to the pages of several devices; *pages* holds pairs of name and URL."""
    items = _list("", (_anchor(url, name) for name, url in pages))
    return _document("UPnP devices", "\n".join(["<h1>UPnP devices</h1>", *items]), "en")


def _document(title: str, body: str, language: str) -> bytes:
    return (
        f'<!DOCTYPE html>\n<html lang="{escape(language)}">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n<main>\n{body}\n</main>\n"
        f"<footer>Served by upnp_trio {__version__}</footer>\n</body>\n</html>\n"
    ).encode()


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
