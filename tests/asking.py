"""Asking a site: what every test of its responses does."""

from __future__ import annotations

from upnp_trio.control.calls import render_call
from upnp_trio.exchange import Request, Response
from upnp_trio.site import Site

__all__ = ["call_request", "response_to"]


def response_to(site: Site, request: Request) -> Response:
    """The response of *site*, which needs nobody to carry out anything."""
    answer = site.respond(request)
    assert isinstance(answer, Response)
    return answer


def call_request(path: str, service_type: str, action: str, *arguments: tuple[str, str]) -> Request:
    """A control call, with the fields of a call and no others."""
    fields, body = render_call(service_type, action, arguments)
    return Request("POST", path, {name.lower(): value for name, value in fields}, body)
