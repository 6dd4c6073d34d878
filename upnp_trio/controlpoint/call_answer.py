"""The answer to a call, as values, as texts, and with what is wrong with it."""

from __future__ import annotations

from typing import TypeVar

import attrs

from upnp_trio.errors import RequestFailed
from upnp_trio.model.value_errors import shown

__all__ = ["CallAnswer"]

T = TypeVar("T")


@attrs.frozen(kw_only=True)
class CallAnswer:
    """What a device answered to a call."""

    action: str
    #: the out arguments in the order of the SCPD; one that is no value of its data type is a text
    values: dict[str, object]
    #: the out arguments as the device sent them
    texts: dict[str, str]
    #: what is wrong with the answer and was overlooked, each in words
    forgiven: tuple[str, ...]

    def value(self, name: str, kind: type[T]) -> T:
        """The out argument *name*, which must be a *kind*: raises `RequestFailed` if it is missing, or is not."""
        value = self.values.get(name)
        if isinstance(value, kind):
            return value
        if name not in self.values:
            raise RequestFailed(f"the answer to {self.action} has no {name}")
        raise RequestFailed(f"the answer to {self.action} has {name} = {shown(value)}, which is no {kind.__name__}")
