"""Hypothesis strategies for devices, shared by all tests."""

from __future__ import annotations

import attrs
from hypothesis import strategies as st

from upnp_trio.documents.device_elements import DF_NAMESPACE, DLNA_NAMESPACE, PNPX_NAMESPACE
from upnp_trio.documents.xml import DEVICE_NAMESPACE
from upnp_trio.model.advertising import AdvertisedRow, Advertising
from upnp_trio.model.device import Device, Icon, RootDevice, Service
from upnp_trio.model.extension import ExtensionElement, PnpX
from upnp_trio.model.placeholders import escaped

__all__ = [
    "CONTROL_CHARACTERS",
    "MINIMAL_SCPD",
    "OWN_SCPD",
    "advertised_rows",
    "advertisings",
    "embedded_devices",
    "extensions",
    "fixed_paths",
    "hostile_urls",
    "icons",
    "lines",
    "odd_devices",
    "pnpx",
    "root_devices",
    "servable_devices",
    "services",
]

#: one of each kind that `upnp_trio.model.text` refuses: C0, DEL, C1, line separators, a surrogate, a non-character
CONTROL_CHARACTERS = ("\x00", "\t", "\n", "\r", "\x1b", "\x7f", "\x85", "\x9b", "\u2028", "\u2029", "\ud800", "\ufffe")

OWN_SCPD = b"""<?xml version="1.0"?>
<scpd xmlns="urn:schemas-upnp-org:service-1-0">
  <specVersion><major>1</major><minor>0</minor></specVersion>
  <actionList><action><name>Slice</name></action></actionList>
  <serviceStateTable>
    <stateVariable sendEvents="no"><name>Slices</name><dataType>ui4</dataType></stateVariable>
  </serviceStateTable>
</scpd>
"""
MINIMAL_SCPD = b"<scpd><serviceStateTable></serviceStateTable></scpd>"

_characters = st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"], exclude_characters="\ufffe\uffff")
_odd_lines = st.sampled_from(
    [
        "",
        "&",
        "&amp;",
        "&#0;",
        "<b>Jambon</b>",
        "]]>",
        "<![CDATA[jambon]]>",
        "<!-- -->",
        "<?php ?>",
        '"It\'s"',
        "{urn:x}name",
        "Boucherie numérique",
        "\u202eright to left",
        "\u200bzero\ufeffwidth",
        "ハム 𝄞 🥓",
        "a  b",
        "None",
    ]
)
#: one line of text, often with characters that XML and HTML must escape
lines = _odd_lines | st.text(_characters, max_size=12)
_optional_lines = st.none() | lines

# Elements that UDA names are fields, not extensions; "xmlns" is not a name.
_names = st.from_regex(r"[A-Za-z_][A-Za-z0-9_.\-]{0,6}", fullmatch=True).filter(
    lambda name: name not in ("UDN", "UPC", "xmlns")
)
_vendors = [
    "urn:example-com:ham",
    "http://www.sec.co.kr/dlna",
    "urn:schemas-microsoft-com:WMPNSS-1-0",
    "http://www.w3.org/XML/1998/namespace",
    "odd&<namespace>;\"'",
    DEVICE_NAMESPACE,
]
_vendor_namespaces = st.sampled_from(_vendors)
_any_namespaces = st.sampled_from([*_vendors, DLNA_NAMESPACE, PNPX_NAMESPACE, DF_NAMESPACE])
_blocks = lines | st.just("two\nlines\tand a tab")
_attributes = st.dictionaries(_names | st.builds("{{{}}}{}".format, _any_namespaces, _names), lines, max_size=2)
_leaves = st.builds(ExtensionElement, _any_namespaces, _names, _blocks, _attributes)
_branches = st.builds(
    ExtensionElement, _any_namespaces, _names, _blocks, _attributes, st.lists(_leaves, min_size=1, max_size=2)
)
#: raw vendor elements, with attributes and children in namespaces; DLNA's and PnP-X's only as children
extensions = st.builds(
    ExtensionElement, _vendor_namespaces, _names, _blocks, _attributes, st.lists(_leaves | _branches, max_size=2)
)

#: the parser reads at most 9 digits of a number
_numbers = st.integers(0, 999_999_999)
icons = st.builds(Icon, mimetype=lines, width=_numbers, height=_numbers, depth=_numbers, url=lines)
services = st.builds(
    Service,
    service_type=lines,
    service_id=lines,
    scpd_url=lines,
    control_url=lines,
    event_sub_url=lines,
    extensions=st.lists(extensions, max_size=1),
)
pnpx = st.builds(
    PnpX,
    device_category=_optional_lines,
    hardware_id=_optional_lines,
    compatible_id=_optional_lines,
    container_id=_optional_lines,
    df_device_category=_optional_lines,
)
_udn_texts = lines.map(lambda text: "".join(text.split())).filter(bool)
_udns = st.none() | st.uuids() | st.builds("uuid:{}".format, _udn_texts)
_texts_of_a_device = {
    "device_type": lines,
    "friendly_name": lines,
    "manufacturer": lines,
    "manufacturer_url": _optional_lines,
    "model_description": _optional_lines,
    "model_name": lines,
    "model_number": _optional_lines,
    "model_url": _optional_lines,
    "serial_number": _optional_lines,
    "udn": _udns,
    "upc": _optional_lines,
    "presentation_url": _optional_lines,
    "dlna_docs": st.lists(lines, max_size=2),
    "dlna_cap": _optional_lines,
    "pnpx": st.none() | pnpx,
    "extensions": st.lists(extensions, max_size=1),
}


