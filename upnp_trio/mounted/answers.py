"""How other threads get answers from the loop of the device."""

from __future__ import annotations

from typing import TYPE_CHECKING

import trio

from upnp_trio.exchange import error_response
from upnp_trio.server.mounted_site import Answer

if TYPE_CHECKING:
    from concurrent.futures import Future

    from upnp_trio.bridging.into_trio import Submitted
    from upnp_trio.server.mounted_site import MountedSite

__all__ = ["done_answer", "give_up"]


def done_answer(submitted: Submitted[Answer], site: MountedSite) -> Answer:
    """The answer, once it is there; 503 if the device's loop has ended instead."""
    try:
        return submitted.future.result(timeout=0)
    except trio.RunFinishedError:
        return Answer(error_response(503), site)


def give_up(submitted: Submitted[Answer]) -> None:
    """Cancel what makes the answer; abandon the answer if it is made all the same."""
    submitted.cancel()
    submitted.future.add_done_callback(_abandon)


def _abandon(future: Future[Answer]) -> None:
    if not future.cancelled() and future.exception() is None:
        future.result().abandon()
