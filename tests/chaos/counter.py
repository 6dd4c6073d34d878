"""The device under test: the example device, with a service that counts. ``python -m upnp_trio FILE:device`` serves it.

The good client counts, and its subscriber must get each number. Everybody may set the mood, which is evented, too.
"""

from __future__ import annotations

from typing import Annotated

import attrs
import trio

from tests.network.served import JAMBON
from upnp_trio import In, Out, RootDevice, ServiceHandler, StateVariable, Ui4, action, load_device

__all__ = ["CONTROL_PATH", "EVENT_PATH", "SERVICE_TYPE", "USNS", "WAIT_SECONDS", "device"]

SERVICE_TYPE = "urn:boucherie-example-com:service:Counter:1"
_UUID = "e427ce1a-3e80-43d0-ad6f-89ec42e46363"
#: beside the description
CONTROL_PATH, EVENT_PATH = f"/{_UUID}/counter/control", f"/{_UUID}/counter/event"
#: how long a call of the action Wait takes
WAIT_SECONDS = 5.0


class Counter(ServiceHandler, service_type=SERVICE_TYPE, service_id="urn:boucherie-example-com:serviceId:Counter"):
    """Counts calls."""

    number: Annotated[Ui4, StateVariable("Number")] = 0
    #: leaves once a second, however often hostile callers set it
    mood: Annotated[str, StateVariable("Mood", maximum_rate=1)] = ""

    @action("Next")
    def next(self) -> Annotated[Ui4, Out("Number", "Number")]:
        """Count one further."""
        self.number += 1
        return self.number

    @action("SetMood")
    def set_mood(self, mood: Annotated[str, In("Mood", "Mood")]) -> None:
        """Change the other variable."""
        self.mood = mood

    @action("Ask")
    async def ask(self) -> Annotated[Ui4, Out("Number", "Number")]:
        """The number, by a handler that has to be waited for."""
        await trio.lowlevel.checkpoint()
        return self.number

    @action("Wait")
    async def wait(self) -> None:
        """Take long."""
        await trio.sleep(WAIT_SECONDS)


def device() -> RootDevice:
    """The example device with the service."""
    service = attrs.evolve(Counter().as_service(), control_url="counter/control", event_sub_url="counter/event")
    jambon = load_device(JAMBON.file)
    return attrs.evolve(jambon, services=[*jambon.services, service])


#: those of all its advertisements
USNS = frozenset({*JAMBON.usns, f"uuid:{_UUID}::{SERVICE_TYPE}"})
