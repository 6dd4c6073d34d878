"""The model: what it tells, what it keeps, and that nobody can fill it."""

from __future__ import annotations

import attrs
import pytest

from tests.cli.watching.scenes import Datagram, Result, alive, appear, device, location, root_device, search, udn
from upnp_trio.cli.watching import device_table
from upnp_trio.cli.watching.device_table import GONE_SECONDS, MAX_GONE
from upnp_trio.cli.watching.devices import MAX_HEADER_BYTES
from upnp_trio.cli.watching.happenings import (
    AnsweredLate,
    DeviceChanged,
    DeviceDescribed,
    Happening,
    LocationAnswered,
    LocationFailed,
    SearchedByOther,
)
from upnp_trio.cli.watching.model import (
    MAX_LOG,
    MAX_UNCLAIMED,
    WatchModel,
)
from upnp_trio.cli.watching.searches import MAX_ROWS
from upnp_trio.cli.watching.settling import QUIET_SECONDS
from upnp_trio.ssdp.found import DeviceAppeared, DeviceGone, DeviceRebooted, DeviceUpdated
from upnp_trio.ssdp.messages import ByeBye, Update


def kinds(told: list[Happening]) -> list[str]:
    return [event.kind if isinstance(event, DeviceChanged) else type(event).__name__ for event in told]


# --- devices -------------------------------------------------------------------------------------------------------


def test_a_device_is_told_once_its_rows_are_there() -> None:
    model = WatchModel()
    first = device(7, device_types=(), usns=(f"{udn(7)}::upnp:rootdevice",))
    assert model.change(DeviceAppeared(first), 0.0) == []
    assert model.change(DeviceUpdated(device(7)), 0.4) == []
    assert model.settle(0.6) == []
    (told,) = model.settle(0.4 + QUIET_SECONDS)
    assert isinstance(told, DeviceChanged)
    assert (told.kind, told.device_type) == ("appeared", device(7).device_types[0])
    model.change(DeviceUpdated(device(7, search_port=5)), 2.0)  # it is still introducing itself
    assert model.settle(10.0) == []


def test_a_device_whose_rows_keep_coming_is_told_after_a_while() -> None:
    model = WatchModel()
    model.change(DeviceAppeared(device(7)), 0.0)
    times = [number * 0.4 for number in range(1, 10)]
    told = [
        (now, model.change(DeviceUpdated(device(7, config_id=int(now * 10))), now), model.settle(now)) for now in times
    ]
    assert [now for now, _, settled in told if settled] == [pytest.approx(3.2)]


def test_a_device_is_told_before_its_description() -> None:
    model = WatchModel()
    model.change(DeviceAppeared(device(7, device_types=())), 0.0)
    probe = model.locations.take(0.0)
    assert probe is not None
    told = model.location_answered(probe, 0.02, 0.1, root_device(7))
    assert kinds(told) == ["appeared", "DeviceDescribed"]
    assert isinstance(told[0], DeviceChanged)
    assert (told[0].name, told[0].device_type) == ("Kitchen", "urn:schemas-upnp-org:device:DimmableLight:1")
    assert model.settle(1.0) == []


def test_a_device_that_goes_at_once_is_told_to_have_come_before() -> None:
    model = WatchModel()
    model.change(DeviceAppeared(device(7)), 0.0)
    assert kinds(model.change(DeviceGone(device(7), "byebye"), 0.1)) == ["appeared", "gone"]
    assert model.settle(10.0) == []


def test_an_update_names_what_has_changed_when_it_is_complete() -> None:
    model = WatchModel()
    appear(model, 7)
    assert model.change(DeviceUpdated(device(7, config_id=2)), 5.0) == []
    assert model.change(DeviceUpdated(device(7, config_id=2, locations=(location(8),))), 5.4) == []
    assert model.settle(5.8) == []
    (told,) = model.settle(5.4 + QUIET_SECONDS)
    assert isinstance(told, DeviceChanged)
    assert (told.kind, told.reason) == ("updated", "LOCATION, CONFIGID")
    model.change(DeviceUpdated(device(7, config_id=2, locations=(location(8),))), 7.0)
    assert model.settle(8.0) == []  # nothing differs
    assert kinds(model.change(DeviceRebooted(device(7, boot_id=99)), 9.0)) == ["rebooted"]


def test_rows_that_go_before_the_device_goes_are_no_update() -> None:
    model = WatchModel()
    appear(model, 7)
    model.change(DeviceUpdated(device(7, service_types=())), 5.0)
    assert kinds(model.change(DeviceGone(device(7, service_types=()), "byebye"), 5.2)) == ["gone"]
    assert model.settle(10.0) == []


