"""Control and eventing over IPv6: over link-local addresses, unique local ones and global ones."""

from __future__ import annotations

import attrs
import pytest

from tests.network.calling import Endpoint, find_services
from tests.network.control_points import open_async_control_point
from tests.network.namespaces import LINK
from tests.network.scenes import Pair, Serve
from tests.network.served import EVERY_TYPE, Served
from tests.network.ssdp6 import link_local
from tests.network.subscriber import open_subscriber

pytestmark = pytest.mark.interop

ULA, ULA_ASKER = "fd77::1", "fd77::2"
GLOBAL, GLOBAL_ASKER = "2001:db8:77::1", "2001:db8:77::2"


@attrs.frozen(eq=False)
class Scene6:
    """The device, with addresses of every scope at both ends of the cable."""

    pair: Pair
    served: Served
    #: by scope, the addresses of device and asker
    addresses: dict[str, tuple[str, str]]

    def location(self, scope: str) -> str:
        """The URL of the description at the address of *scope*, as the asker opens it."""
        address = self.addresses[scope][0]
        (location,) = [location for location in self.served.locations if f"//[{address}]:" in location]
        return location.replace("]", f"%25{LINK}]") if scope == "link-local" else location

    def switch(self, scope: str) -> Endpoint:
        """The switch at the address of *scope*."""
        return find_services(self.pair.asker, self.location(scope))["SwitchPower"]


@pytest.fixture
def scene(pair: Pair, serve_both: Serve) -> Scene6:
    """Such a scene for one test."""
    for host, given in ((pair.device, (ULA, GLOBAL)), (pair.asker, (ULA_ASKER, GLOBAL_ASKER))):
        for address in given:
            host.ip("address", "add", f"{address}/64", "dev", LINK, "nodad")
    addresses = {
        "link-local": (link_local(pair.device), link_local(pair.asker)),
        "unique local": (ULA, ULA_ASKER),
        "global": (GLOBAL, GLOBAL_ASKER),
    }
    return Scene6(pair, serve_both(pair.device, EVERY_TYPE.file), addresses)


@pytest.mark.parametrize("zone", ["", f"%25{LINK}", "%25eth7"], ids=["no zone", "its zone", "another zone"])
def test_a_link_local_subscriber_gets_its_events(scene: Scene6, zone: str) -> None:
    """A zone is the subscriber's own affair; the events leave where the subscription came in."""
    own, asker = scene.addresses["link-local"]
    switch = scene.switch("link-local")
    with open_subscriber(scene.pair.asker, asker, scope=scene.pair.asker.index()) as subscriber:
        answer = switch.subscribe(f"<http://[{asker}{zone}]:{subscriber.port}/events>")
        assert answer.status == 200
        subscriber.wait_for(1)
        switch.call("SetTarget", {"newTargetValue": "1"})
        first, change = subscriber.wait_for(2)
        assert [first.values, change.values] == [{"Status": "0"}, {"Status": "1"}]
        assert {first.peer.partition("%")[0], change.peer.partition("%")[0]} == {own}
        assert first.headers["HOST"] == f"[{asker}]:{subscriber.port}"
        assert switch.request("SUBSCRIBE", SID=answer.headers["SID"]).status == 200
        assert switch.request("UNSUBSCRIBE", SID=answer.headers["SID"]).status == 200


@pytest.mark.parametrize("scope", ["unique local", "global"])
def test_a_subscriber_of_the_site_gets_its_events(scene: Scene6, scope: str) -> None:
    own, asker = scene.addresses[scope]
    switch = scene.switch(scope)
    with open_subscriber(scene.pair.asker, asker) as subscriber:
        answer = switch.subscribe(subscriber.callback)
        assert answer.status == 200
        subscriber.wait_for(1)
        switch.call("SetTarget", {"newTargetValue": "1"})
        first, change = subscriber.wait_for(2)
        assert [first.values, change.values] == [{"Status": "0"}, {"Status": "1"}]
        assert {first.peer, change.peer} == {own}
        assert first.headers["HOST"] == subscriber.authority


@pytest.mark.parametrize("scope", ["unique local", "global"])
def test_async_upnp_client_calls_and_follows_over_ipv6(scene: Scene6, scope: str) -> None:
    asker = scene.addresses[scope][1]
    with open_async_control_point(scene.pair.asker, scene.location(scope), asker) as control_point:
        sid, _ = control_point.ask("subscribe", service="SwitchPower")
        control_point.wait_for_event("SwitchPower", {"Status": "False"})
        call = {"service": "SwitchPower", "action": "SetTarget", "arguments": {"newTargetValue": "1"}}
        assert control_point.ask("call", **call) == {}
        control_point.wait_for_event("SwitchPower", {"Status": "True"})
        assert control_point.ask("renew", sid=sid)[0] == sid
        assert control_point.ask("unsubscribe", sid=sid) == sid


def test_a_subscriber_gets_its_events_by_the_family_it_came_by(scene: Scene6) -> None:
    """An IPv4 address is no literal of the IPv6 subscriber, and the other way round."""
    location = next(location for location in scene.served.locations if "//10.77.0.1:" in location)
    switch4 = find_services(scene.pair.asker, location)["SwitchPower"]
    switch6 = scene.switch("unique local")
    assert switch4.subscribe(f"<http://[{ULA_ASKER}]:8080/>").status == 412
    assert switch6.subscribe("<http://10.77.0.2:8080/>").status == 412
    with open_subscriber(scene.pair.asker, "10.77.0.2") as four, open_subscriber(scene.pair.asker, ULA_ASKER) as six:
        assert switch4.subscribe(four.callback).status == switch6.subscribe(six.callback).status == 200
        for subscriber in (four, six):
            subscriber.wait_for(1)
        switch4.call("SetTarget", {"newTargetValue": "1"})
        for subscriber in (four, six):
            assert [notify.values for notify in subscriber.wait_for(2)] == [{"Status": "0"}, {"Status": "1"}]
