"""UDA's rules for a device that is served: a MUST is an error, a SHOULD a warning, and all are reported at once."""

from __future__ import annotations

import logging
from itertools import count
from uuid import UUID

import attrs
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.devices import GATEWAY
from tests.strategies import root_devices
from upnp_trio.documents.publication import publish
from upnp_trio.errors import DescriptionError, MalformedMessage
from upnp_trio.model.advertising import Advertising
from upnp_trio.model.device import Device, Icon, RootDevice, Service
from upnp_trio.model.names import MAX_SEARCH_TARGET_BYTES, DeviceType, ServiceType, Udn
from upnp_trio.model.rules import SHORT_TEXTS, Violation, check, refusals, violations
from upnp_trio.ssdp.advertisements import advertisements
from upnp_trio.ssdp.messages import Search
from upnp_trio.ssdp.parsing import parse

PNG = Icon(mimetype="image/png", width=48, height=48, depth=24, url="a.png")
SERVICE = Service(service_type="urn:schemas-upnp-org:service:Dimming:1", service_id="urn:upnp-org:serviceId:Dimming")
HEX = "uuid:e427ce1a-3e80-43d0-ad6f-89ec42e46363"
GOOD = RootDevice(
    device_type="urn:schemas-upnp-org:device:Basic:1",
    friendly_name="Jambon 3000",
    manufacturer="Boucherie numérique",
    model_name="3000",
    udn=HEX,
    icons=[PNG],
    services=[SERVICE],
)
EMBEDDED = Device(
    device_type="urn:schemas-upnp-org:device:Basic:1", friendly_name="Side dish", manufacturer="b", model_name="c"
)
#: texts without blanks, quotes, dots and what UDA forbids in types
_words = st.text(st.sampled_from("abcXYZ0123-_"), min_size=1, max_size=8)


def _good(**changes: object) -> RootDevice:
    return attrs.evolve(GOOD, **changes)  # type: ignore[arg-type]  # any field


def _icons(**changes: object) -> RootDevice:
    return _good(icons=[PNG, attrs.evolve(PNG, **changes)])  # type: ignore[arg-type]  # any field


def _services(**changes: object) -> RootDevice:
    return _good(services=[attrs.evolve(SERVICE, **changes)])  # type: ignore[arg-type]  # any field


def _long_urn(kind: str, length: int) -> str:
    """A type of *length* characters, without any other flaw."""
    return f"urn:{'d' * (length - len(f'urn::{kind}:Long:1'))}:{kind}:Long:1"


