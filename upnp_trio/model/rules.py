"""UDA's rules for the description of a device that is served, each a MUST or a SHOULD (UDA 2.0 §2.3)."""

from __future__ import annotations

import logging
import re
from collections import Counter
from typing import TYPE_CHECKING

import attrs

from upnp_trio.errors import DescriptionError
from upnp_trio.model.names import unsearchable
from upnp_trio.model.urls import has_scheme, is_at_own_host, is_web_link

if TYPE_CHECKING:
    from collections.abc import Iterator

    from upnp_trio.model.device import Device, Icon, RootDevice, Service
    from upnp_trio.model.names import TypeUrn, Udn

__all__ = ["Violation", "check", "is_picture_type", "naming_violations", "refusals", "violations"]

logger = logging.getLogger(__name__)

SPEC_VERSIONS = frozenset({(1, 0), (1, 1), (2, 0)})

# UDA 2.0 §2.3 says "should be < N characters".
SHORT_TEXTS = {
    "friendly_name": 64,
    "manufacturer": 64,
    "model_description": 128,
    "model_name": 32,
    "model_number": 32,
    "serial_number": 64,
}
# HTTP sends it in a header, so it has no other characters.
_MIMETYPE = re.compile(r"image/[\w.+-]+", re.ASCII | re.IGNORECASE)
# UDA 2.0 §1.2.2: the system, the UDA version and the product. More may follow, as DLNA's devices have it.
_SERVER = re.compile(r"[^\s,]+/[^\s,]+ UPnP/[0-9]\.[0-9] [^\s,]+/[^\s,]+( .*)?")
# The least max-age of UDA 2.0 §1.2.2, in seconds.
LEAST_MAX_AGE = 1800
# In the authority of a URL.
_BRACES = re.compile(r"\A[^/]*//[^/?#]*[{}]")
_SERVICE_ID = re.compile(r"urn:[^:\s]+:serviceId:(?P<id>[^:\s]+)")


@attrs.frozen
class Violation:
    """A *rule* of UDA that a description breaks by the *value* of the field *where*."""

    where: str
    value: object
    rule: str
    #: whether the rule is a MUST
    must: bool = True
    #: whether a device that breaks it cannot be served at all
    vital: bool = attrs.field(default=False, kw_only=True)

    def __str__(self) -> str:
        return f"{self.where} is {self.value!r}: {self.rule}"


def check(root: RootDevice) -> None:
    """Check *root* against the rules of UDA, and log a warning for every SHOULD that it breaks.

    Raises `DescriptionError` with field, value and rule of every MUST that it breaks, one on each line. If *root* is
    not strict, these are warnings as well, except for those without which it cannot be served. What devices of its make
    do is logged at INFO (*strict* is ``None``).
    """
    level = logging.INFO if root.strict is None else logging.WARNING
    for violation in violations(root):
        if not _refuses(root, violation):
            logger.log(level, "%s: %s", root.friendly_name, violation)
    if errors := refusals(root):
        raise DescriptionError("\n".join(map(str, errors)))


def refusals(root: RootDevice) -> list[Violation]:
    """The rules of UDA that keep *root* from being served."""
    return [violation for violation in violations(root) if _refuses(root, violation)]


def _refuses(root: RootDevice, violation: Violation) -> bool:
    return violation.must and (bool(root.strict) or violation.vital)


def violations(root: RootDevice) -> Iterator[Violation]:
    """Every rule of UDA 2.0 §2.3 that *root* breaks, in the order of the document."""
    if root.spec_version not in SPEC_VERSIONS:
        yield Violation("spec_version", root.spec_version, "UDA §2.3 allows 1.0, 1.1 and 2.0")
    yield from _device(root, "", root.spec_version)
    yield from _repeats(root)
    yield from _advertising(root)


def _advertising(root: RootDevice) -> Iterator[Violation]:
    server, max_age = root.advertising.server, root.advertising.max_age
    if server is not None and not _SERVER.fullmatch(server):
        rule = "UDA §1.2.2 wants the system, the UDA version and the product, as in 'Linux/6.1 UPnP/1.1 lamp/1.0'"
        yield Violation("advertising.server", server, rule)
    if max_age is not None and max_age < LEAST_MAX_AGE:
        rule = f"UDA §1.2.2: it should be {LEAST_MAX_AGE} or more"
        yield Violation("advertising.max_age", max_age, rule, must=False)
    for number, row in enumerate(root.advertising.rows):
        if row.usn is not None and not row.usn.lower().startswith("uuid:"):
            rule = "UDA §1.2.2: it must begin with 'uuid:', which control points take for the start of a UDN"
            yield Violation(f"advertising.rows[{number}].usn", row.usn, rule)


