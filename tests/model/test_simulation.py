"""Services that act from their description alone."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.service_strategies import service_descriptions
from upnp_trio.control.arguments import result_texts, typed_arguments
from upnp_trio.control.rendering import render_result
from upnp_trio.errors import UpnpError
from upnp_trio.eventing.propertyset import read_propertyset, render_propertyset
from upnp_trio.model.caller import Caller
from upnp_trio.model.service import (
    ActionDescription,
    AllowedRange,
    ArgumentDescription,
    ServiceDescription,
    VariableDescription,
)
from upnp_trio.model.simulation import Recording, SimulatedService

CALLER = Caller(address="192.0.2.9", interface="eth0", user_agent=None)


def _in(name: str, variable: str) -> ArgumentDescription:
    return ArgumentDescription(name=name, direction="in", related_state_variable=variable)


def _out(name: str, variable: str) -> ArgumentDescription:
    return ArgumentDescription(name=name, direction="out", related_state_variable=variable)


def _action(name: str, *arguments: ArgumentDescription) -> ActionDescription:
    return ActionDescription(name=name, arguments=arguments)


LAMP = ServiceDescription(
    actions=[
        _action("SetTarget", _in("newTargetValue", "Target")),
        _action("GetTarget", _out("RetTargetValue", "Target")),
        _action("GetStatus", _out("ResultStatus", "Status")),
        _action("SetLoadLevelTarget", _in("newLoadlevelTarget", "LoadLevelTarget")),
        _action("GetLoadLevelStatus", _out("retLoadlevelStatus", "LoadLevelStatus")),
        _action("GetNames", _out("First", "A_ARG_TYPE_Name"), _out("Second", "A_ARG_TYPE_Name")),
        _action("Rename", _in("NewName", "Name"), _out("OldName", "A_ARG_TYPE_Name")),
        _action("GetName", _out("CurrentName", "Name")),
        _action("GetDefaultName", _out("DefaultName", "Name")),
        _action("Step", _in("Direction", "A_ARG_TYPE_Name")),
        _action("Toggle"),
    ],
    variables=[
        VariableDescription(name="Target", data_type="boolean", evented=False, default=False),
        VariableDescription(name="Status", data_type="boolean", default=False),
        VariableDescription(name="LoadLevelTarget", data_type="ui1", evented=False),
        VariableDescription(name="LoadLevelStatus", data_type="ui1", allowed_range=AllowedRange(10, 100)),
        VariableDescription(name="Name", data_type="string"),
        VariableDescription(name="A_ARG_TYPE_Name", data_type="string", evented=False),
        VariableDescription(name="RadioTarget", data_type="ui1", evented=False),
        VariableDescription(name="RadioStatus", data_type="ui2"),
        VariableDescription(name="FreeTarget", data_type="ui1", evented=False),
    ],
)


class _Served:
    """A simulated service as a device uses it: texts in, texts out, and what its subscribers are told."""

    def __init__(self, description: ServiceDescription = LAMP, recording: Recording | None = None) -> None:
        self.handler = SimulatedService(description, recording)
        self.told: list[tuple[str, object]] = []
        self.handler.connect(lambda name, value: self.told.append((name, value)))

    def call(self, name: str, **texts: str) -> dict[str, str]:
        action = self.handler.actions[name]
        arguments = typed_arguments(self.handler.description, action.description, texts.items())
        results = dict(action.results(action.call(self.handler, arguments, CALLER)))
        return dict(result_texts(self.handler.description, action.description, results))

    def error(self, name: str, **texts: str) -> UpnpError:
        with pytest.raises(UpnpError) as caught:
            self.call(name, **texts)
        return caught.value


# --- what the description says -------------------------------------------------------------------------------------


def test_a_lamp_is_switched_and_tells_its_status() -> None:
    lamp = _Served()
    assert lamp.call("GetStatus") == {"ResultStatus": "0"}
    assert lamp.call("SetTarget", newTargetValue="1") == {}
    assert lamp.call("GetTarget") == {"RetTargetValue": "1"}
    assert lamp.call("GetStatus") == {"ResultStatus": "1"}
    assert lamp.told == [("Target", True), ("Status", True)]
    lamp.call("SetTarget", newTargetValue="true")
    assert len(lamp.told) == 2  # nothing has changed


def test_a_level_follows_its_target_unless_it_cannot_have_the_value() -> None:
    lamp = _Served()
    assert lamp.call("GetLoadLevelStatus") == {"retLoadlevelStatus": "10"}
    lamp.call("SetLoadLevelTarget", newLoadlevelTarget="50")
    assert lamp.call("GetLoadLevelStatus") == {"retLoadlevelStatus": "50"}
    lamp.call("SetLoadLevelTarget", newLoadlevelTarget="101")
    assert lamp.call("GetLoadLevelStatus") == {"retLoadlevelStatus": "50"}
    assert lamp.handler.variables()["LoadLevelTarget"] == 101


def test_a_status_of_another_type_is_no_follower() -> None:
    handler = SimulatedService(LAMP)
    handler.carry_out(_action("Tune", _in("a", "RadioTarget"), _in("b", "FreeTarget")), {"a": 7, "b": 8})
    values = handler.variables()
    assert (values["RadioTarget"], values["RadioStatus"], values["FreeTarget"]) == (7, 0, 8)


def test_a_value_that_its_variable_cannot_have_is_refused_as_by_any_service() -> None:
    lamp = _Served()
    assert lamp.error("SetTarget", newTargetValue="perhaps").code == 402
    assert lamp.error("SetLoadLevelTarget", newLoadlevelTarget="256").code == 600
    assert lamp.told == []


def test_an_action_of_which_too_little_is_known_says_so_and_changes_nothing() -> None:
    lamp = _Served()
    error = lamp.error("GetNames")
    assert (error.code, error.description) == (
        501,
        "Action Failed: this device is simulated, and nobody recorded what GetNames gives as First",
    )
    assert lamp.error("Rename", NewName="Hall").code == 501
    for name, texts in (("Step", {"Direction": "up"}), ("Toggle", {})):
        error = lamp.error(name, **texts)
        assert (error.code, error.description) == (
            602,
            f"Optional Action Not Implemented: this device is simulated, and the description does not say what {name} "
            "does",
        )
    assert lamp.told == []
    assert lamp.call("GetName") == {"CurrentName": ""}


# --- what was recorded ---------------------------------------------------------------------------------------------


def test_recorded_values_are_those_of_the_start() -> None:
    recording = Recording(
        variables={"Status": "1", "Name": "Hall", "LoadLevelStatus": "5", "Nothing": "1"},
        answers={"GetTarget": {"RetTargetValue": "1"}, "GetNothing": {}},
    )
    lamp = _Served(recording=recording)
    values = lamp.handler.variables()
    assert (values["Status"], values["Target"], values["Name"]) == (True, True, "Hall")
    assert values["LoadLevelStatus"] == 5  # the device had it, whatever its description says
    lamp.call("SetTarget", newTargetValue="0")
    assert lamp.call("GetStatus") == {"ResultStatus": "0"}


def test_an_answer_is_given_as_recorded_until_its_variable_is_set() -> None:
    recording = Recording(
        variables={"Name": "Hall"},
        answers={"GetNames": {"First": "a", "Second": "b"}, "GetDefaultName": {"DefaultName": "Lamp"}},
    )
    lamp = _Served(recording=recording)
    assert lamp.call("GetNames") == {"First": "a", "Second": "b"}
    assert lamp.call("GetDefaultName") == {"DefaultName": "Lamp"}
    assert lamp.call("GetName") == {"CurrentName": "Hall"}
    lamp.handler.carry_out(_action("SetName", _in("NewName", "Name")), {"NewName": "Kitchen"})
    assert lamp.call("GetDefaultName") == {"DefaultName": "Kitchen"}
    assert lamp.call("GetNames") == {"First": "a", "Second": "b"}


def test_a_recorded_error_is_given_whatever_the_caller_says() -> None:
    lamp = _Served(recording=Recording(errors={"GetName": (714, "No such entry")}))
    error = lamp.error("GetName")
    assert (error.code, error.description) == (714, "No such entry")


def test_an_action_with_an_empty_recorded_answer_succeeds() -> None:
    assert _Served(recording=Recording(answers={"Toggle": {}, "Step": {}})).call("Toggle") == {}


def test_a_recorded_text_that_is_no_value_is_left_out_with_a_warning(caplog: pytest.LogCaptureFixture) -> None:
    recording = Recording(variables={"Status": "perhaps"}, answers={"GetTarget": {"RetTargetValue": "maybe"}})
    lamp = _Served(recording=recording)
    assert lamp.call("GetStatus") == {"ResultStatus": "0"}
    assert lamp.call("GetTarget") == {"RetTargetValue": "0"}
    assert [record.levelname for record in caplog.records] == ["WARNING", "WARNING"]
    assert "the recorded value of Status is left out: 'perhaps' is not a boolean" in caplog.text


# --- as a handler --------------------------------------------------------------------------------------------------


def test_it_is_one_service_of_one_device() -> None:
    lamp = _Served()
    before = lamp.handler.is_connected
    with pytest.raises(RuntimeError, match="is a service of a device already"):
        lamp.handler.connect(lambda name, value: None)
    lamp.handler.disconnect()
    assert (before, lamp.handler.is_connected) == (True, False)
    lamp.call("SetTarget", newTargetValue="1")
    assert lamp.told == []


# --- descriptions of strangers -------------------------------------------------------------------------------------


def test_what_no_message_can_name_is_left_out() -> None:
    odd = ServiceDescription(
        actions=[
            _action("Slice <b>", _out("Ham", "Ham")),
            _action("Slice", _out("two words", "Ham")),
            _action("Twice", _out("Ham", "Ham"), _out("Ham", "Ham")),
            _action("Get", _out("Ham", "Ham"), _in("Ham", "Ham")),
            _action("Get", _out("Other", "Ham")),
        ],
        variables=[
            VariableDescription(name="</Ham><Ham>", data_type="string"),
            VariableDescription(name="Ham", data_type="string"),
            VariableDescription(name="Ham", data_type="ui1"),
        ],
    )
    handler = SimulatedService(odd)
    assert list(handler.actions) == ["Get"]
    assert [variable.name for variable in handler.description.variables] == ["Ham"]


def test_an_argument_without_its_variable_has_one_of_its_own() -> None:
    odd = ServiceDescription(actions=[_action("Slice", _in("Thickness", "Nothing"), _out("Ham", ""))])
    served = _Served(odd, Recording(answers={"Slice": {"Ham": "sliced"}}))
    assert served.call("Slice", Thickness="7") == {"Ham": "sliced"}
    assert served.handler.variables() == {}
    assert _Served(odd).error("Slice", Thickness="7").code == 501


@given(service_descriptions(), st.data())
def test_any_service_answers_every_call_with_a_result_or_an_error(
    description: ServiceDescription, data: st.DataObject
) -> None:
    texts = st.text(max_size=3) | st.sampled_from(["0", "1", "true"])
    recording = Recording(
        variables=data.draw(st.dictionaries(st.sampled_from([v.name for v in description.variables] or ["x"]), texts)),
        answers={
            action.name: {argument.name: data.draw(texts) for argument in action.out_arguments}
            for action in description.actions
            if data.draw(st.booleans())
        },
    )
    handler = SimulatedService(description, recording)
    for action in handler.actions.values():
        values = [(argument.name, data.draw(texts)) for argument in action.description.in_arguments]
        try:
            arguments = typed_arguments(handler.description, action.description, values)
            results = dict(action.results(action.call(handler, arguments, CALLER)))
        except UpnpError:
            continue
        pairs = result_texts(handler.description, action.description, results)
        render_result("urn:x:service:y:1", action.description.name, pairs)
    shown = handler.description.texts(handler.variables().items())
    assert [name for name, _ in read_propertyset(render_propertyset(shown))] == [name for name, _ in shown]