def test_a_device_is_told_before_its_location_fails() -> None:
    model = WatchModel()
    model.change(DeviceAppeared(device(7)), 0.0)
    probe = model.locations.take(0.0)
    assert probe is not None
    assert kinds(model.location_failed(probe, "refused", "why", 0.1)) == ["appeared", "LocationFailed"]


def test_what_was_there_before_the_start_appears_like_everything_else() -> None:
    model = WatchModel()
    for number in (7, 8):
        model.change(DeviceAppeared(device(number)), 0.0)
    assert kinds(model.settle(1.0)) == ["appeared", "appeared"]
    assert model.table.present == 2


def test_a_device_that_has_gone_stays_for_a_while_and_keeps_its_name_when_it_comes_back() -> None:
    model = WatchModel()
    appear(model, 7, names=("Kitchen",))
    model.change(DeviceGone(device(7), "byebye"), 10.0)
    assert model.change(DeviceGone(device(7), "byebye"), 10.0) == []
    assert (model.table.present, model.table.gone) == (0, 1)
    assert model.devices[udn(7)].gone_reason == "byebye"
    model.change(DeviceAppeared(device(7)), 20.0)
    (told,) = model.settle(21.0)
    assert isinstance(told, DeviceChanged)
    assert told.name == "Kitchen"
    model.settle(10.0 + GONE_SECONDS)  # its first goodbye is no reason to forget it
    assert model.devices[udn(7)].gone_at is None
    model.change(DeviceGone(device(7), "expired"), 50.0)
    model.settle(49.9 + GONE_SECONDS)
    assert udn(7) in model.devices
    model.settle(50.0 + GONE_SECONDS)
    assert model.devices == {}


def test_the_udn_is_matched_without_case() -> None:
    model = WatchModel()
    shouted = "uuid:ABCDEF00-0000-4000-8000-000000000001"
    model.change(DeviceAppeared(device(7, udn=shouted)), 0.0)
    model.settle(1.0)
    assert kinds(model.change(DeviceGone(device(7, udn=shouted.lower()), "byebye"), 2.0)) == ["gone"]


def test_a_renewal_moves_the_time_of_expiry() -> None:
    model = WatchModel()
    appear(model, 7)
    model.receive(Datagram(message=alive(7, max_age=100), arrived_at=1750.0), is_ours=False)
    assert model.devices[udn(7)].expires_at == 1850.0
    model.receive(Datagram(message=alive(7, max_age=1), arrived_at=1751.0), is_ours=False)
    assert model.devices[udn(7)].expires_at == 1850.0


def test_embedded_devices_are_recognized_by_the_location_of_their_root() -> None:
    model = WatchModel()
    inner = device(8, is_root=False, locations=(location(7),))
    model.change(DeviceAppeared(inner), 0.0)
    assert not model.table.is_part(model.devices[udn(8)])
    model.change(DeviceAppeared(device(7)), 0.0)
    assert model.table.is_part(model.devices[udn(8)])
    assert [event.is_embedded for event in model.settle(1.0) if isinstance(event, DeviceChanged)] == [True, False]
    model.change(DeviceGone(device(7), "byebye"), 2.0)
    (told,) = model.change(DeviceGone(inner, "byebye"), 2.0)
    assert isinstance(told, DeviceChanged)
    assert told.is_embedded  # although its root has gone first


# --- searches ------------------------------------------------------------------------------------------------------


def test_a_search_of_another_is_told_and_one_of_ours_is_not() -> None:
    model = WatchModel()
    (told,) = model.receive(Datagram(message=search(agent=None), arrived_at=3.0), is_ours=False)
    assert told == SearchedByOther(
        at=3.0, interface="eth0", address="192.0.2.9", search_target="ssdp:all", mx=3, user_agent=""
    )
    assert model.receive(Datagram(message=search()), is_ours=True) == []
    assert model.searches.total == 1


def test_each_kind_of_datagram_is_counted() -> None:
    model = WatchModel()
    update = Update(notification_type="a", usn=udn(7), location="", boot_id=1, config_id=1, next_boot_id=2)
    for message in (alive(7), update, ByeBye(notification_type="a", usn=udn(7)), search(), None):
        model.receive(Datagram(message=message), is_ours=False)
    totals = model.totals
    assert (totals.datagrams, totals.announcements, totals.byebyes, totals.searches, totals.malformed) == (
        5,
        2,
        1,
        1,
        1,
    )


