"""Values: each one that exists is valid, and an error names field and value."""

from __future__ import annotations

from collections.abc import Mapping, Set
from uuid import UUID

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.strategies import CONTROL_CHARACTERS, lines
from upnp_trio.errors import DescriptionError
from upnp_trio.model.device import Device, Icon, RootDevice, Service
from upnp_trio.model.extension import ExtensionElement, PnpX
from upnp_trio.model.names import DeviceType, ServiceType, Udn

DEVICE: dict[str, object] = {
    "device_type": "urn:x:device:y:1",
    "friendly_name": "a",
    "manufacturer": "b",
    "model_name": "c",
}
#: the required fields of each kind of value
LEAST: dict[type, dict[str, object]] = {
    Device: DEVICE,
    RootDevice: DEVICE,
    Icon: {"mimetype": "image/png", "width": 1, "height": 1, "depth": 1, "url": "a.png"},
    Service: {"service_type": "urn:x:service:y:1", "service_id": "urn:x:serviceId:y"},
    PnpX: {"device_category": "Other"},
    ExtensionElement: {"namespace": "urn:x", "name": "a"},
}
NUMBERS = {"width", "height", "depth", "config_id"}
BYTES = {"data", "scpd", "page"}
LISTS = {"icons", "services", "devices", "extensions", "children", "dlna_docs"}
OTHERS = {"pnpx", "spec_version", "attributes", "handler", "advertising", "strict"}


class _Handler:
    """Stands for what carries out the actions of a service."""

    actions: Mapping[str, object] = {}


def _fields(*, without: Set[str] = frozenset(), only: Set[str] = frozenset()) -> list[tuple[type, str]]:
    return [
        (kind, field.name)
        for kind in LEAST
        for field in attrs.fields(kind)
        if field.name not in without and (not only or field.name in only)
    ]


def _build(kind: type, **changes: object) -> object:
    return kind(**{**LEAST[kind], **changes})


def _refusal(kind: type, **changes: object) -> str:
    with pytest.raises(DescriptionError) as caught:
        _build(kind, **changes)
    return str(caught.value)


def _names_field(message: str, field: str) -> bool:
    # An error about a type names its class: DeviceType for device_type.
    return field.replace("_", "") in message.replace("_", "").lower()


TEXTS = _fields(without=NUMBERS | BYTES | LISTS | OTHERS)


def test_the_tests_cover_all_fields() -> None:
    assert len(TEXTS) == 13 + (13 + 4) + 2 + 5 + 5 + 3
    assert {name for _, name in _fields(without={name for _, name in TEXTS})} == NUMBERS | BYTES | LISTS | OTHERS


# --- control characters ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("kind", "field"), TEXTS)
def test_control_characters_are_refused_in_every_text(kind: type, field: str) -> None:
    for character in CONTROL_CHARACTERS:
        value = f"a{character}b"
        if field == "text" and character in "\t\n\u2028\u2029":  # the one field that may have several lines
            assert getattr(_build(kind, text=value), "text", None) == value
        else:
            message = _refusal(kind, **{field: value})
            assert _names_field(message, field) or field in ("namespace", "name")
            assert repr(value)[1:-1] in message


def test_control_characters_are_refused_in_lists_of_strings_and_in_attributes() -> None:
    for character in CONTROL_CHARACTERS:
        assert "RootDevice.dlna_docs[1] is 'a" in _refusal(RootDevice, dlna_docs=["DMS-1.50", f"a{character}b"])
        assert "the attribute b of a is " in _refusal(ExtensionElement, attributes={"b": f"a{character}b"})
        assert "is not an XML attribute name" in _refusal(ExtensionElement, attributes={f"a{character}b": "c"})


def test_the_refusal_names_field_value_character_and_place() -> None:
    assert _refusal(RootDevice, friendly_name="Jambon\r\nNT: x") == (
        "RootDevice.friendly_name is 'Jambon\\r\\nNT: x': the character '\\r' at position 6 is a control character, "
        "which no UPnP document or header can carry; remove it"
    )


@given(lines)
def test_any_other_text_is_kept_without_the_white_space_around_it(text: str) -> None:
    device = RootDevice(device_type=text, friendly_name=text, manufacturer=text, model_name=text, model_url=text)
    assert device.friendly_name == device.manufacturer == device.device_type.text == text.strip()
    assert device.model_url == (text.strip() or None)


# --- kinds -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("kind", "field"), TEXTS)
def test_values_other_than_strings_are_refused(kind: type, field: str) -> None:
    for value in (5, 1.5, True, b"bytes", ["list"], object()):
        message = _refusal(kind, **{field: value})
        assert _names_field(message, field)
        assert repr(value) in message


