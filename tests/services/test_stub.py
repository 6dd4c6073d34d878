"""Stubs: source that declares what a service description says.

The modules in ``stubs`` are `render_stub`'s, so the linter, the formatter and the type checker look at them.
"""

from __future__ import annotations

from pathlib import Path

import attrs
import pytest
from hypothesis import given, settings

from tests.service_strategies import service_descriptions
from tests.services.examples import CALLER, Dimming, Slicer, SwitchPower
from tests.services.stubs.everything import Everything
from upnp_trio import DescriptionError, ServiceDescription, ServiceHandler, UpnpError, parse_scpd
from upnp_trio.documents.scpd import render_service_description
from upnp_trio.model.service_rules import flaws
from upnp_trio.services.names import python_name
from upnp_trio.services.source import quoted
from upnp_trio.services.stub import render_stub

STUBS = Path(__file__).parent / "stubs"
SERVICE_TYPE = "urn:schemas-upnp-org:service:Everything:1"


def declared(source: str, name: str) -> type[ServiceHandler]:
    """The class that *source* declares."""
    names: dict[str, object] = {"__name__": "stub"}
    exec(compile(source, "stub.py", "exec"), names)
    found = names[name]
    assert isinstance(found, type)
    assert issubclass(found, ServiceHandler)
    return found


@given(service_descriptions())
@settings(deadline=None)
def test_the_class_of_a_stub_has_the_description_that_the_stub_is_from(description: ServiceDescription) -> None:
    stub = declared(render_stub(description, service_type=SERVICE_TYPE, class_name="Test"), "Test")
    assert stub.description == description
    assert stub().as_service().scpd == render_service_description(description, spec_version=(1, 1))


@pytest.mark.parametrize("kind", [SwitchPower, Dimming, Slicer])
def test_a_declared_service_gives_a_stub_that_declares_the_same(kind: type[ServiceHandler]) -> None:
    service_type = str(kind.service_type)
    source = render_stub(
        kind.description, service_type=service_type, service_id=kind.service_id, class_name=kind.__name__
    )
    stub = declared(source, kind.__name__)
    assert stub.description == kind.description
    assert (stub.service_type, stub.service_id) == (kind.service_type, kind.service_id)
    moderation = [(item.level, item.maximum_rate, item.minimum_delta) for item in stub.description.variables]
    assert moderation == [(item.level, item.maximum_rate, item.minimum_delta) for item in kind.description.variables]


def test_the_stub_with_everything_is_the_one_that_is_checked_in() -> None:
    description = parse_scpd((STUBS / "everything.xml").read_bytes())
    source = render_stub(description, service_type=SERVICE_TYPE, class_name="Everything")
    assert source == (STUBS / "everything.py").read_text(encoding="utf-8")
    assert Everything.description == description


SAMPLES = sorted((Path(__file__).parents[1] / "documents" / "scpd_samples").glob("*.xml"))


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.stem)
def test_the_documents_of_standards_and_vendors_have_stubs_or_flaws(path: Path) -> None:
    description = parse_scpd(path.read_bytes())
    try:
        source = render_stub(description, service_type=SERVICE_TYPE, class_name="Sample")
    except DescriptionError:
        assert list(flaws(description))
    else:
        assert declared(source, "Sample").description == description


async def test_an_action_of_a_stub_is_answered_with_error_602() -> None:
    handler = Everything()
    returned = handler.actions["Stop"].call(handler, {}, CALLER)
    with pytest.raises(UpnpError, match="602"):
        await returned  # type: ignore[misc]  # of an async method it is an awaitable


def test_a_description_with_flaws_has_no_stub() -> None:
    flawed = attrs.evolve(SwitchPower.description, variables=())
    with pytest.raises(DescriptionError, match="must name a state variable"):
        render_stub(flawed, service_type=SERVICE_TYPE, class_name="Test")


@pytest.mark.parametrize("name", ["", "2", "a b", "class", "None", "ServiceHandler", "str"])
def test_a_class_name_that_is_none_is_refused(name: str) -> None:
    with pytest.raises(DescriptionError, match="cannot be the name of a class"):
        render_stub(SwitchPower.description, service_type=SERVICE_TYPE, class_name=name)


@pytest.mark.parametrize(
    ("name", "taken", "expected"),
    [
        ("newTargetValue", (), "new_target_value"),
        ("InstanceID", (), "instance_id"),
        ("newURLValue2", (), "new_url_value_2"),
        ("class", (), "class_"),
        ("From", (), "from_"),
        ("from", ("from_",), "from_2"),
        ("Self", ("self",), "self_"),
        ("self", ("self", "self_"), "self_2"),
        ("_", (), "x"),
        ("4K", (), "x_4_k"),
    ],
)
def test_a_name_in_python_stands_for_each_name_of_an_scpd(name: str, taken: tuple[str, ...], expected: str) -> None:
    assert python_name(name, set(taken)) == expected


@pytest.mark.parametrize(
    ("value", "literal"),
    [
        ("", '""'),
        ("it's", '"it\'s"'),
        ('a "b"', "'a \"b\"'"),
        ("'\"", '"\'\\""'),
        ('"\'"', "'\"\\'\"'"),
        ("\\'\"", '"\\\\\'\\""'),
        (b"\x00'", 'b"\\x00\'"'),
        ("\n\u2028", '"\\n\\u2028"'),
    ],
)
def test_a_literal_has_the_quotes_that_a_formatter_gives_it(value: str | bytes, literal: str) -> None:
    assert quoted(value) == literal
    assert eval(literal) == value
