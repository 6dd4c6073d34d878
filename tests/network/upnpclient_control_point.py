"""Drive a device by upnpclient: commands come as lines of JSON, what it understood goes out likewise.

``python upnpclient_control_point.py URL``. A line "reply ..." answers each command. The library subscribes, and leaves
the events to the URL that it is given.
"""

import json
import sys

import upnpclient
from upnpclient.soap import SOAPError


class ControlPoint:
    """A device, as the library sees it."""

    def __init__(self, url: str) -> None:
        self._services = {service.name: service for service in upnpclient.Device(url).services}

    def describe(self, service: str) -> object:
        """The data types of the variables, as the library has read them."""
        return {name: variable["datatype"] for name, variable in self._services[service].statevars.items()}

    def call(self, service: str, action: str, arguments: dict[str, str]) -> object:
        """Call an action; the results are shown as the library's own values."""
        try:
            results = self._services[service].find_action(action)(**arguments)
        except upnpclient.ValidationError:
            return "refused by itself"
        except SOAPError as error:
            return {"error": error.args[0], "description": error.args[1]}
        return {name: repr(value) for name, value in results.items()}

    def subscribe(self, service: str, callback: str, seconds: int) -> object:
        """Subscribe; events go to *callback*."""
        return self._services[service].subscribe(callback, timeout=seconds)

    def renew(self, service: str, sid: str, seconds: int) -> object:
        """Renew a subscription."""
        return self._services[service].renew_subscription(sid, timeout=seconds)

    def unsubscribe(self, service: str, sid: str) -> None:
        """End a subscription."""
        self._services[service].cancel_subscription(sid)


def _run(url: str) -> None:
    control_point = ControlPoint(url)
    print("ready", flush=True)
    for line in sys.stdin:
        name, arguments = json.loads(line)
        print("reply", json.dumps(getattr(control_point, name)(**arguments)), flush=True)


if __name__ == "__main__":
    _run(*sys.argv[1:])