def embedded_devices(depth: int) -> st.SearchStrategy[Device]:
    """Devices with others embedded in them, *depth* levels of them."""
    return st.builds(
        Device,
        **_texts_of_a_device,
        icons=st.lists(icons, max_size=1),
        services=st.lists(services, max_size=1),
        devices=st.lists(embedded_devices(depth - 1), max_size=1) if depth else st.just([]),
    )


#: paths that are served as they are given
fixed_paths = st.sampled_from(["/", "/setup.xml", "/description.xml", "/upnp/control/basicevent1", "/a%20b", "/b/"])

#: any device that can be created, even if it breaks rules of UDA
root_devices = st.builds(
    RootDevice,
    **_texts_of_a_device,
    icons=st.lists(icons, max_size=2),
    services=st.lists(services, max_size=2),
    devices=st.lists(embedded_devices(2), max_size=2),
    spec_version=st.tuples(st.integers(0, 9), st.integers(0, 9)),
    config_id=st.none() | st.integers(0, 2**32),
    url_base=_optional_lines,
    description_path=st.just("") | fixed_paths,
)

_tokens = st.from_regex(r"X-[A-Za-z0-9]{1,8}", fullmatch=True)
_printable = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), max_size=12)
#: what a header field may have: any printable text, its braces doubled, and placeholders
_values = st.lists(_printable.map(escaped) | st.sampled_from(["{host}", "{port}"]), max_size=2).map("".join)
_header_fields = st.lists(st.tuples(_tokens, _values), max_size=2, unique_by=lambda field: field[0].lower()).filter(
    lambda fields: sum(value.count("{host}") for _, value in fields) < 3  # there is no room for more
)
_words = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E, exclude_characters='"'), min_size=1, max_size=12)
#: rows beside those that UDA wants: odd ones, and some that it wants as well
advertised_rows = st.builds(
    AdvertisedRow,
    st.sampled_from(["roku:ecp", "urn:Belkin:device:**", "urn:dial-multiscreen-org:service:dial:1", "upnp:rootdevice"])
    | _words.filter(lambda word: word.lower() != "ssdp:all"),
    st.none() | st.just("uuid:roku:ecp:P0A070000007") | _words.map("uuid:{}".format),
)
advertisings = st.builds(
    Advertising,
    server=st.none() | _printable,
    max_age=st.none() | st.integers(1, 2**31 - 1),
    answer_delay=st.floats(0, 0.9),
    headers=_header_fields,
    description_headers=_header_fields,
    rows=st.lists(
        advertised_rows, max_size=3, unique_by=lambda row: (row.notification_type.lower(), (row.usn or "").lower())
    ),
)
#: URLs that lead elsewhere, or equal another one
hostile_urls = lines | st.sampled_from(
    [
        "/",
        ".",
        "..",
        "icon.png",
        "/icon.png",
        "./icon.png",
        "x/../icon.png",
        "icon-2.png",
        "description.xml",
        "../../etc/passwd",
        "%2e%2e/%2E%2E/etc/passwd",
        "%252e%252e/etc/passwd",
        "..%2f..%2fetc%2fpasswd",
        "..\\..\\windows",
        "..%5c..%5cwindows",
        "C:\\windows\\icon.png",
        "//elsewhere.example.com/icon.png",
        "http://elsewhere.example.com/a/../icon.png?size=1#top",
        "http://[",
        "?size=1",
        "#top",
        "a%00b",
        "%ff",
        "service-1/control",
        "service-1/scpd.xml",
        "page.html",
        "javascript:alert(1)",
    ]
)
_type_names = st.sampled_from(["Basic", "Dimming", "Layer3Forwarding"])
_served_icons = st.builds(
    Icon,
    mimetype=st.sampled_from(["image/png", "image/jpeg", "image/svg+xml"]),
    width=st.integers(1, 200),
    height=st.integers(1, 200),
    depth=st.just(24),
    url=hostile_urls,
    data=st.binary(max_size=8),
)
_served_services = st.builds(
    Service,
    service_type=_type_names.map("urn:schemas-upnp-org:service:{}:1".format),
    service_id=st.integers(1, 10**9).map("urn:upnp-org:serviceId:id{}".format),
    scpd_url=hostile_urls,
    control_url=hostile_urls,
    event_sub_url=hostile_urls,
    scpd=st.sampled_from([None, OWN_SCPD, MINIMAL_SCPD]),
)
_texts_served = {
    "device_type": _type_names.map("urn:schemas-upnp-org:device:{}:1".format),
    "friendly_name": lines,
    "manufacturer": lines,
    "manufacturer_url": _optional_lines | st.just("javascript:alert(1)"),
    "model_name": lines,
    "model_description": _optional_lines,
    "udn": st.uuids(version=4),
    "icons": st.lists(_served_icons, max_size=3),
    "services": st.lists(_served_services, max_size=2),
    "presentation_url": st.none() | hostile_urls,
    "page": st.none() | st.just(b"<p>mine</p>"),
}
#: devices that can be published: all have a UDN, icons have their bytes, and SCPDs are valid
servable_devices = st.builds(
    RootDevice,
    **_texts_served,
    devices=st.lists(
        st.builds(Device, **_texts_served, devices=st.lists(st.builds(Device, **_texts_served), max_size=1)),
        max_size=2,
    ),
)
#: devices that can be published, if no two of their absolute paths are the same
odd_devices = st.builds(
    lambda device, path, advertising: attrs.evolve(device, description_path=path, advertising=advertising),
    servable_devices,
    fixed_paths,
    advertisings,
)
