"""Devices, datagrams and models to show."""

from __future__ import annotations

import attrs

from upnp_trio.cli.watching.columns import listing
from upnp_trio.cli.watching.controls import Controls, arrange
from upnp_trio.cli.watching.frames import Frame, Size
from upnp_trio.cli.watching.model import WatchModel
from upnp_trio.cli.watching.screen import Facts, draw, list_height
from upnp_trio.model.device import Device, RootDevice, Service
from upnp_trio.ssdp.found import DeviceAppeared, FoundDevice, FoundLocation
from upnp_trio.ssdp.messages import Alive, Message, Search

__all__ = ["Datagram", "Result", "alive", "appear", "device", "frame_of", "location", "root_device", "search", "udn"]

UPNP = "urn:schemas-upnp-org"


def udn(number: int) -> str:
    return f"uuid:00000000-0000-4000-8000-{number:012}"


def location(number: int, *, expires_at: float = 1800.0, interface: str = "eth0", **changes: object) -> FoundLocation:
    made = FoundLocation(
        url=f"http://192.0.2.{number}:49152/d.xml",
        interface=interface,
        index=2,
        sender=f"192.0.2.{number}",
        max_age=1800,
        expires_at=expires_at,
    )
    return attrs.evolve(made, **changes)  # type: ignore[arg-type]  # the fields of the class


def device(number: int, **changes: object) -> FoundDevice:
    made = FoundDevice(
        udn=udn(number),
        is_root=True,
        device_types=(f"{UPNP}:device:DimmableLight:1",),
        service_types=(f"{UPNP}:service:SwitchPower:1",),
        usns=(f"{udn(number)}::upnp:rootdevice", udn(number)),
        locations=(location(number),),
        server="Linux/6.1 UPnP/2.0 lamp/1",
        boot_id=number,
        config_id=1,
        search_port=None,
        forgiven=(),
    )
    return attrs.evolve(made, **changes)  # type: ignore[arg-type]  # the fields of the class


def root_device(number: int, name: str = "Kitchen", *, devices: tuple[Device, ...] = ()) -> RootDevice:
    return RootDevice(
        device_type=f"{UPNP}:device:DimmableLight:1",
        friendly_name=name,
        manufacturer="ACME",
        model_name="Light",
        model_number="3000",
        udn=udn(number),
        services=[Service(service_type=f"{UPNP}:service:SwitchPower:1", service_id="urn:upnp-org:serviceId:Power")],
        devices=devices,
    )


@attrs.frozen(kw_only=True)
class Datagram:
    """What a control point received."""

    message: Message | None = None
    flaw: str = ""
    forgiven: tuple[str, ...] = ()
    payload: bytes = b"NOTIFY * HTTP/1.1\r\n\r\n"
    source: tuple[str, int] | tuple[str, int, int, int] = ("192.0.2.9", 50000)
    destination: tuple[str, int] | tuple[str, int, int, int] = ("239.255.255.250", 1900)
    interface: str = "eth0"
    arrived_at: float = 0.0


@attrs.frozen(kw_only=True)
class Result:
    """An answer to a search of ours."""

    udn: str
    latency: float = 0.25
    late_by: float = 0.0
    interface: str = "eth0"
    sender: str = "192.0.2.7"


def search(target: str = "ssdp:all", *, mx: int | None = 3, agent: str | None = "app/1") -> Search:
    return Search(search_target=target, mx=mx, user_agent=agent)


def alive(number: int, max_age: int = 1800) -> Alive:
    return Alive(
        notification_type=udn(number),
        usn=udn(number),
        location=f"http://192.0.2.{number}:49152/d.xml",
        server="",
        max_age=max_age,
    )


def appear(model: WatchModel, *numbers: int, now: float = 0.0, names: tuple[str, ...] = ()) -> None:
    """Devices appear, and are described by *names*, if these are given."""
    for number in numbers:
        model.change(DeviceAppeared(device(number)), now)
    model.settle(now + 1)
    for number, name in zip(numbers, names, strict=False):
        while (probe := model.locations.take(now)) is not None and probe.udn != udn(number):
            pass
        assert probe is not None
        model.location_answered(probe, 0.012, now, root_device(number, name))


def facts(**changes: object) -> Facts:
    made = Facts(now=10.0, time_of_day=lambda moment: f"12:00:{moment:02.0f}", where="eth0 192.0.2.9")
    return attrs.evolve(made, **changes)  # type: ignore[arg-type]  # the fields of the class


def frame_of(model: WatchModel, controls: Controls | None = None, size: Size | None = None, **changes: object) -> Frame:
    """The screen that a user sees."""
    controls, size = controls or Controls(), size or Size(120, 30)
    rows = listing(
        model,
        controls.words,
        controls.sort,
        is_reversed=controls.is_reversed,
        shows_embedded=controls.shows_embedded,
    )
    controls = arrange(controls, [row.device.udn.lower() for row in rows], list_height(size))
    return draw(model, rows, controls, size, facts(**changes))
