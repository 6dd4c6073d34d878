"""The messages about each row of a root device, at one origin (UDA 2.0 §1.2, §1.3)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from upnp_trio.model.placeholders import LONGEST_HOST, filled
from upnp_trio.ssdp.messages import Alive, ByeBye, SearchResponse, Update
from upnp_trio.ssdp.rendering import (
    render_alive,
    render_byebye,
    render_search_response,
    render_search_response_head,
    render_update,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from upnp_trio.ssdp.advertisements import AdvertisedRoot
    from upnp_trio.ssdp.index import Match

__all__ = ["Origin", "alive_set", "byebye_set", "search_response_bytes", "search_response_head", "update_set"]

# The longest values of what is not known yet when the bytes of an answer are counted.
_LONGEST_BOOT_ID = 2**31 - 1
_DATE = "Sun, 06 Nov 1994 08:49:37 GMT"
_LONGEST_URL = f"http://{LONGEST_HOST}:65535"
# The shortest answer, from which lengths are counted.
_SHORTEST = SearchResponse(search_target="", usn="", location="", server="", max_age=0)


@attrs.frozen(kw_only=True)
class Origin:
    """What differs between the messages of a device's addresses (UDA 2.0 §1.2.2, §A.2)."""

    #: scheme, host and port of LOCATION
    base_url: str
    #: HOST of messages to the group
    host: str
    #: the port that answers unicast searches, if it is not 1900
    search_port: int | None = None
    #: whether messages repeat BOOTID in 01-NLS, for the control points of UDA 1.0's IPv6 annex
    adds_nls: bool = False
    #: how many bytes this adds to an answer at the most
    most_bytes: int = attrs.field(init=False, eq=False)

    @most_bytes.default
    def _count_bytes(self) -> int:
        nls = self.nls(_LONGEST_BOOT_ID)
        with_origin = attrs.evolve(_SHORTEST, location=self.base_url, search_port=self.search_port, nls=nls)
        return len(render_search_response(with_origin)) - len(render_search_response(_SHORTEST))

    def nls(self, boot_id: int) -> str | None:
        """Return the value of 01-NLS: BOOTID, which changes exactly when 01-NLS must."""
        return str(boot_id) if self.adds_nls else None


def alive_set(root: AdvertisedRoot, origin: Origin, boot_id: int) -> Iterator[bytes]:
    """Render ssdp:alive for each row of *root*."""
    headers = filled(root.headers, origin.base_url)
    for row in root.rows:
        alive = Alive(
            notification_type=row.notification_type,
            usn=row.usn,
            location=origin.base_url + root.description_path,
            server=root.server,
            max_age=root.max_age,
            boot_id=boot_id,
            config_id=root.config_id,
            search_port=origin.search_port,
            nls=origin.nls(boot_id),
        )
        yield render_alive(alive, host=origin.host, headers=headers)


def byebye_set(root: AdvertisedRoot, origin: Origin, boot_id: int) -> Iterator[bytes]:
    """Render ssdp:byebye for each row of *root*."""
    for row in root.rows:
        byebye = ByeBye(
            notification_type=row.notification_type,
            usn=row.usn,
            boot_id=boot_id,
            config_id=root.config_id,
            nls=origin.nls(boot_id),
        )
        yield render_byebye(byebye, host=origin.host)


def update_set(root: AdvertisedRoot, origin: Origin, boot_id: int, next_boot_id: int) -> Iterator[bytes]:
    """Render ssdp:update for each row of *root*: BOOTID will become *next_boot_id*, and the device keeps its state."""
    for row in root.rows:
        update = Update(
            notification_type=row.notification_type,
            usn=row.usn,
            location=origin.base_url + root.description_path,
            boot_id=boot_id,
            config_id=root.config_id,
            next_boot_id=next_boot_id,
            search_port=origin.search_port,
            nls=origin.nls(boot_id),
        )
        yield render_update(update, host=origin.host)


def search_response_head(match: Match, origin: Origin, boot_id: int) -> bytes:
    """Render the answer about *match*, without DATE and the empty line."""
    return render_search_response_head(
        SearchResponse(
            search_target=match.search_target,
            usn=match.usn,
            location=origin.base_url + match.root.description_path,
            server=match.root.server,
            max_age=match.root.max_age,
            boot_id=boot_id,
            config_id=match.root.config_id,
            search_port=origin.search_port,
            nls=origin.nls(boot_id),
        ),
        headers=filled(match.root.headers, origin.base_url),
    )


def search_response_bytes(root: AdvertisedRoot) -> int:
    """Return how many bytes an answer about *root* has at the most, without ST, USN and what its origin adds.

    A placeholder counts as the longest name, as the answer is charged before its origin is known.
    """
    response = SearchResponse(
        search_target="",
        usn="",
        location=root.description_path,
        server=root.server,
        max_age=root.max_age,
        boot_id=_LONGEST_BOOT_ID,
        config_id=root.config_id,
        date=_DATE,
    )
    # a header without a value is written without the space before it
    return len(render_search_response(response, headers=filled(root.headers, _LONGEST_URL))) + len(" ") * 2
