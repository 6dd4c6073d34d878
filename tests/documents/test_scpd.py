"""Service descriptions as values: every vendor's are read, and what is written is valid and reads as the same."""

from __future__ import annotations

import logging
from decimal import Decimal
from pathlib import Path
from xml.etree import ElementTree

import pytest
from hypothesis import given

from tests.service_strategies import service_descriptions
from tests.strategies import OWN_SCPD
from upnp_trio.documents.scpd import parse_scpd, render_service_description
from upnp_trio.documents.served_scpd import render_scpd
from upnp_trio.errors import DescriptionError
from upnp_trio.model.datatypes import data_type
from upnp_trio.model.service import (
    ActionDescription,
    AllowedRange,
    ArgumentDescription,
    ServiceDescription,
    VariableDescription,
)
from upnp_trio.model.service_rules import flaws

SAMPLES = Path(__file__).parent / "scpd_samples"
NAMESPACE = "{urn:schemas-upnp-org:service-1-0}"


def sample(name: str) -> ServiceDescription:
    return parse_scpd((SAMPLES / f"{name}.xml").read_bytes())


def variable(inside: str, attributes: str = "") -> VariableDescription:
    """The one state variable of an SCPD, as it is read."""
    table = f"<serviceStateTable><stateVariable {attributes}><name>A</name>{inside}</stateVariable></serviceStateTable>"
    (found,) = parse_scpd(f"<scpd>{table}</scpd>".encode()).variables
    return found


def action(inside: str) -> ActionDescription:
    """The one action of an SCPD, as it is read."""
    (found,) = parse_scpd(f"<scpd><actionList><action>{inside}</action></actionList></scpd>".encode()).actions
    return found


def _in(name: str, related: str) -> ArgumentDescription:
    return ArgumentDescription(name=name, direction="in", related_state_variable=related)


def _out(name: str, related: str, *, retval: bool = False) -> ArgumentDescription:
    return ArgumentDescription(name=name, direction="out", related_state_variable=related, retval=retval)


# --- standard services -----------------------------------------------------------------------------------------

SWITCH_POWER = ServiceDescription(
    actions=[
        ActionDescription(name="SetTarget", arguments=[_in("newTargetValue", "Target")]),
        ActionDescription(name="GetTarget", arguments=[_out("RetTargetValue", "Target")]),
        ActionDescription(name="GetStatus", arguments=[_out("ResultStatus", "Status")]),
    ],
    variables=[
        VariableDescription(name="Target", data_type="boolean", evented=False, default=False),
        VariableDescription(name="Status", data_type="boolean", default=False),
    ],
)


def test_switch_power_is_read() -> None:
    assert sample("switch_power") == SWITCH_POWER


def test_dimming_is_read() -> None:
    dimming = sample("dimming")
    assert dimming.variable("LoadLevelStatus") == VariableDescription(
        name="LoadLevelStatus", data_type="ui1", default=0, allowed_range=AllowedRange(0, 100)
    )
    assert dimming.variable("StepDelta") == VariableDescription(
        name="StepDelta", data_type="ui1", default=5, allowed_range=AllowedRange(1, 100)
    )
    ramp = dimming.variable("OnEffect")
    assert ramp is not None
    assert ramp.allowed_values == ("OnEffectLevel", "LastSetting", "Default")
    assert [item.name for item in dimming.actions][:3] == [
        "SetLoadLevelTarget",
        "GetLoadLevelTarget",
        "GetLoadLevelStatus",
    ]
    assert [item.name for item in dimming.evented] == ["LoadLevelStatus", "StepDelta", "IsRamping", "RampPaused"]


