"""Drive a device by GUPnP: commands come as lines of JSON, what it understood goes out likewise.

Run by a Python that has GObject introspection and GUPnP: ``python3 gupnp_service_control_point.py INTERFACE TYPE``
waits for a device of that type. A line "reply ..." answers each command, "event ..." shows each changed variable.
"""

import json
import sys
from typing import Any

import gi  # type: ignore[import-not-found,unused-ignore]  # the system's own, not to be had where mypy runs

gi.require_version("GSSDP", "1.6")
gi.require_version("GUPnP", "1.6")
from gi.repository import GSSDP, Gio, GLib, GObject, GUPnP  # type: ignore[import-not-found,unused-ignore]  # noqa: E402

FLOATS = (GObject.TYPE_FLOAT, GObject.TYPE_DOUBLE)
NUMBERS = (GObject.TYPE_INT, GObject.TYPE_UINT, GObject.TYPE_INT64, GObject.TYPE_UINT64)


class ControlPoint:
    """A device's services, as GUPnP sees them, each with what its SCPD says."""

    def __init__(self, loop: GLib.MainLoop) -> None:
        self._loop = loop
        self._services: dict[str, GUPnP.ServiceProxy] = {}
        self._introspections: dict[str, GUPnP.ServiceIntrospection] = {}

    def available(self, _: GUPnP.ControlPoint, device: GUPnP.DeviceProxy) -> None:
        """Read all SCPDs of a device that is there, then take commands."""
        if self._services:
            return
        self._services = {service.get_id().rpartition(":")[2]: service for service in device.list_services()}
        for name, service in self._services.items():
            service.connect("subscription-lost", lambda _, error: print("lost", error, file=sys.stderr, flush=True))
            service.introspect_async(None, self._introspected, name)

    def _introspected(self, service: GUPnP.ServiceProxy, result: Gio.AsyncResult, name: str) -> None:
        self._introspections[name] = service.introspect_finish(result)
        if len(self._introspections) == len(self._services):
            print("ready", flush=True)
            GLib.io_add_watch(0, GLib.PRIORITY_DEFAULT, GLib.IOCondition.IN | GLib.IOCondition.HUP, self._read)

    def _read(self, *_: object) -> bool:
        line = sys.stdin.readline()
        if not line:
            self._loop.quit()
            return False
        name, arguments = json.loads(line)
        try:
            reply = getattr(self, name)(**arguments)
        except BaseException:
            self._loop.quit()  # or GLib would only print the exception, and go on
            raise
        print("reply", json.dumps(reply), flush=True)
        return True

    def describe(self, service: str) -> object:
        """What the SCPD says."""
        read = self._introspections[service]
        return {
            "actions": {
                action.name: [
                    [argument.name, argument.direction.value_nick, argument.related_state_variable, argument.retval]
                    for argument in action.arguments
                ]
                for action in read.list_actions()
            },
            "variables": {
                variable.name: [
                    variable.type.name,
                    variable.send_events,
                    list(variable.allowed_values),
                    [variable.minimum, variable.maximum, variable.step] if variable.is_numeric else None,
                ]
                for variable in read.list_state_variables()
            },
        }

    def call(self, service: str, action: str, arguments: dict[str, str]) -> object:
        """Call an action; the arguments have the types that the SCPD gives them."""
        described = self._introspections[service].get_action(action).arguments
        types = {argument.name: self._type(service, argument.related_state_variable) for argument in described}
        values = [_value(types[name], text) for name, text in arguments.items()]
        call = GUPnP.ServiceProxyAction.new_from_list(action, list(arguments), values)
        try:
            self._services[service].call_action(call, None)
            names = [argument.name for argument in described if argument.direction.value_nick == "out"]
            _, results = call.get_result_list(names, [types[name] for name in names])
        except GLib.Error as error:
            return {"error": error.code, "description": error.message}
        return {name: repr(_plain(value)) for name, value in zip(names, results, strict=True)}

    def subscribe(self, service: str) -> None:
        """Subscribe, with a watch of each evented variable."""
        proxy = self._services[service]
        for variable in self._introspections[service].list_state_variables():
            if variable.send_events:
                proxy.add_notify(variable.name, self._type(service, variable.name), self._changed, service)
        proxy.set_subscribed(True)

    def is_subscribed(self, service: str) -> bool:
        """Whether GUPnP has, or wants, a subscription."""
        return bool(self._services[service].get_subscribed())

    def unsubscribe(self, service: str) -> None:
        """End the subscription."""
        self._services[service].set_subscribed(False)

    def _changed(self, _: GUPnP.ServiceProxy, variable: str, value: object, service: str) -> None:
        print("event", json.dumps([service, {variable: repr(_plain(value))}]), flush=True)

    def _type(self, service: str, variable: str) -> GObject.GType:
        described = self._introspections[service].get_state_variable(variable)
        # GUPnP's own types, such as its dates, are strings to Python; variables of types it does not know are absent
        if described is None or described.type not in (*FLOATS, *NUMBERS, GObject.TYPE_BOOLEAN):
            return GObject.TYPE_STRING
        return described.type


def _value(gtype: GObject.GType, text: str) -> GObject.Value:
    if gtype == GObject.TYPE_BOOLEAN:
        return GObject.Value(gtype, text == "1")
    if gtype in FLOATS:
        return GObject.Value(gtype, float(text))
    if gtype in NUMBERS:
        return GObject.Value(gtype, int(text))
    return GObject.Value(gtype, text)


def _plain(value: Any) -> object:  # noqa: ANN401  # whatever the introspection makes of a GValue
    return value.get_value() if isinstance(value, GObject.Value) else value


def _run(interface: str, device_type: str) -> None:
    loop = GLib.MainLoop()
    context = GUPnP.Context.new_full(interface, None, 0, GSSDP.UDAVersion.VERSION_1_0)
    control_point = GUPnP.ControlPoint.new(context, device_type)
    control_point.connect("device-proxy-available", ControlPoint(loop).available)
    control_point.set_active(True)
    loop.run()


if __name__ == "__main__":
    _run(*sys.argv[1:])
