"""A service that acts from its description alone, such as a clone's whose original is elsewhere.

A description says which state variable each argument is about, and that is what the simulation follows:

- An in argument sets its related state variable. The change is an event if the variable is evented.
- An out argument is the value of its related state variable.
- A variable whose name ends in ``Target`` also sets the one that is named with ``Status`` in its place, if that has the
  same data type: SwitchPower's ``Target`` and ``Status``, Dimming's ``LoadLevelTarget`` and ``LoadLevelStatus``. No
  description says so; this is the only guess.
- ``A_ARG_TYPE_…`` variables have no value (UDA 2.0 §2.5). An out argument of such a type is what was recorded of its
  action. Without a recording, the action is answered with UPnP error 501.
- An action of which nothing is known, as it neither gives a result nor sets a variable, is answered with error 602.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

import attrs

from upnp_trio.errors import STANDARD_ERRORS, UpnpError
from upnp_trio.model.datatypes import DATA_TYPES
from upnp_trio.model.service import ARGUMENT_TYPE, ActionDescription, ServiceDescription, VariableDescription
from upnp_trio.model.values import check_value, zero

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

    from upnp_trio.model.caller import Caller
    from upnp_trio.model.service import ArgumentDescription

__all__ = ["Recording", "SimulatedService"]

logger = logging.getLogger(__name__)

#: what results and events can name; descriptions of strangers may have anything
_ELEMENT_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.\-]*")
TARGET, STATUS = "Target", "Status"


def _texts(items: Mapping[str, str]) -> dict[str, str]:
    return dict(items)


@attrs.frozen(kw_only=True)
class Recording:
    """What is known of a service beside its description: texts as they are on the wire."""

    #: the values of state variables, by name
    variables: Mapping[str, str] = attrs.field(factory=dict, converter=_texts)
    #: the results of actions: by the action's name, the out arguments by name
    answers: Mapping[str, Mapping[str, str]] = attrs.field(factory=dict)
    #: the UPnP errors of actions that fail whatever they are given: code and text
    errors: Mapping[str, tuple[int, str]] = attrs.field(factory=dict)

    def __bool__(self) -> bool:
        """Whether anything is recorded."""
        return bool(self.variables or self.answers or self.errors)


@attrs.frozen(eq=False)
class _SimulatedAction:
    """An action of a simulated service."""

    description: ActionDescription
    may_block = False

    def call(self, handler: SimulatedService, arguments: Mapping[str, object], caller: Caller) -> object:
        """The results of the action by name; raises `UpnpError`."""
        return handler.carry_out(self.description, arguments)

    def results(self, returned: object) -> list[tuple[str, object]]:
        """The results as pairs."""
        assert isinstance(returned, dict)
        return list(returned.items())


class SimulatedService:
    """The handler of a service that is simulated from its *description* and a *recording* of it."""

    def __init__(self, description: ServiceDescription, recording: Recording | None = None) -> None:
        self.description = _usable(description)
        self.recording = Recording() if recording is None else recording
        self.actions: Mapping[str, _SimulatedAction] = {
            action.name: _SimulatedAction(action) for action in self.description.actions
        }
        #: by action and argument, the variable and the value; when the variable is set, that value is newer
        self._answers = dict(self._recorded_answers())
        self._values = {
            variable.name: self._first_value(variable)
            for variable in self.description.variables
            if not _is_type_alone(variable)
        }
        self._on_change: Callable[[str, object], None] | None = None

    # --- what a handler is ---

    @property
    def is_connected(self) -> bool:
        """Whether a device is served with it."""
        return self._on_change is not None

    def variables(self) -> dict[str, object]:
        """The values of the state variables now."""
        return dict(self._values)

    def connect(
        self, on_change: Callable[[str, object], None], lock: AbstractContextManager[object] | None = None
    ) -> None:
        """Call *on_change* with name and value of each variable that changes; raises `RuntimeError` the second time.

        Calls alone change variables, one after the other, so *lock* is not needed.
        """
        if self._on_change is not None:
            raise RuntimeError("this SimulatedService is a service of a device already; load the device file again")
        self._on_change = on_change

    def disconnect(self) -> None:
        """Call `connect`'s function no more."""
        self._on_change = None

    async def run_while_served(self) -> None:
        """It does nothing by itself."""

    # --- acting ---

    def carry_out(self, action: ActionDescription, arguments: Mapping[str, object]) -> dict[str, object]:
        """The results of *action*, by name; nothing is changed if it raises `UpnpError`."""
        if action.name in self.recording.errors:
            raise UpnpError(*self.recording.errors[action.name])
        self._check(action)
        for argument in action.in_arguments:
            self._set(argument.related_state_variable, arguments[argument.name])
        return {argument.name: self._result(action, argument) for argument in action.out_arguments}

    def _check(self, action: ActionDescription) -> None:
        for argument in action.out_arguments:
            is_recorded = (action.name, argument.name) in self._answers
            if not is_recorded and argument.related_state_variable not in self._values:
                raise _unknown(501, f"nobody recorded what {action.name} gives as {argument.name}")
        if action.out_arguments or action.name in self.recording.answers:
            return
        if not any(argument.related_state_variable in self._values for argument in action.in_arguments):
            raise _unknown(602, f"the description does not say what {action.name} does")

    def _result(self, action: ActionDescription, argument: ArgumentDescription) -> object:
        answer = self._answers.get((action.name, argument.name))
        return self._values[argument.related_state_variable] if answer is None else answer[1]

    def _set(self, name: str, value: object) -> None:
        if name not in self._values:
            return
        self._change(name, value)
        if (follower := self._follower(name)) is not None and _can_have(follower, value):
            self._change(follower.name, value)

    def _follower(self, name: str) -> VariableDescription | None:
        """The variable that has the value that the variable *name* is the target of, if there is one."""
        leader = self.description.variable(name)
        follower = self.description.variable(f"{name.removesuffix(TARGET)}{STATUS}")
        if leader is None or follower is None or not name.endswith(TARGET) or follower.name not in self._values:
            return None
        return follower if follower.data_type == leader.data_type else None

    def _change(self, name: str, value: object) -> None:
        self._answers = {key: answer for key, answer in self._answers.items() if answer[0] != name}
        if self._values[name] != value:
            self._values[name] = value
            if self._on_change is not None:
                self._on_change(name, value)

    # --- the start ---

    def _recorded_answers(self) -> Iterator[tuple[tuple[str, str], tuple[str, object]]]:
        for action in self.description.actions:
            texts = self.recording.answers.get(action.name, {})
            for argument in action.out_arguments:
                variable = self.description.variable_of(argument)
                if variable is not None and argument.name in texts:
                    value = _value(variable, texts[argument.name])
                    if value is not None:
                        yield (action.name, argument.name), (variable.name, value)

    def _first_value(self, variable: VariableDescription) -> object:
        """The value of an event comes before that of an action, whose out argument may mean something else."""
        if variable.name in self.recording.variables:
            value = _value(variable, self.recording.variables[variable.name])
            if value is not None:
                return value
        answers = (value for name, value in self._answers.values() if name == variable.name)
        return next(answers, zero(variable))


