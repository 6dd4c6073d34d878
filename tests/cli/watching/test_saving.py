"""Files of what was received: both forms, slow disks, full disks, and names that cannot be used."""

from __future__ import annotations

import errno
import json
import os
import sys
from pathlib import Path

import attrs
import pytest
import trio

from tests.cli.test_pcapng import read
from tests.cli.watching.scenes import Datagram, device, search
from upnp_trio.cli.watching import saving
from upnp_trio.cli.watching.captures import MAX_RECENT_BYTES, MAX_RECENT_DATAGRAMS, PcapngForm, Recent, form_for
from upnp_trio.cli.watching.happenings import DeviceChanged
from upnp_trio.cli.watching.saving import CannotSave, Saver, open_saver

SEARCH = Datagram(message=search(), payload=b"M-SEARCH * HTTP/1.1\r\n\r\n")
APPEARED = DeviceChanged(at=0.0, kind="appeared", device=device(7), name="Kitchen")


async def save(path: Path, *datagrams: Datagram) -> Saver:
    """Save *datagrams* and a happening, to the end."""
    saver = await open_saver(str(path))
    async with trio.open_nursery() as nursery:
        nursery.start_soon(saver.run)
        for datagram in datagrams:
            saver.datagram(datagram)
            await trio.lowlevel.checkpoint()
        saver.happenings([APPEARED])
        saver.close()
    return saver


async def test_a_capture_has_each_datagram_as_a_packet(tmp_path: Path) -> None:
    path = tmp_path / "x.pcapng"
    odd = attrs.evolve(SEARCH, message=None, flaw="no MAN", forgiven=(), interface="wlan0")
    saver = await save(path, SEARCH, odd)
    section, first, packet, second, odd_packet = read(path.read_bytes())
    assert [section.kind, first.kind, packet.kind, second.kind, odd_packet.kind] == [0x0A0D0D0A, 1, 6, 1, 6]
    assert packet.body.rstrip(b"\0").endswith(SEARCH.payload)
    assert (packet.options, odd_packet.options) == ({}, {1: b"no MAN"})
    assert (saver.datagrams, saver.lost, saver.failure) == (2, 0, "")


async def test_json_lines_have_datagrams_and_events_in_their_order(tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl"
    await save(path, SEARCH)
    lines = [json.loads(line) for line in path.read_text(encoding="ascii").splitlines()]
    assert [line["event"] for line in lines] == ["datagram", "appeared"]
    assert lines[0]["text"] == SEARCH.payload.decode()


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("x.txt", "let it end in .pcapng or .jsonl"),
        ("missing/x.pcapng", "No such file or directory; name another file"),
        ("exists.jsonl", "exists already; name another file"),
        ("nul\0.jsonl", "cannot be written"),
    ],
)
async def test_a_name_that_cannot_be_used_is_an_error(name: str, message: str, tmp_path: Path) -> None:
    kept = tmp_path / "exists.jsonl"
    kept.write_text("precious")
    with pytest.raises(CannotSave, match=message):
        await open_saver(str(tmp_path / name))
    assert kept.read_text() == "precious"


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such pipes")
async def test_a_named_pipe_feeds_another_program(tmp_path: Path) -> None:
    path = tmp_path / "pipe.pcapng"
    os.mkfifo(path)
    received = bytearray()

    def receive() -> None:
        with open(path, "rb") as pipe:
            received.extend(pipe.read())

    async with trio.open_nursery() as nursery:
        nursery.start_soon(trio.to_thread.run_sync, receive)
        await save(path, SEARCH)
    assert [block.kind for block in read(bytes(received))] == [0x0A0D0D0A, 1, 6]


def saver_of(file: object) -> Saver:
    form = form_for("x.jsonl", lambda moment: 0, lambda moment: "now")
    assert form is not None
    return Saver("x.jsonl", file, form)  # type: ignore[arg-type]  # as much of a file as it needs


class FullDisk:
    def write(self, data: memoryview) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def close(self) -> None:
        pass


async def test_a_full_disk_ends_the_saving_and_not_the_program(caplog: pytest.LogCaptureFixture) -> None:
    saver = saver_of(FullDisk())
    saver.datagram(SEARCH)
    await saver.run()
    assert "No space left on device" in saver.failure
    assert "x.jsonl is not complete: it cannot be written: No space left on device" in caplog.text
    saver.datagram(SEARCH)
    assert saver.datagrams == 1


@attrs.define
class SlowDisk:
    """Waits until it may write."""

    go_on: trio.Event
    token: trio.lowlevel.TrioToken
    data: bytearray = attrs.field(factory=bytearray)

    def write(self, data: memoryview) -> int:
        trio.from_thread.run(self.go_on.wait, trio_token=self.token)
        self.data += data[:100]
        return min(len(data), 100)

    def close(self) -> None:
        pass


async def test_what_a_slow_disk_has_no_room_for_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(saving, "MAX_WAITING_BYTES", 5_000)
    disk = SlowDisk(trio.Event(), trio.lowlevel.current_trio_token())
    saver = saver_of(disk)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(saver.run)
        for _ in range(100):
            saver.datagram(SEARCH)
        assert saver.lost > 0
        assert saver.datagrams + saver.lost == 100
        disk.go_on.set()
        saver.close()
    assert len(disk.data.splitlines()) == saver.datagrams


async def test_a_disk_that_hangs_does_not_keep_the_program(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(saving, "LAST_SECONDS", 0.05)
    disk = SlowDisk(trio.Event(), trio.lowlevel.current_trio_token())
    saver = saver_of(disk)
    saver.datagram(SEARCH)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(saver.run)
        saver.close()
    assert "the last part could not be written" in caplog.text
    disk.go_on.set()  # the thread that was left behind ends


async def test_a_file_has_a_bounded_size(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(saving, "MAX_FILE_BYTES", 5_000)
    saver = await save(tmp_path / "x.jsonl", *[SEARCH] * 1000)
    assert (tmp_path / "x.jsonl").stat().st_size <= 5_000
    assert "not continued" in saver.failure


async def test_saving_goes_on_although_the_program_is_cancelled(tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl"
    saver = await open_saver(str(path))
    with trio.CancelScope() as scope:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(saver.run)
            try:
                for _ in range(1000):
                    saver.datagram(SEARCH)
                scope.cancel()
                await trio.sleep_forever()
            finally:
                saver.close()
    assert len(path.read_text().splitlines()) == 1000


def test_the_recent_datagrams_are_bounded_in_number_and_size() -> None:
    recent = Recent()
    for number in range(MAX_RECENT_DATAGRAMS + 10):
        recent.add(attrs.evolve(SEARCH, arrived_at=float(number)))
    kept = list(recent)
    assert (len(kept), kept[0].arrived_at) == (MAX_RECENT_DATAGRAMS, 10.0)
    for _ in range(3000):
        recent.add(attrs.evolve(SEARCH, payload=bytes(4096)))
    assert sum(len(received.payload) for received in recent) <= MAX_RECENT_BYTES


def test_answers_are_packets_to_our_own_address_and_port() -> None:
    answer = attrs.evolve(SEARCH, source=("fe80::7", 1900, 0, 2), destination=("fe80::9", 40000, 0, 2))
    form = PcapngForm(lambda moment: 5)
    packet = read(form.datagram(answer))[1].body[20:]
    assert packet[16:].find(bytes.fromhex("9c40")) == 42  # the port, after an IPv6 header
