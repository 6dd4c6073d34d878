"""Annotations that cannot be evaluated yet when a class is made, in a module without ``from __future__``."""

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, NamedTuple

import pytest

from upnp_trio import DescriptionError, Out, Range, ServiceHandler, ServiceType, StateVariable, action

if TYPE_CHECKING:
    from decimal import Decimal

# before, Python itself evaluates them, before there is a class
pytestmark = pytest.mark.skipif(sys.version_info < (3, 14), reason="annotations are deferred from Python 3.14 on")

LAMP = ServiceType("urn:schemas-upnp-org:service:Lamp:1")


def test_the_name_of_the_class_itself_may_be_in_an_annotation() -> None:
    class Lamp(ServiceHandler, service_type=LAMP):
        neighbour: Lamp | None = None  # noqa: F821  # Python 3.14 knows it
        level: Annotated[int, StateVariable()] = 3

        @action
        def get_level(self) -> Annotated[int, Out("Level")]:
            return self.level

        def copy_to(self, other: Lamp) -> Lamp:  # noqa: F821
            return other

    types = {item.name: item.data_type.name for item in Lamp.description.variables}
    assert types == {"Level": "i4", "A_ARG_TYPE_Level": "i4"}
    assert Lamp.neighbour is None
    assert [item.name for item in Lamp.description.actions] == ["GetLevel"]


def test_a_method_that_overrides_an_action_may_have_annotations_that_cannot_be_evaluated() -> None:
    class Lamp(ServiceHandler, service_type=LAMP):
        @action
        def set_level(self, level: int) -> None:
            raise NotImplementedError

    class Quiet(Lamp, service_type=LAMP):
        def set_level(self, level: "int | Decimal") -> None: ...

    class Loud(Lamp, service_type=LAMP):
        def set_level(self, level: int | Decimal) -> None: ...

    assert Loud.description == Quiet.description == Lamp.description


def of_a_variable() -> type:
    class Lamp(ServiceHandler, service_type=LAMP):
        level: Annotated[Decimal, StateVariable()]

    return Lamp


def of_a_plain_attribute() -> type:
    class Lamp(ServiceHandler, service_type=LAMP):
        price: Decimal

    return Lamp


def of_a_range() -> type:
    class Lamp(ServiceHandler, service_type=LAMP):
        level: Annotated[int, StateVariable(), Range(0, HIGHEST)] = 0  # noqa: F821

    return Lamp


def of_a_parameter() -> type:
    class Lamp(ServiceHandler, service_type=LAMP):
        @action
        def pay(self, price: Decimal) -> None: ...

    return Lamp


def of_a_result() -> type:
    class Lamp(ServiceHandler, service_type=LAMP):
        @action
        def get_price(self) -> Annotated[Decimal, Out("Price")]:
            raise NotImplementedError

    return Lamp


def of_a_field() -> type:
    class Prices(NamedTuple):
        price: Annotated[Decimal, Out("Price")]

    class Lamp(ServiceHandler, service_type=LAMP):
        @action
        def get_prices(self) -> Prices:
            raise NotImplementedError

    return Lamp


@pytest.mark.parametrize(
    ("declare", "where", "name"),
    [
        (of_a_variable, "Lamp.level", "Decimal"),
        (of_a_plain_attribute, "Lamp.price", "Decimal"),
        (of_a_range, "Lamp.level", "HIGHEST"),
        (of_a_parameter, "Lamp.pay, parameter 'price'", "Decimal"),
        (of_a_result, "Lamp.get_price", "Decimal"),
        (of_a_field, "Lamp.get_prices, its result, field Prices.price", "Decimal"),
    ],
)
def test_a_name_that_is_not_there_is_an_error_that_says_where(
    declare: Callable[[], type], where: str, name: str
) -> None:
    with pytest.raises(DescriptionError) as caught:
        declare()
    message = str(caught.value)
    assert message.startswith(f"{where}: the annotation ")
    assert f"name {name!r} is not defined" in message
    assert "outside 'if TYPE_CHECKING'" in message


def test_an_annotation_that_raises_is_an_error_that_says_where() -> None:
    with pytest.raises(DescriptionError, match=r"^Lamp\.level: the annotation .* cannot be read: .*'colour'"):

        class Lamp(ServiceHandler, service_type=LAMP):
            level: Annotated[int, StateVariable(colour="red")] = 0


def test_a_marker_that_refuses_its_values_says_so_itself() -> None:
    with pytest.raises(DescriptionError, match=r"^Lamp\.level: the Range's minimum 9 is above its maximum 1"):

        class Lamp(ServiceHandler, service_type=LAMP):
            level: Annotated[int, StateVariable(), Range(9, 1)] = 0
