"""Settings and fixtures for all tests."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import pytest
from hypothesis import settings

if sys.platform == "win32":
    # Modules that cannot be imported there: what runs in network namespaces, counts file descriptors, sends signals of
    # POSIX, or builds the documentation and the package, which is done on Linux.
    collect_ignore_glob = [
        "benchmarks/*",
        "docs/*",
        "network/test_*.py",
        "package/*",
        *(
            f"network/units/test_{name}.py"
            for name in (
                *("changes", "connect", "facing", "holders", "host_interfaces", "http_client", "opening"),
                "system_asking",
            )
        ),
    ]

# Generating trees of devices takes long on a busy machine. pytest-timeout bounds the whole test instead.
settings.register_profile("upnp_trio", deadline=None)
settings.load_profile("upnp_trio")


@pytest.fixture(autouse=True, scope="session")
def state_directory(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Devices that are served on a real network, here or by the command, do not keep their BOOTIDs with the user's."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("XDG_STATE_HOME", str(tmp_path_factory.mktemp("state")))
        patched.delenv("STATE_DIRECTORY", raising=False)
        yield


@pytest.fixture
def imports_undone() -> Iterator[None]:
    """After the test, `sys.path` and `sys.modules` are as they were; importing code by its name changes both.

    Modules of ours that were imported meanwhile stay: another import would make other classes than those in use.
    """
    path, modules = list(sys.path), dict(sys.modules)
    yield
    sys.path[:] = path
    for name in set(sys.modules) - set(modules):
        if name.partition(".")[0] not in ("upnp_trio", "tests"):
            del sys.modules[name]
    sys.modules.update(modules)
