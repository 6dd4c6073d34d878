"""What YouTube's app and Chromium send to a screen."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest
import trio.testing

from tests.profiles.clients import DEVICE, lines, served
from upnp_trio import DescriptionError
from upnp_trio.profiles import dial_receiver

Clock = trio.testing.MockClock
DIAL = "urn:dial-multiscreen-org:service:dial:1"
# a captured datagram of Chrome 66; chrome/browser/media/router/discovery/dial/dial_service_impl.cc builds it
CHROMIUM = lines(
    "M-SEARCH * HTTP/1.1",
    "HOST: 239.255.255.250:1900",
    'MAN: "ssdp:discover"',
    "MX: 1",
    f"ST: {DIAL}",
    "USER-AGENT: Google Chrome/66.0.3359.139 Windows",
)
# the DIAL specification 2.2.1 §5.1, which apps follow
SPECIFICATION = lines(
    *("M-SEARCH * HTTP/1.1", "HOST: 239.255.255.250:1900", 'MAN: "ssdp:discover"', "MX: 3", f"ST: {DIAL}"),
)


@pytest.mark.parametrize("search", [CHROMIUM, SPECIFICATION])
async def test_the_search_leads_to_the_url_of_applications(search: bytes, autojump_clock: Clock) -> None:
    async with served(dial_receiver("Living room", mac="10:dd:b1:c9:00:e4")) as client:
        (answer,) = await client.search(search)
        assert answer.status == 200
        assert answer.headers["st"] == DIAL
        assert answer.headers["usn"].endswith(f"::{DIAL}")
        assert answer.headers["wakeup"] == "MAC=10:dd:b1:c9:00:e4;Timeout=10"
        location = answer.headers["location"]
        described = await client.ask(
            location, "GET {path} HTTP/1.1", "Host: {host}", "Connection: keep-alive", "Accept-Encoding: gzip, deflate"
        )
        assert described.status == 200
        assert described.headers["content-type"].startswith("text/xml")
        # Chromium takes none that is on another host
        assert described.headers["application-url"] == f"http://{urlsplit(location).netloc}/apps"
        assert urlsplit(location).hostname == DEVICE
        assert described.has("friendlyName", "Living room")
        assert described.has("serviceType", DIAL)


async def test_an_app_that_names_itself_gets_the_description_and_a_page_does_not(autojump_clock: Clock) -> None:
    """DIAL 2.2.1 §6.6: pages of http, https and file are checked, and apps name their package in Origin."""
    async with served(dial_receiver("TV")) as client:
        (answer,) = await client.search(CHROMIUM)
        for origin, status in (
            ("package:com.google.ios.youtube", 200),
            ("package:Google-Chrome.87.Linux", 200),
            ("https://www.youtube.com", 403),
            ("file://", 403),
            ("null", 403),
        ):
            got = await client.ask(
                answer.headers["location"], "GET {path} HTTP/1.1", "Host: {host}", f"Origin: {origin}"
            )
            assert got.status == status


@pytest.mark.parametrize("applications", ["/apps", "{host}/apps", "https://{host}/apps", "http:///apps", "", None])
def test_the_url_of_applications_is_a_whole_one(applications: str) -> None:
    with pytest.raises(DescriptionError, match=r"applications is .* such as 'http://\{host\}:8008/apps'"):
        dial_receiver("TV", applications=applications)


async def test_applications_may_be_on_a_server_of_the_program(autojump_clock: Clock) -> None:
    async with served(dial_receiver("TV", applications="http://{host}:8008/apps")) as client:
        (answer,) = await client.search(CHROMIUM)
        assert "wakeup" not in answer.headers
        described = await client.ask(answer.headers["location"], "GET {path} HTTP/1.1", "Host: {host}")
        assert described.headers["application-url"] == f"http://{DEVICE}:8008/apps"