def test_rendering_control_is_read() -> None:
    control = sample("rendering_control")
    volume = control.variable("Volume")
    assert volume == VariableDescription(
        name="Volume", data_type="ui2", evented=False, allowed_range=AllowedRange(0, 100, 1)
    )
    set_volume = control.action("SetVolume")
    assert set_volume is not None
    assert set_volume.in_arguments == (
        _in("InstanceID", "A_ARG_TYPE_InstanceID"),
        _in("Channel", "A_ARG_TYPE_Channel"),
        _in("DesiredVolume", "Volume"),
    )
    assert control.variable_of(set_volume.arguments[2]) is volume
    assert [item.name for item in control.evented] == ["LastChange"]


@pytest.mark.parametrize("name", [path.stem for path in sorted(SAMPLES.glob("*.xml"))])
def test_a_standard_service_has_no_flaw_and_is_written_as_it_was_read(name: str) -> None:
    description = sample(name)
    assert list(flaws(description)) == []
    assert parse_scpd(render_service_description(description, spec_version=(1, 0))) == description


# --- round trip ------------------------------------------------------------------------------------------------


@given(service_descriptions())
def test_a_service_description_that_is_written_reads_as_the_same(description: ServiceDescription) -> None:
    document = render_service_description(description, config_id=5, spec_version=(1, 1))
    assert parse_scpd(document) == description
    # what is served is the document itself
    assert render_scpd(document, config_id=5, spec_version=(2, 0)) == document


# --- what is written -------------------------------------------------------------------------------------------


def _tree(description: ServiceDescription) -> ElementTree.Element:
    return ElementTree.fromstring(render_service_description(description, config_id=9, spec_version=(1, 1)))


def _names(element: ElementTree.Element) -> list[str]:
    return [child.tag.removeprefix(NAMESPACE) for child in element]


def test_the_elements_are_in_the_order_of_udas_template() -> None:
    tree = _tree(
        ServiceDescription(
            actions=[
                ActionDescription(name="Reset"),
                ActionDescription(name="Slice", arguments=[_in("Thickness", "A"), _out("Left", "B", retval=True)]),
            ],
            variables=[
                VariableDescription(name="A", data_type="r4", default=0.5, allowed_range=AllowedRange(0, 1, 0.1)),
                VariableDescription(name="B", data_type="string", evented=False, multicast=True, allowed_values=["x"]),
            ],
        )
    )
    assert tree.get("configId") == "9"
    assert _names(tree) == ["specVersion", "actionList", "serviceStateTable"]
    reset, slices = tree[1]
    assert _names(reset) == ["name"]
    assert _names(slices) == ["name", "argumentList"]
    thickness, left = slices[1]
    assert _names(thickness) == ["name", "direction", "relatedStateVariable"]
    assert _names(left) == ["name", "direction", "retval", "relatedStateVariable"]
    assert (len(left[2]), left[2].text) == (0, None)
    number, text = tree[2]
    assert _names(number) == ["name", "dataType", "defaultValue", "allowedValueRange"]
    assert [(child.tag.removeprefix(NAMESPACE), child.text) for child in number[3]] == [
        ("minimum", "0.0"),
        ("maximum", "1.0"),
        ("step", "0.1"),
    ]
    assert _names(text) == ["name", "dataType", "allowedValueList"]
    assert number.attrib == {"sendEvents": "yes", "multicast": "no"}
    assert text.attrib == {"sendEvents": "no", "multicast": "yes"}


def test_a_service_without_anything_is_written_as_the_minimal_scpd() -> None:
    document = render_service_description(ServiceDescription(), config_id=7, spec_version=(1, 1))
    assert document == render_scpd(None, config_id=7, spec_version=(1, 1))
    assert parse_scpd(document).variables == (
        VariableDescription(name="A_ARG_TYPE_Unused", data_type="string", evented=False),
    )


