"""Contract first: a class that carries out a service description that exists."""

from __future__ import annotations

import types
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Literal, NamedTuple

import pytest

from tests.services.examples import CALLER, SERVICE_TYPE
from tests.services.stubs import everything
from upnp_trio import (
    Caller,
    DescriptionError,
    In,
    Out,
    ServiceHandler,
    StateVariable,
    Ui1,
    Ui2,
    UpnpError,
    Uri,
    action,
    parse_scpd,
)

SCPD = (Path(__file__).parent / "stubs" / "everything.xml").read_bytes()


class Imported(NamedTuple):
    count_: Annotated[int, Out()]
    current_mode: str
    next_mode_of_the_device: str


class Everything(ServiceHandler, service_type=SERVICE_TYPE, scpd=Path("stubs/everything.xml"), optional=("Stop",)):
    target: Annotated[bool, StateVariable()]
    volume: Annotated[Ui2, StateVariable(maximum_rate=0.2)] = 20

    @action
    async def set_target(self, new_target_value: bool) -> None:
        self.target = new_target_value

    @action("GetTarget")
    def is_on(self) -> bool:
        return self.target

    @action("Import")
    def take(
        self, source: Annotated[Uri, In("from")], caller: Caller, start: Annotated[Ui2, In("From")], self_: str
    ) -> Imported:
        return Imported(start, self_, "Ring")


def test_the_document_is_served_as_it_is() -> None:
    assert Everything.scpd == SCPD
    assert Everything().as_service().scpd == SCPD
    assert Everything.description == parse_scpd(SCPD)


def test_methods_are_found_by_the_names_of_the_actions_and_arguments() -> None:
    handler = Everything()
    assert list(Everything.actions) == ["Stop", "SetTarget", "GetTarget", "Import"]
    taking = handler.actions["Import"]
    returned = taking.call(handler, {"from": "a:b", "From": 5, "Self": "Fast"}, CALLER)
    assert list(taking.results(returned)) == [("Count", 5), ("CurrentMode", "Fast"), ("NextModeOfTheDevice", "Ring")]
    getting = handler.actions["GetTarget"]
    assert list(getting.results(getting.call(handler, {}, CALLER))) == [("RetTargetValue", False)]


def test_an_action_that_is_left_out_is_answered_with_error_602() -> None:
    handler = Everything()
    with pytest.raises(UpnpError, match="602"):
        handler.actions["Stop"].call(handler, {}, CALLER)


def test_a_variable_without_an_attribute_has_a_value_all_the_same() -> None:
    handler = Everything()
    changes: list[tuple[str, object]] = []
    handler.connect(lambda name, value: changes.append((name, value)))
    values = handler.variables()
    assert (values["Target"], values["Volume"], values["Mode"]) == (False, 20, 'It\'s "slow"')
    assert "A_ARG_TYPE_Mode" not in values
    handler.set_variable("Mode", "Fast")
    assert (changes, handler.variables()["Mode"]) == ([("Mode", "Fast")], "Fast")
    with pytest.raises(ValueError, match=r"Everything\.Mode cannot be 'Slow'"):
        handler.set_variable("Mode", "Slow")


def test_an_attribute_adds_how_often_events_may_leave() -> None:
    volume = Everything.description.variable("Volume")
    assert volume is not None
    assert volume.maximum_rate == 0.2


def test_a_stub_of_the_document_fits_it() -> None:
    class Both(everything.Everything, service_type=SERVICE_TYPE, scpd=SCPD):
        pass

    assert Both.description == everything.Everything.description


def test_a_subclass_has_the_document_of_its_base() -> None:
    class Sub(Everything):
        def is_on(self) -> bool:
            return True

    handler = Sub()
    getting = handler.actions["GetTarget"]
    assert Sub.scpd == SCPD
    assert list(getting.results(getting.call(handler, {}, CALLER))) == [("RetTargetValue", True)]


# --- mistakes --------------------------------------------------------------------------------------------------------


class Switched(NamedTuple):
    mode: Annotated[str, Out("CurrentMode")]
    count_: Annotated[int, Out("Count")]
    last: Annotated[str, Out("NextModeOfTheDevice")]


class Short(NamedTuple):
    count_: int
    current_mode: str


@action("Stop")
def extra(self: object, now: bool) -> None: ...
@action("SetTarget")
def missing(self: object) -> None: ...
@action("SetTarget")
def wrong(self: object, new_target_value: int) -> None: ...
@action("SetTarget")
def related(self: object, new_target_value: Annotated[bool, In("newTargetValue", "Volume")]) -> None: ...
@action("GetTarget")
def no_result(self: object) -> None: ...
@action("GetTarget")
def wrong_result(self: object) -> str:
    return ""


@action("Stop")
def result(self: object) -> bool:
    return True


@action("Import")
def order(self: object, from_: Annotated[str, In("from")], start: Annotated[int, In("From")], self_: str) -> Switched:
    raise NotImplementedError


