"""CVE-2020-12695, "CallStranger": whatever CALLBACK says, the device connects to nobody but its subscriber.

A third host on the same link is the victim. A packet socket there sees every frame, so not even a question for its
hardware address goes unseen.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import attrs
import pytest

from tests.network.calling import Endpoint, find_services
from tests.network.fetching import fetch
from tests.network.following import make_switch
from tests.network.namespaces import LINK, Namespace, open_network
from tests.network.scenes import SILENCE_SECONDS
from tests.network.served import EVERY_TYPE, open_served
from tests.network.sniffing import Sniffer, open_sniffer
from tests.network.ssdp6 import link_local
from tests.network.subscriber import Subscriber, open_subscriber

pytestmark = pytest.mark.interop

DEVICE, SUBSCRIBER, VICTIM = "10.77.0.1", "10.77.0.2", "10.77.0.3"
DEVICE6, SUBSCRIBER6, VICTIM6 = "fd77::1", "fd77::2", "fd77::3"
PORT = 8080


@attrs.frozen(eq=False)
class Street:
    """Three hosts on one link; the second one subscribes, and the third one is to be left alone."""

    device: Namespace
    subscriber: Namespace
    victim: Namespace
    service: Endpoint
    #: the same one over IPv6
    service6: Endpoint
    #: of the victim's interface
    sniffer: Sniffer

    def reached(self) -> list[str]:
        """What has come to the victim."""
        return self.sniffer.reached_for(VICTIM, VICTIM6, link_local(self.victim))


@pytest.fixture(scope="module")
def street(possible: None) -> Iterator[Street]:
    """The street, for all tests of this module; at its end, nothing at all may have come to the victim."""
    with open_network() as network:
        hosts = device, subscriber, victim = [network.add_host(name) for name in ("device", "subscriber", "victim")]
        make_switch(network, *zip(hosts, itertools.repeat(LINK), (f"{a}/24" for a in (DEVICE, SUBSCRIBER, VICTIM))))
        for host, address in zip(hosts, (DEVICE6, SUBSCRIBER6, VICTIM6), strict=True):
            host.ip("address", "add", f"{address}/64", "dev", LINK, "nodad")
            host.ip("route", "append", "239.0.0.0/8", "dev", LINK)
            link_local(host)
        with (
            open_sniffer(victim) as sniffer,
            open_subscriber(victim, VICTIM, PORT) as listener,
            open_subscriber(victim, VICTIM6, PORT) as listener6,
            open_served(device, "--port", "49152", EVERY_TYPE.file) as served,
        ):
            (path,) = {location.partition(":49152")[2] for location in served.locations}
            service = find_services(subscriber, f"http://{DEVICE}:49152{path}")["SwitchPower"]
            service6 = find_services(subscriber, f"http://[{DEVICE6}]:49152{path}")["SwitchPower"]
            street = Street(device, subscriber, victim, service, service6, sniffer)
            yield street
            assert street.reached() == []
            assert listener.received == listener6.received == []


def _toggle(service: Endpoint) -> None:
    service.call("SetTarget", {"newTargetValue": str(1 - int(service.get("GetStatus")))})


def test_the_sniffer_sees_who_reaches_for_the_victim(street: Street) -> None:
    """Or the silence in the other tests would mean nothing. The victim's own neighbour, not the device, asks here."""
    with open_sniffer(street.device) as sniffer:
        assert fetch(street.subscriber, street.service.scpd_url).status == 200
        assert any(sign.startswith(f"IPv4 from {SUBSCRIBER}") for sign in sniffer.reached_for(DEVICE))


