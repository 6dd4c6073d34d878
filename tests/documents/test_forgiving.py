"""What a control point overlooks in descriptions and SCPDs, and what it says about it.

The documents are like those in reports of other control points.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from upnp_trio.documents.description import parse_description
from upnp_trio.documents.scpd import parse_scpd
from upnp_trio.errors import DescriptionError
from upnp_trio.model.device import RootDevice
from upnp_trio.model.forgiving import MAX_FORGIVEN
from upnp_trio.model.service import ServiceDescription

SAMPLES = Path(__file__).parent / "samples"
SCPD_SAMPLES = Path(__file__).parent / "scpd_samples"

HEAD = "<root xmlns='urn:schemas-upnp-org:device-1-0'><specVersion><major>1</major><minor>0</minor></specVersion>"
DEVICE = (
    "<deviceType>urn:schemas-upnp-org:device:Basic:1</deviceType><friendlyName>{name}</friendlyName>"
    "<manufacturer>Example</manufacturer><modelName>Lamp</modelName><UDN>{udn}</UDN>"
)
UDN = "uuid:38323636-4558-4dda-9188-cda0e6000001"
OUR_NAMESPACE = "urn:schemas-upnp-org:device-1-0"


def document(more: str = "", *, name: str = "Lamp", udn: str = UDN, head: str = HEAD) -> str:
    return f"{head}<device>{DEVICE.format(name=name, udn=udn)}{more}</device></root>"


def read(text: str | bytes) -> tuple[RootDevice, list[str]]:
    forgiven: list[str] = []
    device = parse_description(text.encode() if isinstance(text, str) else text, forgiven)
    return device, forgiven


def flaws_of(text: str | bytes) -> list[str]:
    return read(text)[1]


def test_nothing_is_said_about_a_document_without_flaws() -> None:
    assert flaws_of(document()) == []


# --- real devices ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sample", "expected"),
    [
        ("fritz_box", []),
        ("hue_bridge", []),
        ("media_server", []),
        ("samsung_tv", []),
        ("sonos_speaker", []),
        (
            "bom_and_zeros",
            [
                "there are zero bytes around the document",
                "friendlyName has line breaks or control characters, read as blanks",
            ],
        ),
        (
            "homebrew",
            [
                "a bare & in line 5",
                f"the namespace {OUR_NAMESPACE} is missing",
                "specVersion is missing, so this follows UDA 1.0",
                "the icon's width is '48px', read as 48",
                "the icon's height is '', read as 0",
                "the icon's depth is '', read as 0",
                "modelName is missing",
            ],
        ),
        (
            "led_controller",
            [
                "specVersion is missing, so this follows UDA 1.0",
                "configId is '', which is no number",
                "manufacturer is missing",
                "UDN is 'uuid: a4cf12ab34cd', with a blank in it",
                "the element X_größe is left out: 'X_größe' is not an XML element name",
            ],
        ),
        (
            "url_base_printer",
            [
                "the encoding is iso-8859-1; UDA §2.3 wants UTF-8",
                "manufacturer has line breaks or control characters, read as blanks",
            ],
        ),
        (
            "wemo_plug",
            [
                f"the namespace is urn:Belkin:device-1-0, not {OUR_NAMESPACE}",
                "the icon's mimetype is 'jpg', which is no media type",
            ],
        ),
    ],
)
def test_each_flaw_of_a_real_description_is_said(sample: str, expected: list[str]) -> None:
    data = (SAMPLES / f"{sample}.xml").read_bytes()
    device, forgiven = read(data)
    assert forgiven == expected
    assert device == parse_description(data)


def test_there_is_a_list_of_flaws_for_each_sample() -> None:
    marks = test_each_flaw_of_a_real_description_is_said.pytestmark  # type: ignore[attr-defined]
    assert {case[0] for case in marks[0].args[1]} == {path.stem for path in SAMPLES.glob("*.xml")}


@pytest.mark.parametrize("path", sorted(SCPD_SAMPLES.glob("*.xml")), ids=lambda path: path.stem)
def test_standard_services_have_no_flaws(path: Path) -> None:
    forgiven: list[str] = []
    assert parse_scpd(path.read_bytes(), forgiven) == parse_scpd(path.read_bytes())
    assert forgiven == []


# --- values ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("udn", "read_as", "expected"),
    [
        # an ESP32 renderer: pulseaudio-dlna #400
        ("8db0797a-f01a-4949-8f59-51188b181809", "uuid:8db0797a-f01a-4949-8f59-51188b181809", "without 'uuid:'"),
        ("uuid:Lamp and more", "uuid:Lamp", "UDN has more than one word: 'uuid:Lamp and more'"),
        ("uuid: Lamp", "uuid:Lamp", "UDN is 'uuid: Lamp', with a blank in it"),
        ("uuid:", None, "UDN has no UUID"),
        ("", None, "UDN is missing"),
    ],
)
def test_a_udn_is_read_as_far_as_it_is_one(udn: str, read_as: str | None, expected: str) -> None:
    device, forgiven = read(document(udn=udn))
    assert (device.udn and device.udn.text) == read_as
    assert len(forgiven) == 1
    assert forgiven[0].endswith(expected)


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("width", "big", "the icon's width is 'big', read as 0"),
        ("height", "-1", "the icon's height is '-1', read as 0"),
        ("depth", "24bit", "the icon's depth is '24bit', read as 24"),
        ("depth", "9" * 12, "the icon's depth is '999999999999', read as 999999999"),
        ("mimetype", "", "the icon's mimetype is '', which is no media type"),
        ("url", "", "an icon has no url"),
    ],
)
def test_an_icon_may_have_words_for_numbers(name: str, text: str, expected: str) -> None:
    texts = {"mimetype": "image/png", "width": "48", "height": "48", "depth": "24", "url": "a.png"} | {name: text}
    icon = "".join(f"<{element}>{content}</{element}>" for element, content in texts.items())
    assert flaws_of(document(f"<iconList><icon>{icon}</icon></iconList>")) == [expected]


def test_a_service_may_lack_its_urls() -> None:
    service = "<service><serviceType>urn:x:service:A:1</serviceType><controlURL/></service>"
    assert flaws_of(document(f"<serviceList>{service}<service/></serviceList>")) == [
        "the service 'urn:x:service:A:1' has no serviceId",
        "the service 'urn:x:service:A:1' has no SCPDURL",
        "the service 'urn:x:service:A:1' has no controlURL",
        "the service '' has no serviceType",
        "the service '' has no serviceId",
        "the service '' has no SCPDURL",
        "the service '' has no controlURL",
    ]


def test_an_embedded_device_is_named() -> None:
    embedded = "<device><deviceType>urn:x:device:Inner:1</deviceType><friendlyName>a\nb</friendlyName></device>"
    where = "embedded device 'urn:x:device:Inner:1': "
    assert flaws_of(document(f"<deviceList>{embedded}</deviceList>")) == [
        f"{where}friendlyName has line breaks or control characters, read as blanks",
        f"{where}manufacturer is missing",
        f"{where}modelName is missing",
        f"{where}UDN is missing",
    ]


def test_an_element_that_comes_twice_is_read_once() -> None:
    device, forgiven = read(document("<friendlyName>Second</friendlyName><iconList/><iconList/>"))
    assert device.friendly_name == "Lamp"
    assert forgiven == [
        "friendlyName comes 2 times; the first one counts",
        "iconList comes 2 times; the first one counts",
    ]


@pytest.mark.parametrize(("minor", "expected"), [(0, []), (1, ["URLBase is used, which UDA 1.1 forbids"])])
def test_url_base_is_a_flaw_from_uda_1_1_on(minor: int, expected: list[str]) -> None:
    head = HEAD.replace("<minor>0", f"<minor>{minor}") + "<URLBase>http://192.0.2.1/</URLBase>"
    device, forgiven = read(document(head=head))
    assert device.url_base == "http://192.0.2.1/"
    assert forgiven == expected


def test_the_version_and_the_number_of_a_document_may_be_words() -> None:
    head = f"<root configId='new' xmlns='{OUR_NAMESPACE}'><specVersion><major>one</major></specVersion>"
    device, forgiven = read(document(head=head))
    assert (device.spec_version, device.config_id) == ((0, 0), None)
    assert forgiven == [
        "major is 'one', read as 0",
        "minor is '', read as 0",
        "configId is 'new', which is no number",
    ]


def test_what_is_quoted_is_short_and_harmless() -> None:
    forgiven = flaws_of(document(udn=f"\x9b2J\u202e{'x' * 10_000}"))
    assert [sentence.isprintable() and len(sentence) < 200 for sentence in forgiven] == [True] * 2


def test_a_document_of_flaws_gets_a_bounded_number_of_sentences() -> None:
    forgiven = flaws_of(document("<iconList>" + "<icon><width>x</width></icon>" * 1000 + "</iconList>"))
    assert len(set(forgiven)) == len(forgiven) <= MAX_FORGIVEN + 1
    services = "".join(f"<service><serviceId>{number}</serviceId></service>" for number in range(1000))
    assert len(flaws_of(document(f"<serviceList>{services}</serviceList>"))) == MAX_FORGIVEN + 1


# --- services --------------------------------------------------------------------------------------------------------


def scpd(actions: str = "", variables: str = "") -> tuple[ServiceDescription, list[str]]:
    forgiven: list[str] = []
    text = (
        f"<scpd xmlns='urn:schemas-upnp-org:service-1-0'><actionList>{actions}</actionList>"
        f"<serviceStateTable>{variables}</serviceStateTable></scpd>"
    )
    return parse_scpd(text.encode(), forgiven), forgiven


def argument(name: str = "A", direction: str = "in", variable: str = "V") -> str:
    return (
        f"<argument><name>{name}</name><direction>{direction}</direction>"
        f"<relatedStateVariable>{variable}</relatedStateVariable></argument>"
    )


def action(name: str, arguments: str = "") -> str:
    return f"<action><name>{name}</name><argumentList>{arguments}</argumentList></action>"


VARIABLE = "<stateVariable sendEvents='no'><name>V</name><dataType>ui1</dataType></stateVariable>"


def test_an_action_that_cannot_be_called_is_left_out_if_somebody_hears_of_it() -> None:
    actions = action("Good", argument()) + action("Bad", argument(direction="")) + action("Worse", argument(name=""))
    description, forgiven = scpd(actions, VARIABLE)
    assert [found.name for found in description.actions] == ["Good"]
    assert forgiven == [
        "the action Bad is left out: the argument A of the action Bad has the direction '', not in or out",
        "the action Worse is left out: an argument of the action Worse has no name",
    ]


def test_an_argument_whose_variable_is_not_there_is_read_as_string() -> None:
    # a television with X-pairingRequest: async_upnp_client #167
    _, forgiven = scpd(action("X-pairingRequest", argument(variable="A_ARG_TYPE_userID")), VARIABLE)
    assert forgiven == [
        "the argument A of the action X-pairingRequest is read as string: there is no state variable "
        "'A_ARG_TYPE_userID'"
    ]


@pytest.mark.parametrize(
    ("inside", "expected"),
    [
        ("<dataType>ui16</dataType>", "the state variable V has the data type 'ui16'; it is read as string"),
        ("<dataType>UI2</dataType>", "the state variable V has the data type 'UI2'; it is read as ui2"),
        (
            "<dataType>ui1</dataType><defaultValue/>",  # Cambridge Audio: async_upnp_client #36
            "the default of the state variable V is left out: '' is not an integer",
        ),
        (
            "<dataType>ui1</dataType><allowedValueRange><minimum>0</minimum></allowedValueRange>",
            "the state variable V has a range without a minimum or a maximum; it is left out",
        ),
    ],
)
def test_a_variable_is_read_as_far_as_it_is_one(inside: str, expected: str) -> None:
    _, forgiven = scpd(variables=f"<stateVariable><name>V</name>{inside}</stateVariable>")
    assert forgiven == [expected]


@pytest.mark.parametrize(("text", "evented"), [("no", False), ("yes", True)])
def test_the_element_of_old_drafts_says_whether_a_variable_is_evented(text: str, *, evented: bool) -> None:
    # async_upnp_client #17
    inside = f"<name>V</name><dataType>ui1</dataType><sendEventsAttribute>{text}</sendEventsAttribute>"
    description, forgiven = scpd(variables=f"<stateVariable>{inside}</stateVariable>")
    assert description.variables[0].evented is evented
    assert forgiven == ["the state variable V has the element sendEventsAttribute"]


def test_other_oddities_of_services_are_said() -> None:
    odd = VARIABLE.replace("'no'", "'NO'")
    _, forgiven = scpd(action("Do", argument(direction="IN")) * 2 + "<action/>", odd * 2 + "<stateVariable/>")
    assert forgiven == [
        "the actionList has an entry without a name; it is left out",
        "the argument A of the action Do has the direction 'IN'",
        "the serviceStateTable has an entry without a name; it is left out",
        "the state variable V has sendEvents = 'NO', read as no",
        "the action Do comes 2 times; the last one counts",
        "the state variable V comes 2 times; the last one counts",
    ]


def test_a_page_in_place_of_a_document_is_no_document() -> None:
    # a television answers "status=ok" (upnp.dart #10), gateways with HTML
    for page in (b"status=ok", b"", b"<html><body>Not found</body></html>"):
        for parse in (parse_description, parse_scpd):
            with pytest.raises(DescriptionError):
                parse(page, [])
