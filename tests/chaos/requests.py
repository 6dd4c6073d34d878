"""What hostile subscribers and callers ask for, in turn."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from uuid import uuid4

from tests.chaos.arena import CLIENT_ADDRESS
from tests.chaos.counter import CONTROL_PATH, EVENT_PATH, SERVICE_TYPE
from tests.chaos.garbage import PORTS

__all__ = ["call", "huge_calls", "malformed_calls", "subscriptions", "valid_calls"]

_OPEN = '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>'
_CLOSE = "</s:Body></s:Envelope>"


def _request(method: str, path: str, host: str, *lines: str, body: str = "") -> bytes:
    length = [f"Content-Length: {len(body)}"] if body else []
    return "\r\n".join([f"{method} {path} HTTP/1.1", f"HOST: {host}", *lines, *length, "", body]).encode()


def subscriptions(host: str, source: str) -> Iterator[bytes]:
    """Requests for new subscriptions whose events go to each of the bad ports, and requests that lie."""
    new = ["NT: upnp:event", "TIMEOUT: Second-60"]
    first = int(source.rpartition(".")[2])  # each source begins with another port
    for number in itertools.count(first):
        for port in (*PORTS[number % len(PORTS) :], *PORTS[: number % len(PORTS)]):
            yield _request("SUBSCRIBE", EVENT_PATH, host, f"CALLBACK: <http://{source}:{port}/{number}>", *new)
        for url in (
            f"http://{CLIENT_ADDRESS}:4004/good",
            f"http://{source}@{CLIENT_ADDRESS}:4004/good",
            f"http://[::ffff:{CLIENT_ADDRESS}]:4004/good",
        ):
            yield _request("SUBSCRIBE", EVENT_PATH, host, f"CALLBACK: <http://{source}/><{url}>", *new)
        yield _request("SUBSCRIBE", EVENT_PATH, host, f"SID: uuid:{uuid4()}", "TIMEOUT: Second-1800")
        yield _request("UNSUBSCRIBE", EVENT_PATH, host, f"SID: uuid:{uuid4()}")


def call(host: str, action: str, arguments: str = "") -> bytes:
    """A call of *action*."""
    body = f'{_OPEN}<u:{action} xmlns:u="{SERVICE_TYPE}">{arguments}</u:{action}>{_CLOSE}'
    return _post(host, action, body)


def _post(host: str, action: str, body: str, content_type: str = "text/xml") -> bytes:
    action = f'SOAPACTION: "{SERVICE_TYPE}#{action}"'
    return _request("POST", CONTROL_PATH, host, f"Content-Type: {content_type}", action, body=body)


def valid_calls(host: str, _: str) -> Iterator[bytes]:
    """Calls that are right, half of which change an evented variable."""
    for number in itertools.count():
        yield call(host, "SetMood", f"<Mood>{number}</Mood>")
        yield call(host, "Ask")


def malformed_calls(host: str, _: str) -> Iterator[bytes]:
    """Calls with something wrong in HTTP, XML, SOAP or their arguments."""
    inner = f'<u:Next xmlns:u="{SERVICE_TYPE}"/>'
    while True:
        yield _post(host, "Next", f'<!DOCTYPE a [<!ENTITY b "c">]>{_OPEN}{inner}{_CLOSE}')
        yield _post(host, "Next", f"{_OPEN}{inner}")
        yield _post(host, "Next", f"{_OPEN}{inner}{inner}{_CLOSE}")
        yield _post(host, "SetMood", f"{_OPEN}{inner}{_CLOSE}")
        yield _post(host, "Next", "x", content_type="application/json")
        yield call(host, "Explode")
        yield call(host, "SetMood", "<Mood>\x01</Mood>")
        yield call(host, "SetMood", "<Temper>1</Temper>")
        yield call(host, "Next", "<Number>1</Number>" * 3)
        yield _request("POST", CONTROL_PATH, host, "Content-Type: text/xml", body=f"{_OPEN}{inner}{_CLOSE}")
        yield _request("PUT", CONTROL_PATH, host, body="x")


def huge_calls(host: str, _: str) -> Iterator[bytes]:
    """Calls as long, as deep and of as many elements as are read, and longer, deeper and with more."""
    while True:
        yield call(host, "SetMood", f"<Mood>{'x' * 65_000}</Mood>")
        yield call(host, "SetMood", f"<Mood>{'x' * 1_000_000}</Mood>")
        yield call(host, "SetMood", "<Mood>" + "&amp;" * 12_500 + "</Mood>")
        yield call(host, "Next", "<a/>" * 4_000)
        yield call(host, "Next", "<a/>" * 16_000)
        yield call(host, "Next", "<a>" * 30 + "</a>" * 30)
        yield call(host, "Next", "<a>" * 9_000 + "</a>" * 9_000)
        yield call(host, "Next", "<a " + " ".join(f'a{number}="b"' for number in range(5_000)) + "/>")
        yield call(host, "Next", "<!--" + "-" * 60_000 + "-->")
