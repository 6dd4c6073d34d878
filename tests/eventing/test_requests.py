"""SUBSCRIBE and UNSUBSCRIBE: the table of errors, durations and variables."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from upnp_trio.eventing import callbacks, requests
from upnp_trio.eventing.refusals import EventingRefused
from upnp_trio.eventing.requests import (
    Renew,
    Subscribe,
    SubscriptionRequest,
    Unsubscribe,
    read_subscription_request,
    subscription_headers,
)
from upnp_trio.model.literal_url import IpAddress, LiteralUrl, unmapped, without_zone

SUBSCRIBER = IPv4Address("192.0.2.9")
EVENTED = ("Status", "Volume")
NEW = {"callback": "<http://192.0.2.9:4004/cb>", "nt": "upnp:event"}
SID = "uuid:5f9ec1b3-ed59-1900-4530-00e0a5b3c001"


def read(headers: dict[str, str], method: str = "SUBSCRIBE", *, is_on_link: bool = True) -> SubscriptionRequest:
    return read_subscription_request(method, headers, subscriber=SUBSCRIBER, is_on_link=is_on_link, evented=EVENTED)


def new(**headers: str) -> Subscribe:
    request = read(NEW | headers)
    assert isinstance(request, Subscribe)
    return request


def test_a_new_subscription_is_read() -> None:
    assert new(timeout="Second-300") == Subscribe(
        subscriber=SUBSCRIBER, callbacks=(LiteralUrl(SUBSCRIBER, 4004, "/cb"),), seconds=300, variables=None
    )


def test_a_renewal_is_read() -> None:
    assert read({"sid": f" {SID} ", "timeout": "Second-300"}) == Renew(sid=SID, seconds=300)


def test_an_end_is_read() -> None:
    assert read({"sid": SID}, "UNSUBSCRIBE") == Unsubscribe(sid=SID)


@pytest.mark.parametrize(
    ("method", "headers", "status", "reason"),
    [
        # SID together with NT or CALLBACK (E-14)
        ("SUBSCRIBE", {**NEW, "sid": SID}, 400, requests.SID_AND_MORE),
        ("SUBSCRIBE", {"sid": SID, "nt": "upnp:event"}, 400, requests.SID_AND_MORE),
        ("SUBSCRIBE", {"sid": SID, "callback": "<http://192.0.2.9/>"}, 400, requests.SID_AND_MORE),
        ("SUBSCRIBE", {"sid": "", "nt": "upnp:event"}, 400, requests.SID_AND_MORE),
        ("UNSUBSCRIBE", {"sid": SID, "nt": "upnp:event"}, 400, requests.SID_AND_MORE),
        ("UNSUBSCRIBE", {"sid": SID, "callback": "<http://192.0.2.9/>"}, 400, requests.SID_AND_MORE),
        # CALLBACK missing or without a URL (E-15)
        ("SUBSCRIBE", {"nt": "upnp:event"}, 412, callbacks.NO_CALLBACK),
        ("SUBSCRIBE", {"nt": "upnp:event", "callback": ""}, 412, callbacks.NO_CALLBACK),
        ("SUBSCRIBE", {"nt": "upnp:event", "callback": "<>"}, 412, callbacks.CALLBACK_MALFORMED),
        # NT missing or another (E-16)
        ("SUBSCRIBE", {"callback": "<http://192.0.2.9/>"}, 412, requests.WRONG_NT),
        ("SUBSCRIBE", {**NEW, "nt": ""}, 412, requests.WRONG_NT),
        ("SUBSCRIBE", {**NEW, "nt": "upnp:events"}, 412, requests.WRONG_NT),
        ("SUBSCRIBE", {**NEW, "nt": "UPNP:EVENT"}, 412, requests.WRONG_NT),
        ("SUBSCRIBE", {}, 412, requests.WRONG_NT),
        # SID missing or empty (E-17)
        ("SUBSCRIBE", {"sid": ""}, 412, requests.NO_SID),
        ("SUBSCRIBE", {"sid": " \t"}, 412, requests.NO_SID),
        ("UNSUBSCRIBE", {}, 412, requests.NO_SID),
        ("UNSUBSCRIBE", {"sid": ""}, 412, requests.NO_SID),
        ("UNSUBSCRIBE", NEW, 412, requests.NO_SID),
    ],
)
def test_each_error_has_its_status(method: str, headers: dict[str, str], status: int, reason: str) -> None:
    with pytest.raises(EventingRefused) as caught:
        read(headers, method)
    assert (caught.value.status, caught.value.reason) == (status, reason)
    assert str(caught.value) == f"{status}: {reason}"


def test_a_subscriber_from_elsewhere_is_refused_and_may_still_leave() -> None:
    with pytest.raises(EventingRefused, match=requests.OFF_LINK):
        read(NEW, is_on_link=False)
    assert read({"sid": SID}, "UNSUBSCRIBE", is_on_link=False) == Unsubscribe(sid=SID)


def test_another_method_is_a_mistake_of_the_caller() -> None:
    with pytest.raises(ValueError, match="'GET' is neither SUBSCRIBE nor UNSUBSCRIBE"):
        read({}, "GET")


@pytest.mark.parametrize(
    ("timeout", "seconds"),
    [
        ("Second-300", 300),
        ("second-300", 300),
        ("SECOND-300 ", 300),
        ("Second-60", 60),
        ("Second-59", 60),
        ("Second-0", 60),
        ("Second-1800", 1800),
        ("Second-1801", 1800),
        ("Second-86400", 1800),
        ("Second-99999999999999999999999999999", 1800),
        ("Second-infinite", 1800),
        ("infinite", 1800),
        ("", 1800),
        ("300", 1800),
        ("Second--5", 1800),
        ("Second-3e2", 1800),
        ("Second-٣٠٠", 1800),
        ("Second-300, Second-60", 1800),
    ],
)
def test_the_granted_duration_has_bounds_and_a_default(timeout: str, seconds: int) -> None:
    assert new(timeout=timeout).seconds == seconds
    assert read({"sid": SID, "timeout": timeout}) == Renew(sid=SID, seconds=seconds)


@pytest.mark.parametrize(
    ("statevar", "taken"),
    [
        ("Status", ("Status",)),
        ("Volume, Status", ("Volume", "Status")),
        ("Status,Status,", ("Status",)),
        ("Target,Status", ("Status",)),
        ("status", None),
        ("Target", None),
        (",,", None),
        ("", None),
    ],
)
def test_the_variables_that_are_evented_are_taken(statevar: str, taken: tuple[str, ...] | None) -> None:
    assert new(statevar=statevar).variables == taken


def test_the_response_says_what_is_granted() -> None:
    assert subscription_headers(SID, 300, None) == (("SID", SID), ("TIMEOUT", "Second-300"))
    assert subscription_headers(SID, 300, ("A", "B"))[2:] == (("ACCEPTED-STATEVAR", "A,B"),)


ADDRESSES: list[IpAddress] = [SUBSCRIBER, IPv6Address("fe80::9%eth0"), IPv6Address("::ffff:192.0.2.9")]
_pieces = st.sampled_from(
    [
        *("<", ">", "http://", "HTTP://", "192.0.2.9", "[fe80::9]", "[::ffff:192.0.2.9]", ":", "80", "0", "65536"),
        *("/", "?", "#", "@", "%25eth0", " ", ",", "\\", "\t", "\x00", "\x85", "é", "upnp:event", "Second-"),
    ]
)
_values = st.text(max_size=40) | st.lists(_pieces, max_size=20).map("".join)


@given(
    st.sampled_from(["SUBSCRIBE", "UNSUBSCRIBE"]),
    st.dictionaries(st.sampled_from(["sid", "nt", "callback", "timeout", "statevar"]), _values)
    | st.fixed_dictionaries({"nt": st.just("upnp:event"), "callback": _values}),
    st.sampled_from(ADDRESSES),
)
def test_any_headers_give_a_request_or_a_refusal(method: str, headers: dict[str, str], subscriber: IpAddress) -> None:
    try:
        request = read_subscription_request(method, headers, subscriber=subscriber, is_on_link=True, evented=EVENTED)
    except EventingRefused:
        return
    if isinstance(request, Subscribe):
        assert 1 <= len(request.callbacks) <= callbacks.MAX_CALLBACKS
        assert {callback.address for callback in request.callbacks} == {unmapped(without_zone(subscriber))}