MUSTS = [
    (_good(spec_version=(3, 0)), "spec_version is (3, 0): UDA §2.3 allows 1.0, 1.1 and 2.0"),
    (_good(spec_version=(1, 2)), "spec_version is (1, 2): UDA §2.3 allows"),
    (_good(device_type=DeviceType("Basic")), "device_type is 'Basic': UDA §2.3: it must read 'urn:<domain>:device:"),
    (_good(friendly_name=" "), "friendly_name is '': UDA §2.3 requires text here"),
    (_good(manufacturer=""), "manufacturer is '': UDA §2.3 requires text here"),
    (_good(model_name=""), "model_name is '': UDA §2.3 requires text here"),
    (
        _good(udn=Udn("ham")),
        "udn is 'uuid:ham': UDA §1.1.4 wants 'uuid:' and hexadecimal digits in groups of 8-4-4-4-12",
    ),
    (_good(udn=Udn("ham"), spec_version=(2, 0)), "udn is 'uuid:ham': UDA §1.1.4 wants"),
    (_good(udn=Udn("hâm"), spec_version=(1, 0)), "udn is 'uuid:hâm': UDA §1.1.4 wants"),
    (_good(device_type=DeviceType("urn:x:device:y:0")), "UDA §2.3: it must have a version of at least 1"),
    (_services(service_type=ServiceType("urn:x:service:y:0")), "UDA §2.3: it must have a version of at least 1"),
    (
        _good(device_type=DeviceType(_long_urn("device", MAX_SEARCH_TARGET_BYTES + 1))),
        "UDA §1.3.2: it must be a search target, which may have at most 256 characters; this one has 257",
    ),
    (
        _services(service_type=ServiceType(_long_urn("service", MAX_SEARCH_TARGET_BYTES + 1))),
        "UDA §1.3.2: it must be a search target, which may have at most 256 characters; this one has 257",
    ),
    (
        _good(devices=[attrs.evolve(EMBEDDED, device_type=_long_urn("device", 400))]),
        "UDA §1.3.2: it must be a search target, which may have at most 256 characters; this one has 400",
    ),
    (
        _good(udn=Udn("x" * MAX_SEARCH_TARGET_BYTES), spec_version=(1, 0)),
        "UDA §1.3.2: it must be a search target, which may have at most 256 characters; this one has 261",
    ),
    (
        _good(udn=Udn('ham"'), spec_version=(1, 0)),
        "UDA §1.3.2: it must be a search target, and a quote at the end of one is ignored",
    ),
    (_good(upc="123"), "upc is '123': UDA §2.3: a Universal Product Code has 12 digits"),
    (_good(upc="١" * 12), "a Universal Product Code has 12 digits"),
    (
        _good(presentation_url="javascript:alert(1)"),
        "presentation_url is 'javascript:alert(1)': UDA §5: it must be a path",
    ),
    (_good(presentation_url="http://{hots}:80/"), "presentation_url is 'http://{hots}:80/': its host has a brace"),
    (_good(presentation_url="http://{host}x/"), "presentation_url is 'http://{host}x/': its host has a brace"),
    (_icons(mimetype="png"), "icons[1].mimetype is 'png': UDA §2.3 wants a type such as 'image/png'"),
    (_icons(mimetype="image/pñg"), "icons[1].mimetype is 'image/pñg': UDA §2.3 wants a type"),
    (_icons(mimetype="text/html"), "icons[1].mimetype is 'text/html': UDA §2.3 wants a type"),
    (_icons(width=0), "icons[1].width is 0: UDA §2.3 wants a number above 0"),
    (_icons(height=0), "icons[1].height is 0: UDA §2.3 wants a number above 0"),
    (_icons(depth=0), "icons[1].depth is 0: UDA §2.3 wants a number above 0"),
    (_icons(url=""), "icons[1].url is '': UDA §2.3 requires a URL here"),
    (
        _services(service_type=ServiceType("x")),
        "services[0].service_type is 'x': UDA §2.3: it must read 'urn:<domain>:service",
    ),
    (_services(service_id="x"), "services[0].service_id is 'x': UDA §2.3: it must read 'urn:<domain>:serviceId:<id>'"),
    (
        _services(service_id=f"urn:x:serviceId:{'y' * 65}"),
        "UDA §2.3: the id must have at most 64 characters; this one has 65",
    ),
    (_good(services=[SERVICE, SERVICE]), "2 services of 'Jambon 3000' have it; each needs its own"),
    (_good(devices=[attrs.evolve(EMBEDDED, udn=HEX)]), f"udn is '{HEX}': UDA §2.3: 2 devices of this tree have it"),
    (_good(devices=[attrs.evolve(EMBEDDED, udn=HEX.upper())]), "2 devices of this tree have it"),
    (_good(devices=[attrs.evolve(EMBEDDED, upc="1")]), "devices[0].upc is '1': UDA §2.3"),
    (
        _good(
            devices=[EMBEDDED, attrs.evolve(EMBEDDED, devices=[attrs.evolve(EMBEDDED, services=[SERVICE, SERVICE])])]
        ),
        "2 services of 'Side dish' have it",
    ),
    (
        _good(devices=[EMBEDDED, attrs.evolve(EMBEDDED, devices=[attrs.evolve(EMBEDDED, model_name="")])]),
        "devices[1].devices[0].model_name is '': UDA §2.3 requires text here",
    ),
]
SHOULDS = [
    *(
        (_good(**{field: "x" * limit}), f"{field} is '{'x' * limit}': UDA §2.3: it should be shorter than {limit}")
        for field, limit in SHORT_TEXTS.items()
    ),
    (_good(udn=Udn("ham"), spec_version=(1, 0)), "udn is 'uuid:ham': UDA §1.1.4 wants 'uuid:' and hexadecimal digits"),
    (
        _good(icons=[attrs.evolve(PNG, mimetype="image/gif")]),
        "icons is ['image/gif']: UDA §2.3: one should be image/png",
    ),
]


