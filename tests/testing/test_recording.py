"""A recording as a sequence of datagrams, and its parts."""

from __future__ import annotations

import pytest
import trio

from tests.testing.lamps import LAMP
from tests.testing.recordings import TO_ALL, some_recording
from upnp_trio.ssdp.messages import Alive, ByeBye, Search
from upnp_trio.ssdp.rendering import render_byebye, render_search
from upnp_trio.testing import Host, Link, Recording, alive, byebye, response


@pytest.fixture
def recording() -> Recording:
    return some_recording()


def test_a_part_of_a_recording_is_a_recording(recording: Recording) -> None:
    recording.since(5.5).expect_no(alive())
    recording.until(5).expect_no(byebye())
    recording.on("upstairs").expect(alive(of=LAMP)).once()
    recording.sent_from("192.0.2.9").expect_no(alive())
    recording.sent_to("192.0.2.9").expect(response()).once()
    assert len(recording.matching(alive())) == 4
    assert repr(recording) == "<Recording of 9 datagrams and 1 connections>"
    assert recording.show(most=2).count("\n") == 2
    assert recording.as_bytes().count(b"+++ 6.0 link 192.0.2.9 > ('192.0.2.7', 80) refused\n") == 1
    recording.clear()
    assert (len(recording), recording.connections) == (0, [])


def test_a_recording_gives_the_messages_of_a_kind() -> None:
    link = Link()
    host = Host.on(link, "192.0.2.7/24")
    said = ByeBye(notification_type="n", usn="uuid:n")
    searched = Search(search_target="ssdp:all", mx=1)

    async def main() -> None:
        for payload in (render_byebye(said), b"no message", render_search(searched)):
            host.send(payload, TO_ALL)

    trio.run(main)
    assert link.recording.messages(ByeBye) == [said]
    assert link.recording[0].message == said
    assert link.recording.messages(Search) == [searched]
    assert link.recording.messages(Alive) == []
    assert [sent.payload for sent in link.recording[1:2]] == [b"no message"]
    link.recording.clear()
    assert len(link.recording) == 0
