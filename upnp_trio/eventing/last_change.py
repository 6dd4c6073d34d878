"""LastChange, the one evented variable of UPnP's audio and video services, written and read.

Its value is a document with the changes since the last event, of each instance of the service::

    <Event xmlns="urn:schemas-upnp-org:metadata-1-0/RCS/">
      <InstanceID val="0"><Volume val="20" channel="Master"/></InstanceID>
    </Event>

RenderingControl:1 §2.2.1 and AVTransport:1 §2.2.3 define it, each with a namespace of its own, and allow an event each
0.2 seconds. The initial event holds all values, of all instances.

A service has a `LastChange` as the value of its variable, and changes that::

    class RenderingControl(ServiceHandler, ...):
        last_change: Annotated[LastChange, StateVariable(maximum_rate=0.2)] = LastChange(LastChange.RENDERING_CONTROL)

        async def set_volume(self, ...) -> None:
            self.last_change.set(0, "Volume", volume, channel="Master")

Each service has a copy of its class's `LastChange`. `LastChange.set` notes a change of the variable, without a text.
`LastChange.take` makes the text, of everything that was set since the last event, at the moment when the next one
leaves, which is 0.2 seconds later at the earliest.
"""

from __future__ import annotations

import re
from threading import RLock
from typing import TYPE_CHECKING

import attrs

from upnp_trio.documents.escaping import escape_attribute
from upnp_trio.documents.xml import local_name, namespace, parse_xml
from upnp_trio.errors import DescriptionError, MalformedMessage
from upnp_trio.model.deferred_value import DeferredValue

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

__all__ = ["LAST_CHANGE", "LAST_CHANGE_SECONDS", "Change", "LastChange", "join_last_changes", "read_last_change"]

#: the name of the variable
LAST_CHANGE = "LastChange"

# The maximum_rate of the variable LastChange (RenderingControl:1 §2.2.1, AVTransport:1 §2.2.3).
LAST_CHANGE_SECONDS = 0.2

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*", re.ASCII)
_INSTANCE_ID = re.compile(r"[0-9]{1,10}", re.ASCII)
MAX_INSTANCE_ID = 2**32 - 1
VALUE = "val"
# Documents of renderers with the metadata of several tracks have some 20,000. To join two takes milliseconds.
MAX_JOINED_CHARACTERS = 64 * 1024


@attrs.frozen
class Change:
    """A variable of one instance with its value as text; *attributes* says more about it, such as its channel."""

    instance_id: int
    name: str
    value: str
    attributes: tuple[tuple[str, str], ...] = ()


# A variable has a value for each of its channels.
_Key = tuple[int, str, tuple[tuple[str, str], ...]]


