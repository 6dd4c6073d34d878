"""The control point beside our own devices, on a network in memory and trio's mock clock."""

from __future__ import annotations

import gc

import attrs
import pytest
import trio
import trio.testing

from tests.controlpoint.scenes import JAMBON, asking, hosts, jambon, serving
from upnp_trio import AdvertisedRow, Advertising, RootDevice, render_description
from upnp_trio.controlpoint import control_point as control_point_module
from upnp_trio.controlpoint.searching import LATE_SECONDS
from upnp_trio.errors import ControlPointFailed, DescriptionError, NetworkError, RequestFailed, UnknownDevice, UnsafeUrl
from upnp_trio.ssdp.found import DeviceAppeared, DeviceGone, DeviceRebooted
from upnp_trio.ssdp.messages import Alive, ByeBye, SearchResponse
from upnp_trio.ssdp.rendering import render_alive, render_byebye, render_search_response
from upnp_trio.testing import Host, Link
from upnp_trio.testing.network import HostNetwork
from upnp_trio.testing.peers import answer_datagrams, http_response, serve_connections
from upnp_trio.testing.pipes import PipeStream

Clock = trio.testing.MockClock


# --- search --------------------------------------------------------------------------------------------------------


async def test_a_search_gives_each_row_once_with_its_latency(autojump_clock: Clock) -> None:
    device, asker = hosts(Link(seconds=0.01))
    async with serving(device, jambon()), asking(asker) as control_point:
        results = [result async for result in control_point.search(mx=2)]
    assert sorted(result.usn for result in results) == sorted(
        [
            f"{JAMBON}::upnp:rootdevice",
            JAMBON,
            f"{JAMBON}::urn:schemas-upnp-org:device:Basic:1",
            f"{JAMBON}::urn:boucherie-example-com:service:Jambon:1",
        ]
    )
    for result in results:
        assert (result.interface, result.sender, result.udn) == ("eth0", "192.0.2.7", JAMBON)
        assert 0.02 <= result.latency <= 2.02
        assert result.late_by == 0
        assert result.location.startswith("http://192.0.2.7:49152/")


async def test_a_search_ends_when_no_answer_is_due_any_more(autojump_clock: Clock) -> None:
    _, asker = hosts()
    async with asking(asker) as control_point:
        before = trio.current_time()
        assert [result async for result in control_point.search(mx=3, sends=1)] == []
        assert trio.current_time() == before + 3 + LATE_SECONDS


async def test_a_search_ends_by_the_caller_s_deadline(autojump_clock: Clock) -> None:
    device, asker = hosts()
    async with serving(device, jambon()), asking(asker) as control_point:
        with trio.move_on_after(0.5) as scope:
            async for _ in control_point.search(mx=5):
                pass
        assert scope.cancelled_caught
        gc.collect()
        await trio.testing.wait_all_tasks_blocked(0.01)
        assert not any(socket for socket in asker.nics["eth0"].sockets if socket.name[1] not in (1900,))


async def test_a_unicast_search_has_no_mx_and_goes_to_one_device(autojump_clock: Clock) -> None:
    link = Link(seconds=0.001)
    device, asker = hosts(link)
    async with serving(device, jambon()), asking(asker) as control_point:
        results = [result async for result in control_point.search("upnp:rootdevice", to="192.0.2.7", sends=1)]
    (result,) = results
    assert 0.002 <= result.latency < 0.1
    (search,) = [sent for sent in link.recording if sent.payload.startswith(b"M-SEARCH")]
    assert search.destination == ("192.0.2.7", 1900)
    assert b"MX" not in search.payload


async def test_an_announcement_in_answer_to_a_search_is_an_answer(autojump_clock: Clock) -> None:
    device, asker = hosts()

    async def answer() -> None:  # as ssdpy does
        receiving, sending = device.open_udp(*GROUP), device.open_udp("192.0.2.7", 1900)
        await receiving.wait_readable()
        _, source = receiving.recvfrom(4096)
        sending.sendto(alive("http://192.0.2.7/"), source)

    async with asking(asker) as control_point, trio.open_nursery() as nursery:
        nursery.start_soon(answer)
        await trio.testing.wait_all_tasks_blocked(0.01)
        (result,) = [result async for result in control_point.search("upnp:rootdevice", sends=1)]
        assert (result.search_target, result.udn) == ("upnp:rootdevice", UDN)
        assert "it answers a search with NOTIFY" in result.forgiven
        assert control_point.devices[UDN].is_root