def test_a_description_with_flaws_is_not_written() -> None:
    with pytest.raises(DescriptionError) as caught:
        render_service_description(
            ServiceDescription(
                actions=[ActionDescription(name="Set-Target", arguments=[_in("a", "Missing")])],
                variables=[VariableDescription(name="B", data_type="ui1", default=300)],
            ),
            spec_version=(1, 1),
        )
    first, second, third = str(caught.value).split("\n")
    assert first.startswith("the action Set-Target: name is 'Set-Target': UDA §2.5 wants a name of letters, digits")
    assert second.startswith("the argument a of the action Set-Target: relatedStateVariable is 'Missing'")
    assert third.startswith("the state variable B: defaultValue is 300: ")


# --- what is read ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("namespace", [b"", b' xmlns="urn:dslforum-org:service-1-0"'])
def test_another_namespace_or_none_is_tolerated(namespace: bytes) -> None:
    scpd = OWN_SCPD.replace(b' xmlns="urn:schemas-upnp-org:service-1-0"', namespace)
    assert parse_scpd(scpd) == parse_scpd(OWN_SCPD)
    assert parse_scpd(scpd).variables == (VariableDescription(name="Slices", data_type="ui4", evented=False),)


def test_any_order_and_unknown_elements_are_tolerated() -> None:
    description = parse_scpd(
        b"""<scpd xmlns="urn:schemas-upnp-org:service-1-0" xmlns:v="urn:vendor">
        <serviceStateTable>
          <stateVariable>
            <v:name>theirs</v:name><dataType>ui1</dataType><help>odd</help>
            <allowedValueRange><maximum>9</maximum><minimum>1</minimum></allowedValueRange><name> Level </name>
          </stateVariable>
        </serviceStateTable>
        <v:actionList><action><name>Not</name></action></v:actionList>
        <actionList>
          <action><argumentList><argument><relatedStateVariable>Level</relatedStateVariable><direction>OUT</direction>
            <name>Now</name></argument></argumentList><name>
            Get</name></action>
          <action></action>
        </actionList>
        <specVersion><minor>x</minor></specVersion>
        </scpd>"""
    )
    assert description == ServiceDescription(
        actions=[ActionDescription(name="Get", arguments=[_out("Now", "Level")])],
        variables=[VariableDescription(name="Level", data_type="ui1", allowed_range=AllowedRange(1, 9))],
    )


def test_a_document_without_lists_describes_nothing() -> None:
    assert parse_scpd(b"<scpd/>") == ServiceDescription()


@pytest.mark.parametrize(
    ("attributes", "evented", "multicast"),
    [
        ("", True, False),
        ('sendEvents="yes" multicast="yes"', True, True),
        ('sendEvents="no"', False, False),
        ('sendEvents=" YES "', True, False),
        ('sendEvents="0" multicast="1"', False, True),
        ('sendEvents=""', False, False),
    ],
)
def test_a_variable_sends_events_unless_its_attribute_says_otherwise(
    attributes: str, evented: bool, multicast: bool
) -> None:
    found = variable("<dataType>ui1</dataType>", attributes)
    assert (found.evented, found.multicast) == (evented, multicast)


@pytest.mark.parametrize(
    ("written", "name"),
    [("UI4", "ui4"), (" String ", "string"), ("datetime", "dateTime"), ("Bin.Base64", "bin.base64")],
)
def test_data_types_are_read_in_any_case(written: str, name: str) -> None:
    assert variable(f"<dataType>{written}</dataType>").data_type is data_type(name)


@pytest.mark.parametrize("written", ["<dataType>A_ARG_TYPE_Vendor</dataType>", "<dataType/>", ""])
def test_an_unknown_data_type_is_read_as_string(written: str, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG, logger="upnp_trio"):
        assert variable(written).data_type is data_type("string")
    namespace, record = caplog.records
    assert namespace.levelno == record.levelno == logging.DEBUG
    assert "the state variable A has the data type" in record.getMessage()


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        ("ui1", " 5 ", 5),
        ("ui1", "", None),
        ("ui1", "300", None),
        ("boolean", "false", False),
        ("boolean", "maybe", None),
        ("string", "", ""),
        ("bin.hex", " ", b""),
        ("string", " as it is ", " as it is "),
        ("fixed.14.4", "1.50", Decimal("1.5")),
    ],
)
def test_a_default_is_a_value_of_the_data_type_or_left_out(kind: str, text: str, value: object) -> None:
    found = variable(f"<dataType>{kind}</dataType><defaultValue>{text}</defaultValue>").default
    assert (found, type(found)) == (value, type(value))


