"""Values of events: typed where the service description knows how, and text everywhere else."""

from __future__ import annotations

import pytest

from upnp_trio.errors import MalformedMessage
from upnp_trio.eventing.last_change import Change
from upnp_trio.eventing.variable_change import VariableChange
from upnp_trio.eventing.waiting_events import ReceivedEvent
from upnp_trio.model.forgiving import MAX_FORGIVEN
from upnp_trio.model.service import ServiceDescription, VariableDescription

DESCRIPTION = ServiceDescription(
    variables=[
        VariableDescription(name="Status", data_type="boolean"),
        VariableDescription(name="Volume", data_type="ui2"),
        VariableDescription(name="Name", data_type="string"),
    ]
)


def change(description: ServiceDescription | None = DESCRIPTION, **texts: str) -> VariableChange:
    return VariableChange.of(ReceivedEvent(seq=3, texts=texts, is_initial=True), description)


def test_values_have_the_types_of_the_service_description() -> None:
    found = change(Status="1", Volume="7", Name="a b ")
    assert found.values == {"Status": True, "Volume": 7, "Name": "a b "}
    assert found.texts == {"Status": "1", "Volume": "7", "Name": "a b "}
    assert (found.seq, found.is_initial, found.is_resubscribed, found.forgiven) == (3, True, False, ())


def test_a_text_that_does_not_fit_stays_a_text_and_is_told() -> None:
    found = change(Status="perhaps", Volume="70000")
    assert found.values == {"Status": "perhaps", "Volume": "70000"}
    about_status, about_volume = found.forgiven
    assert about_status.startswith("the value of Status, of type boolean: 'perhaps'")
    assert about_volume.startswith("the value of Volume, of type ui2: ")


def test_a_variable_that_the_service_does_not_have_stays_and_is_told() -> None:
    found = change(Extra="1")
    assert found.values == {"Extra": "1"}
    assert found.forgiven == ("the event has Extra, which is no variable of the service",)


def test_without_a_description_all_values_are_text() -> None:
    found = change(None, Status="1")
    assert found.values == {"Status": "1"}
    assert found.forgiven == ()


def test_last_change_is_read_on_request() -> None:
    text = '<Event xmlns="x"><InstanceID val="0"><Volume val="7" channel="Master"/></InstanceID></Event>'
    assert change(LastChange=text).last_change() == [Change(0, "Volume", "7", (("channel", "Master"),))]
    assert change(Status="1").last_change() == []
    with pytest.raises(MalformedMessage):
        change(LastChange="<a").last_change()


def test_what_was_forgiven_in_the_document_comes_first_and_all_of_it_is_bounded() -> None:
    texts = {f"N{number}": "1" for number in range(4000)}
    event = ReceivedEvent(seq=1, texts=texts, forgiven=("a bare & in line 1",))
    found = VariableChange.of(event, DESCRIPTION)
    assert found.forgiven[0] == "a bare & in line 1"
    assert len(found.forgiven) == MAX_FORGIVEN + 1
    assert len(found.values) == 4000
    assert VariableChange.of(event, None).forgiven == ("a bare & in line 1",)


def test_a_sentence_controls_no_terminal() -> None:
    (sentence,) = change(Volume="\x1b[2J\u202e").forgiven
    assert sentence.isprintable()