async def test_a_host_with_many_answers_costs_a_slow_reader_no_answer_of_others(
    autojump_clock: Clock, monkeypatch: pytest.MonkeyPatch, nursery: trio.Nursery
) -> None:
    monkeypatch.setattr(control_point_module, "MAX_WAITING_RESULTS", 20)
    link = Link()
    device, asker = hosts(link)
    liar = Host.on(link, "192.0.2.8/24", name="liar")

    def answers(payload: bytes, source: object) -> list[bytes]:
        return [response(f"http://192.0.2.8/{number}") for number in range(30)]

    await nursery.start(answer_datagrams, liar, answers)
    async with serving(device, jambon()), asking(asker) as control_point:
        async with control_point.search(mx=5, sends=1) as results:
            await trio.sleep(6)
            senders = [result.sender async for result in results]
        assert senders.count("192.0.2.7") == 4
        assert results.missed == 30 + 4 - 20


async def test_an_answer_that_another_host_has_copied_is_still_given(
    autojump_clock: Clock, nursery: trio.Nursery
) -> None:
    link = Link()
    device, asker = hosts(link)
    liar = Host.on(link, "192.0.2.8/24", name="liar")
    async with serving(device, jambon()) as running, asking(asker) as control_point:
        copied = response(running.locations[0]).replace(UDN.encode(), JAMBON.encode())
        await nursery.start(answer_datagrams, liar, lambda payload, source: [copied])  # at once, as real ones are not
        results = [result async for result in control_point.search("upnp:rootdevice", mx=5, sends=2)]
        assert [(each.sender, each.usn, each.location) for each in results] == [
            (sender, f"{JAMBON}::upnp:rootdevice", running.locations[0]) for sender in ("192.0.2.8", "192.0.2.7")
        ]


async def test_an_answer_that_is_late_says_by_how_much(autojump_clock: Clock) -> None:
    device, asker = hosts()

    async def answer_late() -> None:
        receiving, sending = device.open_udp(*GROUP), device.open_udp("192.0.2.7", 1900)
        await receiving.wait_readable()
        _, source = receiving.recvfrom(4096)
        await trio.sleep(1.75)
        sending.sendto(response("http://192.0.2.7/"), source)

    async with asking(asker) as control_point, trio.open_nursery() as nursery:
        nursery.start_soon(answer_late)
        await trio.testing.wait_all_tasks_blocked(0.01)
        (result,) = [result async for result in control_point.search(mx=1, sends=1)]
    assert (result.latency, result.late_by) == (1.75, 0.75)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"target": "a\r\nb"}, "the search target is"),
        ({"target": ""}, "the search target is"),
        ({"mx": 0}, "mx is 0"),
        ({"mx": 6}, "mx is 6"),
        ({"sends": 0}, "sends is 0"),
        ({"port": 0}, "port is 0"),
        ({"to": "device.local"}, "does not appear to be an IPv4 or IPv6 address"),
    ],
)
async def test_an_impossible_search_is_refused(
    arguments: dict[str, object], message: str, autojump_clock: Clock
) -> None:
    _, asker = hosts()
    async with asking(asker) as control_point:
        with pytest.raises(ValueError, match=message):
            control_point.search(**arguments)  # type: ignore[arg-type]


async def test_a_search_without_a_network_says_so(autojump_clock: Clock) -> None:
    _, asker = hosts()
    async with asking(asker, interfaces=["eth0"]) as control_point:
        asker.unplug()
        await trio.testing.wait_all_tasks_blocked(0.01)
        with pytest.raises(NetworkError, match="cannot search"):
            await anext(control_point.search())


# --- the cache -----------------------------------------------------------------------------------------------------


async def test_a_device_appears_and_says_byebye(autojump_clock: Clock) -> None:
    device, asker = hosts()
    async with asking(asker) as control_point:
        changes = control_point.changes()
        async with serving(device, jambon()):
            appeared = await anext(changes)
            assert isinstance(appeared, DeviceAppeared)
            await trio.sleep(2)
            found = control_point.devices[JAMBON.upper()]
            assert found.is_root
            assert found.device_types == ("urn:schemas-upnp-org:device:Basic:1",)
            assert found.service_types == ("urn:boucherie-example-com:service:Jambon:1",)
            assert found.location.startswith("http://192.0.2.7:49152/")
        while not isinstance(gone := await anext(changes), DeviceGone):
            assert not isinstance(gone, DeviceAppeared)
        assert gone.reason == "byebye"
        assert len(control_point.devices) == 0