def _device(device: Device, where: str, spec_version: tuple[int, int]) -> Iterator[Violation]:
    yield from _type(device.device_type, "device", where)
    for field in ("friendly_name", "manufacturer", "model_name"):
        if not getattr(device, field):
            yield Violation(f"{where}{field}", "", "UDA §2.3 requires text here")
    for field, limit in SHORT_TEXTS.items():
        text = getattr(device, field) or ""
        if len(text) >= limit:
            rule = f"UDA §2.3: it should be shorter than {limit} characters and has {len(text)}"
            yield Violation(f"{where}{field}", text, rule, must=False)
    if device.udn is not None:
        yield from _udn(device.udn, f"{where}udn", spec_version)
    if device.upc is not None and not re.fullmatch(r"[0-9]{12}", device.upc):
        yield Violation(f"{where}upc", device.upc, "UDA §2.3: a Universal Product Code has 12 digits")
    url = device.presentation_url
    if url is not None and has_scheme(url) and not is_web_link(url):
        rule = "UDA §5: it must be a path on this device, or http://… for a page elsewhere"
        yield Violation(f"{where}presentation_url", url, rule, vital=True)  # pages would link to it
    elif url is not None and has_scheme(url) and _BRACES.search(url) and not is_at_own_host(url):
        rule = "its host has a brace; write {host} or {ipv4}, as in http://{host}:8123/, for this host"
        yield Violation(f"{where}presentation_url", url, rule)
    for number, icon in enumerate(device.icons):
        yield from _icon(icon, f"{where}icons[{number}].")
    if device.icons and not any(icon.mimetype.lower() == "image/png" for icon in device.icons):
        kinds = [icon.mimetype for icon in device.icons]
        yield Violation(f"{where}icons", kinds, "UDA §2.3: one should be image/png", must=False)
    for number, service in enumerate(device.services):
        yield from naming_violations(service, f"{where}services[{number}].")
    for number, embedded in enumerate(device.devices):
        yield from _device(embedded, f"{where}devices[{number}].", spec_version)


def _type(urn: TypeUrn, kind: str, where: str) -> Iterator[Violation]:
    rule = unsearchable(urn.text)
    if flaw := urn.flaw(kind):
        yield Violation(f"{where}{kind}_type", urn.text, f"UDA §2.3: it {flaw}", vital=rule is not None)
    elif rule:
        yield Violation(f"{where}{kind}_type", urn.text, rule, vital=True)


def _udn(udn: Udn, where: str, spec_version: tuple[int, int]) -> Iterator[Violation]:
    if udn.is_uuid:
        return
    if udn.text.isascii() and (rule := unsearchable(udn.text)):
        yield Violation(where, udn.text, rule, vital=True)
    else:
        rule = "UDA §1.1.4 wants 'uuid:' and hexadecimal digits in groups of 8-4-4-4-12"
        # UDA 1.0 allows any text, but headers of SSDP hold ASCII only.
        is_ascii = udn.text.isascii()
        yield Violation(where, udn.text, rule, must=spec_version >= (1, 1) or not is_ascii, vital=not is_ascii)


def is_picture_type(mimetype: str) -> bool:
    """Whether *mimetype* is the media type of a picture."""
    return _MIMETYPE.fullmatch(mimetype) is not None


def _icon(icon: Icon, where: str) -> Iterator[Violation]:
    if not is_picture_type(icon.mimetype):
        yield Violation(f"{where}mimetype", icon.mimetype, "UDA §2.3 wants a type such as 'image/png'", vital=True)
    for field in ("width", "height", "depth"):
        if getattr(icon, field) < 1:
            yield Violation(f"{where}{field}", getattr(icon, field), "UDA §2.3 wants a number above 0")
    if not icon.url:
        yield Violation(f"{where}url", "", "UDA §2.3 requires a URL here")


def naming_violations(service: Service, where: str = "") -> Iterator[Violation]:
    """Every rule of UDA 2.0 §2.3 that the types of *service* break; *where* begins the names of its fields."""
    yield from _type(service.service_type, "service", where)
    match = _SERVICE_ID.fullmatch(service.service_id)
    if match is None:
        rule = "UDA §2.3: it must read 'urn:<domain>:serviceId:<id>', as in 'urn:upnp-org:serviceId:…'"
        yield Violation(f"{where}service_id", service.service_id, rule)
    elif len(match["id"]) > 64:
        rule = f"UDA §2.3: the id must have at most 64 characters; this one has {len(match['id'])}"
        yield Violation(f"{where}service_id", service.service_id, rule)


def _repeats(root: RootDevice) -> Iterator[Violation]:
    udns = Counter(device.udn.text.lower() for device in root.walk() if device.udn is not None)
    for udn, count in udns.items():
        if count > 1:
            rule = f"UDA §2.3: {count} devices of this tree have it; each needs its own"
            yield Violation("udn", udn, rule, vital=True)
    for device in root.walk():
        ids = Counter(service.service_id for service in device.services)
        for service_id, count in ids.items():
            if count > 1:
                rule = f"UDA §2.3: {count} services of {device.friendly_name!r} have it; each needs its own"
                yield Violation("service_id", service_id, rule)
