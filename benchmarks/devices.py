"""The devices that are compared: the command that starts each, its version, and why it is unavailable here."""

import shutil
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import attrs

from benchmarks.calls import MESSAGE_BOARD, SWITCH_POWER
from benchmarks.clients import ROOT_DEVICE
from benchmarks.namespaces import DEVICE_ADDRESS

OURS, GUPNP, ASYNC_UPNP_CLIENT, FLOOR = "upnp_trio", "gupnp", "async_upnp_client", "floor"
REPOSITORY = Path(__file__).resolve().parent.parent
PROGRAMS = REPOSITORY / "benchmarks" / "peers"
EXAMPLE = Path("examples", "jambon3000.toml")
HTTP_PORT = "49200"
COMPILE_SECONDS = 60.0

BASIC_DEVICE = "urn:schemas-upnp-org:device:Basic:1"
JAM_CONTROL = "urn:schemas-upnp-org:service:JamControl:1"


@attrs.frozen(kw_only=True)
class Light:
    """A device with services to call and to subscribe to.

    `command` starts it; `control` and `events` are the URLs of its services, relative to LOCATION, by service type.
    """

    command: tuple[str, ...]
    control: dict[str, str]
    events: dict[str, str]


@attrs.frozen(kw_only=True)
class Device:
    """One row of the tables; a device with a reason in `unavailable` is listed and not started.

    `search_targets` are those that it answers exactly once each. `window` is the part of MX over which it spreads its
    multicast answers, according to its source. `command` starts it; where that reads a device file, `plain_command`
    starts it without one. `light` is another device of the same program, or None, and so is `demo`, the light that the
    program itself offers; it has no message board.
    """

    name: str
    version: str = ""
    command: tuple[str, ...] = ()
    plain_command: tuple[str, ...] = ()
    search_targets: tuple[str, ...] = (ROOT_DEVICE,)
    window: tuple[float, float] = (0.0, 1.0)
    light: Light | None = None
    demo: Light | None = None
    remark: str = ""
    unavailable: str | None = None


def find_devices(scratch: Path) -> Iterator[Device]:
    """Yield all devices, this project's first; programs are compiled into `scratch`, which must outlive the devices."""
    yield _upnp_trio()
    yield _gupnp(scratch)
    yield _async_upnp_client()
    yield Device(
        name=FLOOR,
        version=f"trio {_version_of('trio')}",
        command=_python("benchmarks.peers.floor", DEVICE_ADDRESS, HTTP_PORT, str(PROGRAMS / "description.xml")),
        window=(0.0, 0.9),
        remark="a bare trio loop with constant answers; no UPnP device",
    )


def many_devices(count: int) -> Device:
    """This project with `count` root devices in one process; searches are for the last of them."""
    from benchmarks.peers.many_devices import udn_of

    return Device(
        name=OURS,
        command=_python("benchmarks.peers.many_devices", str(count), HTTP_PORT),
        search_targets=(udn_of(count - 1),),
    )


def _python(module: str, *arguments: str) -> tuple[str, ...]:
    return (sys.executable, "-m", module, *arguments)


def _version_of(distribution: str) -> str | None:
    try:
        return version(distribution)
    except PackageNotFoundError:
        return None


def _upnp_trio() -> Device:
    from upnp_trio import __version__

    return Device(
        name=OURS,
        version=__version__,
        command=_python(OURS, "--port", HTTP_PORT, "--quiet", str(EXAMPLE)),
        plain_command=_python(OURS, "--port", HTTP_PORT, "--quiet"),
        search_targets=(
            ROOT_DEVICE,
            "uuid:e427ce1a-3e80-43d0-ad6f-89ec42e46363",
            BASIC_DEVICE,
            "urn:boucherie-example-com:service:Jambon:1",
        ),
        window=(0.0, 0.9),
        light=_light(_python("benchmarks.peers.upnp_trio_light", HTTP_PORT)),
        demo=Light(
            command=_python(OURS, "demo", "light", "--port", HTTP_PORT, "--quiet"),
            control={SWITCH_POWER: "service-1/control"},
            events={SWITCH_POWER: "service-1/events"},
        ),
    )


def _async_upnp_client() -> Device:
    if (found := _version_of(ASYNC_UPNP_CLIENT)) is None:
        return Device(name=ASYNC_UPNP_CLIENT, unavailable="not installed: pip install async-upnp-client")
    return Device(
        name=ASYNC_UPNP_CLIENT,
        version=found,
        command=_python("benchmarks.peers.async_upnp_client_device", DEVICE_ADDRESS, HTTP_PORT),
        search_targets=(ROOT_DEVICE, "uuid:6f1d0a52-7c1e-4b6c-9a54-3d1f7e0c2b12", BASIC_DEVICE, JAM_CONTROL),
        window=(0.1, 0.75),
        light=_light(_python("benchmarks.peers.async_upnp_client_light", DEVICE_ADDRESS, HTTP_PORT)),
    )


def _gupnp(scratch: Path) -> Device:
    try:
        gssdp, gupnp = (_output("pkg-config", "--modversion", module) for module in ("gssdp-1.6", "gupnp-1.6"))
        flags = _output("pkg-config", "--cflags", "--libs", "gupnp-1.6").split()
    except (OSError, subprocess.SubprocessError):
        return Device(name=GUPNP, unavailable="not installed: apt-get install libgupnp-1.6-dev pkg-config")
    program = scratch / "gupnp_device"
    try:
        _output("cc", "-O2", str(PROGRAMS / "gupnp_device.c"), "-o", str(program), *flags)
    except (OSError, subprocess.SubprocessError) as error:
        return Device(name=GUPNP, unavailable=f"peers/gupnp_device.c does not compile: {error}")
    shutil.copy(PROGRAMS / "description.xml", scratch)
    light = shutil.copytree(PROGRAMS / "light", scratch / "light")
    return Device(
        name=GUPNP,
        version=f"{gupnp}, gssdp {gssdp}",
        command=(str(program), DEVICE_ADDRESS, HTTP_PORT, str(scratch)),
        search_targets=(ROOT_DEVICE, "uuid:6f1d0a52-7c1e-4b6c-9a54-3d1f7e0c2b13", BASIC_DEVICE, JAM_CONTROL),
        light=_light((str(program), DEVICE_ADDRESS, HTTP_PORT, str(light))),
        remark="in C; ignores unicast searches",
    )


def _light(command: tuple[str, ...]) -> Light:
    """All libraries leave these URLs to the program, and the programs have the same."""
    names = {SWITCH_POWER: "SwitchPower", MESSAGE_BOARD: "MessageBoard"}
    return Light(
        command=command,
        control={service_type: f"control/{name}" for service_type, name in names.items()},
        events={service_type: f"events/{name}" for service_type, name in names.items()},
    )


def _output(*command: str) -> str:
    finished = subprocess.run(command, check=True, capture_output=True, text=True, timeout=COMPILE_SECONDS)
    return finished.stdout.strip()
