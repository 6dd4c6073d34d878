"""UDNs, types and their versions."""

from __future__ import annotations

from uuid import UUID

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from upnp_trio.errors import DescriptionError
from upnp_trio.model.names import (
    DeviceType,
    ServiceType,
    TypeUrn,
    Udn,
    as_device_type,
    as_service_type,
    as_udn,
    split_version,
)

HEX = "e427ce1a-3e80-43d0-ad6f-89ec42e46363"


# --- UDN -------------------------------------------------------------------------------------------------------


@given(st.uuids())
def test_a_uuid_becomes_a_udn_in_the_form_of_uda(uuid: UUID) -> None:
    udn = Udn(str(uuid))
    assert str(udn) == f"uuid:{uuid}"
    assert udn.uuid == str(uuid)
    assert udn.is_uuid
    assert as_udn(uuid) == udn


@pytest.mark.parametrize(
    ("given_", "text"),
    [
        (HEX, f"uuid:{HEX}"),
        (f"uuid:{HEX}", f"uuid:{HEX}"),
        (f" uuid:{HEX}\n", f"uuid:{HEX}"),
        # The spelling is kept, because SSDP repeats it letter for letter.
        (f"UUID:{HEX.upper()}", f"UUID:{HEX.upper()}"),
        ("RINCON_000E58", "uuid:RINCON_000E58"),
    ],
)
def test_the_prefix_may_be_missing_and_the_spelling_stays(given_: str, text: str) -> None:
    assert str(Udn(given_)) == text


@pytest.mark.parametrize("text", [HEX, HEX.upper(), f"UUID:{HEX}"])
def test_letters_of_either_case_are_hexadecimal(text: str) -> None:
    assert Udn(text).is_uuid


@pytest.mark.parametrize(
    "text", ["RINCON_000E58", HEX[:-1], HEX + "0", HEX.replace("-", ""), f"{{{HEX}}}", f"g{HEX[1:]}", "１" + HEX[1:]]
)
def test_other_forms_are_not_uuids(text: str) -> None:
    assert not Udn(text).is_uuid


@pytest.mark.parametrize("value", ["", "uuid:", " ", "a b", "uuid: a", "a\tb", "a\u00a0b", None, 5, b"a"])
def test_a_udn_is_one_word(value: object) -> None:
    with pytest.raises(DescriptionError, match=r"^udn is .*; UDA §1.1.4 wants 'uuid:' and a UUID without white space"):
        Udn(value)


def test_a_missing_udn_stays_missing() -> None:
    assert as_udn(None) is None


# --- types -----------------------------------------------------------------------------------------------------


@given(st.text(), st.integers(0, 999_999_999))
def test_a_version_is_split_off(base: str, version: int) -> None:
    assert split_version(f"{base}:{version}") == (base, version)


@given(st.text())
@example("")
@example(":")
@example("a:")
@example("1")
@example(":1")
@example("a:-1")
@example("a:+1")
@example("a:1_0")
@example("a: 1")
@example("a:²")
@example("a:٣")
@example("a:1234567890")
@example("a:" + "9" * 100_000)
def test_splitting_any_text_loses_nothing(text: str) -> None:
    base, version = split_version(text)
    if version is None:
        assert base == text
    else:
        assert text.startswith(f"{base}:")
        assert int(text[len(base) + 1 :]) == version >= 0


@pytest.mark.parametrize("text", ["a", "a:", "a:x", "a:1.0", "a:1 ", "a:²", "a:٣", "a:1234567890", "a:-1"])
def test_only_a_number_is_a_version(text: str) -> None:
    assert split_version(text) == (text, None)


def test_a_type_has_a_version_and_keeps_its_spelling() -> None:
    urn = DeviceType(" urn:schemas-upnp-org:device:basic:01 ")
    assert str(urn) == "urn:schemas-upnp-org:device:basic:01"
    assert urn.version == 1
    assert DeviceType("urn:schemas-upnp-org:device:Basic").version is None


@pytest.mark.parametrize("kind", ["device", "service"])
@pytest.mark.parametrize("name", ["Basic", "x" * 64, "WAN_IP.Connection-2"])
def test_a_good_type_has_no_flaw(kind: str, name: str) -> None:
    for domain in ("schemas-upnp-org", "boucherie-example-com"):
        assert TypeUrn(f"urn:{domain}:{kind}:{name}:1").flaw(kind) is None


@pytest.mark.parametrize(
    ("text", "flaw"),
    [
        ("", "must read 'urn:<domain>:device:<type>:<version>' in ASCII, with a whole number at the end"),
        ("urn:schemas-upnp-org:device:Basic", "must read"),
        ("urn:schemas-upnp-org:device:Basic:1.0", "must read"),
        ("urn:schemas-upnp-org:device:Basic:one", "must read"),
        ("urn:schemas-upnp-org:device:Basic:1234567890", "must read"),
        ("urn:schemas-upnp-org:device:Ba sic:1", "must read"),
        ("urn:schemas-upnp-org:device:Bäsic:1", "must read"),
        ("urn:schemas-upnp-org:device:Basic:١", "must read"),
        ("urn:schemas-upnp-org:service:Basic:1", "must read"),
        ("urn:schemas-upnp-org:device:Basic:1:", "must read"),
        ("URN:schemas-upnp-org:device:Basic:1", "must read"),
        ("urn:example.com:device:Basic:1", "must name its domain with '-' for each '.', as in 'schemas-upnp-org'"),
        (f"urn:x:device:{'x' * 65}:1", "must have a type name of at most 64 characters; this one has 65"),
        ("urn:x:device:Basic:0", "must have a version of at least 1"),
        ("urn:x:device:Basic:000", "must have a version of at least 1"),
        ("urn:x:device:Basic#2:1", "must not contain '#'"),
        ("urn:x#y:device:Basic:1", "must not contain '#'"),
    ],
)
def test_a_flaw_states_the_rule_of_uda(text: str, flaw: str) -> None:
    assert (TypeUrn(text).flaw("device") or "").startswith(flaw)


def test_types_of_devices_and_services_are_not_the_same() -> None:
    types: list[TypeUrn] = [DeviceType("a"), ServiceType("a"), DeviceType("a")]
    assert len(set(types)) == 2
    assert as_device_type("a") == DeviceType("a") == as_device_type(DeviceType("a"))
    assert as_service_type("a") == ServiceType("a") == as_service_type(ServiceType("a"))


@pytest.mark.parametrize("kind", [TypeUrn, DeviceType, ServiceType])
def test_a_type_is_a_string(kind: type[TypeUrn]) -> None:
    with pytest.raises(DescriptionError, match=f"^{kind.__name__} is 5; it must be text"):
        kind(5)