@pytest.mark.parametrize(
    ("kind", "field"), [pair for pair in TEXTS if attrs.fields_dict(pair[0])[pair[1]].default is attrs.NOTHING]
)
def test_none_is_refused_for_a_required_text(kind: type, field: str) -> None:
    assert "None" in _refusal(kind, **{field: None})


@pytest.mark.parametrize(("kind", "field"), _fields(only=NUMBERS))
def test_a_number_is_whole_and_not_negative(kind: type, field: str) -> None:
    for value in (-1, 1.0, True, "1", b"1", [1], float("nan")):
        message = _refusal(kind, **{field: value})
        assert message == f"{kind.__name__}.{field} is {value!r}; it must be a whole number of at least 0"


@pytest.mark.parametrize(("kind", "field"), _fields(only=BYTES))
def test_the_content_of_a_file_is_bytes_or_none(kind: type, field: str) -> None:
    for value in ("text", 5, bytearray(b"x"), ["x"]):
        assert f"{kind.__name__}.{field} is {value!r}; it must be bytes" in _refusal(kind, **{field: value})
    assert getattr(_build(kind, **{field: b"x"}), field) == b"x"
    assert getattr(_build(kind), field) is None


@pytest.mark.parametrize(("kind", "field"), _fields(only=LISTS))
def test_a_list_with_other_members_is_refused(kind: type, field: str) -> None:
    for value in (5, None, "text", b"bytes", [5], [None], [["x"]], {1: 1}, [object()]):
        assert _names_field(_refusal(kind, **{field: value}), field)


@pytest.mark.parametrize(
    ("field", "member"),
    [
        ("icons", Icon(mimetype="image/png", width=1, height=1, depth=1, url="a")),
        ("services", Service(service_type="a", service_id="b")),
        ("devices", Device(device_type="a", friendly_name="b", manufacturer="c", model_name="d")),
        ("extensions", ExtensionElement("urn:x", "a")),
        ("dlna_docs", "DMS-1.50"),
    ],
)
def test_any_iterable_is_accepted_for_a_tuple(field: str, member: object) -> None:
    for members in ([member], (member,), iter([member])):
        assert getattr(_build(RootDevice, **{field: members}), field) == (member,)


@pytest.mark.parametrize("value", ["text", 5, {"device_category": "Other"}])
def test_pnpx_must_be_a_pnpx(value: object) -> None:
    assert _refusal(RootDevice, pnpx=value) == f"RootDevice.pnpx is {value!r}; it must be of type PnpX"


@pytest.mark.parametrize("value", [5, "1.1", (1,), (1, 1, 0), (1, True), (1, "1"), (1.0, 1), (-1, 0), None])
def test_a_spec_version_is_a_pair_of_numbers(value: object) -> None:
    assert _refusal(RootDevice, spec_version=value) == f"spec_version is {value!r}; it must be a pair such as (1, 1)"


@pytest.mark.parametrize("value", ["", " ", "en ", "en_US", "fr--CA", "-", "français", "en\r\n"])
def test_a_language_must_be_a_tag(value: str) -> None:
    assert (
        _refusal(RootDevice, language=value) == f"language is {value!r}; RFC 5646 wants a tag such as 'en' or 'fr-CA'"
    )
    for tag in ("en", "fr-CA", "zh-Hant-TW"):
        assert getattr(_build(RootDevice, language=tag), "language", None) == tag


@pytest.mark.parametrize("value", ["", "Full", "readonly", None, True, ["full"]])
def test_a_presentation_is_one_of_three_words(value: object) -> None:
    message = f"presentation is {value!r}; it must be one of full, read-only, off"
    assert _refusal(RootDevice, presentation=value) == message


# --- values ----------------------------------------------------------------------------------------------------


def test_names_may_be_strings_uuids_or_values() -> None:
    uuid = UUID("e427ce1a-3e80-43d0-ad6f-89ec42e46363")
    for udn in (uuid, str(uuid), f"uuid:{uuid}", Udn(f"uuid:{uuid}")):
        assert RootDevice(**{**DEVICE, "udn": udn}).udn == Udn(f"uuid:{uuid}")  # type: ignore[arg-type]  # any of them
    assert _build(RootDevice, device_type=DeviceType("a")) == _build(RootDevice, device_type="a")
    assert _build(Service, service_type=ServiceType("a")) == _build(Service, service_type="a")
    assert "DeviceType is ServiceType" in _refusal(RootDevice, device_type=ServiceType("a"))


@pytest.mark.parametrize("empty", ["", " ", None])
def test_an_empty_optional_text_is_none(empty: str | None) -> None:
    device = RootDevice(**{**DEVICE, "serial_number": empty, "dlna_cap": empty})  # type: ignore[arg-type]  # texts
    assert device.serial_number is device.dlna_cap is None


def test_empty_values_equal_missing_ones() -> None:
    assert _build(RootDevice, pnpx=PnpX(), dlna_docs=["", " "]) == _build(RootDevice)


