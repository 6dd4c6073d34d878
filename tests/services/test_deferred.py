"""State variables whose value collects changes until its event leaves, such as LastChange."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Annotated

import pytest

from tests.services.examples import SERVICE_TYPE
from upnp_trio import DescriptionError, ServiceHandler, StateVariable, action, parse_scpd
from upnp_trio.eventing.last_change import RENDERING_CONTROL_NAMESPACE, LastChange, read_last_change

Changes = list[tuple[str, object]]


class Renderer(ServiceHandler, service_type=SERVICE_TYPE):
    last_change: Annotated[LastChange, StateVariable("LastChange", maximum_rate=0.2)]

    def __init__(self) -> None:
        self.last_change = LastChange(RENDERING_CONTROL_NAMESPACE)

    @action
    def set_volume(self, volume: int) -> None:
        self.last_change.set(0, "Volume", volume)


def connected(handler: ServiceHandler) -> Changes:
    changes: Changes = []
    handler.connect(lambda name, value: changes.append((name, value)))
    return changes


def test_it_is_described_as_a_string() -> None:
    (variable, _) = Renderer.description.variables
    assert (variable.name, variable.data_type.name, variable.default) == ("LastChange", "string", None)
    assert (variable.evented, variable.maximum_rate) == (True, 0.2)


def test_a_change_of_the_value_is_a_change_of_the_variable() -> None:
    renderer = Renderer()
    renderer.last_change.set(0, "Volume", 10)
    changes = connected(renderer)
    renderer.last_change.set(0, "Volume", 10)
    assert changes == []
    renderer.last_change.set(0, "Volume", 20)
    assert changes == [("LastChange", renderer.last_change)]
    renderer.disconnect()
    renderer.last_change.set(0, "Volume", 30)
    assert len(changes) == 1
    assert connected(renderer) == []


def test_the_values_of_the_service_hold_its_text_with_all_values() -> None:
    renderer = Renderer()
    renderer.last_change.set(0, "Volume", 10)
    assert renderer.last_change.take() is not None
    (value,) = renderer.variables().values()
    assert isinstance(value, str)
    assert [(change.name, change.value) for change in read_last_change(value)] == [("Volume", "10")]


def test_another_value_takes_the_place_of_the_first() -> None:
    renderer = Renderer()
    changes = connected(renderer)
    first, second = renderer.last_change, LastChange(RENDERING_CONTROL_NAMESPACE)
    renderer.last_change = second
    renderer.last_change = second
    first.set(0, "Volume", 1)
    second.set(0, "Volume", 2)
    assert changes == [("LastChange", second), ("LastChange", second)]


def test_another_kind_of_value_is_refused() -> None:
    with pytest.raises(ValueError, match=r"Renderer\.last_change cannot be 'x': it must be a LastChange"):
        Renderer().set_variable("LastChange", "x")


def test_a_change_in_another_thread_is_refused() -> None:
    renderer = Renderer()
    changes = connected(renderer)
    raised: list[BaseException] = []

    def change() -> None:
        calls: list[Callable[[], None]] = [
            lambda: renderer.last_change.set(0, "Volume", 1),
            lambda: setattr(renderer, "last_change", new),
        ]
        for call in calls:
            try:
                call()
            except RuntimeError as exc:
                raised.append(exc)

    new = LastChange(RENDERING_CONTROL_NAMESPACE)
    thread = threading.Thread(target=change)
    thread.start()
    thread.join()
    assert ["another thread" in str(exc) for exc in raised] == [True, True]
    assert changes == []


def test_two_services_cannot_have_one_value() -> None:
    class Two(Renderer):
        other: Annotated[LastChange, StateVariable("Other", evented=False)]

    first, second = Renderer(), Two()
    connected(first)
    second.other = first.last_change
    with pytest.raises(RuntimeError, match="is the value of a variable already"):
        connected(second)
    assert not second.is_connected
    second.other = LastChange(RENDERING_CONTROL_NAMESPACE)
    assert connected(second) == []
    with pytest.raises(RuntimeError, match="is the value of a variable already"):
        second.other = first.last_change
    assert second.other is not first.last_change


def test_a_value_in_the_class_would_be_shared_and_is_a_mistake() -> None:
    with pytest.raises(DescriptionError, match=r"Bad\.change: all services of this class would share its value"):

        class Bad(ServiceHandler, service_type=SERVICE_TYPE):
            change: Annotated[LastChange, StateVariable()] = LastChange(RENDERING_CONTROL_NAMESPACE)


def test_an_argument_cannot_be_one() -> None:
    with pytest.raises(DescriptionError, match=r"Bad\.get, its result: LastChange is the value of a state variable"):

        class Bad(ServiceHandler, service_type=SERVICE_TYPE):
            @action
            def get(self) -> LastChange:
                raise NotImplementedError


def test_a_service_that_forgot_its_value_is_refused_before_it_is_served() -> None:
    class Forgetful(Renderer):
        def __init__(self) -> None:
            pass

    forgetful = Forgetful()
    with pytest.raises(AttributeError, match="has no value yet"):
        forgetful.last_change  # noqa: B018
    with pytest.raises(DescriptionError, match=r"Forgetful\.last_change has no value, .* assign one to self in __init"):
        forgetful.as_service()


def test_it_works_with_an_scpd_that_exists() -> None:
    document = Renderer().as_service().scpd
    assert document is not None

    class Contract(ServiceHandler, service_type=SERVICE_TYPE, scpd=document, optional=["SetVolume"]):
        last_change: Annotated[LastChange, StateVariable(maximum_rate=0.2)]

    contract = Contract()
    changes = connected(contract)
    contract.last_change = LastChange(RENDERING_CONTROL_NAMESPACE)
    contract.last_change.set(0, "Mute", value=True)
    assert changes == [("LastChange", contract.last_change)] * 2
    assert Contract.description == parse_scpd(document)