class LastChange(DeferredValue):
    """The values of a service's instances, and which of them have changed since the last event.

    *namespace* is that of the document, which belongs to the service.
    """

    #: the namespace of RenderingControl
    RENDERING_CONTROL = "urn:schemas-upnp-org:metadata-1-0/RCS/"
    #: the namespace of AVTransport
    AV_TRANSPORT = "urn:schemas-upnp-org:metadata-1-0/AVT/"

    def __init__(self, namespace: str) -> None:
        self._namespace = namespace
        self._values: dict[_Key, str] = {}
        self._changed: dict[_Key, str] = {}
        # Where any thread may change variables, events are made in another one. It is reentrant because a change that
        # nobody is told of is taken at once.
        self._lock = RLock()

    def set(self, instance_id: int, name: str, value: str | int, **attributes: str | int) -> None:
        """Set a variable of an instance, such as ``set(0, "Volume", 20, channel="Master")``.

        ``True`` and ``False`` are written as 1 and 0. A value that the variable has already is no change. Raises
        `ValueError` for an instance that is not a ui4, and for names that XML does not allow.
        """
        if not 0 <= instance_id <= MAX_INSTANCE_ID:
            raise ValueError(f"the instance is {instance_id}; it must be a number from 0 to {MAX_INSTANCE_ID}")
        for each in (name, *attributes):
            if not _NAME.fullmatch(each):
                raise ValueError(f"{each!r} cannot be a name in XML; use letters, digits, '_', '.' and '-'")
        if VALUE in attributes:
            raise ValueError(f"the attribute {VALUE!r} holds the variable's value; pass it as the third argument")
        key = (instance_id, name, tuple((each, _text(of)) for each, of in attributes.items()))
        text = _text(value)
        with self._lock:
            self._set(key, text)

    def _set(self, key: _Key, text: str) -> None:
        if self._values.get(key) == text:
            return
        known, waiting = self._values.get(key), self._changed.get(key)
        self._values[key] = self._changed[key] = text
        try:
            self.changed()
        except BaseException:  # in another thread; nothing has changed, so that the same value is a change later
            _restore(self._values, key, known)
            _restore(self._changed, key, waiting)
            raise

    def remove(self, instance_id: int) -> None:
        """Forget an instance that has ended."""
        with self._lock:
            for values in (self._values, self._changed):
                for key in [key for key in values if key[0] == instance_id]:
                    del values[key]

    def copy(self) -> LastChange:
        """Another one with the same values, none of which counts as changed."""
        twin = type(self)(self._namespace)
        with self._lock:
            twin._values = dict(self._values)
        return twin

    def take(self) -> str | None:
        """The document of what has changed since the last time; ``None`` if nothing has."""
        with self._lock:
            changed, self._changed = self._changed, {}
        if not changed:
            return None
        return _render(self._namespace, changed)

    def current(self) -> str:
        """The document of all values."""
        with self._lock:
            values = dict(self._values)
        return _render(self._namespace, values)


def _restore(values: dict[_Key, str], key: _Key, text: str | None) -> None:
    if text is None:
        values.pop(key, None)
    else:
        values[key] = text


def _text(value: str | int) -> str:
    return str(int(value)) if isinstance(value, bool) else str(value)


def _render(namespace: str, values: dict[_Key, str]) -> str:
    instances: dict[int, list[str]] = {}
    for (instance_id, name, attributes), value in values.items():
        written = "".join(f' {each}="{escape_attribute(text)}"' for each, text in ((VALUE, value), *attributes))
        instances.setdefault(instance_id, []).append(f"<{name}{written}/>")
    elements = "".join(
        f'<InstanceID {VALUE}="{instance_id}">{"".join(changes)}</InstanceID>'
        for instance_id, changes in sorted(instances.items())
    )
    return f'<Event xmlns="{escape_attribute(namespace)}">{elements}</Event>'


def read_last_change(text: str) -> list[Change]:
    """The changes in the value of LastChange; raises `MalformedMessage` if it is not such a document.

    Namespaces are not looked at, because some renderers leave them out.
    """
    return _changes(_parse(text))


def join_last_changes(earlier: str, later: str) -> str:
    """One value of LastChange for two in a row, in which *later* has the last word.

    It is *later* alone if one of them cannot be read, or if they are longer than any real one.
    """
    if len(earlier) + len(later) > MAX_JOINED_CHARACTERS:
        return later
    try:
        document = _parse(later)
        changes = [*_changes(_parse(earlier)), *_changes(document)]
    except MalformedMessage:
        return later
    values = {(change.instance_id, change.name, change.attributes): change.value for change in changes}
    return _render(namespace(document.tag), values)


def _parse(text: str) -> Element:
    try:
        root = parse_xml(text.encode("utf-8", "surrogatepass"))
    except DescriptionError as error:
        raise MalformedMessage(f"LastChange without a readable document: {error}") from error
    if local_name(root.tag) != "Event":
        raise MalformedMessage("LastChange whose document is not an Event")
    return root


def _changes(root: Element) -> list[Change]:
    changes = []
    for instance in root:
        instance_id = instance.get(VALUE, "").strip()
        if local_name(instance.tag) != "InstanceID" or not _INSTANCE_ID.fullmatch(instance_id):
            raise MalformedMessage("LastChange with an instance that has no number")
        for variable in instance:
            attributes = {local_name(name): value for name, value in variable.items()}
            value = attributes.pop(VALUE, "")
            changes.append(Change(int(instance_id), local_name(variable.tag), value, tuple(attributes.items())))
    return changes
