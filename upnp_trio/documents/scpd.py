"""Reading and writing the values of a service description, the SCPD (UDA 2.0 §2.5)."""

from __future__ import annotations

import re
from collections import Counter
from decimal import Decimal
from typing import TypeGuard
from xml.etree.ElementTree import Element, SubElement

import attrs

from upnp_trio.documents.served_scpd import (
    STATE_TABLE,
    add_unused_variable,
    add_variable,
    in_service,
    new_document,
    read_document,
    write_document,
)
from upnp_trio.errors import DescriptionError
from upnp_trio.model.datatypes import DATA_TYPES, DataType
from upnp_trio.model.forgiving import forgive
from upnp_trio.model.service import (
    ActionDescription,
    AllowedRange,
    ArgumentDescription,
    Direction,
    Number,
    ServiceDescription,
    VariableDescription,
)
from upnp_trio.model.service_rules import flaws
from upnp_trio.model.text import XML_SPACE
from upnp_trio.model.value_errors import shown

__all__ = ["parse_scpd", "render_service_description"]

_CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ufffe\uffff]+")
_BY_LOWER_NAME = {name.lower(): kind for name, kind in DATA_TYPES.items()}
_YES = frozenset({"yes", "1", "true"})
_DIRECTIONS: dict[str, Direction] = {"in": "in", "out": "out"}


# --- reading ---------------------------------------------------------------------------------------------------


def parse_scpd(data: bytes, forgiven: list[str] | None = None) -> ServiceDescription:
    """Read the SCPD of any vendor.

    Tolerated are another namespace or none, any order, unknown elements, and names of data types in any case; an
    unknown data type is read as ``string``. A default or an allowed value that the data type does not have is left out,
    and so are actions and variables without a name. Raises `DescriptionError` if *data* is not XML or no SCPD, or if
    an argument has no name or no direction, without which its action cannot be called.

    With *forgiven*, such an action is left out, the flaws of XML that `parse_description` names are tolerated, too, and
    a sentence is added for each flaw; their number is bounded, and they can be shown on a terminal.
    """
    document = read_document(data, forgiven)
    reader = _Reader(forgiven)
    description = ServiceDescription(
        actions=reader.actions(document),
        variables=[reader.variable(entry) for entry in reader.named_entries(document, STATE_TABLE, "stateVariable")],
    )
    if forgiven is not None:
        _note_loose_ends(description, forgiven)
    return description


def _note_loose_ends(description: ServiceDescription, forgiven: list[str]) -> None:
    for what, items in (("action", description.actions), ("state variable", description.variables)):
        for name, count in Counter(item.name for item in items).items():
            if count > 1:
                forgive(forgiven, f"the {what} {name} comes {count} times; the last one counts")
    for action in description.actions:
        for argument in action.arguments:
            if description.variable_of(argument) is None:
                variable = shown(argument.related_state_variable)
                forgive(
                    forgiven,
                    f"the argument {argument.name} of the action {action.name} is read as string: there is no state "
                    f"variable {variable}",
                )


