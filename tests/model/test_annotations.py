"""In a module without ``from __future__``, so that Python 3.14 has not evaluated the annotations yet."""

import inspect
import sys
from typing import TYPE_CHECKING

import pytest

from upnp_trio.documents.code import call
from upnp_trio.model.annotations import annotations_of, signature_of

if TYPE_CHECKING:
    from decimal import Decimal

deferred = pytest.mark.skipif(sys.version_info < (3, 14), reason="annotations are deferred from Python 3.14 on")


class Lamp:
    level: int
    names: "list[str]"


class Dimmer(Lamp):
    speed: float


def test_the_annotations_are_those_of_the_class_itself_as_they_stand() -> None:
    assert annotations_of(Lamp) == {"level": int, "names": "list[str]"}
    assert annotations_of(Dimmer) == {"speed": float}


def test_a_signature_has_the_annotations_as_they_stand() -> None:
    def switch(on: bool, *, name: "str" = "") -> None: ...

    signature = signature_of(switch)
    assert [item.annotation for item in signature.parameters.values()] == [bool, "str"]
    assert signature.return_annotation is None


@deferred
def test_annotations_of_which_one_cannot_be_evaluated_are_text() -> None:
    class Priced:
        level: int
        price: Decimal
        names: "list[str]"

    assert annotations_of(Priced) == {"level": "int", "price": "Decimal", "names": "list[str]"}

    def pay(price: Decimal, times: int = 1) -> None: ...

    signature = signature_of(pay)
    assert [item.annotation for item in signature.parameters.values()] == ["Decimal", "int"]
    assert (signature.return_annotation, signature.parameters["times"].default) == ("None", 1)


@deferred
def test_a_function_whose_annotations_cannot_be_evaluated_can_make_a_device() -> None:
    def make(price: Decimal | None = None) -> Decimal | None:
        return price

    assert call(make, "make") is None


def test_what_has_no_signature_raises_the_error_of_inspect() -> None:
    with pytest.raises(TypeError, match="3 is not a callable object"):
        signature_of(3)  # type: ignore[arg-type]  # that is the mistake
    with pytest.raises(ValueError, match="no signature found") as caught:
        signature_of(type)
    with pytest.raises(ValueError, match="no signature found") as own:
        inspect.signature(type)
    assert str(caught.value) == str(own.value)
