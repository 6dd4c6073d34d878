"""Reading and writing the values of a service description, the SCPD (UDA 2.0 §2.5)."""

from __future__ import annotations

import logging
import re
from decimal import Decimal
from typing import TypeGuard
from xml.etree.ElementTree import Element, SubElement

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

logger = logging.getLogger(__name__)

_CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ufffe\uffff]+")
_BY_LOWER_NAME = {name.lower(): kind for name, kind in DATA_TYPES.items()}
_YES = frozenset({"yes", "1", "true"})
_DIRECTIONS: dict[str, Direction] = {"in": "in", "out": "out"}


# --- reading ---------------------------------------------------------------------------------------------------


def parse_scpd(data: bytes) -> ServiceDescription:
    """Read the SCPD of any vendor.

    Tolerated are another namespace or none, any order, unknown elements, and names of data types in any case; an
    unknown data type is read as ``string``. A default or an allowed value that the data type does not have is left out,
    and so are actions and variables without a name. Raises `DescriptionError` if *data* is not XML or no SCPD, or if
    an argument has no name or no direction, without which its action cannot be called.
    """
    document = read_document(data)
    return ServiceDescription(
        actions=[_action(entry) for entry in _named_entries(document, "actionList", "action")],
        variables=[_variable(entry) for entry in _named_entries(document, STATE_TABLE, "stateVariable")],
    )


def _action(element: Element) -> ActionDescription:
    name = _text(element, "name")
    entries = _entries(element, "argumentList", "argument")
    return ActionDescription(name=name, arguments=[_argument(entry, name) for entry in entries])


def _argument(element: Element, action: str) -> ArgumentDescription:
    name = _text(element, "name")
    if not name:
        raise DescriptionError(f"an argument of the action {action} has no name")
    direction = _DIRECTIONS.get(_text(element, "direction").lower())
    if direction is None:
        found = shown(_text(element, "direction"))
        raise DescriptionError(f"the argument {name} of the action {action} has the direction {found}, not in or out")
    return ArgumentDescription(
        name=name,
        direction=direction,
        related_state_variable=_text(element, "relatedStateVariable"),
        retval=_child(element, "retval") is not None,
    )


def _variable(element: Element) -> VariableDescription:
    name = _text(element, "name")
    kind = _data_type(name, _text(element, "dataType"))
    values = _allowed_values(name, kind, element)
    return VariableDescription(
        name=name,
        data_type=kind,
        evented=_attribute(element, "sendEvents", "yes"),
        multicast=_attribute(element, "multicast", "no"),
        default=_default(name, kind, element, values),
        allowed_values=values,
        allowed_range=_allowed_range(name, kind, element),
    )


def _data_type(variable: str, name: str) -> DataType:
    kind = _BY_LOWER_NAME.get(name.lower())
    if kind is None:
        logger.debug("the state variable %s has the data type %s; it is read as string", variable, shown(name))
        return DATA_TYPES["string"]
    return kind


def _default(variable: str, kind: DataType, element: Element, allowed: tuple[str, ...]) -> object:
    child = _child(element, "defaultValue")
    if child is None:
        return None
    text = child.text or ""
    if allowed:  # none of these has white space around it, so that of the text is the document's layout
        text = text.strip(XML_SPACE)
    return _value(variable, kind, text, "default")


def _allowed_values(variable: str, kind: DataType, element: Element) -> tuple[str, ...]:
    texts = [(entry.text or "").strip(XML_SPACE) for entry in _entries(element, "allowedValueList", "allowedValue")]
    return tuple(text for text in texts if _value(variable, kind, text, "allowed value") is not None)


def _allowed_range(variable: str, kind: DataType, element: Element) -> AllowedRange | None:
    child = _child(element, "allowedValueRange")
    if child is None:
        return None
    # A range of texts breaks UDA's rules. It is read nonetheless, because it is a flaw to report.
    kind = kind if kind.is_number else DATA_TYPES["r8"]
    minimum, maximum, step = (
        _value(variable, kind, text, f"{name} of its range") if (text := _text(child, name)) else None
        for name in ("minimum", "maximum", "step")
    )
    if not (_is_number(minimum) and _is_number(maximum)):
        logger.debug("the state variable %s has a range without a minimum or a maximum; it is left out", variable)
        return None
    return AllowedRange(minimum, maximum, step if _is_number(step) and step else None)


def _is_number(value: object) -> TypeGuard[Number]:
    return isinstance(value, int | float | Decimal)


def _value(variable: str, kind: DataType, text: str, what: str) -> object:
    """The value of *text*, or ``None`` if *kind* has none."""
    try:
        return kind.parse(text)
    except ValueError as error:
        logger.debug("the %s of the state variable %s is left out: %s", what, variable, error)
        return None


def _named_entries(element: Element, list_name: str, name: str) -> list[Element]:
    # Without a name, nothing can refer to an entry. Some documents have an empty <action> in their list.
    return [entry for entry in _entries(element, list_name, name) if _text(entry, "name")]


def _entries(element: Element, list_name: str, name: str) -> list[Element]:
    parent = _child(element, list_name)
    return [] if parent is None else parent.findall(in_service(name))


def _child(element: Element, name: str) -> Element | None:
    return element.find(in_service(name))


def _text(element: Element, name: str) -> str:
    child = _child(element, name)
    return "" if child is None else _CONTROLS.sub(" ", child.text or "").strip()


def _attribute(element: Element, name: str, default: str) -> bool:
    return element.get(name, default).strip().lower() in _YES


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
