"""What a root device says of each of its rows at one origin: the messages of UDA 2.0 §1.2 and §1.3."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from upnp_trio.ssdp.messages import (
    Alive,
    ByeBye,
    SearchResponse,
    Update,
    render_alive,
    render_byebye,
    render_search_response_head,
    render_update,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from upnp_trio.ssdp.advertisements import AdvertisedRoot
    from upnp_trio.ssdp.search import Answer

__all__ = ["Origin", "alive_set", "byebye_set", "search_response_head", "update_set"]


@attrs.frozen(kw_only=True)
class Origin:
    """From where a device speaks: what differs between its addresses (UDA 2.0 §1.2.2, §A.2)."""

    #: scheme, host and port of LOCATION
    base_url: str
    #: HOST of what is sent to the group
    host: str
    #: where unicast searches are answered, if not on port 1900
    search_port: int | None = None
    #: whether the control points of UDA 1.0's IPv6 annex are to be told BOOTID in their own header as well
    tells_nls: bool = False

    def nls(self, boot_id: int) -> str | None:
        """The value of 01-NLS: BOOTID, which changes exactly when it must."""
        return str(boot_id) if self.tells_nls else None


def alive_set(root: AdvertisedRoot, origin: Origin, boot_id: int) -> Iterator[bytes]:
    """ssdp:alive for each row of *root*."""
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
        yield render_alive(alive, host=origin.host)


def byebye_set(root: AdvertisedRoot, origin: Origin, boot_id: int) -> Iterator[bytes]:
    """ssdp:byebye for each row of *root*."""
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
    """ssdp:update for each row of *root*: BOOTID is about to become *next_boot_id*, the state is kept."""
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


def search_response_head(answer: Answer, origin: Origin, boot_id: int) -> bytes:
    """An answer to a search, all but its date."""
    return render_search_response_head(
        SearchResponse(
            search_target=answer.search_target,
            usn=answer.usn,
            location=origin.base_url + answer.root.description_path,
            server=answer.root.server,
            max_age=answer.root.max_age,
            boot_id=boot_id,
            config_id=answer.root.config_id,
            search_port=origin.search_port,
            nls=origin.nls(boot_id),
        )
    )
