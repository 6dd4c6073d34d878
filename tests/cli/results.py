"""Answers to searches, as a control point gives them."""

from __future__ import annotations

from upnp_trio.controlpoint.received import SearchResult
from upnp_trio.ssdp.messages import SearchResponse

__all__ = ["result"]


def result(
    udn: str = "uuid:1",
    target: str = "upnp:rootdevice",
    location: str = "http://192.0.2.7/",
    *,
    latency: float = 0.01,
    late_by: float = 0.0,
    interface: str = "eth0",
    sender: str = "192.0.2.7",
    forgiven: tuple[str, ...] = (),
) -> SearchResult:
    """An answer for *target* of the device with *udn*."""
    message = SearchResponse(
        search_target=target,
        usn=udn if target == udn else f"{udn}::{target}",
        location=location,
        server="OS/1 UPnP/1.1 x/1",
        max_age=1800,
        boot_id=7,
        config_id=3,
    )
    return SearchResult(
        message=message,
        latency=latency,
        late_by=late_by,
        interface=interface,
        sender=sender,
        port=1900,
        send=0,
        forgiven=forgiven,
    )
