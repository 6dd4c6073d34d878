"""The pytest plugin's real devices, for programs that open sockets themselves: beside threads, asyncio and xdist."""

from __future__ import annotations

import pytest

from tests.testing.runs import ASYNCIO, prepare, require, run, run_apart

pytest_plugins = ("pytester",)

XDIST = ("-p", "xdist.plugin", "-n", "2")

# Each test searches for whatever there is, while the other process has its own device, or would have.
SEVERAL = """
    import pytest
    from tests.testing.strangers import LAMP, search

    @pytest.mark.parametrize("number", range(4))
    def test_its_own_device_is_all_there_is(upnp_device, number):
        lamp = upnp_device(LAMP)
        assert search() == {lamp.udn}
"""


@pytest.fixture
def pytester(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    return prepare(pytester, monkeypatch)


def test_a_plain_test_has_a_device_that_sockets_find(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import urllib.request
        from tests.testing.strangers import LAMP, search

        def test_a_lamp(upnp_device):
            lamp = upnp_device(LAMP)
            assert lamp.udn in search()
            assert b"<friendlyName>Lamp</friendlyName>" in urllib.request.urlopen(lamp.location).read()
            other = upnp_device(LAMP)
            assert {lamp.udn, other.udn} <= search()
            lamp.move_to("127.0.0.2")
            assert lamp.location.startswith("http://127.0.0.2:")
            lamp.disappear()
            assert lamp.udn not in search()
            lamp.start("127.0.0.3")
            assert lamp.udn in search()
            lamp.stop()
            assert lamp.udn not in search()
        """
    )
    run(pytester).assert_outcomes(passed=1)


def test_tests_of_asyncio_and_of_trio_have_it_as_well(pytester: pytest.Pytester) -> None:
    require("pytest_asyncio")
    pytester.makepyfile(
        """
        import asyncio
        import pytest
        import trio
        from tests.testing.strangers import LAMP, search

        @pytest.mark.asyncio
        async def test_of_asyncio(upnp_device):
            lamp = upnp_device(LAMP)
            reader, writer = await asyncio.open_connection(lamp.address, lamp.port)
            writer.close()
            assert lamp.udn in await asyncio.to_thread(search)

        @pytest.mark.trio
        async def test_of_trio(upnp_device):
            lamp = upnp_device(LAMP)
            await (await trio.open_tcp_stream(lamp.address, lamp.port)).aclose()
            assert lamp.udn in await trio.to_thread.run_sync(search)
        """
    )
    run(pytester, *ASYNCIO, "-p", "pytest_trio.plugin").assert_outcomes(passed=2)


def test_a_device_that_a_test_starts_and_does_not_stop_is_a_warning(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import pytest
        from tests.testing.strangers import LAMP
        from upnp_trio.testing import RealDevice

        @pytest.fixture(scope="module")
        def of_all_tests():
            with RealDevice(LAMP) as device:
                yield device

        def test_of_a_fixture(of_all_tests):
            assert of_all_tests.is_running

        def test_of_its_own():
            RealDevice(LAMP).start()

        def test_that_stops_it():
            with RealDevice(LAMP) as device:
                assert device.is_running
        """
    )
    result = run_apart(pytester)
    result.assert_outcomes(passed=3, errors=1)  # every warning is an error there
    left = "has left open <RealDevice 'Lamp' at 127.0.0.1>"
    assert str(result.stdout).count("PytestWarning: ") == 1
    result.stdout.fnmatch_lines([f"*PytestWarning: *::test_of_its_own {left}"])


def test_each_test_sees_its_own_devices_under_xdist(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(SEVERAL)
    run_apart(pytester, *XDIST).assert_outcomes(passed=4)


@pytest.mark.parametrize("how", ["option", "ini"])
def test_each_process_has_a_network_of_its_own_if_asked(pytester: pytest.Pytester, how: str) -> None:
    pytester.makepyfile(
        SEVERAL
        + """
    def test_a_program_that_chooses_no_interface_finds_it(upnp_device):
        lamp = upnp_device(LAMP)
        assert search(on=None) == {lamp.udn}

    def test_there_is_nothing_but_loopback(upnp_device):
        import socket
        import upnp_trio.testing.isolation as isolation

        assert [name for _, name in socket.if_nameindex()] == ["lo"]
        isolation.LOCK_WAIT_SECONDS = 0
        with isolation.loopback_alone():  # nothing has locked it
            pass
    """
    )
    if how == "ini":
        pytester.makeini("[pytest]\nupnp_namespace = true")
    result = run_apart(pytester, *XDIST, *(["--upnp-namespace"] if how == "option" else []))
    result.assert_outcomes(passed=6)


def test_where_no_namespace_can_be_had_tests_are_skipped_with_the_reason(pytester: pytest.Pytester) -> None:
    pytester.makeconftest(
        """
        import upnp_trio.testing.namespaces as namespaces
        from upnp_trio.testing.isolation import Impossible

        def refused():
            raise Impossible("this process cannot get a network namespace of its own; run pytest as root")

        namespaces.enter_own_namespace = refused
        """
    )
    pytester.makepyfile("def test_a(upnp_device): raise AssertionError\n\ndef test_b(upnp_network): pass")
    result = run(pytester, "--upnp-namespace", "-rs")
    result.assert_outcomes(skipped=1, passed=1)
    result.stdout.fnmatch_lines(["SKIPPED*cannot get a network namespace of its own; run pytest as root"])


def test_a_test_that_waits_too_long_for_others_fails_with_the_reason(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import upnp_trio.testing.isolation as isolation

        def test_a(upnp_device): pass

        isolation.LOCK_WAIT_SECONDS = 0.1
        """
    )
    pytester.makeconftest(
        """
        import pytest
        import upnp_trio.testing.isolation as isolation

        @pytest.fixture(autouse=True, scope="session")
        def another_test():
            with isolation.loopback_alone():
                yield
        """
    )
    result = run_apart(pytester)
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["E *another test has had a device on loopback for 0.1 s*--upnp-namespace"])
