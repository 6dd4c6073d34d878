"""Values that are made for each request: frozen for the type checker alone.

A value of `attrs.frozen` takes more than twice as long to make, as each field is assigned by ``object.__setattr__``. A
call makes four of these values, and that was a sixteenth of all its instructions.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

__all__ = ["checked_frozen"]

if TYPE_CHECKING:
    from attrs import frozen as checked_frozen
else:
    from attrs import define as checked_frozen
