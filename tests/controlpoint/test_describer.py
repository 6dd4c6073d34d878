"""From which LOCATIONs a device is described that has to be searched for."""

from __future__ import annotations

import pytest
import trio
import trio.testing

from tests.controlpoint.scenes import JAMBON, asking, hosts, jambon, serving
from upnp_trio.errors import RequestFailed
from upnp_trio.ssdp.messages import SearchResponse
from upnp_trio.ssdp.rendering import render_search_response
from upnp_trio.testing import Host, Link
from upnp_trio.testing.peers import answer_datagrams

Clock = trio.testing.MockClock


def answer(location: str) -> bytes:
    usn = f"{JAMBON}::upnp:rootdevice"
    return render_search_response(
        SearchResponse(search_target="upnp:rootdevice", usn=usn, location=location, server="test", max_age=1800)
    )


@pytest.mark.parametrize("contents", [False, True])
async def test_a_search_goes_on_for_a_location_that_works(
    contents: bool, autojump_clock: Clock, nursery: trio.Nursery
) -> None:
    link = Link()
    device, asker = hosts(link)
    other = Host.on(link, "192.0.2.8/24", name="other")
    # it answers at once, and the device does not
    await nursery.start(answer_datagrams, other, lambda payload, source: [answer("http://192.0.2.8:1/")])
    async with serving(device, jambon()) as running, asking(asker, listen=False) as control_point:
        described = await control_point.describe(JAMBON, contents=contents)
        assert described.location.text == running.locations[0]


async def test_a_device_whose_only_location_is_wrong_fails_in_words_after_the_search(
    autojump_clock: Clock, nursery: trio.Nursery
) -> None:
    device, asker = hosts()
    await nursery.start(answer_datagrams, device, lambda payload, source: [answer("http://192.0.2.7:1/")])
    async with asking(asker, listen=False) as control_point:
        with pytest.raises(RequestFailed, match="nothing listens there"):
            await control_point.describe(JAMBON)
        assert trio.current_time() < 3
