"""``upnp-trio watch`` in a network of our own: on a terminal, in a pipe, and beside devices of other projects."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from tests.cli.sessions import Session, open_session
from tests.cli.test_pcapng import read
from tests.network.processes import PATIENCE_SECONDS, Program
from tests.network.served import GATEWAY, JAMBON, REPOSITORY, command, environment, open_served
from tests.network.ssdp import m_search, open_searcher, wait_until_member

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.network.namespaces import Namespace
    from tests.network.scenes import Pair

pytestmark = pytest.mark.interop

JAMBON_UDN = JAMBON.rows[1][0]


def watch(host: Namespace, *arguments: str) -> list[str]:
    """The command on *host*, by IPv4 alone."""
    return host.command(sys.executable, "-W", "error", "-m", "upnp_trio", "watch", "--ipv4-only", *arguments)


@contextmanager
def watching(pair: Pair, *arguments: str, size: tuple[int, int] = (120, 30)) -> Iterator[Session]:
    """The screen, once it is there."""
    with open_session(watch(pair.asker, *arguments), cwd=REPOSITORY, env=environment(), size=size) as session:
        session.wait_for("LOCATION")
        wait_until_member(pair.asker)
        yield session


@contextmanager
def lines(pair: Pair, *arguments: str) -> Iterator[Program]:
    """The lines, once it listens."""
    with Program(watch(pair.asker, *arguments), cwd=REPOSITORY, env=environment()) as program:
        wait_until_member(pair.asker)
        yield program


def events(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


# --- on a terminal -------------------------------------------------------------------------------------------------


def test_devices_come_and_go_on_the_screen(pair: Pair) -> None:
    with watching(pair) as session:
        with open_served(pair.device, "--ipv4-only", JAMBON.file):
            screen = session.wait_until(lambda screen: "Jambon 3000" in screen.lines[2], "the device's name")
            assert "Basic:1" in screen.lines[2]
            assert pair.device_address in screen.lines[2]
            session.wait_until(lambda screen: " ok " in screen.lines[2], "its LOCATION")
        session.wait_until(lambda screen: "byebye" in screen.lines[2], "that it has gone")
        session.press("q")
        assert session.wait() == 0
        assert session.is_given_back
        assert "Stopped: 0 devices, 1 came, 1 went" in session.screen.text


def test_keys_sort_filter_show_details_and_help(pair: Pair) -> None:
    with watching(pair) as session, open_served(pair.device, "--ipv4-only", GATEWAY.file, JAMBON.file):
        session.wait_until(
            lambda screen: "Jambon" in screen.lines[2] and "Passerelle" in screen.lines[3], "two devices"
        )
        session.press("r")
        session.wait_until(lambda screen: "Passerelle" in screen.lines[2], "the reverse order")
        session.press("e")
        session.wait_until(lambda screen: "WAN side" in "\n".join(screen.lines[2:6]), "embedded devices")
        session.press("/jambon\r")
        session.wait_until(lambda screen: "Jambon" in screen.lines[2] and not screen.lines[3], "the filtered list")
        session.press("\r")
        session.wait_for("urn:boucherie-example-com:service:Jambon:1")
        session.press("?")
        session.wait_for("why a device has gone")
        session.press("\x1b")
        session.wait_for("Searches of others")
        session.press("\x1b")  # no filter
        session.wait_until(lambda screen: "Passerelle" in "\n".join(screen.lines[2:6]), "all devices")
        session.press("q")
        assert session.wait() == 0


def test_a_search_of_another_is_on_the_screen(pair: Pair) -> None:
    with watching(pair) as session, open_searcher(pair.device) as searcher:
        searcher.send(m_search("urn:dial-multiscreen-org:service:dial:1", mx=2))
        session.wait_for(f"{pair.device_address}  urn:dial-multiscreen-org:")
        session.press("q")
        assert session.wait() == 0


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_gives_the_terminal_back_and_ends_it_with_status_0(number: signal.Signals, pair: Pair) -> None:
    with watching(pair) as session:
        session.process.send_signal(number)
        assert session.wait() == 0
        assert session.is_given_back
        assert "Stopped: " in session.screen.text


def test_ctrl_c_is_the_same(pair: Pair) -> None:
    with watching(pair) as session:
        session.press("\x03")
        assert session.wait() == 0
        assert session.is_given_back


def test_ctrl_z_gives_the_terminal_back_until_it_goes_on(pair: Pair) -> None:
    with watching(pair) as session:
        for _ in range(2):
            session.press("\x1a")
            session.wait_until_stopped()
            assert session.is_given_back
            session.process.send_signal(signal.SIGCONT)
            session.wait_until(lambda screen: screen.is_alternate and "LOCATION" in screen.text, "the screen")
        session.press("j?")
        session.wait_for("KEYS")
        session.press("q")
        assert session.wait() == 0
        assert session.is_given_back


def test_a_program_that_was_stopped_by_others_takes_the_terminal_again(pair: Pair) -> None:
    with watching(pair) as session:
        session.process.send_signal(signal.SIGSTOP)
        session.wait_until_stopped()
        import termios

        termios.tcsetattr(session.terminal.device, termios.TCSANOW, session.mode)  # as a shell does
        clears = session.screen.clears
        session.process.send_signal(signal.SIGCONT)
        session.wait_until(lambda screen: screen.clears > clears, "the screen again")
        session.press("?")  # without an echo, and at once
        session.wait_for("KEYS")
        session.press("q")
        assert session.wait() == 0
        assert session.is_given_back


def test_the_screen_follows_the_size_of_the_window(pair: Pair) -> None:
    with watching(pair) as session:
        session.wait_for("Searches of others")
        for columns, rows in ((60, 10), (200, 50), (120, 30)):
            session.resize(columns, rows)
            session.wait_until(lambda screen: screen.lines[-1].startswith("↑↓ select"), "the keys at the bottom")
        session.press("q")
        assert session.wait() == 0


def test_a_terminal_that_is_stopped_stops_no_capture_and_shows_the_present_when_it_goes_on(
    pair: Pair, tmp_path: Path
) -> None:
    file = tmp_path / "lan.jsonl"
    with watching(pair, "--save", str(file)) as session:
        session.terminal.pause()
        with open_served(pair.device, "--ipv4-only", JAMBON.file), open_searcher(pair.device) as searcher:
            while "while-stopped" not in file.read_text():
                searcher.send(m_search("while-stopped"))
                searcher.receive_for(0.1)
            session.look(1.0)
            assert "Jambon" not in session.screen.text
            session.terminal.go_on()
            session.wait_until(lambda screen: "Jambon 3000" in screen.lines[2], "the device")
            session.terminal.pause()
            session.press("q")
            assert session.wait() == 0
            assert session.is_given_back


def test_a_terminal_that_is_closed_ends_it_and_its_file_is_whole(pair: Pair, tmp_path: Path) -> None:
    file = tmp_path / "lan.pcapng"
    with watching(pair, "--save", str(file)) as session:
        with open_served(pair.device, "--ipv4-only", JAMBON.file):
            session.wait_for("Jambon 3000")
        session.terminal.close()
        assert session.process.wait(PATIENCE_SECONDS) == 0
    assert len(read(file.read_bytes())) > 10


def test_a_pause_keeps_the_screen_and_what_was_missed_is_there_afterwards(pair: Pair) -> None:
    with watching(pair) as session:
        session.press("p")
        session.wait_for("PAUSED")
        with open_served(pair.device, "--ipv4-only", JAMBON.file):
            session.look(3.0)
            assert "Jambon" not in session.screen.text
            session.press("p")
            session.wait_for("Jambon 3000")
        session.press("q")
        assert session.wait() == 0


def test_what_was_seen_before_can_be_saved(pair: Pair, tmp_path: Path) -> None:
    file = tmp_path / "late.jsonl"
    with watching(pair) as session, open_served(pair.device, "--ipv4-only", JAMBON.file):
        session.wait_for("Jambon 3000")
        session.press(f"w\x15{tmp_path / 'no' / 'x.jsonl'}\r")
        session.wait_for("cannot be written: No such file")
        session.press(f"w\x15{file}\r")
        session.wait_for("Saving to ")
        session.press("q")
        assert session.wait() == 0
    assert any(event["event"] == "datagram" and event["kind"] == "alive" for event in events(file.read_text()))


def test_names_that_control_terminals_control_nothing(pair: Pair, tmp_path: Path) -> None:
    file = tmp_path / "nasty.toml"
    name = "\u202eevil\u2066" + "漢" * 5 + "e" + "\u0301" * 30
    file.write_text(f'device_type = "urn:x-com:device:Nasty:1"\nfriendly_name = "{name}"\nmanufacturer = "m"\n'
                    'model_name = "m"\n')  # fmt: skip
    with watching(pair) as session, open_served(pair.device, "--ipv4-only", str(file)):
        session.wait_for("?evil?漢")
        session.press("q")
        assert session.wait() == 0


# --- lines ---------------------------------------------------------------------------------------------------------


def test_a_device_of_ours_comes_and_goes_and_everything_is_saved(pair: Pair, tmp_path: Path) -> None:
    file = tmp_path / "lan.pcapng"
    with lines(pair, "--searches", "--save", str(file)) as program:
        program.wait_for(f"^Watching eth0 {pair.asker_address}")
        with open_served(pair.device, "--ipv4-only", JAMBON.file):
            program.wait_for("appeared   Jambon 3000  Basic:1 at ")
            with open_searcher(pair.device) as searcher:
                searcher.send(m_search("ssdp:all", mx=2))
            program.wait_for(rf"search     {pair.device_address} on eth0 searched ssdp:all, MX 2")
        program.wait_for("gone       Jambon 3000: byebye")
        assert program.stop(signal.SIGTERM) == 0, program.errors
    assert program.errors == ""
    assert [line.split()[0] for line in program.output.splitlines()[-1:]] == ["Stopped:"]
    packets = [block for block in read(file.read_bytes()) if block.kind == 6]
    assert len(packets) > len(JAMBON.rows)


def test_tshark_reads_what_was_saved(pair: Pair, tmp_path: Path) -> None:
    tshark = shutil.which("tshark")
    if tshark is None:
        pytest.skip("tshark is not installed")
    file = tmp_path / "lan.pcapng"
    with open_served(pair.device, "--ipv4-only", JAMBON.file), lines(pair, "--save", str(file)) as program:
        program.wait_for("appeared")
        assert program.stop(signal.SIGINT) == 0
    fields = [word for name in ("frame.interface_name", "ip.src", "udp.checksum.status") for word in ("-e", name)]
    options = ["-o", "udp.check_checksum:TRUE", "-T", "fields", *fields]
    done = subprocess.run([tshark, "-r", str(file), *options], capture_output=True, text=True, timeout=60, check=True)
    rows = {tuple(line.split("\t")) for line in done.stdout.splitlines()}
    assert rows == {("eth0", pair.device_address, "1"), ("eth0", pair.asker_address, "1")}


def test_it_ends_when_nobody_reads_its_lines_any_more(pair: Pair) -> None:
    reading, writing = os.pipe()
    with subprocess.Popen(
        watch(pair.asker, "--json"), cwd=REPOSITORY, env=environment(), stdout=writing, stderr=subprocess.PIPE
    ) as process:
        os.close(writing)
        wait_until_member(pair.asker)
        os.close(reading)
        with open_served(pair.device, "--ipv4-only", JAMBON.file):
            _, errors = process.communicate(timeout=PATIENCE_SECONDS)
    assert (process.returncode, errors) == (1, b"")


def test_a_reader_that_is_slow_does_not_slow_the_capture(pair: Pair, tmp_path: Path) -> None:
    file = tmp_path / "lan.jsonl"
    reading, writing = os.pipe()
    try:
        with subprocess.Popen(
            watch(pair.asker, "--json", "--searches", "--save", str(file)),
            cwd=REPOSITORY,
            env=environment(),
            stdout=writing,
        ) as process:
            wait_until_member(pair.asker)
            with open_searcher(pair.device) as searcher:
                for number in range(3000):  # more lines than the pipe and the queue of the output hold
                    searcher.send(m_search(f"urn:number-{number}:{'x' * 200}"))
                while "last-one" not in file.read_text():
                    searcher.send(m_search("last-one"))
                    searcher.receive_for(0.1)
            process.send_signal(signal.SIGINT)
            assert process.wait(PATIENCE_SECONDS) == 0
    finally:
        os.close(writing)
        os.close(reading)


def test_a_time_limit_ends_it(pair: Pair) -> None:
    done = pair.asker.run(*command()[:3], "watch", "--timeout", "0.5", "--json", cwd=REPOSITORY)
    assert done.returncode == 0
    assert [event["event"] for event in events(done.stdout)] == ["stopped"]
