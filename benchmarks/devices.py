"""The devices that are compared: how each is started, which version it is, and why it cannot be had here."""

import shutil
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path

import attrs

from benchmarks.namespaces import DEVICE_ADDRESS

OURS = "upnp_trio"
REPOSITORY = Path(__file__).resolve().parent.parent
PROGRAMS = REPOSITORY / "benchmarks" / "peers"
EXAMPLE = Path("examples", "jambon3000.toml")
HTTP_PORT = "49200"
COMPILE_SECONDS = 60.0


@attrs.frozen(kw_only=True)
class Device:
    """One row of the table; a device with a reason in `unavailable` is listed and not started."""

    name: str
    version: str = ""
    command: tuple[str, ...] = ()
    serves_http: bool = True
    remark: str = ""
    unavailable: str | None = None


def find_devices(scratch: Path) -> Iterator[Device]:
    """All devices, this project first; programs are compiled into `scratch`, which must outlive the devices."""
    yield _upnp_trio()
    yield _async_upnp_client()
    yield _ssdpy()
    yield _gupnp(scratch)
    yield Device(
        name="floor",
        version=f"trio {_version_of('trio')}",
        command=_python("benchmarks.peers.floor", DEVICE_ADDRESS, HTTP_PORT, str(PROGRAMS / "description.xml")),
        remark="a bare trio loop with constant answers, sent at once; no UPnP device",
    )


def _python(module: str, *arguments: str) -> tuple[str, ...]:
    return (sys.executable, "-m", module, *arguments)


def _version_of(distribution: str) -> str | None:
    try:
        return version(distribution)
    except PackageNotFoundError:
        return None


def _upnp_trio() -> Device:
    if find_spec("upnp_trio") is None or find_spec("upnp_trio.__main__") is None:
        return Device(name=OURS, unavailable="the package is not importable; run from the repository's root")
    if not (REPOSITORY / EXAMPLE).exists():
        return Device(name=OURS, unavailable=f"{EXAMPLE} is missing")
    from upnp_trio import __version__

    return Device(
        name=OURS,
        version=__version__,
        command=_python(OURS, "--port", HTTP_PORT, "--quiet", str(EXAMPLE)),
        remark="spreads its answers over MX",
    )


def _async_upnp_client() -> Device:
    name = "async_upnp_client"
    if (found := _version_of(name)) is None:
        return Device(name=name, unavailable="not installed: pip install async-upnp-client")
    return Device(
        name=name,
        version=found,
        command=_python("benchmarks.peers.async_upnp_client_device", DEVICE_ADDRESS, HTTP_PORT),
        remark="spreads its answers over MX",
    )


def _ssdpy() -> Device:
    name = "ssdpy"
    if (found := _version_of(name)) is None:
        return Device(name=name, unavailable="not installed: pip install ssdpy==0.4.1")
    return Device(
        name=name,
        version=found,
        command=_python("benchmarks.peers.ssdpy_device", DEVICE_ADDRESS),
        serves_http=False,
        remark="answers at once, without regard to MX, and with a NOTIFY; has no HTTP and announces nothing",
    )


def _gupnp(scratch: Path) -> Device:
    name = "gupnp"
    try:
        gssdp, gupnp = (_output("pkg-config", "--modversion", module) for module in ("gssdp-1.6", "gupnp-1.6"))
        flags = _output("pkg-config", "--cflags", "--libs", "gupnp-1.6").split()
    except (OSError, subprocess.SubprocessError):
        return Device(name=name, unavailable="not installed: apt-get install libgupnp-1.6-dev pkg-config")
    program = scratch / "gupnp_device"
    try:
        _output("cc", "-O2", str(PROGRAMS / "gupnp_device.c"), "-o", str(program), *flags)
    except (OSError, subprocess.SubprocessError) as error:
        return Device(name=name, unavailable=f"peers/gupnp_device.c does not compile: {error}")
    shutil.copy(PROGRAMS / "description.xml", scratch)
    return Device(
        name=name,
        version=f"{gupnp}, gssdp {gssdp}",
        command=(str(program), DEVICE_ADDRESS, HTTP_PORT, str(scratch)),
        remark="in C; spreads its answers over MX; ignores unicast searches",
    )


def _output(*command: str) -> str:
    finished = subprocess.run(command, check=True, capture_output=True, text=True, timeout=COMPILE_SECONDS)
    return finished.stdout.strip()