@action("Import")
def short(self: object, from_: Annotated[str, In("from")], start: Annotated[int, In("From")], self_: str) -> Short:
    raise NotImplementedError


@action
def play(self: object) -> None: ...
@action
def set_target(self: object, new_target_value: bool) -> None: ...


def bad(*methods: Callable[..., object], **annotations: object) -> Callable[[], type]:
    members: dict[str, object] = {getattr(method, "__name__", ""): method for method in methods}
    members |= {"__annotations__": annotations, "__module__": __name__}
    return lambda: types.new_class("Bad", (Everything,), {}, lambda namespace: namespace.update(members))


@pytest.mark.parametrize(
    ("declare", "message"),
    [
        (bad(extra), "Bad.extra, parameter 'now': the action Stop has no in argument Now"),
        (bad(play), "Bad.play: its scpd has no action Play"),
        (bad(no_result), "Bad.no_result: is_on is the action GetTarget, too"),
        (bad(result), "Bad.result, its result: the action Stop has no out argument"),
        (bad(x=Annotated[int, StateVariable()]), "Bad.x: its scpd has no state variable X"),
        (bad(mode=Annotated[int, StateVariable()]), "Bad.mode: it is int, but Mode has the data type string"),
        (bad(price=Annotated[Ui1, StateVariable()]), "Bad.price: it is ui1, but Price has the data type fixed.14.4"),
        (bad(mode=Annotated[Literal["Fast"], StateVariable()]), "Bad.mode: it allows Fast, but Mode has It's"),
        (bad(other=Annotated[int, StateVariable("Volume")]), "Bad.other: volume is the state variable Volume, too"),
    ],
)
def test_what_does_not_fit_the_document_is_named(declare: Callable[[], type], message: str) -> None:
    with pytest.raises(DescriptionError, match=message):
        declare()


@pytest.mark.parametrize(
    ("method", "message"),
    [
        (missing, "it has no parameter for newTargetValue, in arguments of the action SetTarget"),
        (wrong, "parameter 'new_target_value': it is int, but Target has the data type boolean"),
        (related, "the related state variable of newTargetValue is Target, not Volume"),
        (no_result, "its result lacks RetTargetValue, out arguments of the action GetTarget"),
        (wrong_result, "its result: it is str, but Target has the data type boolean"),
        (order, "its results must have the order of the scpd, Count, CurrentMode"),
        (short, "its result lacks NextModeOfTheDevice"),
    ],
)
def test_a_method_that_does_not_fit_its_action_is_named(method: Callable[..., object], message: str) -> None:
    members: dict[str, object] = {"method": method, "__module__": __name__}
    with pytest.raises(DescriptionError, match=f"^Bad.method.*{message}"):
        types.new_class(
            "Bad",
            (ServiceHandler,),
            {"service_type": SERVICE_TYPE, "scpd": SCPD, "optional": ["Stop", "SetTarget", "GetTarget", "Import"]},
            lambda namespace: namespace.update(members),
        )


def test_an_action_without_a_method_is_named_with_the_two_cures() -> None:
    with pytest.raises(DescriptionError, match=r"Bad: .* the action Stop, and no method has @action\('Stop'\)"):

        class Bad(ServiceHandler, service_type=SERVICE_TYPE, scpd=SCPD):
            pass


@pytest.mark.parametrize(
    ("scpd", "message"),
    [
        (Path("missing.xml"), "Bad: scpd is .*missing.xml, which is not a file"),
        (Path("stubs"), "Bad: scpd is .*stubs, which is not a file"),
        (b"<root/>", "Bad: its scpd cannot be read: .* not a service description"),
        ("stubs/everything.xml", "Bad: scpd is 'stubs/everything.xml'; it must be bytes or a pathlib.Path"),
    ],
)
def test_a_document_that_cannot_be_read_is_named(scpd: bytes | Path, message: str) -> None:
    with pytest.raises(DescriptionError, match=message):

        class Bad(ServiceHandler, service_type=SERVICE_TYPE, scpd=scpd):
            pass


def test_an_optional_action_that_the_document_lacks_is_a_mistake() -> None:
    with pytest.raises(DescriptionError, match="optional names 'Play', which is not an action of its scpd"):

        class Bad(Everything, optional=["Play"]):
            pass


def test_a_document_that_is_too_large_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "large.xml"
    path.write_bytes(SCPD + b" " * 2**20)
    with pytest.raises(DescriptionError, match="which is larger than"):

        class Bad(ServiceHandler, service_type=SERVICE_TYPE, scpd=path):
            pass


def test_an_argument_whose_variable_the_document_lacks_is_named() -> None:
    scpd = SCPD.replace(b"<relatedStateVariable>Target</relatedStateVariable>", b"<relatedStateVariable/>", 1)
    with pytest.raises(DescriptionError, match="has no state variable , the type of newTargetValue"):

        class Bad(ServiceHandler, service_type=SERVICE_TYPE, scpd=scpd, optional=["Stop", "GetTarget", "Import"]):
            set_target = set_target