@pytest.mark.parametrize(
    "device",
    [
        GOOD,
        GATEWAY,
        _good(udn=None, icons=[], services=[]),
        _good(spec_version=(1, 0)),
        _good(spec_version=(2, 0)),
        _good(upc="123456789012"),
        _good(icons=[attrs.evolve(PNG, mimetype="IMAGE/PNG")]),
        _icons(mimetype="image/svg+xml"),
        _good(device_type=DeviceType(_long_urn("device", MAX_SEARCH_TARGET_BYTES))),
        _services(service_type=ServiceType(_long_urn("service", MAX_SEARCH_TARGET_BYTES))),
        _good(presentation_url="http://ham.example.com/"),
        _good(presentation_url="page.html"),
        _good(presentation_url="http://{host}:8123/"),
        _good(presentation_url="http://{ipv4}/"),
        _good(presentation_url="http://ham.example.com/{id}"),
        _services(service_id=f"urn:x:serviceId:{'y' * 64}"),
        # The same service in two devices counts as two services.
        _good(devices=[attrs.evolve(EMBEDDED, services=[SERVICE])]),
        # Both will be given a UDN.
        _good(devices=[EMBEDDED, EMBEDDED]),
        *(_good(**{field: "x" * (limit - 1)}) for field, limit in SHORT_TEXTS.items()),
    ],
)
def test_a_device_that_breaks_no_rule_passes_silently(device: RootDevice, caplog: pytest.LogCaptureFixture) -> None:
    check(device)
    assert list(violations(device)) == []
    assert caplog.messages == []


