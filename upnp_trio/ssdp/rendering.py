"""SSDP messages as datagrams, in the strict form of UDA 2.0 §1.1.

Lines end in CRLF. UPnP's header names are in upper case because some readers compare them by case (pupnp #611).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from upnp_trio.ssdp.messages import GROUP, PORT

if TYPE_CHECKING:
    from upnp_trio.ssdp.messages import Alive, ByeBye, Search, SearchResponse, Update

__all__ = [
    "render_alive",
    "render_byebye",
    "render_search",
    "render_search_response",
    "render_search_response_head",
    "render_update",
    "search_response_end",
]

# Declares the header 01-NLS, which the control points of UDA 1.0's IPv6 annex look for.
NLS_OPTION = '"http://schemas.upnp.org/upnp/1/0/"; ns=01'

#: names and values of header fields that UPnP does not define
Headers = tuple[tuple[str, str], ...]


def render_search(search: Search, *, host: str = f"{GROUP}:{PORT}") -> bytes:
    """Render an M-SEARCH to *host*; a unicast search has no MX (UDA 2.0 §1.3.2)."""
    return _render(
        "M-SEARCH * HTTP/1.1",
        ("HOST", host),
        ("MAN", '"ssdp:discover"'),
        ("MX", search.mx),
        ("ST", search.search_target),
        ("USER-AGENT", search.user_agent),
    )


def render_alive(alive: Alive, *, host: str = f"{GROUP}:{PORT}", headers: Headers = ()) -> bytes:
    """Render the announcement of one row of the set, with the vendor's own *headers* (UDA 2.0 §1.2.2)."""
    return _render(
        "NOTIFY * HTTP/1.1",
        ("HOST", host),
        ("CACHE-CONTROL", f"max-age={alive.max_age}"),
        ("LOCATION", alive.location),
        ("NT", alive.notification_type),
        ("NTS", "ssdp:alive"),
        ("SERVER", alive.server),
        ("USN", alive.usn),
        ("BOOTID.UPNP.ORG", alive.boot_id),
        ("CONFIGID.UPNP.ORG", alive.config_id),
        ("SEARCHPORT.UPNP.ORG", alive.search_port),
        *_nls(alive.nls),
        *headers,
    )


def render_byebye(byebye: ByeBye, *, host: str = f"{GROUP}:{PORT}") -> bytes:
    """Render the revocation of one row of the set (UDA 2.0 §1.2.3)."""
    return _render(
        "NOTIFY * HTTP/1.1",
        ("HOST", host),
        ("NT", byebye.notification_type),
        ("NTS", "ssdp:byebye"),
        ("USN", byebye.usn),
        ("BOOTID.UPNP.ORG", byebye.boot_id),
        ("CONFIGID.UPNP.ORG", byebye.config_id),
        *_nls(byebye.nls),
    )


def render_update(update: Update, *, host: str = f"{GROUP}:{PORT}") -> bytes:
    """Render the notice that BOOTID is about to change, for one row of the set (UDA 2.0 §1.2.4)."""
    return _render(
        "NOTIFY * HTTP/1.1",
        ("HOST", host),
        ("LOCATION", update.location),
        ("NT", update.notification_type),
        ("NTS", "ssdp:update"),
        ("USN", update.usn),
        ("BOOTID.UPNP.ORG", update.boot_id),
        ("CONFIGID.UPNP.ORG", update.config_id),
        ("NEXTBOOTID.UPNP.ORG", update.next_boot_id),
        ("SEARCHPORT.UPNP.ORG", update.search_port),
        *_nls(update.nls),
    )


def render_search_response(response: SearchResponse, *, headers: Headers = ()) -> bytes:
    """Render one answer to a search, with the vendor's own *headers* (UDA 2.0 §1.3.3)."""
    return render_search_response_head(response, headers=headers) + search_response_end(response.date)


def render_search_response_head(response: SearchResponse, *, headers: Headers = ()) -> bytes:
    """Render an answer without DATE and the empty line, so that it can be cached and sent many times."""
    return _render(
        "HTTP/1.1 200 OK",
        ("CACHE-CONTROL", f"max-age={response.max_age}"),
        ("EXT", ""),
        ("LOCATION", response.location),
        ("SERVER", response.server),
        ("ST", response.search_target),
        ("USN", response.usn),
        ("BOOTID.UPNP.ORG", response.boot_id),
        ("CONFIGID.UPNP.ORG", response.config_id),
        ("SEARCHPORT.UPNP.ORG", response.search_port),
        *_nls(response.nls),
        *headers,
    )[:-2]


def search_response_end(date: str | None) -> bytes:
    """Render what follows the head of an answer: DATE, if there is one, and the empty line."""
    return b"\r\n" if date is None else f"DATE: {date}\r\n\r\n".encode()


def _nls(nls: str | None) -> tuple[tuple[str, str], ...]:
    return () if nls is None else (("OPT", NLS_OPTION), ("01-NLS", nls))


def _render(start_line: str, *headers: tuple[str, str | int | None]) -> bytes:
    lines = [f"{name}: {value}" if value != "" else f"{name}:" for name, value in headers if value is not None]
    return "\r\n".join([start_line, *lines, "", ""]).encode()