async def test_a_device_that_falls_silent_expires(autojump_clock: Clock) -> None:
    device, asker = hosts()
    async with asking(asker) as control_point:
        device.send(alive("http://192.0.2.7/", max_age=100), GROUP)
        changes = control_point.changes()
        assert isinstance(await anext(changes), DeviceAppeared)
        appeared_at = trio.current_time()
        gone = await anext(changes)
        assert isinstance(gone, DeviceGone)
        assert gone.reason == "expired"
        assert trio.current_time() == pytest.approx(appeared_at + 100, abs=1)


async def test_a_new_reader_begins_with_what_is_known(autojump_clock: Clock) -> None:
    device, asker = hosts()
    async with asking(asker) as control_point, serving(device, jambon()):
        await trio.sleep(3)
        change = await anext(control_point.changes())
    assert isinstance(change, DeviceAppeared)
    assert change.device.udn == JAMBON


async def test_a_restarted_device_reboots(autojump_clock: Clock) -> None:
    device, asker = hosts()
    async with asking(asker) as control_point:
        device.send(alive("http://192.0.2.7/", boot_id=1), GROUP)
        changes = control_point.changes()
        await anext(changes)
        device.send(alive("http://192.0.2.7/", boot_id=2), GROUP)
        assert isinstance(await anext(changes), DeviceRebooted)


async def test_a_sender_beyond_the_link_is_not_listened_to(autojump_clock: Clock) -> None:
    link = Link()
    device, asker = hosts(link)
    device.change("198.51.100.7/24")
    async with asking(asker) as control_point:
        device.send(alive("http://198.51.100.7/"), GROUP)
        await trio.sleep(1)
        assert len(control_point.devices) == 0


async def test_what_an_interface_showed_goes_with_it(autojump_clock: Clock) -> None:
    device, asker = hosts()
    async with asking(asker) as control_point:
        device.send(alive("http://192.0.2.7/"), GROUP)
        changes = control_point.changes()
        assert isinstance(await anext(changes), DeviceAppeared)
        asker.unplug()
        gone = await anext(changes)
    assert isinstance(gone, DeviceGone)
    assert gone.reason == "interface gone"


