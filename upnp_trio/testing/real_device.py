"""A real device on loopback, for tests of programs that open sockets themselves, with asyncio, threads or anything."""

from __future__ import annotations

import time
import uuid
from contextlib import ExitStack, asynccontextmanager
from ipaddress import IPv4Address, ip_address
from typing import TYPE_CHECKING, Unpack
from weakref import WeakSet

import attrs

from upnp_trio.bridging.thread_serving import Running, serve_device_thread
from upnp_trio.bridging.trio_thread import TrioThread
from upnp_trio.bridging.worker_threads import WorkerThreads
from upnp_trio.errors import NetworkError
from upnp_trio.model.names import Udn
from upnp_trio.monitoring.events import NetworkChanged
from upnp_trio.network.changes import Changes
from upnp_trio.network.claims import Claims
from upnp_trio.server.boot_ids import BootIds, UsedBootIds
from upnp_trio.server.identity import require_root_device
from upnp_trio.server.options import ServeOptions, Settings
from upnp_trio.server.serve import serve_on
from upnp_trio.testing.loopback_network import LoopbackNetwork

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from types import TracebackType

    from upnp_trio.model.device import RootDevice
    from upnp_trio.server.running import Running as TrioRunning

__all__ = ["RealDevice"]

# A change of the address takes a tenth of a second; a busy machine may take long.
MOVE_SECONDS = 30.0

#: those of this process that run
running_devices: WeakSet[RealDevice] = WeakSet()


class RealDevice:
    """A device on this host's loopback, which a search to 239.255.255.250 on loopback finds.

    It is a context manager, and serves *device* in a thread of its own while its body runs; *options* are those of
    `upnp_trio.serve_device`. A device without a UDN gets one that no other test has. Its methods block, for a moment,
    until what they do is done, and may be called in any thread but those of its own handlers.
    """

    def __init__(self, device: RootDevice, address: str = "127.0.0.1", **options: Unpack[ServeOptions]) -> None:
        require_root_device(device)
        device = attrs.evolve(device, udn=device.udn or Udn(uuid.uuid4()))
        options.setdefault("state_dir", None)
        self._device = device
        self._settings = Settings(**options)
        self._used = UsedBootIds()
        self._network = LoopbackNetwork(Changes(None), Claims(), _checked(address))
        self._thread: TrioThread[TrioRunning] | None = None
        self._running: Running | None = None
        self._stack = ExitStack()

    def __repr__(self) -> str:
        state = f"at {self.address}" if self.is_running else "that is not running"
        return f"<RealDevice {self._device.friendly_name!r} {state}>"

    def __enter__(self) -> RealDevice:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        if self.is_running:
            self.stop()

    # --- what it is ---------------------------------------------------------------------------------------------------

    @property
    def running(self) -> Running:
        """What ``upnp_trio.threads.serve_in_thread`` gives. Raises `RuntimeError` while the device does not run."""
        if self._running is None:
            raise RuntimeError("the device is not running; start it")
        return self._running

    @property
    def is_running(self) -> bool:
        """Whether the device runs."""
        return self._running is not None

    @property
    def device(self) -> RootDevice:
        """The device as it is served; while it does not run, as it was given, with its UDN."""
        return self._device if self._running is None else self._running.device

    @property
    def udn(self) -> str:
        """Its UDN: ``uuid:`` and a UUID."""
        return str(self._device.udn)

    @property
    def address(self) -> str:
        """Its address now: ``127.0.0.1``, unless it was moved."""
        return self._network.address

    @property
    def port(self) -> int:
        """The TCP port of HTTP. Raises `RuntimeError` while the device does not run."""
        port = self.running.port
        assert port is not None
        return port

    @property
    def location(self) -> str:
        """The URL of its description. Raises `RuntimeError` while the device does not run."""
        return self.running.locations[0]

    # --- what happens to it -------------------------------------------------------------------------------------------

    def start(self, address: str | None = None) -> None:
        """Start the device, at *address* or where it was last, with a higher BOOTID than before.

        Returns when a search would find it. Raises `RuntimeError` if it runs already.
        """
        if self._running is not None:
            raise RuntimeError("the device is running already; move_to changes its address")
        if address is not None:
            self._network.address = _checked(address)
        self._network.is_mute = False
        self._thread = TrioThread(self._serve, f"upnp_trio at {self.address}")
        self._running = self._stack.enter_context(serve_device_thread(self._thread))
        running_devices.add(self)

    def stop(self) -> None:
        """Stop the device, with byebye."""
        self._running = None
        running_devices.discard(self)
        self._stack.close()

    def disappear(self) -> None:
        """Stop without byebye, as if its plug had been pulled: it sends nothing more, and refuses connections."""
        self._network.is_mute = True
        self.stop()

    def restart(self, address: str | None = None) -> None:
        """Disappear and start again at once, at *address* or where it was, as after a power failure."""
        self.disappear()
        self.start(address)

    def move_to(self, address: str) -> None:
        """Move to another address, 127.0.0.2 to 127.255.255.254, as after a new DHCP lease, and announce itself there.

        Returns when a search would find it there. Raises `RuntimeError` while the device does not run, and
        `NetworkError` if this host has no such address: macOS has 127.0.0.1 alone.
        """
        running, address = self.running, _checked(address)
        if address == self.address:
            return
        assert self._thread is not None
        with running.subscribe() as events:
            self._thread.token.run_sync_soon(self._network.move, address)
            deadline = time.monotonic() + MOVE_SECONDS
            while not isinstance(events.get(timeout=max(deadline - time.monotonic(), 0)), NetworkChanged):
                pass
        if not running.locations:
            raise NetworkError(f"this host has no address {address} on loopback, so the device is nowhere now")

    @asynccontextmanager
    async def _serve(self) -> AsyncIterator[TrioRunning]:
        boot_ids = BootIds(self._settings.utcnow, self._settings.state_dir, used=self._used)
        async with serve_on(self._network, [self._device], self._settings, boot_ids, WorkerThreads()) as running:
            yield running


def _checked(address: str) -> str:
    try:
        parsed = ip_address(address)
    except ValueError:
        parsed = None
    if not isinstance(parsed, IPv4Address) or not parsed.is_loopback:
        raise ValueError(f"the address is {address!r}; it must be on loopback, 127.0.0.1 to 127.255.255.254")
    return str(parsed)
