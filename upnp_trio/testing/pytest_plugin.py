"""The pytest plugin: fixtures for programs that are tested with a network in memory, or with real devices on loopback.

It is loaded in every run of pytest where upnp_trio is installed, so it imports nothing until a fixture is used.
"""

from __future__ import annotations

import sys
import warnings
from inspect import signature
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator
    from typing import Any

    from upnp_trio.testing import MemoryNetwork
    from upnp_trio.testing.device_factory import DeviceFactory
    from upnp_trio.testing.real_device import RealDevice

__all__ = ["upnp_device", "upnp_network"]

# A failure's report shows so many datagrams, the first and the last ones.
MAX_SHOWN = 100

_NETWORK = pytest.StashKey["MemoryNetwork"]()
_STARTED = pytest.StashKey["set[RealDevice]"]()
_WHY_NO_NAMESPACE = pytest.StashKey["str | None"]()

_NAMESPACE_HELP = "give each test process a network namespace of its own, for devices of upnp_device (Linux)"


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("upnp-trio")
    group.addoption("--upnp-namespace", action="store_true", default=None, help=_NAMESPACE_HELP)
    parser.addini("upnp_namespace", _NAMESPACE_HELP, type="bool", default=False)


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line(
        "markers",
        "upnp_network(seed=0, seconds=0.001, jitter=0, loss=0, duplicates=0): how the fixture upnp_network is made",
    )


def pytest_sessionstart(session: pytest.Session) -> None:
    """Enter the namespace before any test, as what is opened before stays where it was."""
    config = session.config
    if not _wants_namespace(config) or getattr(config.option, "dist", "no") != "no":
        return  # the process that distributes tests runs none
    from upnp_trio.testing.isolation import Impossible
    from upnp_trio.testing.namespaces import enter_own_namespace

    try:
        enter_own_namespace()
    except Impossible as error:
        config.stash[_WHY_NO_NAMESPACE] = str(error)
    else:
        config.stash[_WHY_NO_NAMESPACE] = None


def _wants_namespace(config: pytest.Config) -> bool:
    chosen = config.getoption("--upnp-namespace")
    return bool(config.getini("upnp_namespace") if chosen is None else chosen)


@pytest.fixture
def upnp_network(request: pytest.FixtureRequest) -> Iterator[MemoryNetwork]:
    """A network in memory for this test, a `upnp_trio.testing.MemoryNetwork`.

    A test that pytest-trio runs has a clock that jumps over every wait, unless it asks for another clock. Any other
    test runs trio itself: ``upnp_network.run(main)``. The marker ``upnp_network(seed=1, loss=0.1)`` says how it is
    made. When the test fails, its report has what was sent. A socket that is still open at its end is a warning.
    """
    from upnp_trio.testing import seeded

    network = request.node.stash[_NETWORK] = _marked_network(request)
    if trio_marker := request.node.get_closest_marker("trio"):
        # pytest-trio runs the test with what the nearest marker says
        run = _seeded_run(network.seed, trio_marker.kwargs.get("run"))
        request.node.add_marker(pytest.mark.trio(run=run), append=False)
    with seeded(network.seed):  # for whatever else runs trio, as the plugin of anyio does
        yield network
    if left := network.left_open():
        _warn_of_left(request.node, left)


def _marked_network(request: pytest.FixtureRequest) -> MemoryNetwork:
    from upnp_trio.testing import MemoryNetwork

    marker = request.node.get_closest_marker("upnp_network")
    if marker is None:
        return MemoryNetwork()
    try:
        return MemoryNetwork(*marker.args, **marker.kwargs)
    except (TypeError, ValueError) as error:
        known = ", ".join(list(signature(MemoryNetwork).parameters))
        raise pytest.UsageError(f"{request.node.nodeid}: the marker upnp_network: {error}; it takes {known}") from None


def _seeded_run(seed: int, run: Callable[..., Any] | None) -> Callable[..., Any]:
    import trio
    import trio.testing

    from upnp_trio.testing import seeded

    def run_test(*arguments: Any, clock: trio.abc.Clock | None = None, **keywords: Any) -> Any:  # noqa: ANN401
        clock = clock or trio.testing.MockClock(autojump_threshold=0)
        with seeded(seed):
            return (run or trio.run)(*arguments, clock=clock, **keywords)

    return run_test


@pytest.fixture
def upnp_device(request: pytest.FixtureRequest) -> Iterator[DeviceFactory]:
    """Makes real devices on loopback for this test: ``lamp = upnp_device(RootDevice(...))``.

    Each is a `upnp_trio.testing.RealDevice`, and runs until the end of the test. Any program on this host finds it
    by a search to 239.255.255.250 on loopback. Tests of other processes with this fixture wait until this one has
    ended, so each sees its own devices only; with ``--upnp-namespace``, each process has a network of its own instead.
    """
    from upnp_trio.testing.device_factory import DeviceFactory
    from upnp_trio.testing.isolation import Impossible

    why_not = request.config.stash.get(_WHY_NO_NAMESPACE, None)
    if why_not is not None:
        pytest.skip(why_not)
    try:
        factory = DeviceFactory(is_alone=_wants_namespace(request.config))
    except Impossible as error:
        pytest.skip(str(error))
    with factory:
        yield factory


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    """Note which real devices a test starts by itself."""
    before = _running_devices()
    try:
        return (yield)
    finally:
        item.stash[_STARTED] = _running_devices() - before


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item) -> Generator[None, object, object]:
    """Warn of those that it has not stopped. What a fixture has started is the fixture's."""
    try:
        return (yield)
    finally:
        if left := item.stash.get(_STARTED, set()) & _running_devices():
            _warn_of_left(item, sorted(map(repr, left)))


def _running_devices() -> set[RealDevice]:
    module = sys.modules.get("upnp_trio.testing.real_device")
    return set() if module is None else set(module.running_devices)


def _warn_of_left(item: pytest.Item, left: list[str]) -> None:
    """A `ResourceWarning` would not be shown: Python ignores it by default."""
    warnings.warn(pytest.PytestWarning(f"{item.nodeid} has left open {', '.join(left)}"), stacklevel=2)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Show what was sent when a test fails, unless the failure itself shows it."""
    network = item.stash.get(_NETWORK, None)
    if call.excinfo is not None and network is not None and not _shows_recording(call.excinfo.value):
        item.add_report_section(call.when, "upnp_network", network.recording.show(most=MAX_SHOWN))
    return (yield)


def _shows_recording(error: BaseException) -> bool:
    """Whether the report of *error* has what was recorded: it is that of a recording's assertion, or has one in it."""
    from upnp_trio.testing.expectations import UnmetExpectation

    if isinstance(error, BaseExceptionGroup):
        return any(map(_shows_recording, error.exceptions))
    return isinstance(error, UnmetExpectation) and error.shows_recording
