"""Reading TOML: text to tables, with an error that names the line."""

from __future__ import annotations

from upnp_trio.documents.xml import MAX_DEPTH
from upnp_trio.errors import DescriptionError

__all__ = ["number_of", "read_toml", "text_of"]


def read_toml(data: bytes) -> dict[str, object]:
    """The tables in *data*; raises `DescriptionError` for anything that is no TOML, or nests too deeply."""
    import tomllib  # most starts read no TOML

    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise DescriptionError(f"line {line}: the file is not in UTF-8; save it as UTF-8") from error
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        where = str(error).replace("end of document", f"the end, line {text.count(chr(10)) + 1}")
        raise DescriptionError(f"not valid TOML: {where}") from error
    except ValueError as error:  # from int()
        raise DescriptionError("not valid TOML: a number in it has thousands of digits") from error
    except RecursionError as error:
        raise DescriptionError("not valid TOML: its lists and tables nest too deeply") from error
    _check_nesting(table)
    return table


def _check_nesting(value: object, level: int = 2) -> None:
    """Refuse a file whose description would nest too deeply to be read; the root element is level 1."""
    if level > MAX_DEPTH:
        raise DescriptionError(
            f"its lists and tables nest too deeply for a description, which has at most {MAX_DEPTH} levels"
        )
    for member in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        _check_nesting(member, level + 1)


def text_of(value: object) -> str:
    """*value* as text; raises `DescriptionError` if it is neither that nor a whole number."""
    # TOML reads a model number such as 3000 as a number, and its author means the digits.
    if type(value) is int:
        return str(number_of(value))
    if isinstance(value, str):
        return value
    raise DescriptionError(f"it is {value!r}, and must be text in quotes")


def number_of(value: object) -> int:
    """*value*, which must be a whole number that TOML has; raises `DescriptionError`."""
    if type(value) is not int:
        raise DescriptionError(f"it is {value!r}, and must be a whole number without quotes")
    # tomllib reads larger numbers than TOML has, and Python refuses to write the largest of them.
    if value.bit_length() >= 64:
        raise DescriptionError("it is a number of more than 64 bits, which TOML does not have")
    return value
