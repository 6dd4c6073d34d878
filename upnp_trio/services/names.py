"""Names in an SCPD and the names in Python that stand for them (UDA 2.0 §2.5)."""

from __future__ import annotations

import keyword
import re

__all__ = ["camel_case", "matching_key", "python_name", "snake_case"]

_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")


def camel_case(name: str) -> str:
    """The name that an SCPD gives to a Python name.

    >>> camel_case("new_target_value")
    'NewTargetValue'
    """
    return "".join(part[:1].upper() + part[1:] for part in name.split("_"))


def snake_case(name: str) -> str:
    """The Python name that stands for an SCPD's name, which may still be a keyword.

    >>> snake_case("newURLValue2")
    'new_url_value_2'
    """
    return "_".join(_WORDS.findall(name)).lower()


def python_name(name: str, taken: frozenset[str] | set[str] = frozenset()) -> str:
    """`snake_case`, mended where that is no name, a keyword or one of those *taken*."""
    wanted = snake_case(name)
    if not wanted or wanted[0].isdigit():
        wanted = f"x_{wanted}" if wanted else "x"
    if keyword.iskeyword(wanted) or wanted in taken:
        wanted += "_"
    found, number = wanted, 2
    while found in taken:
        found, number = f"{wanted.rstrip('_')}_{number}", number + 1
    return found


def matching_key(name: str) -> str:
    """What a Python name and the SCPD's name that it stands for have in common.

    Capital letters are grouped in many ways (``newURL``, ``InstanceID``), and a keyword gets a ``_`` at its end.

    >>> matching_key("instance_id") == matching_key("InstanceID")
    True
    """
    return name.replace("_", "").replace(".", "").lower()