# Each leads, for one reader or another, to the victim, to the device itself, to everybody, or to nobody.
ELSEWHERE = [
    f"<http://{VICTIM}:{PORT}/>",
    f"<http://{VICTIM}/>",
    f"<http://{SUBSCRIBER}:9/><http://{VICTIM}:{PORT}/>",
    f"<http://{VICTIM}:{PORT}/><http://{SUBSCRIBER}:9/>",
    f"<http://{SUBSCRIBER}:9/>, <http://{VICTIM}:{PORT}/>",
    # names
    "<http://victim:8080/>",
    "<http://localhost:8080/>",
    f"<http://{VICTIM}.example:8080/>",
    "<http://10-77-0-3.example.com/>",
    # userinfo
    f"<http://{SUBSCRIBER}@{VICTIM}:{PORT}/>",
    f"<http://{SUBSCRIBER}:80@{VICTIM}:{PORT}/>",
    f"<http://{VICTIM}:{PORT}@{SUBSCRIBER}/>",
    # slashes and what some take for one
    f"<http://{VICTIM}:{PORT}\\@{SUBSCRIBER}/>",
    f"<http://{SUBSCRIBER}\\@{VICTIM}:{PORT}/>",
    f"<http:///{VICTIM}:{PORT}/>",
    f"<http:/{VICTIM}:{PORT}/>",
    f"<//{VICTIM}:{PORT}/>",
    f"<{VICTIM}:{PORT}>",
    # other forms of an address
    f"<http://[::ffff:{VICTIM}]:{PORT}/>",
    f"<http://[::ffff:a4d:3]:{PORT}/>",
    f"<http://[::{VICTIM}]:{PORT}/>",
    f"<http://[64:ff9b::{VICTIM}]:{PORT}/>",
    f"<http://172818435:{PORT}/>",
    f"<http://0xa4d0003:{PORT}/>",
    f"<http://0x0a.0x4d.0.3:{PORT}/>",
    f"<http://012.0115.0.03:{PORT}/>",
    f"<http://10.77.0.003:{PORT}/>",
    f"<http://10.77.3:{PORT}/>",
    f"<http://10.77.0.3.:{PORT}/>",
    f"<http://10.77.0.%33:{PORT}/>",
    f"<http://10。77。0。3:{PORT}/>".encode().decode("latin-1"),
    # beyond IPv4
    f"<http://[{VICTIM6}]:{PORT}/>",
    f"<http://[{SUBSCRIBER6}]:{PORT}/>",
    f"<http://[fe80::1%25{LINK}]:{PORT}/>",
    # other schemes
    f"<https://{VICTIM}:{PORT}/>",
    f"<ftp://{VICTIM}:{PORT}/>",
    "<file:///etc/passwd>",
    # the device itself, everybody, nobody
    "<http://127.0.0.1:8080/>",
    "<http://[::1]:8080/>",
    f"<http://{DEVICE}:49152/>",
    "<http://0.0.0.0:8080/>",
    "<http://10.77.0.255:8080/>",
    "<http://255.255.255.255:8080/>",
    "<http://239.255.255.250:1900/>",
    "<http://169.254.169.254/latest/meta-data/>",
    # ports that are none
    f"<http://{SUBSCRIBER}:0/>",
    f"<http://{SUBSCRIBER}:65536/>",
    f"<http://{SUBSCRIBER}:80:{PORT}/>",
    # more URLs than anybody needs, and too long a one
    "".join(f"<http://{SUBSCRIBER}:{port}/>" for port in range(9000, 9007)),
    f"<http://{SUBSCRIBER}/{'x' * 300}>",
]


@pytest.mark.parametrize("callback", ELSEWHERE)
def test_a_callback_that_leads_elsewhere_is_412(callback: str, street: Street) -> None:
    answer = street.service.subscribe(callback)
    assert answer.status == 412
    assert "SID" not in answer.headers
    _toggle(street.service)
    assert street.reached() == []


def _callbacks_of(subscriber: Subscriber) -> list[str]:
    """URLs that mention the victim, and lead to the subscriber all the same."""
    own = f"{SUBSCRIBER}:{subscriber.port}"
    return [
        f"<http://{own}/@{VICTIM}:{PORT}/>",
        f"<http://{own}/?@{VICTIM}:{PORT}/>",
        f"<http://{own}?@{VICTIM}:{PORT}/>",
        f"<http://{own}/#@{VICTIM}:{PORT}/>",
        f"<http://{own}#@{VICTIM}:{PORT}/>",
        f"<http://{own}//{VICTIM}:{PORT}/>",
        f"<http://{own}/http://{VICTIM}:{PORT}/>",
        f"<http://[::ffff:{SUBSCRIBER}]:{subscriber.port}/>",
    ]


@pytest.mark.parametrize("number", range(8))
def test_a_url_of_the_subscriber_leads_to_the_subscriber(number: int, street: Street) -> None:
    with open_subscriber(street.subscriber, SUBSCRIBER) as subscriber:
        answer = street.service.subscribe(_callbacks_of(subscriber)[number])
        assert answer.status == 200
        subscriber.wait_for(1)
        _toggle(street.service)
        initial, change, *_ = subscriber.wait_for(2)
        assert {initial.peer, change.peer} == {DEVICE}
        street.service.end_subscriptions()
    assert street.reached() == []