def test_an_answer_after_mx_is_told_once_for_each_search() -> None:
    model = WatchModel()
    appear(model, 7)
    for start in (10.0, 70.0):
        model.search_began(1, start)
        assert model.search_result(Result(udn=udn(7), latency=0.9), start + 1) == []
        (told,) = model.search_result(Result(udn=udn(7), latency=1.5, late_by=0.5), start + 2)
        assert isinstance(told, AnsweredLate)
        assert (told.latency, told.mx, told.late_by) == (1.5, 1, 0.5)
        assert model.search_result(Result(udn=udn(7), latency=1.6, late_by=0.6), start + 2) == []
        model.search_ended()
    row = model.devices[udn(7)]
    assert (row.latency, row.late_answers, row.unanswered) == (1.6, 2, 0)
    assert (model.latencies.answers, model.latencies.late, model.latencies.worst) == (6, 4, 1.6)


def test_an_answer_counts_although_its_device_comes_in_later() -> None:
    model = WatchModel()
    model.search_began(1, 0.0)
    model.search_result(Result(udn=udn(7), latency=1.5, late_by=0.5), 1.6)
    model.search_result(Result(udn=udn(7), latency=0.4), 1.6)
    assert kinds(model.change(DeviceAppeared(device(7)), 1.7)) == ["AnsweredLate"]
    assert model.devices[udn(7)].latency == 1.5


def test_a_device_that_was_there_all_the_time_and_does_not_answer_is_noted() -> None:
    model = WatchModel()
    appear(model, 7, 8, 9)
    for start in (10.0, 70.0):
        model.search_began(1, start)
        model.search_result(Result(udn=udn(7)), start + 1)
        model.change(DeviceAppeared(device(3)), start + 1)
        if start == 70.0:
            model.search_result(Result(udn=udn(9)), start + 1)
        model.search_ended()
    assert [model.devices[udn(number)].unanswered for number in (3, 7, 8, 9)] == [1, 0, 2, 0]


# --- LOCATIONs and descriptions ------------------------------------------------------------------------------------


def test_a_description_names_the_devices_of_its_url_and_no_others() -> None:
    model = WatchModel()
    inner = root_device(8, "Inner")
    appear(model, 7, 9)
    model.change(DeviceAppeared(device(8, is_root=False, boot_id=7, locations=(location(7),))), 0.0)
    probe = model.locations.take(0.0)
    assert probe is not None
    liar = attrs.evolve(root_device(9, "Liar"))
    document = root_device(7, devices=(inner, liar))
    told = model.location_answered(probe, 0.02, 1.0, document, ("odd",))
    assert [event.described.name for event in told if isinstance(event, DeviceDescribed)] == ["Kitchen", "Inner"]
    assert [model.devices[udn(number)].name for number in (7, 8, 9)] == ["Kitchen", "Inner", ""]
    again = model.locations.take(100.0)
    assert again is not None
    assert model.location_answered(again, 0.02, 100.0) == []


def test_a_row_of_a_vendor_has_the_name_of_the_device_at_its_url() -> None:
    """A Roku announces roku:ecp under a name that is in no description."""
    model = WatchModel()
    appear(model, 7)
    row = attrs.evolve(
        device(8, is_root=False, boot_id=7, locations=(location(7),)),
        device_types=(),
        service_types=(),
        usns=(f"{udn(8)}::roku:ecp",),
    )
    model.change(DeviceAppeared(row), 0.0)
    probe = model.locations.take(0.0)
    assert probe is not None
    told = model.location_answered(probe, 0.02, 1.0, root_device(7, devices=(root_device(9, "Inner"),)))
    assert [event.described.name for event in told if isinstance(event, DeviceDescribed)] == ["Kitchen", "Kitchen"]
    assert [model.devices[udn(number)].name for number in (7, 8)] == ["Kitchen", "Kitchen"]


def test_a_description_tells_which_devices_are_embedded() -> None:
    model = WatchModel()
    model.change(DeviceAppeared(device(8, is_root=False, boot_id=7, locations=(location(7),))), 0.0)
    probe = model.locations.take(0.0)
    assert probe is not None
    document = root_device(7, devices=(root_device(8, "Inner"),))
    told = model.location_answered(probe, 0.02, 0.1, document)
    assert [event.is_embedded for event in told if isinstance(event, DeviceChanged | DeviceDescribed)] == [True, True]


def test_a_device_that_is_announced_after_its_document_was_read_has_its_name_at_once() -> None:
    model = WatchModel()
    inner = device(8, is_root=False, boot_id=7, locations=(location(7),))
    model.change(DeviceAppeared(inner), 0.0)
    probe = model.locations.take(0.0)
    assert probe is not None
    document = root_device(7, devices=(root_device(8, "Inner"),))
    assert kinds(model.location_answered(probe, 0.02, 0.1, document)) == ["appeared", "DeviceDescribed"]
    elsewhere = device(7, locations=(location(9),))  # not at the URL of the document
    assert model.change(DeviceAppeared(elsewhere), 0.2) == []
    assert kinds(model.change(DeviceUpdated(device(7)), 0.3)) == ["appeared", "DeviceDescribed"]
    assert model.devices[udn(7)].name == "Kitchen"