def _usable(description: ServiceDescription) -> ServiceDescription:
    """*description* without what no message can name, and with the variables that its arguments lack."""
    variables = {
        variable.name: variable for variable in description.variables if _ELEMENT_NAME.fullmatch(variable.name)
    }
    actions = {}
    for action in filter(_can_be_called, description.actions):
        arguments = []
        for argument in action.arguments:
            name = argument.related_state_variable
            if name not in variables:
                name = f"{ARGUMENT_TYPE}{action.name}_{argument.name}"
                variables[name] = VariableDescription(name=name, data_type=DATA_TYPES["string"], evented=False)
            arguments.append(attrs.evolve(argument, related_state_variable=name))
        actions[action.name] = attrs.evolve(action, arguments=arguments)
    return ServiceDescription(actions=actions.values(), variables=variables.values())


def _can_be_called(action: ActionDescription) -> bool:
    keys = {(argument.direction, argument.name) for argument in action.arguments}
    names = [action.name, *(name for _, name in keys)]
    return len(keys) == len(action.arguments) and all(map(_ELEMENT_NAME.fullmatch, names))


def _is_type_alone(variable: VariableDescription) -> bool:
    return variable.name.startswith(ARGUMENT_TYPE)


def _can_have(variable: VariableDescription, value: object) -> bool:
    try:
        check_value(variable, value)
    except ValueError:
        return False
    return True


def _value(variable: VariableDescription, text: str) -> object:
    """The value of a recorded *text*, even one that the variable should not have; ``None`` if it is none."""
    try:
        return variable.data_type.parse(text)
    except ValueError as error:
        logger.warning("the recorded value of %s is left out: %s", variable.name, error)
        return None


def _unknown(code: int, reason: str) -> UpnpError:
    return UpnpError(code, f"{STANDARD_ERRORS[code]}: this device is simulated, and {reason}")