def test_a_variable_without_a_default_has_none() -> None:
    assert variable("<dataType>string</dataType>").default is None


def test_the_layout_around_allowed_values_and_their_default_is_not_part_of_them() -> None:
    found = variable(
        "<dataType>string</dataType><defaultValue>\n Master\n</defaultValue>"
        "<allowedValueList>\n<allowedValue>\n Master </allowedValue><allowedValue/></allowedValueList>"
    )
    assert found.allowed_values == ("Master", "")
    assert found.default == "Master"


@pytest.mark.parametrize(
    ("kind", "inside", "expected"),
    [
        ("ui2", "<minimum>0</minimum><maximum>100</maximum><step>5</step>", AllowedRange(0, 100, 5)),
        ("ui2", "<minimum>0</minimum><maximum>100</maximum><step>0</step>", AllowedRange(0, 100)),
        ("ui2", "<minimum>0</minimum><maximum>100</maximum><step/>", AllowedRange(0, 100)),
        ("ui2", "<minimum>0</minimum><maximum>vendor defined</maximum>", None),
        ("ui2", "<minimum>0</minimum><maximum>70000</maximum>", None),
        ("ui2", "<maximum>100</maximum>", None),
        ("ui2", "", None),
        ("string", "<minimum>0</minimum><maximum>1</maximum>", AllowedRange(0, 1)),
        ("boolean", "<minimum>0</minimum><maximum>1</maximum>", AllowedRange(0, 1)),
    ],
)
def test_a_range_has_values_of_the_data_type_or_is_left_out(
    kind: str, inside: str, expected: AllowedRange | None
) -> None:
    text = f"<dataType>{kind}</dataType><allowedValueRange>{inside}</allowedValueRange>"
    assert variable(text).allowed_range == expected


def test_a_return_value_is_an_element_of_any_content() -> None:
    text = "<argument><name>b</name><direction>out</direction><retval>{}</retval></argument>"
    for content in ("", "yes", "<x/>"):
        found = action(f"<name>Get</name><argumentList>{text.format(content)}</argumentList>")
        assert found.arguments == (_out("b", "", retval=True),)


@pytest.mark.parametrize(
    ("inside", "message"),
    [
        ("<direction>in</direction>", "an argument of the action Get has no name"),
        ("<name>b</name>", "the argument b of the action Get has the direction '', not in or out"),
        (
            "<name>b</name><direction>inout</direction>",
            "the argument b of the action Get has the direction 'inout', not in or out",
        ),
    ],
)
def test_an_argument_that_cannot_be_sent_is_refused(inside: str, message: str) -> None:
    with pytest.raises(DescriptionError) as caught:
        action(f"<name>Get</name><argumentList><argument>{inside}</argument></argumentList>")
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("scpd", "message"),
    [
        (b"", "not well-formed XML"),
        (b"<root/>", "<root> is not a service description"),
        (b"<!DOCTYPE scpd><scpd/>", "DOCTYPE"),
        (b"<scpd>" + b"<a/>" * 5000 + b"</scpd>", "more than 4096 elements"),
        (b"<scpd>" + b"<a>" * 40 + b"</a>" * 40 + b"</scpd>", "deeper than 32"),
        (b"<scpd>" + b" " * 1024 * 1024 + b"</scpd>", "bytes; at most"),
    ],
)
def test_other_documents_and_bombs_are_refused(scpd: bytes, message: str) -> None:
    with pytest.raises(DescriptionError) as caught:
        parse_scpd(scpd)
    assert message in str(caught.value)
