"""The choice of the interfaces that a device is served on: a decision about values."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Interface, ip_interface
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from upnp_trio.errors import NetworkError
from upnp_trio.network.interfaces import Choice, Interface, choose, missing, require_names


def _interface(name: str, *addresses: str, **flags: Any) -> Interface:  # noqa: ANN401  # the flags of Interface
    found: dict[str, Any] = {"addresses": tuple(ip_interface(address) for address in addresses)}
    return Interface(name=name, index=1, **found, **flags)


ETHERNET = _interface("eth0", "192.168.1.7/24")
WIRELESS = _interface("wlan0", "10.0.0.7/8")
LOOPBACK = _interface("lo", "127.0.0.1/8", is_loopback=True, is_multicast=False)
TUNNEL = _interface("tun0", "10.8.0.2/32", is_point_to_point=True)
PUBLIC = _interface("eth9", "8.8.8.8/24", "9.9.9.9/24")
LINK_LOCAL = _interface("eth1", "169.254.7.7/16")


def _served(choices: list[Choice]) -> dict[str, list[str]]:
    return {
        choice.interface.name: [str(address.ip) for address in choice.interface.addresses]
        for choice in choices
        if choice.served
    }


def _reason(interface: Interface, *others: Interface) -> str:
    choice, *_ = choose([interface, *others])
    assert not choice.served
    assert choice.interface == interface
    return choice.reason


# --- by default ---------------------------------------------------------------------------------------------------


def test_every_interface_on_a_private_network_is_served() -> None:
    choices = choose([LOOPBACK, ETHERNET, WIRELESS])
    assert _served(choices) == {"eth0": ["192.168.1.7"], "wlan0": ["10.0.0.7"]}
    assert [choice.reason for choice in choices] == ["loopback: only this host could find the device", "up", "up"]


def test_each_interface_that_is_not_served_has_its_reason() -> None:
    assert _reason(attrs.evolve(ETHERNET, is_up=False), WIRELESS) == "down"
    assert _reason(LOOPBACK, WIRELESS) == "loopback: only this host could find the device"
    assert _reason(TUNNEL, WIRELESS) == "point-to-point, such as a VPN; name it to serve it"
    assert _reason(attrs.evolve(ETHERNET, is_multicast=False), WIRELESS) == "no multicast"
    assert _reason(PUBLIC, WIRELESS) == "public addresses only; name it to serve it"


def test_a_private_address_beside_a_public_one_is_enough() -> None:
    both = attrs.evolve(PUBLIC, addresses=(*PUBLIC.addresses, IPv4Interface("192.168.1.7/24")))
    assert list(_served(choose([both]))) == ["eth9"]


@pytest.mark.parametrize(
    "others",
    [[], [TUNNEL], [PUBLIC], [attrs.evolve(ETHERNET, is_up=False)], [attrs.evolve(ETHERNET, is_multicast=False)]],
)
def test_loopback_is_served_only_when_nothing_else_can_be(others: list[Interface]) -> None:
    choices = choose([*others, LOOPBACK])
    assert _served(choices) == {"lo": ["127.0.0.1"]}
    assert choices[-1].reason == "loopback, as nothing else can be served"


def test_loopback_that_is_down_is_not_served_at_all() -> None:
    assert _served(choose([attrs.evolve(LOOPBACK, is_up=False)])) == {}


def test_a_host_without_interfaces_has_no_choices() -> None:
    assert choose([]) == []


def test_link_local_is_served_where_there_is_nothing_better() -> None:
    assert _served(choose([LINK_LOCAL])) == {"eth1": ["169.254.7.7"]}
    better = attrs.evolve(LINK_LOCAL, addresses=(*LINK_LOCAL.addresses, IPv4Interface("192.168.1.7/24")))
    assert _served(choose([better])) == {"eth1": ["192.168.1.7"]}


def test_link_local_of_one_interface_does_not_depend_on_another() -> None:
    assert _served(choose([LINK_LOCAL, ETHERNET])) == {"eth1": ["169.254.7.7"], "eth0": ["192.168.1.7"]}


def test_one_address_of_each_network_is_served() -> None:
    many = _interface("eth0", "192.168.1.7/24", "192.168.1.8/24", "192.168.2.7/24", "192.168.1.9/25")
    assert _served(choose([many])) == {"eth0": ["192.168.1.7", "192.168.2.7", "192.168.1.9"]}


# --- asked for -----------------------------------------------------------------------------------------------------

ALL = [LOOPBACK, ETHERNET, WIRELESS, TUNNEL, PUBLIC, LINK_LOCAL]


@pytest.mark.parametrize(
    ("wanted", "served"),
    [
        (["eth0"], {"eth0": ["192.168.1.7"]}),
        (["192.168.1.7"], {"eth0": ["192.168.1.7"]}),
        (["192.168.0.0/16"], {"eth0": ["192.168.1.7"]}),
        (["10.0.0.0/8"], {"wlan0": ["10.0.0.7"], "tun0": ["10.8.0.2"]}),
        (["eth0", "10.0.0.7"], {"eth0": ["192.168.1.7"], "wlan0": ["10.0.0.7"]}),
        (["eth0", "192.168.1.7", "eth0"], {"eth0": ["192.168.1.7"]}),
        # interfaces that are not served by default
        (["lo"], {"lo": ["127.0.0.1"]}),
        (["tun0"], {"tun0": ["10.8.0.2"]}),
        (["9.9.9.9"], {"eth9": ["9.9.9.9"]}),
        (["eth9"], {"eth9": ["8.8.8.8", "9.9.9.9"]}),
        (["169.254.7.7"], {"eth1": ["169.254.7.7"]}),
        (["0.0.0.0/0"], {interface.name: [str(a.ip) for a in interface.addresses] for interface in ALL}),
    ],
)
def test_interfaces_addresses_and_prefixes_can_be_asked_for(wanted: list[str], served: dict[str, list[str]]) -> None:
    choices = choose(ALL, wanted)
    assert _served(choices) == served
    assert {choice.reason for choice in choices} <= {"asked for", "not asked for"}
    assert [choice.interface.name for choice in choices] == [interface.name for interface in ALL]


def test_an_address_can_be_asked_for_that_would_not_be_the_first_choice() -> None:
    many = _interface("eth0", "192.168.1.7/24", "192.168.1.8/24", "169.254.1.1/16")
    assert _served(choose([many], ["192.168.1.8"])) == {"eth0": ["192.168.1.8"]}
    assert _served(choose([many], ["169.254.1.1"])) == {"eth0": ["169.254.1.1"]}


@pytest.mark.parametrize("wanted", ["eth7", "192.168.1.8", "172.16.0.0/12", "", "eth", "192.168.1.7/24", "fe80::1"])
def test_a_name_that_this_host_lacks_is_reported_with_the_names_that_it_has(wanted: str) -> None:
    assert missing([LOOPBACK, PUBLIC], [wanted]) == (
        f"no interface or address {wanted!r} on this host; it has lo (127.0.0.1); eth9 (8.8.8.8, 9.9.9.9)"
    )
    assert _served(choose([LOOPBACK, PUBLIC], [wanted])) == {}


def test_a_host_without_interfaces_is_reported() -> None:
    assert str(missing([], ["eth0"])).endswith("it has none")


def test_an_interface_is_not_missing_because_it_is_down_or_has_no_address() -> None:
    assert missing([attrs.evolve(ETHERNET, is_up=False), _interface("eth1")], ["eth0", "192.168.1.7", "eth1"]) is None


def test_an_interface_that_is_asked_for_is_served_when_it_can_be() -> None:
    down, bare = choose([attrs.evolve(ETHERNET, is_up=False), _interface("eth1")], ["eth0", "eth1"])
    assert (down.served, down.reason) == (False, "asked for, but down")
    assert (bare.served, bare.reason) == (False, "asked for, but without an address")


def test_an_address_may_be_written_with_its_prefix_length_as_tools_print_it() -> None:
    many = _interface("eth0", "192.168.1.7/24", "192.168.1.8/24")
    assert _served(choose([many], ["192.168.1.8/24"])) == {"eth0": ["192.168.1.8"]}


@pytest.mark.parametrize("name", ["", "eth 0", "a/b/c", "eth0/", "192.0.2.0/1000"])
def test_a_text_that_cannot_be_a_name_is_refused(name: str) -> None:
    with pytest.raises(NetworkError, match="is not an interface name, an address or a prefix"):
        require_names([name])


# --- both families ---------------------------------------------------------------------------------------------

DUAL = _interface("eth0", "192.168.1.7/24", "fe80::7/64", "fd00::7/64", "fd00::8/64", "2001:db8::7/128")


def test_ipv6_is_served_with_its_link_local_address_and_one_of_each_network() -> None:
    assert _served(choose([DUAL])) == {"eth0": ["192.168.1.7", "fe80::7", "fd00::7", "2001:db8::7"]}


def test_one_family_can_be_left_out() -> None:
    assert _served(choose([DUAL], ipv6=False)) == {"eth0": ["192.168.1.7"]}
    assert _served(choose([DUAL], ipv4=False)) == {"eth0": ["fe80::7", "fd00::7", "2001:db8::7"]}
    (choice,) = choose([ETHERNET], ipv4=False)
    assert (choice.served, choice.reason) == (False, "no address")


@pytest.mark.parametrize("name", ["docker0", "br-0123456789ab", "virbr0", "lxcbr0", "podman1", "cni-podman0"])
def test_a_container_engine_s_bridge_is_served_only_if_it_is_asked_for_or_nothing_else_is_there(name: str) -> None:
    bridge = _interface(name, "172.17.0.1/16")
    assert _served(choose([LOOPBACK, bridge, ETHERNET])) == {"eth0": ["192.168.1.7"]}
    assert _served(choose([LOOPBACK, bridge])) == {name: ["172.17.0.1"]}
    assert _served(choose([bridge, ETHERNET], [name])) == {name: ["172.17.0.1"]}


def test_a_port_of_a_bridge_is_served_only_when_asked_for() -> None:
    port = _interface("veth7c1d2e3", "fe80::7/64", is_bridge_port=True)
    assert _reason(port, ETHERNET) == "a port of a bridge, which is served in its place; name it to serve it"
    assert _served(choose([port, ETHERNET], ["veth7c1d2e3"])) == {"veth7c1d2e3": ["fe80::7"]}


@pytest.mark.parametrize("name", ["br0", "br-lan", "vmbr0", "docker", "bridge0"])
def test_a_bridge_that_may_be_the_hosts_own_way_out_is_served(name: str) -> None:
    assert _served(choose([_interface(name, "192.168.1.7/24")])) == {name: ["192.168.1.7"]}


# --- for any host ----------------------------------------------------------------------------------------------

_addresses = st.builds(
    lambda ip, prefix: IPv4Interface((ip, prefix)),
    st.ip_addresses(v=4) | st.sampled_from([IPv4Address("192.168.1.7"), IPv4Address("169.254.1.1")]),
    st.integers(8, 32),
)
_interfaces = st.lists(
    st.builds(
        Interface,
        name=st.sampled_from(["lo", "eth0", "eth1", "wlan0", "tun0"]),
        index=st.integers(1, 9),
        addresses=st.lists(_addresses, min_size=1, max_size=3, unique=True).map(tuple),
        is_up=st.booleans(),
        is_loopback=st.booleans(),
        is_point_to_point=st.booleans(),
        is_multicast=st.booleans(),
    ),
    max_size=4,
    unique_by=lambda interface: interface.name,
)


@given(_interfaces)
def test_every_interface_is_judged_once_and_in_order(interfaces: list[Interface]) -> None:
    choices = choose(interfaces)
    assert [choice.interface.name for choice in choices] == [interface.name for interface in interfaces]
    assert all(choice.reason for choice in choices)


@given(_interfaces)
def test_a_served_interface_is_up_and_has_an_address_of_its_own(interfaces: list[Interface]) -> None:
    for choice, interface in zip(choose(interfaces), interfaces, strict=True):
        if choice.served:
            assert interface.is_up
            assert set(choice.interface.addresses) <= set(interface.addresses)
            networks = [address.network for address in choice.interface.addresses]
            assert networks
            assert len(set(networks)) == len(networks)


@given(_interfaces)
def test_loopback_and_others_are_never_served_together(interfaces: list[Interface]) -> None:
    assert len({choice.interface.is_loopback for choice in choose(interfaces) if choice.served}) <= 1