@attrs.frozen
class _Reader:
    """Makes values of elements, all of which are in UDA's namespace already."""

    #: takes a sentence for each flaw that is overlooked
    forgiven: list[str] | None

    def actions(self, document: Element) -> list[ActionDescription]:
        found = []
        for entry in self.named_entries(document, "actionList", "action"):
            try:
                found.append(self._action(entry))
            except DescriptionError as error:
                if self.forgiven is None:
                    raise
                self._overlook(f"the action {_text(entry, 'name')} is left out: {error}")
        return found

    def _action(self, element: Element) -> ActionDescription:
        name = _text(element, "name")
        entries = _entries(element, "argumentList", "argument")
        return ActionDescription(name=name, arguments=[self._argument(entry, name) for entry in entries])

    def _argument(self, element: Element, action: str) -> ArgumentDescription:
        name = _text(element, "name")
        if not name:
            raise DescriptionError(f"an argument of the action {action} has no name")
        written = _text(element, "direction")
        direction = _DIRECTIONS.get(written.lower())
        if direction is None:
            raise DescriptionError(
                f"the argument {name} of the action {action} has the direction {shown(written)}, not in or out"
            )
        if written != direction:
            self._overlook(f"the argument {name} of the action {action} has the direction {shown(written)}")
        return ArgumentDescription(
            name=name,
            direction=direction,
            related_state_variable=_text(element, "relatedStateVariable"),
            retval=_child(element, "retval") is not None,
        )

    def variable(self, element: Element) -> VariableDescription:
        name = _text(element, "name")
        kind = self._data_type(name, _text(element, "dataType"))
        values = self._allowed_values(name, kind, element)
        return VariableDescription(
            name=name,
            data_type=kind,
            evented=self._is_evented(name, element),
            multicast=self._yes_or_no(name, "multicast", element.get("multicast", "no")),
            default=self._default(name, kind, element, values),
            allowed_values=values,
            allowed_range=self._allowed_range(name, kind, element),
        )

    def _data_type(self, variable: str, name: str) -> DataType:
        kind = _BY_LOWER_NAME.get(name.lower())
        if kind is None:
            self._overlook(f"the state variable {variable} has the data type {shown(name)}; it is read as string")
            return DATA_TYPES["string"]
        if kind.name != name:
            self._overlook(f"the state variable {variable} has the data type {shown(name)}; it is read as {kind.name}")
        return kind

    def _is_evented(self, variable: str, element: Element) -> bool:
        attribute = element.get("sendEvents")
        if attribute is None and _child(element, "sendEventsAttribute") is not None:
            # as in drafts of UDA 1.0, and in players of the time
            self._overlook(f"the state variable {variable} has the element sendEventsAttribute")
            attribute = _text(element, "sendEventsAttribute")
        return self._yes_or_no(variable, "sendEvents", "yes" if attribute is None else attribute)

    def _yes_or_no(self, variable: str, name: str, text: str) -> bool:
        if text not in ("yes", "no"):
            meant = "yes" if text.strip().lower() in _YES else "no"
            self._overlook(f"the state variable {variable} has {name} = {shown(text)}, read as {meant}")
            return meant == "yes"
        return text == "yes"

    def _default(self, variable: str, kind: DataType, element: Element, allowed: tuple[str, ...]) -> object:
        child = _child(element, "defaultValue")
        if child is None:
            return None
        text = child.text or ""
        if allowed:  # none of these has white space around it, so that of the text is the document's layout
            text = text.strip(XML_SPACE)
        return self._value(variable, kind, text, "default")

    def _allowed_values(self, variable: str, kind: DataType, element: Element) -> tuple[str, ...]:
        texts = [(entry.text or "").strip(XML_SPACE) for entry in _entries(element, "allowedValueList", "allowedValue")]
        return tuple(text for text in texts if self._value(variable, kind, text, "allowed value") is not None)

    def _allowed_range(self, variable: str, kind: DataType, element: Element) -> AllowedRange | None:
        child = _child(element, "allowedValueRange")
        if child is None:
            return None
        # A range of texts breaks UDA's rules. It is read nonetheless, because it is a flaw to report.
        kind = kind if kind.is_number else DATA_TYPES["r8"]
        minimum, maximum, step = (
            self._value(variable, kind, text, f"{name} of its range") if (text := _text(child, name)) else None
            for name in ("minimum", "maximum", "step")
        )
        if not (_is_number(minimum) and _is_number(maximum)):
            self._overlook(f"the state variable {variable} has a range without a minimum or a maximum; it is left out")
            return None
        return AllowedRange(minimum, maximum, step if _is_number(step) and step else None)

    def _value(self, variable: str, kind: DataType, text: str, what: str) -> object:
        """The value of *text*, or ``None`` if *kind* has none."""
        try:
            return kind.parse(text)
        except ValueError as error:
            self._overlook(f"the {what} of the state variable {variable} is left out: {error}")
            return None

    def named_entries(self, element: Element, list_name: str, name: str) -> list[Element]:
        # Without a name, nothing can refer to an entry. Some documents have an empty <action> in their list.
        entries = _entries(element, list_name, name)
        named = [entry for entry in entries if _text(entry, "name")]
        if len(named) < len(entries):
            self._overlook(f"the {list_name} has an entry without a name; it is left out")
        return named

    def _overlook(self, sentence: str) -> None:
        forgive(self.forgiven, sentence)


def _is_number(value: object) -> TypeGuard[Number]:
    return isinstance(value, int | float | Decimal)


def _entries(element: Element, list_name: str, name: str) -> list[Element]:
    parent = _child(element, list_name)
    return [] if parent is None else parent.findall(in_service(name))


def _child(element: Element, name: str) -> Element | None:
    return element.find(in_service(name))


def _text(element: Element, name: str) -> str:
    child = _child(element, name)
    return "" if child is None else _CONTROLS.sub(" ", child.text or "").strip()


# --- writing ---------------------------------------------------------------------------------------------------


def render_service_description(
    description: ServiceDescription, *, config_id: int = 0, spec_version: tuple[int, int]
) -> bytes:
    """The SCPD of *description*: UTF-8, with the elements in the order of UDA's template.

    A service without state variables gets one that is not used, because UDA demands one. Raises `DescriptionError`
    with every other rule of UDA that *description* breaks, one on each line.
    """
    if found := list(flaws(description)):
        raise DescriptionError("\n".join(found))
    document = new_document(spec_version)
    if description.actions:  # UDA forbids an empty list
        actions = SubElement(document, in_service("actionList"))
        for action in description.actions:
            _add_action(actions, action)
    if not description.variables:
        add_unused_variable(document)
    else:
        table = SubElement(document, in_service(STATE_TABLE))
        for variable in description.variables:
            _add_variable(table, variable)
    return write_document(document, config_id)


def _add_action(actions: Element, action: ActionDescription) -> None:
    element = SubElement(actions, in_service("action"))
    _add_text(element, "name", action.name)
    if not action.arguments:
        return
    arguments = SubElement(element, in_service("argumentList"))
    for argument in action.arguments:
        entry = SubElement(arguments, in_service("argument"))
        _add_text(entry, "name", argument.name)
        _add_text(entry, "direction", argument.direction)
        if argument.retval:
            SubElement(entry, in_service("retval"))
        _add_text(entry, "relatedStateVariable", argument.related_state_variable)


def _add_variable(table: Element, variable: VariableDescription) -> None:
    kind = variable.data_type
    element = add_variable(table, variable.name, kind.name, evented=variable.evented, multicast=variable.multicast)
    if variable.default is not None:
        _add_text(element, "defaultValue", kind.render(variable.default))
    if variable.allowed_values:
        values = SubElement(element, in_service("allowedValueList"))
        for value in variable.allowed_values:
            _add_text(values, "allowedValue", value)
    if (allowed := variable.allowed_range) is not None:
        entry = SubElement(element, in_service("allowedValueRange"))
        _add_text(entry, "minimum", kind.render(allowed.minimum))
        _add_text(entry, "maximum", kind.render(allowed.maximum))
        if allowed.step is not None:
            _add_text(entry, "step", kind.render(allowed.step))


def _add_text(element: Element, name: str, text: str) -> None:
    SubElement(element, in_service(name)).text = text