async def test_an_interface_that_cannot_be_received_on_is_tried_again(
    autojump_clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    device, asker = hosts()
    asker.refused["eth0"] = NetworkError("no descriptor is left")
    async with asking(asker) as control_point:
        for _ in range(3):  # other addresses on the link, and still no descriptor
            asker.change("192.0.2.9/24", "192.0.2.10/24")
            asker.change("192.0.2.9/24")
            await trio.sleep(1)
        assert caplog.text.count("announcements on eth0 are not received: no descriptor is left") == 1
        asker.refused.clear()
        asker.sleep()
        await trio.sleep(1)
        device.send(alive("http://192.0.2.7/"), GROUP)
        await trio.sleep(1)
        assert UDN in control_point.devices


async def test_datagrams_shows_searches_of_others_and_what_is_no_message(autojump_clock: Clock) -> None:
    device, asker = hosts()
    async with asking(asker) as control_point:
        datagrams = control_point.datagrams()
        device.send(b"hello", GROUP)
        device.send(b'M-SEARCH * HTTP/1.1\r\nMAN: "ssdp:discover"\r\nMX: 1\r\nST: ssdp:all\r\n\r\n', GROUP)
        malformed, search = await anext(datagrams), await anext(datagrams)
    assert malformed.message is None
    assert malformed.flaw
    assert search.message is not None
    assert (search.source[0], search.interface) == ("192.0.2.7", "eth0")


# --- describing ----------------------------------------------------------------------------------------------------


async def test_a_device_is_described_by_its_udn_as_it_is_served(autojump_clock: Clock) -> None:
    device, asker = hosts()
    async with serving(device, jambon()) as running, asking(asker) as control_point:
        described = await control_point.describe(JAMBON)
        assert isinstance(described, RootDevice)
        assert render_description(described) == render_description(running.device)
        assert described.forgiven == ()
        assert described.icons[0].data == running.device.icons[0].data
        assert described.service("Jambon").description.variable("Tranches")


async def test_a_description_is_fetched_once_for_each_configuration(autojump_clock: Clock) -> None:
    device, asker = hosts()
    async with serving(device, jambon()), asking(asker) as control_point:
        first: list[object] = []

        async def describe() -> None:
            first.append(await control_point.describe(JAMBON))

        async with trio.open_nursery() as nursery:
            for _ in range(5):
                nursery.start_soon(describe)
        connections = len(asker.connections)
        assert await control_point.describe(JAMBON) is first[0]
        assert {id(each) for each in first} == {id(first[0])}
        assert len(asker.connections) == connections


async def test_a_description_is_fetched_again_when_the_device_was_away(autojump_clock: Clock) -> None:
    device, asker = hosts()
    async with asking(asker) as control_point:
        async with serving(device, jambon()):
            first = await control_point.describe(JAMBON)
        await trio.sleep(5)
        async with serving(device, jambon()):
            assert await control_point.describe(JAMBON) is not first


async def test_a_description_from_before_the_device_was_away_is_not_kept(autojump_clock: Clock) -> None:
    device, asker = hosts()
    described = attrs.evolve(jambon(), udn=UDN, icons=[], services=[])
    async with asking(asker) as control_point, trio.open_nursery() as nursery:

        async def serve(stream: PipeStream) -> None:
            await stream.receive_some(4096)
            await trio.sleep(2)
            await stream.send_all(memoryview(http_response(render_description(described))))

        await nursery.start(serve_connections, device, 80, serve)
        here = alive("http://192.0.2.7:80/")
        gone = render_byebye(ByeBye(notification_type="upnp:rootdevice", usn=f"{UDN}::upnp:rootdevice"))
        device.send(here, GROUP)
        await trio.sleep(1)

        async def go_and_come() -> None:
            await trio.sleep(1)
            device.send(gone, GROUP)
            await trio.sleep(0.5)
            device.send(here, GROUP)

        nursery.start_soon(go_and_come)
        first = await control_point.describe(UDN)
        await trio.sleep(1)
        second = await control_point.describe(UDN)
        assert second is not first
        assert await control_point.describe(UDN) is second
        nursery.cancel_scope.cancel()


async def test_a_device_is_described_by_a_url(autojump_clock: Clock) -> None:
    device, asker = hosts()
    async with serving(device, jambon()) as running, asking(asker, listen=False) as control_point:
        described = await control_point.describe(running.locations[0])
        assert str(described.udn) == JAMBON


async def test_a_device_that_nobody_knows_is_searched_for_and_then_unknown(autojump_clock: Clock) -> None:
    _, asker = hosts()
    async with asking(asker) as control_point:
        with pytest.raises(UnknownDevice, match="no device with the UDN uuid:nobody answers"):
            await control_point.describe("nobody")
        for nonsense in ("küche", "a" * 300, "a\n"):
            with pytest.raises(UnknownDevice, match="is no UDN"):
                await control_point.describe(nonsense)


@pytest.mark.parametrize(
    "location",
    [
        "http://127.0.0.1:631/",
        "http://169.254.169.254/latest/meta-data/",
        "http://198.51.100.1/",
        "http://device.local/",
        "https://192.0.2.7/",
        "http://192.0.2.7:0/",
        "file:///etc/passwd",
    ],
)
async def test_a_location_that_leads_astray_is_never_followed(location: str, autojump_clock: Clock) -> None:
    device, asker = hosts()
    async with asking(asker) as control_point:
        device.send(alive(location), GROUP)
        await trio.sleep(1)
        with pytest.raises(UnsafeUrl):
            await control_point.describe(UDN)
    assert asker.connections == []


async def test_a_zone_that_a_device_names_leads_nowhere(autojump_clock: Clock) -> None:
    link = Link()
    device, asker = (Host.on(link, f"192.0.2.{n}/24", f"fe80::{n}/64", name=str(n)) for n in (7, 9))
    async with serving(device, jambon()), asking(asker) as control_point:
        await trio.sleep(1)
        found = control_point.devices[JAMBON]
        (location,) = (each for each in found.locations if "[fe80::7]" in each.url)
        zoned = attrs.evolve(location, url=location.url.replace("]", "%25lo]"))
        described = await control_point.describe(attrs.evolve(found, locations=(zoned,)), contents=False)
        assert described.location.text.startswith("http://[fe80::7%25eth0]:")
        assert {each.control_url.zone for each in described.services_of_all()} == {"eth0"}


async def test_a_device_is_not_described_again_through_another_network(autojump_clock: Clock) -> None:
    link, elsewhere = Link(), Link()
    device, asker = hosts(link)
    stranger = Host.on(elsewhere, "192.0.2.7/24", name="stranger")
    async with serving(device, jambon()), asking(asker) as control_point, serving(stranger, jambon()):
        described = await control_point.describe(JAMBON, contents=False)
        asker.unplug("eth0")
        asker.plug(elsewhere, "192.0.2.9/24", name="tun0", is_point_to_point=True, is_multicast=False)
        await trio.sleep(5)
        connections = len(asker.connections)
        access = described._access
        assert access is not None
        assert access.events is not None
        with pytest.raises((UnknownDevice, NetworkError)):
            await access.events.describe(described)
        assert len(asker.connections) == connections


async def test_a_description_of_another_device_is_not_taken_for_it(autojump_clock: Clock) -> None:
    device, asker = hosts()
    async with serving(device, jambon()) as running, asking(asker) as control_point:
        device.send(alive(running.locations[0]), GROUP)
        await trio.sleep(1)
        with pytest.raises(DescriptionError, match=f"is that of {JAMBON}, and not of {UDN}"):
            await control_point.describe(UDN)


async def test_a_row_under_another_name_is_described_as_the_device_at_its_location(autojump_clock: Clock) -> None:
    device, asker = hosts()
    odd = attrs.evolve(jambon(), advertising=Advertising(rows=[AdvertisedRow("roku:ecp", f"{UDN}:ecp")]))
    async with serving(device, odd), asking(asker) as control_point:
        await trio.sleep(1)
        described = await control_point.describe(f"{UDN}:ecp")
        assert (str(described.udn), described.friendly_name) == (JAMBON, "Jambon 3000")


async def test_a_row_of_upnp_under_another_name_is_not_taken_for_the_device_at_its_location(
    autojump_clock: Clock,
) -> None:
    device, asker = hosts()
    odd = [AdvertisedRow(target, f"{UDN}::{target}") for target in ("roku:ecp", "urn:x:service:y:1")]
    async with (
        serving(device, attrs.evolve(jambon(), advertising=Advertising(rows=odd))),
        asking(asker) as control_point,
    ):
        await trio.sleep(1)
        with pytest.raises(DescriptionError, match=f"is that of {JAMBON}, and not of {UDN}"):
            await control_point.describe(UDN)


async def test_a_device_whose_newest_location_fails_is_described_from_another(autojump_clock: Clock) -> None:
    device, asker = hosts()
    async with serving(device, jambon()) as running, asking(asker) as control_point:
        await trio.sleep(1)
        usn = f"{JAMBON}::upnp:rootdevice"
        device.send(alive("http://192.0.2.7:1/", usn=usn, boot_id=running.boot_id), GROUP)
        await trio.sleep(1)
        assert str((await control_point.describe(JAMBON)).udn) == JAMBON


async def test_a_device_that_does_not_answer_fails_in_words(autojump_clock: Clock) -> None:
    device, asker = hosts()
    async with asking(asker) as control_point:
        device.send(alive("http://192.0.2.7:1/"), GROUP)
        await trio.sleep(1)
        with pytest.raises(RequestFailed, match="cannot connect"):
            await control_point.describe(UDN)


# --- its life ------------------------------------------------------------------------------------------------------


async def test_an_exception_of_the_body_leaves_as_itself(autojump_clock: Clock) -> None:
    _, asker = hosts()
    with pytest.raises(ZeroDivisionError):
        async with asking(asker):
            raise ZeroDivisionError


async def test_a_failed_task_leaves_as_one_named_error(autojump_clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    _, asker = hosts()

    async def fail(network: HostNetwork) -> bool:
        await trio.lowlevel.checkpoint()
        raise ZeroDivisionError

    monkeypatch.setattr(HostNetwork, "wait_for_change", fail)
    with pytest.raises(ControlPointFailed):
        async with asking(asker):
            await trio.sleep_forever()


async def test_an_interface_that_does_not_exist_is_named(autojump_clock: Clock) -> None:
    _, asker = hosts()
    with pytest.raises(NetworkError, match="no interface or address 'eth9'"):
        async with asking(asker, interfaces=["eth9"]):
            pass


async def test_feeds_end_with_the_control_point(autojump_clock: Clock) -> None:
    _, asker = hosts()
    async with asking(asker) as control_point:
        changes, datagrams, results = control_point.changes(), control_point.datagrams(), control_point.search()
    assert [change async for change in changes] == []
    assert [datagram async for datagram in datagrams] == []
    assert [result async for result in results] == []


#: where SSDP's messages go
GROUP = ("239.255.255.250", 1900)
UDN = "uuid:4d696e69-444c-164e-9d41-b827eb96c6c2"


def alive(location: str, *, max_age: int = 1800, boot_id: int = 1, usn: str = f"{UDN}::upnp:rootdevice") -> bytes:
    return render_alive(
        Alive(
            notification_type="upnp:rootdevice",
            usn=usn,
            location=location,
            server="test",
            max_age=max_age,
            boot_id=boot_id,
            config_id=1,
        )
    )


def response(location: str) -> bytes:
    return render_search_response(
        SearchResponse(
            search_target="upnp:rootdevice",
            usn=f"{UDN}::upnp:rootdevice",
            location=location,
            server="test",
            max_age=1800,
        )
    )
