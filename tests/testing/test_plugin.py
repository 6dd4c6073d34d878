"""The pytest plugin: how it is found, what it costs, and its network in memory."""

from __future__ import annotations

import os
import tomllib

import pytest

from tests.testing.runs import ASYNCIO, PLUGIN, ROOT, RUN_SECONDS, prepare, require, run

pytest_plugins = ("pytester",)


@pytest.fixture
def pytester(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    return prepare(pytester, monkeypatch)


def test_the_plugin_is_an_entry_point_under_its_own_name() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    # pytest refuses a module that is registered twice, by its name with -p and by another one as an entry point
    assert project["entry-points"]["pytest11"] == {PLUGIN: PLUGIN}
    assert [requirement.partition(">")[0] for requirement in project["optional-dependencies"]["testing"]] == ["pytest"]


def test_it_imports_next_to_nothing_until_a_fixture_is_used(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import sys

        HAD_ASYNCIO = "asyncio" in sys.modules  # from Python 3.14 on, pytest's debugger imports it

        def test_other_things():
            loaded = sorted(name for name in sys.modules if name.partition(".")[0] in ("upnp_trio", "trio", "attrs"))
            assert loaded == ["upnp_trio", "upnp_trio.testing", "upnp_trio.testing.pytest_plugin"]

        def test_the_network(upnp_network):
            assert "upnp_trio.testing.memory_network" in sys.modules
            assert ("asyncio" in sys.modules) is HAD_ASYNCIO
        """
    )
    run(pytester).assert_outcomes(passed=2)


def test_its_fixtures_marker_and_options_are_listed(pytester: pytest.Pytester) -> None:
    run(pytester, "--fixtures").stdout.fnmatch_lines(["upnp_network*", "*A network in memory for this test*"])
    run(pytester, "--markers").stdout.fnmatch_lines(["@pytest.mark.upnp_network(seed=0*"])
    run(pytester, "--help").stdout.fnmatch_lines(["*--upnp-namespace*"])


def test_a_plain_test_runs_trio_with_the_network(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        from tests.testing.strangers import find
        from upnp_trio.testing import alive, byebye

        def test_a_lamp(upnp_network):
            assert upnp_network.run(find, upnp_network)
            upnp_network.recording.expect(alive()).sent_from("192.0.2.1").before(byebye())
        """
    )
    run(pytester).assert_outcomes(passed=1)


@pytest.mark.parametrize("mode", ["trio_mode = true", ""])
def test_a_test_of_pytest_trio_has_a_clock_that_jumps(pytester: pytest.Pytester, mode: str) -> None:
    pytester.makeini(f"[pytest]\n{mode}")
    pytester.makepyfile(
        """
        import pytest
        import trio.testing
        from tests.testing.strangers import find

        @pytest.fixture
        def phone(upnp_network):
            return upnp_network.host("a phone")

        @pytest.mark.trio
        async def test_a_lamp(upnp_network, phone):
            assert await find(upnp_network)
            assert trio.current_time() > 3600

        @pytest.mark.trio
        async def test_another_clock(upnp_network, mock_clock):
            mock_clock.jump(5)
            assert trio.current_time() == 5
        """
    )
    run(pytester, "-p", "pytest_trio.plugin").assert_outcomes(passed=2)


def test_a_test_of_pytest_asyncio_has_it_as_well(pytester: pytest.Pytester) -> None:
    require("pytest_asyncio")
    pytester.makepyfile(
        """
        import asyncio
        import pytest
        import trio
        from tests.testing.strangers import find

        @pytest.mark.asyncio
        async def test_a_lamp(upnp_network):
            await asyncio.sleep(0)
            assert upnp_network.run(find, upnp_network)
            assert await asyncio.to_thread(upnp_network.run, trio.sleep, 3600) is None
        """
    )
    run(pytester, *ASYNCIO).assert_outcomes(passed=1)


def test_a_test_of_anyio_has_it_with_a_clock_of_its_own(pytester: pytest.Pytester) -> None:
    require("anyio.pytest_plugin")
    pytester.makepyfile(
        """
        import anyio
        import pytest
        import trio.testing
        from tests.testing.strangers import find

        @pytest.fixture
        def anyio_backend():
            return "trio", {"clock": trio.testing.MockClock(autojump_threshold=0)}

        @pytest.mark.anyio
        async def test_a_lamp(upnp_network):
            assert await find(upnp_network)
            await anyio.sleep(3600)
        """
    )
    run(pytester, "-p", "anyio.pytest_plugin").assert_outcomes(passed=1)


def test_a_marker_makes_the_network(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import pytest

        pytestmark = pytest.mark.upnp_network(seed=7)

        def test_the_module_s(upnp_network):
            assert upnp_network.seed == 7

        @pytest.mark.upnp_network(loss=0.5)
        def test_its_own(upnp_network):
            assert (upnp_network.seed, upnp_network.link.loss) == (0, 0.5)
        """
    )
    run(pytester, "--strict-markers").assert_outcomes(passed=2)


def test_two_runs_are_alike_to_the_byte(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        from pathlib import Path
        import pytest
        from tests.testing.strangers import find

        @pytest.mark.trio
        @pytest.mark.upnp_network(3, jitter=0.1, loss=0.1, duplicates=0.1)
        async def test_a_lamp(upnp_network):
            await find(upnp_network)
            path = Path("recorded")
            recorded = upnp_network.recording.as_bytes()
            assert not path.exists() or path.read_bytes() == recorded
            path.write_bytes(recorded)
        """
    )
    for _ in range(2):
        run(pytester, "-p", "pytest_trio.plugin").assert_outcomes(passed=1)
    assert (pytester.path / "recorded").stat().st_size > 1000


def test_a_failure_shows_what_was_sent(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        from tests.testing.strangers import find

        def test_a_lamp(upnp_network):
            upnp_network.run(find, upnp_network)
            assert 1 == 2

        def test_that_passes(upnp_network):
            upnp_network.run(find, upnp_network)
        """
    )
    result = run(pytester)
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(["*Captured upnp_network call*", "*192.0.2.1:1900 > everyone  alive uuid:*"])
    assert str(result.stdout).count("Captured upnp_network") == 1


@pytest.mark.parametrize("runs", ["def", "trio"])
def test_a_failed_expectation_shows_each_datagram_once(pytester: pytest.Pytester, runs: str) -> None:
    plain = """
        def test_a_lamp(upnp_network):
            upnp_network.run(find, upnp_network)
            upnp_network.recording.expect(byebye()).sent_from("192.0.2.9")
    """
    of_trio = """
        @pytest.mark.trio
        async def test_a_lamp(upnp_network):
            await find(upnp_network)
            upnp_network.recording.expect(byebye()).sent_from("192.0.2.9")
    """
    imports = """
        import pytest
        from tests.testing.strangers import find
        from upnp_trio.testing import byebye
    """
    pytester.makepyfile(imports + (plain if runs == "def" else of_trio))
    result = run(pytester, *(("-p", "pytest_trio.plugin") if runs == "trio" else ()))
    result.assert_outcomes(failed=1)
    shown = str(result.stdout)
    assert shown.count("expected byebye, sent from 192.0.2.9: there are none\n") == 1
    assert shown.count("everyone  byebye") == 6  # two sets of three
    if runs == "def":
        # the test's own line is what its reader needs; how the recorder counts is not
        assert "expectations.py:" not in shown


def test_what_an_expectation_has_left_out_is_shown_beside_it(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        from tests.testing.strangers import find
        from upnp_trio.testing import alive

        def test_a_lamp(upnp_network):
            upnp_network.run(find, upnp_network)
            upnp_network.recording.since(90_000).expect(alive())
        """
    )
    result = run(pytester)
    result.stdout.fnmatch_lines(
        [
            "E * expected alive since 90000: there are none; nothing was recorded since 90000",
            "*Captured upnp_network call*",
            "*192.0.2.1:1900 > everyone  alive uuid:*",
        ]
    )


def test_what_a_test_leaves_open_is_a_warning(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        def test_a_lamp(upnp_network):
            lamp = upnp_network.host("lamp")
            lamp.open_udp("192.0.2.1", 1900)
            lamp.listen(80)

        def test_that_closes(upnp_network):
            lamp = upnp_network.host("lamp")
            with lamp.open_udp("192.0.2.1", 1900), lamp.listen(80):
                pass
        """
    )
    left = "lamp: <UDP socket at 192.0.2.1:1900>, lamp: <listener at 192.0.2.1:80>"
    result = run(pytester)
    result.assert_outcomes(passed=2, errors=1)  # every warning is an error there
    result.stdout.fnmatch_lines([f"*PytestWarning: *::test_a_lamp has left open {left}"])


def test_a_marker_that_cannot_be_says_what_it_takes(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import pytest

        @pytest.mark.upnp_network(sed=3)
        def test_one(upnp_network): ...

        @pytest.mark.upnp_network(loss=3)
        def test_other(upnp_network): ...
        """
    )
    result = run(pytester)
    result.assert_outcomes(errors=2)
    takes = "it takes seed, seconds, jitter, loss, duplicates, start"
    result.stdout.fnmatch_lines(
        [
            f"E *the marker upnp_network: *unexpected keyword argument 'sed'*; {takes}",
            f"E *the marker upnp_network: loss is 3; *; {takes}",
        ]
    )


def test_it_works_under_xdist(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import pytest
        from tests.testing.strangers import find

        @pytest.mark.parametrize("number", range(6))
        def test_a_lamp(upnp_network, number):
            assert upnp_network.run(find, upnp_network)
        """
    )
    run(pytester, "-p", "xdist.plugin", "-n", "2").assert_outcomes(passed=6)


def test_it_works_without_other_plugins_in_a_process_of_its_own(pytester: pytest.Pytester) -> None:
    """Also where its entry point is found: pytest loads the installed one, and ``-p`` names it again."""
    info = pytester.mkdir("installed") / "a_program-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: a-program\nVersion: 1.0\n", encoding="utf-8")
    (info / "entry_points.txt").write_text(f"[pytest11]\n{PLUGIN} = {PLUGIN}\n", encoding="utf-8")
    pytester.makepyfile("def test_it(upnp_network): assert upnp_network.hosts == {}")
    path = os.pathsep.join([str(ROOT), str(info.parent)])
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("PYTHONPATH", path)
        patched.delenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD")
        without = [word for name in ("trio", "asyncio", "anyio", "xdist", "timeout") for word in ("-p", f"no:{name}")]
        for arguments in ([], ["-p", PLUGIN]):
            result = pytester.runpytest_subprocess(*arguments, *without, timeout=RUN_SECONDS)
            result.assert_outcomes(passed=1)