@pytest.mark.parametrize(("device", "message"), MUSTS, ids=[message for _, message in MUSTS])
def test_a_broken_must_is_an_error_with_field_value_and_rule(
    device: RootDevice, message: str, caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(DescriptionError) as caught:
        check(device)
    assert message in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1
    assert caplog.messages == []


@pytest.mark.parametrize(("device", "message"), SHOULDS, ids=[message[:20] for _, message in SHOULDS])
def test_a_broken_should_is_a_warning(device: RootDevice, message: str, caplog: pytest.LogCaptureFixture) -> None:
    check(device)
    (record,) = caplog.records
    assert record.levelno == logging.WARNING
    assert record.getMessage().startswith(f"{device.friendly_name}: {message}")


def test_all_broken_rules_are_reported_at_once(caplog: pytest.LogCaptureFixture) -> None:
    device = _good(
        manufacturer="",
        model_name="x" * 32,
        model_number="y" * 32,
        upc="1",
        devices=[attrs.evolve(EMBEDDED, friendly_name="")],
    )
    with pytest.raises(DescriptionError) as caught:
        check(device)
    assert [line.split(" is ")[0] for line in str(caught.value).splitlines()] == [
        "manufacturer",
        "upc",
        "devices[0].friendly_name",
    ]
    assert [message.split(" is ")[0] for message in caplog.messages] == [
        "Jambon 3000: model_name",
        "Jambon 3000: model_number",
    ]


def test_a_violation_has_field_value_and_rule() -> None:
    (violation,) = violations(_good(upc="123"))
    assert violation == Violation("upc", "123", "UDA §2.3: a Universal Product Code has 12 digits", must=True)
    assert str(violation) == "upc is '123': UDA §2.3: a Universal Product Code has 12 digits"


def _is_read(target: str) -> bool:
    """Whether SSDP reads a search for *target*."""
    try:
        search = parse(f'M-SEARCH * HTTP/1.1\r\nMAN: "ssdp:discover"\r\nMX: 1\r\nST: {target}\r\n\r\n'.encode())
    except MalformedMessage:
        return False
    return isinstance(search, Search) and search.search_target == target


@given(
    st.builds("{}{}{}".format, st.sampled_from(["", '"', "é", "x" * 250, "x" * 251, "x" * 252]), _words, _words),
    st.integers(250, 260),
    _words,
)
@example("x" * 251, 256, "Long")
@example("x" * 252, 257, "Long")
@example('x"', 256, "Long")
def test_names_that_pass_can_be_searched_for(udn: str, length: int, name: str) -> None:
    device = _good(udn=udn, spec_version=(1, 0))
    assert _is_read(str(device.udn)) == (not [violation for violation in violations(device) if violation.must])
    urn = f"urn:{name}{'d' * (length - len(name) - len('urn::device:Long:1'))}:device:Long:1"
    assert _is_read(urn) == (not list(violations(_good(device_type=urn))))


@settings(max_examples=50)
@given(root_devices)
def test_any_device_can_be_checked(device: RootDevice) -> None:
    for violation in violations(device):
        assert str(violation).startswith(f"{violation.where} is {violation.value!r}: UDA §")


# --- devices that need not keep the rules --------------------------------------------------------------------------

VITAL = [
    _good(device_type=DeviceType("Böse")),
    _good(device_type=DeviceType("two words")),
    _good(device_type=DeviceType('"quoted')),
    _good(device_type=DeviceType("")),
    _good(device_type=DeviceType(_long_urn("device", MAX_SEARCH_TARGET_BYTES + 1))),
    _services(service_type=ServiceType("a b")),
    _good(udn=Udn("hâm")),
    _good(presentation_url="javascript:alert(1)"),
    _icons(mimetype="png"),
    _good(devices=[attrs.evolve(EMBEDDED, udn=HEX)]),
]


@pytest.mark.parametrize("device", [device for device, _ in MUSTS])
def test_a_device_that_need_not_keep_a_rule_is_warned_of_it(
    device: RootDevice, caplog: pytest.LogCaptureFixture
) -> None:
    lenient = attrs.evolve(device, strict=False)
    (violation,) = violations(lenient)
    if violation.vital:
        with pytest.raises(DescriptionError):
            check(lenient)
    else:
        check(lenient)
        assert caplog.messages == [f"{device.friendly_name}: {violation}"]


def test_what_devices_of_its_make_do_is_no_warning(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    odd = attrs.evolve(_good(advertising=Advertising(max_age=100)), udn="uuid:Socket-1_0-1", strict=None)
    check(odd)
    assert [(record.levelname, record.getMessage().partition(" is ")[0]) for record in caplog.records] == [
        ("INFO", f"{odd.friendly_name}: udn"),
        ("INFO", f"{odd.friendly_name}: advertising.max_age"),
    ]
    with pytest.raises(DescriptionError):
        check(attrs.evolve(odd, device_type="two words"))


@pytest.mark.parametrize("device", VITAL)
def test_no_device_may_break_a_rule_without_which_it_cannot_be_served(device: RootDevice) -> None:
    (refusal,) = refusals(attrs.evolve(device, strict=False))
    assert refusal.vital
    with pytest.raises(DescriptionError):
        check(attrs.evolve(device, strict=False))


def _fixed_urls(device: Device) -> list[str]:
    """The URLs that stay as they are if the root device has a *description_path*."""
    urls = [icon.url for icon in device.icons]
    for service in device.services:
        urls += [service.scpd_url, service.control_url, service.event_sub_url]
    for embedded in device.devices:
        urls += _fixed_urls(embedded)
    return [url for url in urls if url.startswith("/")]


@settings(max_examples=200)
@given(root_devices)
@example(_good(description_path="/", icons=[Icon(mimetype="image/png", width=1, height=1, depth=1, url="/")]))
def test_whatever_a_device_may_break_it_can_be_published_and_each_row_searched_for(device: RootDevice) -> None:
    """Fixed paths have rules that no device may break (`tests/documents/test_publication.py`)."""
    numbers = count()
    if _fixed_urls(device):
        device = attrs.evolve(device, description_path="")

    def mended(part: Device) -> Device:
        return attrs.evolve(
            part,
            udn=UUID(int=next(numbers)),
            device_type=part.device_type if _is_read(str(part.device_type)) else "urn:x:device:y:1",
            icons=[attrs.evolve(icon, mimetype="image/png", data=b"") for icon in part.icons],
            services=[
                service if _is_read(str(service.service_type)) else attrs.evolve(service, service_type="Odd")
                for service in part.services
            ],
            devices=[mended(embedded) for embedded in part.devices],
            presentation_url=None,
        )

    lenient = attrs.evolve(mended(device), strict=False)  # type: ignore[call-arg]  # it is a RootDevice
    assert isinstance(lenient, RootDevice)
    assert refusals(lenient) == []
    assert all(_is_read(row.notification_type) for row in advertisements(publish(lenient).root))


ADVERTISED = [
    ("Linux/6.1 UPnP/1.1 lamp/1.0", True),
    ("Linux/3.14 UPnP/1.0 IpBridge/1.50.0 DLNADOC/1.50", True),
    ("Linux/3.0, UPnP/1.0, Portable SDK for UPnP devices/1.6.18", False),
    ("lamp", False),
]


@pytest.mark.parametrize(("server", "is_right"), ADVERTISED)
def test_server_names_system_version_and_product(server: str, is_right: bool) -> None:
    found = list(violations(_good(advertising=Advertising(server=server))))
    assert [violation.where for violation in found if violation.must] == ([] if is_right else ["advertising.server"])


def test_a_short_max_age_is_a_warning() -> None:
    (violation,) = violations(_good(advertising=Advertising(max_age=1799)))
    assert str(violation) == "advertising.max_age is 1799: UDA §1.2.2: it should be 1800 or more"
    assert not violation.must
    assert list(violations(_good(advertising=Advertising(max_age=1800)))) == []
