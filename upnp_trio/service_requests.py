"""Requests to services: control calls, subscriptions and live pages, as values that are to be carried out.

What can be answered at once, because it is wrong, is answered here. This module is imported when the first such request
comes, because most devices never get one.
"""

from __future__ import annotations

import hashlib
from ipaddress import ip_address
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

from upnp_trio.control.arguments import typed_arguments
from upnp_trio.control.calls import CallMessage, CallRefused, matches, read_call
from upnp_trio.control.rendering import render_fault
from upnp_trio.documents.live_page import LivePage, LiveService
from upnp_trio.documents.publication import XML_TYPE
from upnp_trio.errors import UpnpError
from upnp_trio.eventing.refusals import EventingRefused
from upnp_trio.eventing.requests import read_subscription_request
from upnp_trio.exchange import Request, Response, error_response
from upnp_trio.model.caller import Caller
from upnp_trio.service_calls import Call, StateWanted, SubscriptionCall

if TYPE_CHECKING:
    from upnp_trio.documents.publication import Publication, PublishedService

__all__ = [
    "fault_response",
    "live_page",
    "read_control",
    "read_state_request",
    "read_subscription",
    "result_response",
]

# A browser sends one of them with every POST of a script, which cannot leave them out (Fetch §3.1, Fetch Metadata §2).
_PAGE_FIELDS = frozenset({"origin", "sec-fetch-site"})
SUBSCRIPTION_METHODS = "SUBSCRIBE, UNSUBSCRIBE"
# of results and faults; EXT is for control points of UDA 1.0 §3.2.2
_CONTROL_HEADERS = (("Content-Type", XML_TYPE), ("EXT", ""))


def read_control(service: PublishedService, request: Request) -> Call | Response:
    """The call of an action that *request* is, or the response to one that is wrong."""
    if request.method != "POST":
        return error_response(405, ("Allow", "POST"))
    if not service.takes_pages and not _PAGE_FIELDS.isdisjoint(request.headers):
        return error_response(403)
    try:
        return _call(service, read_call(request.headers, request.body), request)
    except CallRefused as refused:
        if refused.body:
            return Response(refused.status, _CONTROL_HEADERS, refused.body)
        return error_response(refused.status)
    except UpnpError as error:
        return fault_response(error)


def _call(service: PublishedService, message: CallMessage, request: Request) -> Call:
    handler = service.handler
    action = None if handler is None else handler.actions.get(message.action)
    if handler is None or action is None or not matches(message.service_type, service.service_type):
        raise UpnpError(401)
    return Call(
        service=service,
        action=action,
        service_type=message.service_type,
        arguments=typed_arguments(handler.description, action.description, message.arguments),
        caller=Caller(
            address=request.peer.address,
            interface=request.peer.served.interface,
            user_agent=request.headers.get("user-agent"),
        ),
    )


def result_response(body: bytes) -> Response:
    """The result of an action as HTTP carries it (UDA 2.0 §3.2.2)."""
    return Response(200, _CONTROL_HEADERS, body, is_unique=True)


def fault_response(error: UpnpError) -> Response:
    """A UPnP error as HTTP carries it (UDA 2.0 §3.2.5)."""
    body = render_fault(error.code, error.description)
    return Response(500, _CONTROL_HEADERS, body, is_unique=True)


def read_subscription(
    service: PublishedService, request: Request, *, is_off_link_allowed: bool
) -> SubscriptionCall | Response:
    """What *request* to the event path of *service* asks for, or the response to a request that is wrong.

    A subscriber from beyond the link is refused unless *is_off_link_allowed*.
    """
    if request.method not in ("SUBSCRIBE", "UNSUBSCRIBE"):
        return error_response(405, ("Allow", SUBSCRIPTION_METHODS))
    assert service.handler is not None
    if not request.peer.address:  # a web server of others may not know it, as behind a socket of the file system
        return error_response(412)
    try:
        asked = read_subscription_request(
            request.method,
            request.headers,
            subscriber=ip_address(request.peer.address),
            is_on_link=is_off_link_allowed or request.peer.is_on_link,
            evented={variable.name for variable in service.handler.description.evented},
        )
    except EventingRefused as refused:
        return error_response(refused.status)
    return SubscriptionCall(service=service, request=asked, peer=request.peer)


def live_page(publication: Publication) -> LivePage:
    """The state of the services of *publication* that have a handler, as its live page shows it."""
    services = {}
    for service in publication.services:
        if (handler := service.handler) is not None:
            texts = dict(handler.description.texts(handler.variables().items()))
            services[service.control_path] = LiveService(description=handler.description, values=texts)
    # a device that is updated may have the same values, and its page is to be loaded anew
    values = repr((publication.root.config_id, [(path, service.values) for path, service in services.items()]))
    return LivePage(
        state_path=publication.state_path,
        script_path=publication.script_path,
        services=services,
        version=hashlib.sha256(values.encode()).hexdigest()[:20],
        config_id=publication.root.config_id or 0,
        forms=publication.root.presentation == "full",
    )


def read_state_request(publication: Publication, request: Request) -> StateWanted:
    """What a live page of *publication* asks for."""
    query = parse_qsl(request.target.partition("?")[2])
    return StateWanted(publication=publication, after=next((value for name, value in query if name == "after"), ""))
