"""The URLs that a device may be announced under."""

from __future__ import annotations

from ipaddress import ip_address

import pytest

from upnp_trio import NetworkError
from upnp_trio.model.advertised_url import MAX_ADVERTISED_CHARACTERS, AdvertisedUrl, at_address


def parse(url: object) -> AdvertisedUrl:
    return AdvertisedUrl.parse("the URL", url, "http://{host}/d.xml")


@pytest.mark.parametrize(
    ("url", "base", "path", "port"),
    [
        ("http://{host}:8123/description.xml", "http://{host}:8123", "/description.xml", 8123),
        ("http://{host}", "http://{host}", "", 80),
        ("http://ham.local/a/b?c=d", "http://ham.local", "/a/b?c=d", 80),
        ("http://192.0.2.1:8080?d", "http://192.0.2.1:8080", "/?d", 8080),
        ("http://[2001:db8::1]:8080/%41", "http://[2001:db8::1]:8080", "/%41", 8080),
        ("http://{host}/{udn}/d.xml", "http://{host}", "/{udn}/d.xml", 80),
    ],
)
def test_a_url_is_taken_apart_at_its_path(url: str, base: str, path: str, port: int) -> None:
    found = parse(url)
    assert (found.base, found.path, found.port) == (base, path, port)


@pytest.mark.parametrize(
    ("url", "flaw"),
    [
        ("https://{host}/d.xml", "it is not a plain http URL"),
        ("ftp://{host}/d.xml", "it is not a plain http URL"),
        ("{host}/d.xml", "it is not a plain http URL"),
        ("", "it is not a plain http URL"),
        ("http://", "it is not a plain http URL"),
        ("http:///d.xml", "it is not a plain http URL"),
        ("http://[fe80::1%25eth0]:8123/d.xml", "a zone is a name of one host's own"),
        ("http://[fe80::1%eth0]/d.xml", "a zone is a name of one host's own"),
        ("http://me:secret@{host}/d.xml", "{host} can only be the whole host"),
        ("http://me@ham.local/d.xml", "it is not a plain http URL"),
        ("http://{host}.local/d.xml", "{host} can only be the whole host"),
        ("http://{host}{host}/d.xml", "{host} can only be the whole host"),
        ("http://ham.local/{host}", "{host} can only be the whole host"),
        ("http://ham.local:{port}/d.xml", "it is not a plain http URL"),
        ("http://{udn}/d.xml", "it is not a plain http URL"),
        ("http://{host}/{serial}", "its path may have {udn}"),
        ("http://{host}/d.xml#top", "a fragment"),
        ("http://{host}:0/d.xml", "0 is not a port"),
        ("http://{host}:99999", "99999 is not a port"),
        ("http://{host}:/d.xml", "it is not a plain http URL"),
        ("http://{host}/a b", "its path may have"),
        ("http://{host}/a%2", "its path may have"),
        ("http://{host}/jambon\r\nNT: upnp:rootdevice", "its path may have"),
        ("http://{host}/d.xml\n", "its path may have"),
        ("http://{host}/hâm", "its path may have"),
        ("http://{host}\\d.xml", "{host} can only be the whole host"),
        (f"http://{{host}}/{'a' * MAX_ADVERTISED_CHARACTERS}", "a datagram has room for 256"),
        (None, "the URL is None; write a URL"),
        (8123, "the URL is 8123; write a URL"),
    ],
)
def test_what_no_location_can_be_is_refused_with_its_flaw(url: object, flaw: str) -> None:
    with pytest.raises(NetworkError) as caught:
        parse(url)
    assert flaw in str(caught.value)
    assert "as in http://{host}/d.xml" in str(caught.value)


@pytest.mark.parametrize(
    ("address", "url"),
    [
        ("192.0.2.7", "http://192.0.2.7:8123"),
        ("2001:db8::7", "http://[2001:db8::7]:8123"),
        ("fe80::7%eth0", "http://[fe80::7]:8123"),
    ],
)
def test_an_address_takes_the_place_of_the_host(address: str, url: str) -> None:
    assert at_address("http://{host}:8123", ip_address(address)) == url
    assert at_address("http://ham.local", ip_address(address)) == "http://ham.local"


def test_a_udn_is_filled_in_as_a_path_can_have_it() -> None:
    assert (
        parse("http://{host}/{udn}/d.xml?{udn}").path_for("uuid:a b/é")
        == "/uuid:a%20b%2F%C3%A9/d.xml?uuid:a%20b%2F%C3%A9"
    )