def test_documents_full_of_devices_that_do_not_exist_are_bounded() -> None:
    model = WatchModel()
    many = tuple(root_device(number) for number in range(100, 300))
    for number in range(3, 40):
        appear(model, number)
        probe = model.locations.take(0.0)
        assert probe is not None
        model.location_answered(probe, 0.1, 0.0, root_device(number, devices=many))
    assert len(model._unclaimed) == MAX_UNCLAIMED


def test_a_location_that_fails_is_told_once_until_it_answers_again() -> None:
    model = WatchModel()
    appear(model, 7)
    told: list[Happening] = []
    for now, fails in ((0.0, True), (60.0, True), (120.0, False), (180.0, False), (240.0, True)):
        probe = model.locations.take(now)
        assert probe is not None
        if fails:
            told += model.location_failed(probe, "refused", "connection refused", now)
        else:
            told += model.location_answered(probe, 0.1, now)
    assert [type(event) for event in told] == [LocationFailed, LocationAnswered, LocationFailed]


def test_texts_of_a_description_are_cut() -> None:
    model = WatchModel()
    appear(model, 7)
    probe = model.locations.take(0.0)
    assert probe is not None
    services = root_device(7).services * 5000
    model.location_answered(probe, 0.1, 0.0, attrs.evolve(root_device(7, "x" * 100_000), services=services))
    described = model.devices[udn(7)].described
    assert described is not None
    assert len(described.name) == 120
    assert len(described.tree) == 65


# --- bounds --------------------------------------------------------------------------------------------------------


def test_devices_beyond_the_bound_are_counted_and_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(device_table, "MAX_DEVICES", 10)
    model = WatchModel()
    appear(model, *range(3, 33))
    assert len(model.devices) == len(model.locations) == 10
    assert model.table.not_kept == 20


def test_devices_that_come_and_go_do_not_pile_up() -> None:
    model = WatchModel()
    for number in range(1000):
        model.change(DeviceAppeared(device(7, udn=udn(number))), 0.0)
        model.change(DeviceGone(device(7, udn=udn(number)), "byebye"), 0.0)
        model.settle(0.0)
    assert len(model.devices) == MAX_GONE
    assert len(model.log) == MAX_LOG
    assert len(model.locations) == 0


def test_headers_are_cut() -> None:
    model = WatchModel()
    appear(model, 7)
    model.receive(Datagram(message=alive(7), payload=b"x" * 4096), is_ours=False)
    assert len(model.devices[udn(7)].headers) == MAX_HEADER_BYTES


def test_one_searcher_who_floods_the_table_does_not_drive_out_others() -> None:
    model = WatchModel()
    model.receive(Datagram(message=search(), source=("192.0.2.77", 1)), is_ours=False)
    model.receive(Datagram(message=search(), source=("2001:db8::1", 1)), is_ours=False)
    for number in range(3 * MAX_ROWS):
        address = "192.0.2.66" if number % 2 else f"2001:db8:0:1::{number:x}"  # both are one peer each
        model.receive(Datagram(message=search(f"urn:{number}"), source=(address, 1)), is_ours=False)
    assert len(model.searches) == MAX_ROWS
    addresses = {row.address for row in model.searches.latest()}
    assert {"192.0.2.77", "2001:db8::1"} <= addresses
    assert model.searches.total == 3 * MAX_ROWS + 2


def test_a_user_agent_is_cut() -> None:
    model = WatchModel()
    model.receive(Datagram(message=search(agent="x" * 1000)), is_ours=False)
    (row,) = model.searches.latest()
    assert len(row.user_agent) == 200


def test_a_snapshot_does_not_change() -> None:
    model = WatchModel()
    appear(model, 7, names=("Kitchen",))
    model.receive(Datagram(message=search()), is_ours=False)
    snapshot = model.snapshot()
    model.receive(Datagram(message=search()), is_ours=False)
    model.change(DeviceUpdated(device(7, boot_id=5)), 1.0)
    model.change(DeviceGone(device(7), "byebye"), 1.0)
    model.search_began(1, 0.0)
    model.search_result(Result(udn=udn(7)), 1.0)
    row = snapshot.devices[udn(7)]
    assert (row.gone_at, row.device.boot_id, row.latency) == (None, 7, None)
    assert [row.count for row in snapshot.searches.latest()] == [1]
    assert (snapshot.table.present, snapshot.totals.datagrams, snapshot.latencies.answers) == (1, 1, 0)
    assert snapshot.locations.state(device(7).location).state == "ok"
    assert model.locations.state(device(7).location).state == "waiting"
