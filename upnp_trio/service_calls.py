"""What is asked of services, as values that are to be carried out: a call, a subscription, or the state for a page."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from upnp_trio.documents.publication import Publication, PublishedService
from upnp_trio.exchange import Peer
from upnp_trio.model.caller import Caller
from upnp_trio.model.checked_frozen import checked_frozen
from upnp_trio.model.handler import BoundAction

if TYPE_CHECKING:
    from upnp_trio.eventing.requests import SubscriptionRequest  # noqa: TC004  # attrs does not evaluate it

__all__ = ["Call", "StateWanted", "SubscriptionCall"]


@checked_frozen(eq=False, kw_only=True)
class Call:
    """A call of an action that *service* has."""

    service: PublishedService
    action: BoundAction
    #: the service's type as the caller wrote it, which the result repeats
    service_type: str
    #: values of their data types, by name
    arguments: dict[str, object]
    caller: Caller


@attrs.frozen(eq=False, kw_only=True)
class SubscriptionCall:
    """A request of *peer* for a subscription to *service*: a new one, or one that it has."""

    service: PublishedService
    request: SubscriptionRequest
    peer: Peer


@attrs.frozen(eq=False, kw_only=True)
class StateWanted:
    """A live page's question for the state of its device, when it is another than that of the version *after*."""

    publication: Publication
    #: empty if the page wants it at once
    after: str
