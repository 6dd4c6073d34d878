"""Devices that are cloned without a network: what was observed of them, and the clones as `load_device` reads them."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path

import attrs

from upnp_trio.cloning.clone import Clone, make_clone
from upnp_trio.cloning.observed import Delays, Observed, ObservedAnswer
from upnp_trio.documents.device_file import load_device
from upnp_trio.model.device import Icon, RootDevice, Service
from upnp_trio.model.literal_url import LiteralUrl

__all__ = ["LIGHT", "LOCATION", "PNG", "SCPD", "answer", "clone_of", "observed", "without_identity"]

LOCATION = LiteralUrl.parse("http://192.0.2.7:4004/light.xml")
CLONED_AT = "2026-07-30 12:00 UTC"
SCPD = (Path(__file__).parents[2] / "benchmarks/peers/light/SwitchPower.xml").read_bytes()
PNG = b"\x89PNG\r\n\x1a\n" + bytes(20)
#: a light of GUPnP's kind, as it describes itself
LIGHT = RootDevice(
    device_type="urn:schemas-upnp-org:device:BinaryLight:1",
    friendly_name="Light",
    manufacturer="Example",
    model_name="Light",
    udn="uuid:0a5d3b4e-8b52-4b6e-8a75-4e0f6ee10b8d",
    spec_version=(1, 0),
    url_base="http://192.0.2.7:4004/",
    config_id=7,
    icons=[Icon(mimetype="image/png", width=48, height=48, depth=24, url="/icon.png", data=PNG)],
    services=[
        Service(
            service_type="urn:schemas-upnp-org:service:SwitchPower:1",
            service_id="urn:upnp-org:serviceId:SwitchPower",
            scpd_url="/SwitchPower1.xml",
            control_url="/SwitchPower/Control",
            event_sub_url="/SwitchPower/Event",
            scpd=SCPD,
        )
    ],
)
HEADERS = {
    "Cache-Control": "max-age=1800",
    "Ext": "",
    "Location": LOCATION.text,
    "Server": "Linux/6.1 UPnP/1.0 GUPnP/1.6.3",
}


def answer(*, usn: str = "uuid:1", latency: float = 0.001, mx: int | None = None, **headers: str) -> ObservedAnswer:
    fields = HEADERS | {"USN": usn} | {name.replace("_", "-"): value for name, value in headers.items()}
    lines = ["HTTP/1.1 200 OK", *(f"{name}: {value}" for name, value in fields.items()), "", ""]
    return ObservedAnswer(payload="\r\n".join(lines).encode("latin-1"), latency=latency, mx=mx)


def observed(device: RootDevice = LIGHT, *answers: ObservedAnswer) -> Observed:
    return Observed(
        device=device,
        location=LOCATION,
        document=b"<root/>",
        answers=answers or (answer(usn="uuid:1"), answer(usn="uuid:2")),
        unicast=Delays(5, 0.0005, 0.001, 0.002),
    )


def clone_of(seen: Observed, *, seed: str | None = "this host") -> tuple[Clone, RootDevice]:
    """The clone, and the device that is served from it."""
    clone = make_clone(seen, seed=seed, cloned_at=CLONED_AT)
    return clone, loaded(clone.files)


def loaded(files: Mapping[str, bytes]) -> RootDevice:
    """The device of *files*, written into a folder."""
    with tempfile.TemporaryDirectory() as folder:
        for name, data in files.items():
            path = Path(folder, name)
            assert path.resolve().is_relative_to(Path(folder).resolve())
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(data)
        return load_device(folder)


def without_identity(device: RootDevice) -> RootDevice:
    """*device* without what a clone must change."""
    return attrs.evolve(device, udn=None, friendly_name="", config_id=None, url_base=None)
