"""The form fields of the live page: for each argument the input that its state variable's data type needs.

An input holds the text that goes over the wire, except a checkbox, and except that browsers leave out the seconds of a
time when they are 0; ``page_script.js`` renders these two. The device checks every value itself, so an input is a help
for a person and no protection.
"""

from __future__ import annotations

import re
from html import escape
from typing import TYPE_CHECKING

from upnp_trio.documents.page_markup import attributes

if TYPE_CHECKING:
    from collections.abc import Mapping

    from upnp_trio.model.datatypes import DataType
    from upnp_trio.model.service import AllowedRange, ArgumentDescription, VariableDescription

__all__ = ["TRUE_TEXTS", "render_field"]

#: what stands for true in a boolean (UDA 2.0 §2.5, table 2-22)
TRUE_TEXTS = ("1", "true", "yes")

# A longer text is edited in several lines.
ONE_LINE_CHARACTERS = 60
# A slider of more positions than this cannot be moved to a certain one.
SLIDER_POSITIONS = 10_000

# Browsers have inputs for these types of a date or time, whose values are the texts on the wire.
_DATES = {"date": "date", "dateTime": "datetime-local", "time": "time"}
# An example and a pattern (HTML §4.10.5.3.6) for the types that browsers have no input for.
_TEXTS = {
    "char": ("one character", "."),
    "dateTime.tz": ("such as 2031-12-24T18:30:00+01:00", "\\d{4}-\\d{2}-\\d{2}.*"),
    "time.tz": ("such as 18:30:00+01:00", "\\d{2}:\\d{2}:\\d{2}.*"),
    "bin.base64": ("bytes in Base64, such as aGFt", "[A-Za-z0-9+\\/=\\s]*"),
    "bin.hex": ("bytes as hexadecimal digits, such as 68616d", "([0-9A-Fa-f]{2})*"),
    "uri": ("a URI", ""),
    "uuid": ("such as 2fac1234-31f8-11b4-a222-08002b34c003", ""),
}
# Texts of AV services that hold a document, such as DIDL-Lite, even when they are empty now.
_DOCUMENTS = re.compile("metadata|didl|xml|document", re.IGNORECASE)


def render_field(
    argument: ArgumentDescription, variable: VariableDescription | None, values: Mapping[str, str], name: str
) -> str:
    """The label, the input and a hint for an in argument; *name* is unique in the page.

    The input begins with the present value of *variable*, or else with its default.
    """
    value = _first_value(variable, values)
    kind = variable.data_type.name if variable else "string"
    common = {
        "id": name,
        "data-argument": argument.name,
        "data-type": kind,
        "data-follows": variable.name if variable else None,
        "aria-describedby": f"{name}-hint",
    }
    label = f"<label{attributes({'for': name})}>{escape(argument.name)}</label>"
    hint = f"<small{attributes({'id': f'{name}-hint'})}>{escape(_hint(kind, variable))}</small>"
    if kind == "boolean":
        checked = "" if value.strip().lower() in TRUE_TEXTS else None
        control = (
            f"<input{attributes({'type': 'checkbox', 'role': 'switch', 'value': '1', 'checked': checked, **common})}>"
        )
        return f'<div class="field switch">{label} {hint} {control}</div>'
    return f'<div class="field">{label} {hint} {_control(kind, variable, value, common)}</div>'


def _first_value(variable: VariableDescription | None, values: Mapping[str, str]) -> str:
    if variable is None:
        return ""
    if variable.name in values:
        return values[variable.name]
    if variable.default is not None:
        return variable.data_type.render(variable.default)
    if variable.allowed_range is not None:
        return str(variable.allowed_range.minimum)
    return "0" if variable.data_type.bounds else ""  # such as InstanceID, which hardly ever is another number


def _control(kind: str, variable: VariableDescription | None, value: str, common: Mapping[str, str | None]) -> str:
    if variable is not None and variable.allowed_values:
        return _select(variable.allowed_values, value, common)
    if variable is not None and variable.data_type.is_number:
        return _number(variable.data_type, variable.allowed_range, value, common)
    if kind in _DATES:
        return f"<input{attributes({'type': _DATES[kind], 'step': '1', 'value': value, 'required': '', **common})}>"
    plain = {"spellcheck": "false", "autocapitalize": "none"}
    if kind in _TEXTS:
        pattern = _TEXTS[kind][1] or None
        return f"<input{attributes({'type': 'text', 'value': value, 'pattern': pattern, **plain, **common})}>"
    if _needs_lines(variable, value):
        # A parser drops the first line end after the tag.
        return f"<textarea{attributes({**plain, **common})}>\n{escape(value)}</textarea>"
    return f"<input{attributes({'type': 'text', 'value': value, **plain, **common})}>"


def _needs_lines(variable: VariableDescription | None, value: str) -> bool:
    is_long = len(value) > ONE_LINE_CHARACTERS or "\n" in value or "\r" in value or value.startswith("<")
    return is_long or (variable is not None and _DOCUMENTS.search(variable.name) is not None)


def _select(allowed: tuple[str, ...], value: str, common: Mapping[str, str | None]) -> str:
    options = "".join(
        f"<option{attributes({'value': text, 'selected': '' if text == value else None})}>{escape(text)}</option>"
        for text in allowed
    )
    return f"<select{attributes(common)}>{options}</select>"


def _number(kind: DataType, allowed: AllowedRange | None, value: str, common: Mapping[str, str | None]) -> str:
    step = "1" if kind.bounds else "0.0001" if kind.name == "fixed.14.4" else "any"
    if allowed is None:
        low, high = kind.bounds or (None, None)
        limits = {"min": _text(low), "max": _text(high), "step": step}
        return f"<input{attributes({'type': 'number', **limits, 'value': value, 'required': '', **common})}>"
    step = step if allowed.step is None else str(allowed.step)
    limits = {"min": str(allowed.minimum), "max": str(allowed.maximum), "step": step}
    pair = f"{common['id']}-slider" if _has_slider(allowed) else None
    own = {"required": "", **common, "data-pair": pair}
    number = f"<input{attributes({'type': 'number', **limits, 'value': value, **own})}>"
    if pair is None:
        return number
    # The slider is a second way to set the number; what the form sends is the number.
    slider = {"id": pair, "aria-label": f"{common['data-argument']}, slider", "data-pair": common["id"]}
    return number + f"<input{attributes({'type': 'range', **limits, 'value': value, **slider})}>"


def _has_slider(allowed: AllowedRange) -> bool:
    span = float(allowed.maximum) - float(allowed.minimum)
    return 0 < span / float(allowed.step or 1) <= SLIDER_POSITIONS


def _text(number: int | None) -> str | None:
    return None if number is None else str(number)


def _hint(kind: str, variable: VariableDescription | None) -> str:
    parts = [kind]
    if kind in _TEXTS:
        parts.append(_TEXTS[kind][0])
    if variable is not None and (allowed := variable.allowed_range):
        parts.append(f"{allowed.minimum} to {allowed.maximum}")
        parts += [f"in steps of {allowed.step}"] if allowed.step not in (None, 1) else []
    return ", ".join(parts)