def test_values_are_frozen_and_hashable() -> None:
    device = _build(RootDevice)
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        device.friendly_name = "x"  # type: ignore[attr-defined]  # not to be set
    assert len({device, _build(RootDevice)}) == 1


def test_two_devices_are_equal_when_their_documents_are() -> None:
    assert _build(Icon, data=b"1") == _build(Icon, data=b"2")
    assert _build(Service, scpd=b"1") == _build(Service, scpd=b"2")
    assert _build(RootDevice, page=b"1", language="fr") == _build(RootDevice, page=b"2", language="en")
    assert _build(RootDevice, config_id=1) != _build(RootDevice, config_id=2)


def test_a_service_is_equal_with_any_handler_and_does_not_show_it() -> None:
    with_handler = _build(Service, handler=(handler := _Handler()))
    assert getattr(with_handler, "handler", None) is handler
    assert with_handler == _build(Service)
    assert hash(with_handler) == hash(_build(Service))
    assert "handler" not in repr(with_handler).lower()


def test_the_content_of_files_is_not_in_the_repr() -> None:
    assert "secret" not in repr(_build(Icon, data=b"secret")) + repr(_build(Service, scpd=b"secret"))


def test_walk_gives_parents_before_children() -> None:
    def device(name: str, *devices: Device) -> Device:
        return Device(device_type="x", friendly_name=name, manufacturer="x", model_name="x", devices=devices)

    tree = device("1", device("2", device("3"), device("4")), device("5"))
    assert [embedded.friendly_name for embedded in tree.walk()] == ["1", "2", "3", "4", "5"]


class Dimmer:
    """A handler as a description needs it."""

    def as_service(self) -> Service:
        return Service(service_type="urn:x:service:y:1", service_id="urn:x:serviceId:y")


def test_a_handler_may_stand_for_its_service() -> None:
    first, second = Dimmer(), Service(service_type="urn:x:service:z:1", service_id="urn:x:serviceId:z")
    device = Device(
        device_type="x", friendly_name="x", manufacturer="x", model_name="x", services=[first, second, Dimmer()]
    )
    assert device.services == (first.as_service(), second, first.as_service())


def test_a_handler_s_class_in_place_of_a_handler_is_refused() -> None:
    assert _refusal(Device, services=[Dimmer(), Dimmer]) == "Device.services[1] is the class Dimmer; write Dimmer()"


@pytest.mark.parametrize("value", [5, "a", object(), Dimmer()])
def test_what_carries_out_no_actions_is_refused_as_a_handler(value: object) -> None:
    assert _refusal(Service, handler=value) == f"Service.handler is {value!r}; it must be a ServiceHandler"


def test_a_class_is_refused_as_a_handler() -> None:
    assert _refusal(Service, handler=Dimmer) == "Service.handler is the class Dimmer; write Dimmer()"


# --- vendor elements -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["", "1a", "a b", "a:b", "-a", "é", "a>", "{urn:x}a"])
def test_an_element_has_an_xml_name(name: str) -> None:
    assert _refusal(ExtensionElement, name=name) == f"{name!r} is not an XML element name"


@pytest.mark.parametrize("namespace", ["", "http://www.w3.org/2000/xmlns/", "urn:a}b", "urn:{a", "urn:a b"])
def test_an_element_has_a_namespace(namespace: str) -> None:
    assert "namespace" in _refusal(ExtensionElement, namespace=namespace)


@pytest.mark.parametrize(
    "name", ["", "1a", "a b", "xmlns", "xmlns:a", "{}a", "{urn:x}", "{http://www.w3.org/2000/xmlns/}a"]
)
def test_an_attribute_has_an_xml_name(name: str) -> None:
    assert (
        _refusal(ExtensionElement, attributes={name: ""}) == f"{name!r} is not an XML attribute name (on the element a)"
    )


@pytest.mark.parametrize("value", [5, "ab", [("a",)], [("a", 5)], [("a", "b", "c")], [["a", "b"]], {"a": 5}, {5: "a"}])
def test_attributes_are_pairs_of_strings(value: object) -> None:
    assert "they must be pairs of strings" in _refusal(ExtensionElement, attributes=value)


def test_an_attribute_must_not_be_repeated() -> None:
    assert "has an attribute twice" in _refusal(ExtensionElement, attributes=[("a", "1"), ("a", "2")])


@given(st.dictionaries(st.sampled_from(["a", "b", "{urn:x}a", "{urn:y}a"]), lines))
def test_the_order_of_attributes_does_not_matter(attributes: dict[str, str]) -> None:
    backwards = dict(reversed(attributes.items()))
    pairs = tuple(attributes.items())
    assert (
        ExtensionElement("urn:x", "a", "", attributes)
        == ExtensionElement("urn:x", "a", "", backwards)
        == ExtensionElement("urn:x", "a", "", pairs)
    )
