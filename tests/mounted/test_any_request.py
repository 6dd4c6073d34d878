"""Whatever a server passes on: both apps answer, and the loop of the device lives."""

from __future__ import annotations

import io
import string
from random import Random
from typing import Any

import trio
import trio.testing
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import upnp_trio.asgi
import upnp_trio.wsgi
from tests.mounted.asgi_client import AsgiRequest
from tests.mounted.scenes import DIRECTORY, lamp
from tests.mounted.servers import Mounted
from upnp_trio import Settings
from upnp_trio.exchange import REASONS
from upnp_trio.server.serve import serve_on
from upnp_trio.testing import Host, Link

OURS = [DIRECTORY + name for name in ("", "description.xml", "service-1/control", "service-1/events", "state.json")]
FIELDS = [
    "Host",
    "Content-Length",
    "Content-Type",
    "SOAPACTION",
    "CALLBACK",
    "NT",
    "SID",
    "TIMEOUT",
    "Origin",
    "If-None-Match",
]
texts = st.text(st.characters(codec="latin-1"), max_size=40) | st.sampled_from(
    ["192.0.2.7:8123", "0", "99999", "text/xml", "upnp:event", "<http://192.0.2.9:1/>", "uuid:x", "*"]
)
methods = st.sampled_from(["GET", "HEAD", "POST", "SUBSCRIBE", "UNSUBSCRIBE", "PUT", "M-POST"]) | st.text(
    string.ascii_letters, min_size=1, max_size=9
)
paths = st.sampled_from(OURS) | st.text(max_size=30).map(lambda text: f"/{text}")
addresses = st.sampled_from(["192.0.2.9", "::ffff:192.0.2.9", "fe80::9%7", "", "testclient"]) | st.text(max_size=12)


@st.composite
def requests(draw: st.DrawFn) -> dict[str, Any]:
    return {
        "method": draw(methods),
        "path": draw(paths),
        "root": draw(st.sampled_from(["/upnp", "", "/", "/other"]) | st.text(max_size=8)),
        "query": draw(st.binary(max_size=20)),
        "fields": draw(st.dictionaries(st.sampled_from(FIELDS) | st.text(string.ascii_letters, min_size=1), texts)),
        "client": draw(addresses),
        "server": draw(addresses),
        "body": draw(st.binary(max_size=50)),
    }


async def ask_asgi(upnp: upnp_trio.asgi.UpnpApp, asked: dict[str, Any]) -> int:
    request = AsgiRequest("", method=asked["method"]).body(asked["body"])
    request.scope.update(
        {
            "path": asked["root"] + asked["path"],
            "root_path": asked["root"],
            "query_string": asked["query"],
            "headers": [(name.encode(), text.encode("latin-1")) for name, text in asked["fields"].items()],
            "client": (asked["client"], 1),
            "server": (asked["server"], None),
        }
    )
    await upnp(request.scope, request.receive, request.send)
    return request.status


def ask_wsgi(upnp: upnp_trio.wsgi.UpnpApp, asked: dict[str, Any]) -> int:
    def start(status: str, headers: list[tuple[str, str]], exc_info: object = None) -> Any:  # noqa: ANN401
        statuses.append(int(status[:3]))

    statuses: list[int] = []
    environ: dict[str, Any] = {
        "REQUEST_METHOD": asked["method"],
        "SCRIPT_NAME": asked["root"].encode("utf-8", "replace").decode("latin-1"),
        "PATH_INFO": asked["path"],
        "QUERY_STRING": asked["query"].decode("latin-1"),
        "REMOTE_ADDR": asked["client"],
        "SERVER_NAME": asked["server"],
        "wsgi.input": io.BytesIO(asked["body"]),
        "wsgi.multithread": False,
    }
    for name, text in asked["fields"].items():
        key = name.upper().replace("-", "_")
        environ[key if key in ("CONTENT_LENGTH", "CONTENT_TYPE") else f"HTTP_{key}"] = text
    response: Any = upnp(environ, start)
    list(response)
    response.close()
    return statuses[0]


def served(upnp: Mounted, asked: list[dict[str, Any]]) -> list[int]:
    async def main() -> list[int]:
        host = Host.on(Link(), "192.0.2.7/24", "fe80::7/64")
        options = Settings(http=upnp, rng=Random(0), state_dir=None)
        host.listen(8123)
        async with serve_on(host.network, [lamp()], options) as running:
            if isinstance(upnp, upnp_trio.asgi.UpnpApp):
                statuses = [await ask_asgi(upnp, each) for each in asked]
            else:
                statuses = [await trio.to_thread.run_sync(ask_wsgi, upnp, each) for each in asked]
            assert not running.stats.refused["a fault of ours"]
            return statuses

    return trio.run(main)


@given(st.lists(requests(), min_size=1, max_size=20))
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_every_request_gets_a_status_by_asgi(asked: list[dict[str, Any]]) -> None:
    assert set(served(upnp_trio.asgi.UpnpApp("http://{host}:8123/upnp"), asked)) <= set(REASONS) - {503}


@given(st.lists(requests(), min_size=1, max_size=20))
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_every_request_gets_a_status_by_wsgi(asked: list[dict[str, Any]]) -> None:
    assert set(served(upnp_trio.wsgi.UpnpApp("http://{host}:8123/upnp"), asked)) <= set(REASONS) - {503}
