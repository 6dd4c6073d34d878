"""SUBSCRIBE and UNSUBSCRIBE requests, one after the other, at a service with a few places for subscriptions."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Address, IPv6Address

import h11

from upnp_trio.eventing.callbacks import MAX_CALLBACKS
from upnp_trio.eventing.messages import notify_prefix, read_notify, read_plain_reply, render_notify
from upnp_trio.eventing.propertyset import render_propertyset
from upnp_trio.eventing.refusals import EventingRefused
from upnp_trio.eventing.requests import (
    MAX_SECONDS,
    MIN_SECONDS,
    Renew,
    Subscribe,
    SubscriptionRequest,
    read_subscription_request,
    subscription_headers,
)
from upnp_trio.eventing.subscriptions import Subscription, SubscriptionTable
from upnp_trio.model.literal_url import IpAddress, unmapped, without_zone

__all__ = ["fuzz_one"]

_SERVICE = "/event"
_EVENTED = ("Status", "Volume")
_SUBSCRIBERS: tuple[IpAddress, ...] = (
    IPv4Address("192.0.2.9"),
    IPv6Address("fe80::9%eth0"),
    IPv6Address("::ffff:192.0.2.9"),
    IPv6Address("2001:db8::9"),
)
_MAX_REQUESTS = 32
_PLACES = 4
_PLACES_OF_ONE_PEER = 2
# The SIDs that the subscriptions of a run get, in this order, so that seeds may name them.
_SID = "uuid:00000000-0000-0000-0000-{:012}"
_STEP_SECONDS = 20.0
_NOTIFY_FIELDS = {"host", "content-type", "nt", "nts", "sid", "seq", "content-length"}


def fuzz_one(data: bytes) -> None:
    """Read the requests in *data* as of each subscriber. Events go to the subscriber alone, whole and unchanged."""
    _check_reply(data)
    for subscriber in _SUBSCRIBERS:
        table = SubscriptionTable[str](_PLACES, _PLACES_OF_ONE_PEER)
        for number, (method, headers) in enumerate(_requests(data)):
            now = number * _STEP_SECONDS
            try:
                request = read_subscription_request(
                    method, headers, subscriber=subscriber, is_on_link=True, evented=_EVENTED
                )
                _check_request(request, subscriber)
                _carry_out(table, request, number, now)
            except EventingRefused as refused:
                if refused.status not in (400, 412, 503):
                    raise AssertionError(f"status {refused.status}") from refused
            _check_table(table, now)


def _requests(data: bytes) -> Iterator[tuple[str, dict[str, str]]]:
    """Method and headers of each head, read more leniently than h11 does, so that odd values get further."""
    for head in data.split(b"\r\n\r\n", _MAX_REQUESTS)[:_MAX_REQUESTS]:
        method, *lines = head.decode("latin-1").split("\r\n")
        headers: dict[str, str] = {}
        for line in lines:
            name, _, value = line.partition(":")
            headers.setdefault(name.strip().lower(), value.strip(" \t"))
        yield "UNSUBSCRIBE" if method.startswith("U") else "SUBSCRIBE", headers


def _check_request(request: SubscriptionRequest, subscriber: IpAddress) -> None:
    if isinstance(request, Subscribe | Renew):
        assert MIN_SECONDS <= request.seconds <= MAX_SECONDS
    if isinstance(request, Subscribe):
        assert 1 <= len(request.callbacks) <= MAX_CALLBACKS
        here = unmapped(without_zone(subscriber))
        assert all(callback.address == here for callback in request.callbacks), "leads elsewhere"
        assert request.variables is None or set(request.variables) <= set(_EVENTED)
        granted = subscription_headers(_SID.format(0), request.seconds, request.variables)
        assert all(value.isascii() and value.isprintable() for _, value in granted)


def _carry_out(table: SubscriptionTable[str], request: SubscriptionRequest, number: int, now: float) -> None:
    table.expire(now)
    if isinstance(request, Subscribe):
        subscription, _ = table.add(_SERVICE, request, sid=_SID.format(number), now=now)
        subscription.enqueue(render_propertyset([("Status", "0"), ("Volume", "0")]), now)
    elif isinstance(request, Renew):
        assert table.renew(_SERVICE, request.sid, seconds=request.seconds, now=now).expires == now + request.seconds
    else:
        assert table.cancel(_SERVICE, request.sid, now=now).ended


def _check_table(table: SubscriptionTable[str], now: float) -> None:
    assert len(table) <= _PLACES_OF_ONE_PEER  # all are of one peer
    queued = table.publish(_SERVICE, [("Status", "1")], now)
    assert [each for each in table if each.wants("Status")] == queued
    for subscription in queued:
        while (event := subscription.take(now)) is not None:
            for data in _notifies(subscription, event.seq, event.body):
                _check_notify(data, subscription.sid, event.seq)


def _notifies(subscription: Subscription[str], seq: int, body: bytes) -> Iterator[bytes]:
    return (render_notify(notify_prefix(callback, subscription.sid), seq, body) for callback in subscription.callbacks)


def _check_notify(data: bytes, sid: str, seq: int) -> None:
    """The message is one request with our fields alone, whatever the delivery URL is."""
    connection = h11.Connection(h11.SERVER)
    connection.receive_data(data)
    head = connection.next_event()
    assert isinstance(head, h11.Request)
    assert head.method == b"NOTIFY"
    headers = {name.decode(): value.decode() for name, value in head.headers}
    assert set(headers) == _NOTIFY_FIELDS
    assert len(head.headers) == len(_NOTIFY_FIELDS)
    body = b""
    while isinstance(event := connection.next_event(), h11.Data):
        body += event.data
    assert isinstance(event, h11.EndOfMessage)
    assert connection.trailing_data[0] == b""
    message = read_notify(headers, body)
    assert (message.sid, message.seq) == (sid, seq)


def _check_reply(data: bytes) -> None:
    """As the reply to an event, *data* is read like h11 reads it, or left to h11."""
    plain = read_plain_reply(data)
    if plain is None:
        return
    reply, end = plain
    connection = h11.Connection(h11.CLIENT)
    connection.send(h11.Request(method="NOTIFY", target="/", headers=[("Host", "a"), ("Content-Length", "0")]))
    connection.send(h11.EndOfMessage())
    connection.receive_data(data)
    head = connection.next_event()
    assert isinstance(head, h11.Response)
    while isinstance(connection.next_event(), h11.Data):
        pass
    assert head.status_code == reply.status
    assert (connection.their_state is h11.DONE) == reply.keeps_open
    assert connection.trailing_data[0] == data[end:]
