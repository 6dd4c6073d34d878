"""A service with LastChange: what its subscribers are sent, and when."""

from __future__ import annotations

import threading
from typing import Annotated

import pytest

from upnp_trio import DescriptionError, In, LastChange, ServiceHandler, StateVariable, action, parse_scpd
from upnp_trio.eventing.last_change import Change, read_last_change
from upnp_trio.eventing.moderation import PendingChanges

SERVICE_TYPE = "urn:schemas-upnp-org:service:RenderingControl:1"


class RenderingControl(ServiceHandler, service_type=SERVICE_TYPE):
    last_change: Annotated[LastChange, StateVariable(maximum_rate=0.2)] = LastChange(LastChange.RENDERING_CONTROL)
    volume: Annotated[int, StateVariable(evented=False, data_type="ui2")] = 0

    @action("SetVolume")
    def set_volume(self, desired: Annotated[int, In("DesiredVolume", "Volume")]) -> None:
        self.volume = desired
        self.last_change.set(0, "Volume", desired, Channel="Master")


def test_the_scpd_has_a_string() -> None:
    found = RenderingControl.description.variable("LastChange")
    assert found is not None
    assert (found.data_type.name, found.evented, found.default, found.maximum_rate) == ("string", True, None, 0.2)
    assert parse_scpd(RenderingControl().as_service().scpd or b"") == RenderingControl.description


def test_changes_of_one_moment_leave_together_and_a_new_subscriber_is_told_all() -> None:
    service = RenderingControl()
    service.last_change.set(0, "Mute", False)
    pending = PendingChanges(service.description, service.variables())
    service.connect(lambda name, value: pending.note(name, value, 0.0))
    service.last_change.set(0, "Volume", 1, Channel="Master")
    service.last_change.set(0, "Volume", 2, Channel="Master")
    ((name, text),) = pending.due(0.0)
    mute, volume = Change(0, "Mute", "0"), Change(0, "Volume", "2", (("Channel", "Master"),))
    assert (name, read_last_change(str(text))) == ("LastChange", [mute, volume])
    service.last_change.set(0, "Mute", True)
    assert pending.due(0.1) == []
    ((_, text),) = pending.due(0.2)
    assert read_last_change(str(text)) == [Change(0, "Mute", "1")]
    assert read_last_change(str(service.variables()["LastChange"])) == [Change(0, "Mute", "1"), volume]


def test_each_service_has_its_own() -> None:
    one, other = RenderingControl(), RenderingControl()
    one.last_change.set(0, "Mute", True)
    assert one.last_change is one.last_change
    assert read_last_change(other.last_change.current()) == []


def test_nothing_is_told_before_and_after_it_is_served() -> None:
    service = RenderingControl()
    told: list[str] = []
    for number in range(2):
        service.last_change.set(0, "A", number)
        service.connect(lambda name, value: told.append(name))
        service.last_change.set(0, "B", number)
        service.disconnect()
    assert told == ["LastChange", "LastChange"]


def test_it_is_replaced_before_it_is_served_alone() -> None:
    service = RenderingControl()
    service.last_change = LastChange("urn:x")
    service.connect(lambda name, value: None)
    with pytest.raises(RuntimeError, match=r"RenderingControl\.last_change is assigned while its device is served"):
        service.last_change = LastChange("urn:y")
    assert service.variables()["LastChange"] == '<Event xmlns="urn:x"></Event>'


def test_a_text_is_no_last_change() -> None:
    with pytest.raises(ValueError, match="it must be a LastChange"):
        RenderingControl().set_variable("LastChange", "<Event/>")


def test_another_thread_is_told_to_leave_it_alone() -> None:
    service = RenderingControl()
    told: list[str] = []
    service.connect(lambda name, value: told.append(name))
    errors: list[str] = []

    def change() -> None:
        try:
            service.last_change.set(0, "Mute", True)
        except RuntimeError as error:
            errors.append(str(error))

    thread = threading.Thread(target=change)
    thread.start()
    thread.join()
    assert "another thread" in errors[0]
    # the same change, made in the right thread, is one still
    assert read_last_change(service.last_change.current()) == []
    service.last_change.set(0, "Mute", True)
    assert told == ["LastChange"]
    assert read_last_change(service.last_change.take() or "") == [Change(0, "Mute", "1")]


def test_an_argument_cannot_be_one() -> None:
    with pytest.raises(DescriptionError, match="there is no data type for LastChange"):

        class Wrong(ServiceHandler, service_type=SERVICE_TYPE):
            @action("Set")
            def set_it(self, value: Annotated[LastChange, In("Value")]) -> None: ...


def test_a_contract_s_variable_may_be_one() -> None:
    scpd = RenderingControl().as_service().scpd

    class Contracted(ServiceHandler, service_type=SERVICE_TYPE, scpd=scpd):
        last_change: Annotated[LastChange, StateVariable()] = LastChange("urn:x")

        @action("SetVolume")
        def set_volume(self, desired_volume: int) -> None: ...

    assert Contracted().variables()["LastChange"] == '<Event xmlns="urn:x"></Event>'


def test_a_value_of_two_services_leaves_the_second_unconnected() -> None:
    class Two(RenderingControl):
        other: Annotated[LastChange, StateVariable("Other")] = LastChange(LastChange.RENDERING_CONTROL)

    first, second = RenderingControl(), Two()
    first.connect(lambda name, value: None)
    second.other = first.last_change
    with pytest.raises(RuntimeError, match="is the value of a variable already"):
        second.connect(lambda name, value: None)
    assert not second.is_connected
    second.other = LastChange(LastChange.RENDERING_CONTROL)
    second.connect(lambda name, value: None)
