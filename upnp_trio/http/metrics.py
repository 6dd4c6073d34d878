"""The counters in Prometheus's text format, served at /metrics if the device is set to (exposition format 0.0.4)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING

import attrs

from upnp_trio.exchange import READ_METHODS, Request, Response, error_response, path_of
from upnp_trio.http.responding import PendingResponse, Responding

if TYPE_CHECKING:
    from upnp_trio.monitoring.stats import Counted

__all__ = ["METRICS_PATH", "Metered", "State", "render_metrics"]

METRICS_PATH = "/metrics"
CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

#: the labels of a sample, and its value
Samples = Mapping[tuple[tuple[str, str], ...], int]


@attrs.frozen(kw_only=True)
class State:
    """The state of the device at one moment, which is shown beside the counters."""

    version: str
    boot_id: int
    pending_answers: int
    open_connections: int
    devices: int
    interfaces: int


def render_metrics(counted: Counted, state: State) -> bytes:
    """The document for a scraper: each metric with its help, its type and its samples."""
    return "".join(_lines(counted, state)).encode("utf-8", "replace")


def _lines(counted: Counted, state: State) -> Iterator[str]:
    def gauge(name: str, text: str, value: int) -> Iterator[str]:
        return _metric(name, "gauge", text, {(): value})

    def counter(name: str, text: str, value: int) -> Iterator[str]:
        return _metric(f"{name}_total", "counter", text, {(): value})

    def counters(name: str, text: str, label: str, values: Mapping[str, int] | Mapping[int, int]) -> Iterator[str]:
        samples: Samples = {((label, str(key)),): value for key, value in values.items()}
        return _metric(f"{name}_total", "counter", text, samples)

    yield from _metric("build_info", "gauge", "The version that runs.", {(("version", state.version),): 1})
    yield from gauge("boot_id", "BOOTID.UPNP.ORG.", state.boot_id)
    yield from gauge("devices", "Root devices that are served.", state.devices)
    yield from gauge("interfaces", "Interfaces that are served.", state.interfaces)
    yield from gauge("pending_answers", "Answers that wait for their moment.", state.pending_answers)
    yield from gauge("open_connections", "HTTP connections that are open.", state.open_connections)
    yield from counter("datagrams", "Datagrams that were received.", counted.datagrams)
    yield from counters("dropped", "Datagrams that were not answered.", "reason", counted.dropped)
    yield from counter("searches", "Searches that could be read.", counted.searches)
    yield from counter("answers", "Answers that were sent.", counted.answers)
    sent = {"alive": counted.announcements, "byebye": counted.byebyes, "update": counted.updates}
    yield from counters("announcements", "Announcements that were sent.", "kind", sent)
    yield from counters("send_errors", "Datagrams that could not be sent.", "reason", counted.send_errors)
    yield from counter("conflicts", "Messages of others in the name of a device of ours.", counted.conflicts)
    yield from counter("connections", "HTTP connections that were accepted.", counted.connections)
    yield from counters("requests", "HTTP requests that were answered.", "status", counted.requests)
    yield from counters("refused", "HTTP requests and connections that were refused.", "reason", counted.refused)
    yield from counters("timeouts", "HTTP connections closed as the peer was too slow.", "phase", counted.timeouts)
    yield from counter("calls", "Actions that were called.", counted.calls)
    yield from counters("faults", "Actions that failed.", "code", counted.faults)
    yield from counter("subscriptions", "Subscriptions that were accepted.", counted.subscriptions)
    yield from counter("notifications", "Event messages that a subscriber took.", counted.notifications)
    lost = counted.notifications_lost
    yield from counters("notifications_lost", "Event messages that reached nobody.", "reason", lost)
    yield from counter("events_dropped", "Events that a subscriber was too slow for.", counted.events_dropped)


def _metric(name: str, kind: str, text: str, samples: Samples) -> Iterator[str]:
    name = f"upnp_trio_{name}"
    yield f"# HELP {name} {text}\n# TYPE {name} {kind}\n"
    for labels, value in samples.items():
        written = ",".join(f'{label}="{_escaped(text)}"' for label, text in labels)
        yield f"{name}{{{written}}} {value}\n" if written else f"{name} {value}\n"


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


@attrs.frozen
class Metered:
    """Responds like *site*, and with the counters at *path*."""

    site: Responding
    render: Callable[[], bytes]
    path: str = METRICS_PATH

    def respond(self, request: Request) -> Response | PendingResponse:
        """The response to *request*: the counters as they are now, or the response of the site."""
        if path_of(request.target) != self.path:
            return self.site.respond(request)
        if request.method not in ("GET", "HEAD"):
            return error_response(405, ("Allow", READ_METHODS))
        return Response(200, (("Content-Type", CONTENT_TYPE), ("Cache-Control", "no-store")), self.render())

    def takes_body(self, request: Request) -> bool:
        """Whether the body of *request* is worth waiting for; see `Site.takes_body`."""
        return self.site.takes_body(request)