@pytest.mark.parametrize("status", [300, 301, 302, 303, 307, 308])
@pytest.mark.parametrize("location", [f"http://{VICTIM}:{PORT}/", f"//{VICTIM}:{PORT}/"])
def test_a_subscriber_that_redirects_is_not_followed(status: int, location: str, street: Street) -> None:
    with open_subscriber(street.subscriber, SUBSCRIBER) as subscriber:
        subscriber.status, subscriber.headers = status, {"Location": location}
        assert street.service.subscribe(subscriber.callback).status == 200
        subscriber.wait_for(1)
        subscriber.status, subscriber.headers = 200, {}
        _toggle(street.service)
        assert [notify.headers["SEQ"] for notify in subscriber.wait_for(2)] == ["0", "1"]
        street.service.end_subscriptions()
    assert street.reached() == []


def test_a_subscriber_gets_its_events_at_another_port_of_its_own(street: Street) -> None:
    """UDA has the subscriber choose; its own ports are its own affair."""
    with open_subscriber(street.subscriber, SUBSCRIBER, 1) as subscriber:
        assert street.service.subscribe(subscriber.callback).status == 200
        subscriber.wait_for(1)
        street.service.end_subscriptions()


def test_events_go_to_the_second_url_if_nobody_is_at_the_first(street: Street) -> None:
    with open_subscriber(street.subscriber, SUBSCRIBER) as subscriber:
        assert street.service.subscribe(f"<http://{SUBSCRIBER}:9/>{subscriber.callback}").status == 200
        subscriber.wait_for(1)
        _toggle(street.service)
        assert [notify.headers["SEQ"] for notify in subscriber.wait_for(2)] == ["0", "1"]
        street.service.end_subscriptions()


ELSEWHERE6 = [
    f"<http://[{VICTIM6}]:{PORT}/>",
    f"<http://[{SUBSCRIBER6}]:9/><http://[{VICTIM6}]:{PORT}/>",
    f"<http://{SUBSCRIBER6}@[{VICTIM6}]:{PORT}/>",
    f"<http://[{SUBSCRIBER6}]@[{VICTIM6}]:{PORT}/>",
    f"<http://[fd77:0:0:0:0:0:0:3]:{PORT}/>",
    f"<http://{VICTIM6}:{PORT}/>",
    f"<http://[{VICTIM6}%25{LINK}]:{PORT}/>",
    f"<http://[{SUBSCRIBER6}%25@{VICTIM6}]:{PORT}/>",
    f"<http://{VICTIM}:{PORT}/>",
    f"<http://{SUBSCRIBER}:{PORT}/>",
    f"<http://[::ffff:{VICTIM}]:{PORT}/>",
    "<http://[::1]:8080/>",
    "<http://[::]:8080/>",
    "<http://[ff02::1]:8080/>",
    f"<http://[{DEVICE6}]:49152/>",
]


@pytest.mark.parametrize("callback", ELSEWHERE6)
def test_a_callback_that_leads_elsewhere_over_ipv6_is_412(callback: str, street: Street) -> None:
    assert street.service6.subscribe(callback).status == 412
    _toggle(street.service6)
    assert street.reached() == []


def test_a_link_local_neighbour_is_not_called_either(street: Street) -> None:
    victim = link_local(street.victim)
    for host in (f"[{victim}]", f"[{victim}%25{LINK}]", f"[{victim}%25{street.victim.index()}]", f"[{victim}%1]"):
        assert street.service6.subscribe(f"<http://{host}:{PORT}/>").status == 412
    _toggle(street.service6)
    assert street.reached() == []


def test_nothing_reaches_the_victim_later(street: Street) -> None:
    with open_subscriber(street.subscriber, SUBSCRIBER) as subscriber:
        assert street.service.subscribe(subscriber.callback).status == 200
        subscriber.wait_for(1)
        _toggle(street.service)
        subscriber.wait_for(2)
        street.service.end_subscriptions()
        street.subscriber.run("sleep", str(SILENCE_SECONDS))
    assert street.reached() == []
