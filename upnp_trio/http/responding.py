"""What the HTTP server needs of the code that makes its responses."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from upnp_trio.exchange import Request, Response

__all__ = ["PendingResponse", "Responding"]


class PendingResponse(Protocol):
    """A response that takes time, or that has a consequence once it is sent."""

    async def respond(self) -> Response:
        """The response, when it is there."""
        ...

    def sent(self) -> None:
        """The whole response has been sent."""
        ...

    def abandon(self) -> None:
        """The response cannot be sent, or is not wanted any more."""
        ...


class Responding(Protocol):
    """What responds to requests: `upnp_trio.server.services.Services`, or anything like it."""

    def respond(self, request: Request) -> Response | PendingResponse:
        """The response to *request*."""
        ...

    def takes_body(self, request: Request) -> bool:
        """Whether the body of *request* is of use; another one is read and dropped."""
        ...
