"""The site answers any request for any device, and the answer is always valid HTTP."""

from __future__ import annotations

from urllib.parse import quote

import attrs
import h11
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.asking import response_to
from tests.site.ham import CALL, CONTROL, DESCRIPTION, ENVELOPE, HAM, ICON, PAGE, SITE
from tests.strategies import odd_devices, servable_devices
from upnp_trio.documents.publication import publish
from upnp_trio.errors import DescriptionError
from upnp_trio.exchange import KNOWN_METHODS, REASONS, Peer, Request, Response, ServedAddress
from upnp_trio.model.device import RootDevice
from upnp_trio.model.placeholders import filled
from upnp_trio.site import Site

_methods = st.sampled_from(sorted(KNOWN_METHODS)) | st.text(max_size=5)
_pieces = st.sampled_from(
    ["/", "//", "?", "#", "%", "%2f", "%00", "..", "http://", "[", "]", ":", DESCRIPTION, CONTROL]
)
_targets = st.text(max_size=30) | st.lists(_pieces, max_size=6).map("".join)
_headers = st.dictionaries(
    st.sampled_from(["if-none-match", "accept-language", "content-type", "host"]), st.text(max_size=20)
)


def _can_be_sent(response: Response) -> bool:
    # h11 refuses an invalid header
    head = h11.Response(
        status_code=response.status, headers=list(response.headers), reason=REASONS[response.status].encode()
    )
    return b"\n" not in b"".join(name + value for name, value in head.headers)


@given(_methods, _targets, _headers)
def test_every_request_has_a_response(method: str, target: str, headers: dict[str, str]) -> None:
    request = Request(method, target, headers)
    response = response_to(SITE, request)
    assert response.status in REASONS
    assert response.status != 500 or method == "POST"
    assert isinstance(SITE.takes_body(request), bool)
    assert _can_be_sent(response)


@given(st.lists(servable_devices, min_size=1, max_size=2, unique_by=lambda device: device.udn))
def test_whatever_a_description_names_is_served(devices: list[RootDevice]) -> None:
    publications = [publish(device) for device in devices]
    site = Site()
    for publication in publications:
        site.add(publication)
    for publication in publications:
        for path in [*publication.files, *publication.pages]:
            response = response_to(site, Request("GET", path))
            assert response.status == 200
            assert _can_be_sent(response)
            # another spelling is the same path
            assert response_to(site, Request("GET", quote(path, safe="/%"))) == response
        for path, file in publication.files.items():
            assert response_to(site, Request("GET", path)).body == file.body
        for path in publication.control_paths:
            assert response_to(site, Request("POST", path, CALL, ENVELOPE)).status == 500
    front = response_to(site, Request("GET", "/"))
    assert front.status == (302 if len(devices) == 1 else 200)
    assert _can_be_sent(front)


@given(
    st.lists(odd_devices | servable_devices, min_size=1, max_size=3, unique_by=lambda device: device.udn),
    st.sampled_from(["http://192.0.2.1:49152", "http://[2001:db8::1]:80", "http://ham.local"]),
)
def test_odd_devices_are_served_together_or_refused_and_leave_nothing_behind(
    devices: list[RootDevice], base_url: str
) -> None:
    site, added = Site(), []
    for device in devices:
        try:
            publication = publish(device)
            site.check(publication)
        except DescriptionError:
            continue
        site.add(publication)
        added.append(publication)
    peer = Peer("192.0.2.9", ServedAddress(base_url=base_url))
    for publication in added:
        for path, file in publication.files.items():
            response = response_to(site, Request("GET", path, peer=peer))
            assert (response.status, response.body) == (200, file.body)
            assert _can_be_sent(response)
        response = response_to(site, Request("GET", publication.description_path, peer=peer))
        own = filled(publication.root.advertising.description_headers, base_url)
        assert response.headers[2:] == own
        assert len(response.headers) == 2 + len(own)
        assert _status(site, *publication.pages) == [200] * len(publication.pages)
    for publication in added:
        site.remove(publication.description_path)
    paths = {path for publication in added for path in publication.paths} - {"/"}
    assert _status(site, *map(quote, paths)) == [404] * len(paths)
    for publication in added:
        site.check(publication)


@pytest.mark.parametrize("udn", ["uuid:TV/1", "uuid:TV%2F1", "uuid:TV#1?a=b", "uuid:..", "uuid:%"])
def test_a_device_of_uda_1_0_is_served_whatever_its_udn_has_for_a_uuid(udn: str) -> None:
    publication = publish(attrs.evolve(HAM, udn=udn, spec_version=(1, 0)))
    site = Site()
    site.add(publication)
    assert _status(site, "/", *publication.files, *publication.pages) == [302] + [200] * len(
        [*publication.files, *publication.pages]
    )
    call = Request("POST", next(iter(publication.control_paths)), CALL, ENVELOPE)
    assert response_to(site, call).status == 500
    site.remove(publication.description_path)
    assert _status(site, *publication.files) == [404] * len(publication.files)


# --- what comes and goes ---------------------------------------------------------------------------------------


def _status(site: Site, *targets: str, method: str = "GET") -> list[int]:
    return [response_to(site, Request(method, target, CALL, ENVELOPE)).status for target in targets]


def test_a_device_that_was_removed_leaves_nothing_behind() -> None:
    site, publication = Site(), publish(HAM)
    assert _status(site, "/") == [200]
    site.add(publication)
    assert _status(site, "/", DESCRIPTION, ICON, PAGE) == [302, 200, 200, 200]
    site.remove(publication.description_path)
    assert _status(site, "/", DESCRIPTION, ICON, PAGE) == [200, 404, 404, 404]
    assert _status(site, CONTROL, method="POST") == [404]
    assert b"Jambon" not in response_to(site, Request("GET", "/")).body


def test_removing_one_device_leaves_the_others() -> None:
    dish = publish(attrs.evolve(HAM, udn=f"{HAM.udn}"[:-1] + "4"))
    site, ham = Site(), publish(HAM)
    for publication in (ham, dish):
        site.add(publication)
    site.remove(ham.description_path)
    assert _status(site, dish.description_path, *dish.pages) == [200, 200]
    assert _status(site, *dish.control_paths, method="POST") == [500]


def test_a_device_that_is_added_again_takes_the_place_of_the_earlier_one() -> None:
    site = Site()
    site.add(publish(HAM))
    assert b"Jambon 3000" in response_to(site, Request("GET", PAGE)).body
    site.add(publish(attrs.evolve(HAM, friendly_name="Jambon 3001", icons=[])))
    for target in (DESCRIPTION, PAGE):
        assert b"Jambon 3001" in response_to(site, Request("GET", target)).body
    assert _status(site, ICON, "/") == [404, 302]


def test_the_pages_show_the_addresses_of_now() -> None:
    site = Site()
    site.add(publish(HAM))
    for base_url in ("http://192.0.2.1:49152", "http://198.51.100.1:49152"):
        site.base_urls = [base_url]
        body = response_to(site, Request("GET", PAGE)).body
        assert f"{base_url}{DESCRIPTION}".encode() in body
        assert body.count(b":49152") == 2  # the link and its text
