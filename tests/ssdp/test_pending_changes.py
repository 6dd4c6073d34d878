"""Changes that wait for a reader: a slow reader ends with the same picture as a quick one."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from upnp_trio.ssdp.found import (
    DeviceAppeared,
    DeviceChange,
    DeviceGone,
    DeviceRebooted,
    DeviceUpdated,
    FoundDevice,
    FoundLocation,
)
from upnp_trio.ssdp.pending_changes import PendingChanges


def device(udn: str, config_id: int = 0) -> FoundDevice:
    location = FoundLocation(
        url="http://192.0.2.7/", interface="eth0", index=2, sender="192.0.2.7", max_age=1800, expires_at=1800.0
    )
    return FoundDevice(
        udn=udn,
        is_root=True,
        device_types=(),
        service_types=(),
        usns=(udn,),
        locations=(location,),
        server="",
        boot_id=1,
        config_id=config_id,
        search_port=None,
        forgiven=(),
    )


def taken(pending: PendingChanges) -> list[DeviceChange]:
    found = []
    while (change := pending.take()) is not None:
        found.append(change)
    return found


def test_changes_come_in_their_order() -> None:
    pending = PendingChanges()
    changes: list[DeviceChange] = [
        DeviceAppeared(device("uuid:a")),
        DeviceAppeared(device("uuid:b")),
        DeviceGone(device("uuid:c"), "byebye"),
    ]
    for change in changes:
        assert not pending.put(change)
    assert taken(pending) == changes


def test_a_device_that_came_and_went_unseen_leaves_nothing() -> None:
    pending = PendingChanges()
    for number in range(1000):
        pending.put(DeviceAppeared(device(f"uuid:{number}")))
        pending.put(DeviceGone(device(f"uuid:{number}"), "no room"))
    assert len(pending) == 0
    assert pending.take() is None


def test_the_newest_state_stands_for_the_steps_to_it() -> None:
    pending = PendingChanges()
    pending.put(DeviceAppeared(device("uuid:a", 1)))
    pending.put(DeviceUpdated(device("uuid:a", 2)))
    pending.put(DeviceRebooted(device("uuid:a", 3)))
    assert taken(pending) == [DeviceAppeared(device("uuid:a", 3))]


def test_a_reboot_is_not_lost_in_the_updates_around_it() -> None:
    pending = PendingChanges()
    pending.put(DeviceUpdated(device("uuid:a", 1)))
    pending.put(DeviceRebooted(device("uuid:a", 2)))
    pending.put(DeviceUpdated(device("uuid:a", 3)))
    assert taken(pending) == [DeviceRebooted(device("uuid:a", 3))]


def test_a_device_that_went_and_came_back_has_done_both() -> None:
    pending = PendingChanges()
    pending.put(DeviceGone(device("uuid:a", 1), "byebye"))
    pending.put(DeviceAppeared(device("uuid:A", 2)))  # a UDN is the same in any case
    assert taken(pending) == [DeviceGone(device("uuid:a", 1), "byebye"), DeviceAppeared(device("uuid:A", 2))]


STEPS = st.lists(
    st.tuples(st.sampled_from("abc"), st.sampled_from(["come or change", "reboot", "go", "read"])), max_size=60
)


@given(STEPS)
def test_any_reader_ends_with_the_devices_that_are_there(steps: list[tuple[str, str]]) -> None:
    pending = PendingChanges()
    there: dict[str, FoundDevice] = {}
    seen: dict[str, FoundDevice] = {}

    def read(change: DeviceChange) -> None:
        udn = change.device.udn
        match change:
            case DeviceAppeared():
                assert udn not in seen
                seen[udn] = change.device
            case DeviceGone():
                del seen[udn]
            case _:
                assert udn in seen
                seen[udn] = change.device

    for number, (udn, step) in enumerate(steps):
        if step == "read":
            if (change := pending.take()) is not None:
                read(change)
        elif step == "go":
            if udn in there:
                pending.put(DeviceGone(there.pop(udn), "expired"))
        else:
            kind: type[DeviceAppeared] | type[DeviceRebooted] | type[DeviceUpdated] = DeviceAppeared
            if udn in there:
                kind = DeviceRebooted if step == "reboot" else DeviceUpdated
            there[udn] = device(udn, number)
            pending.put(kind(there[udn]))
    for change in taken(pending):
        read(change)
    assert seen == there
