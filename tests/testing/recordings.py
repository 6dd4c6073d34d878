"""A recording with something of everything, to make assertions about."""

from __future__ import annotations

from tests.testing.lamps import UDN
from upnp_trio.ssdp.messages import GROUP, Alive, ByeBye, Search, SearchResponse, Update
from upnp_trio.ssdp.rendering import (
    render_alive,
    render_byebye,
    render_search,
    render_search_response,
    render_update,
)
from upnp_trio.testing import Recording

__all__ = ["OTHER", "TO_ALL", "an_alive", "some_recording"]

OTHER = "uuid:8e5c1a2e-95cd-4b4b-b4b6-8b7f0c1f9e11"
LOCATION = "http://192.0.2.7:49152/description.xml"
TO_ALL = (GROUP, 1900)


def an_alive(usn: str = UDN, location: str = LOCATION) -> bytes:
    message = Alive(
        notification_type=usn.partition("::")[2] or usn, usn=usn, location=location, server="", max_age=1800
    )
    return render_alive(message)


def a_byebye(usn: str = UDN) -> bytes:
    return render_byebye(ByeBye(notification_type=usn, usn=usn))


def some_recording() -> Recording:
    """An alive at 1, 2 and 3 from two addresses, a search at 4 with its answer, byebye at 5, an alive at 6."""
    found = Recording()
    found.add(1.0, "link", ("192.0.2.7", 1900), TO_ALL, an_alive(f"{UDN}::upnp:rootdevice"))
    found.add(2.0, "link", ("192.0.2.7", 1900), TO_ALL, an_alive())
    found.add(3.0, "upstairs", ("192.0.2.8", 1900), TO_ALL, an_alive(location="http://192.0.2.8/"))
    found.add(4.0, "link", ("192.0.2.9", 5000), TO_ALL, render_search(Search(search_target="ssdp:all", mx=1)))
    answer = SearchResponse(search_target=UDN, usn=UDN, location=LOCATION, server="", max_age=1800)
    found.add(4.5, "link", ("192.0.2.7", 1900), ("192.0.2.9", 5000), render_search_response(answer))
    found.add(5.0, "link", ("192.0.2.7", 1900), TO_ALL, a_byebye())
    found.add(5.0, "link", ("192.0.2.7", 1900), TO_ALL, an_alive(OTHER))
    found.add_connection(6.0, "link", "192.0.2.9", ("192.0.2.7", 80)).outcome = "refused"
    found.add(7.0, "link", ("192.0.2.9", 1), TO_ALL, b"\x1b[31mwhat is this?")
    notice = Update(notification_type=UDN, usn=UDN, location=LOCATION, boot_id=1, config_id=1, next_boot_id=2, nls=None)
    found.add(8.0, "link", ("192.0.2.7", 1900), TO_ALL, render_update(notice))
    return found
