"""Three switches for an Echo, each on a port of its own, in a program of threads."""

from contextlib import ExitStack, suppress
from threading import Event

from upnp_trio.profiles import wemo_switch
from upnp_trio.threads import serve_in_thread


class Relay:
    """Stands for what is switched; it may block, as it runs in a thread of its own."""

    def __init__(self, name):
        self.name = name

    def switch(self, on):
        print(self.name, "is", "on" if on else "off", flush=True)


with suppress(KeyboardInterrupt), ExitStack() as stack:
    for number, name in enumerate(["Kitchen", "Fan", "Radio"]):
        device = wemo_switch(name, serial=f"221517K010176{number}", switch=Relay(name).switch)
        running = stack.enter_context(serve_in_thread(device, port=49153 + number))
        print(name, "served at", *running.locations, flush=True)
    Event().wait()
