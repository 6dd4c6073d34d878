"""What the tests of the live page share: services of every kind, and a reader of the page."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from html.parser import HTMLParser

import attrs
from hypothesis import strategies as st

from tests.strategies import lines
from upnp_trio.documents.live_page import LivePage, LiveService
from upnp_trio.documents.page import render_page
from upnp_trio.documents.publication import publish
from upnp_trio.model.datatypes import DATA_TYPES
from upnp_trio.model.device import Device, RootDevice, Service
from upnp_trio.model.service import (
    ActionDescription,
    AllowedRange,
    ArgumentDescription,
    ServiceDescription,
    VariableDescription,
)

__all__ = [
    "Element",
    "LivePageReader",
    "action",
    "live_page",
    "live_services",
    "page_with_field",
    "root_with",
    "variable",
]

UUID = "e427ce1a-3e80-43d0-ad6f-89ec42e46363"
#: elements without an end tag
_VOID = {"meta", "img", "input"}


@attrs.define(eq=False)
class Element:
    """An element of a page: its attributes, and all text within it."""

    tag: str
    attributes: dict[str, str]
    parent: Element | None
    text: str = ""

    def within(self, other: Element) -> bool:
        """Whether this is *other* or inside it."""
        return self is other or (self.parent is not None and self.parent.within(other))


class LivePageReader(HTMLParser):
    """The elements of a page as a browser finds them."""

    def __init__(self, page: bytes) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[Element] = []
        self.comments: list[str] = []
        self._open: Element | None = None
        self.feed(page.decode())
        self.close()
        assert self._open is None, "an element is not closed"

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        element = Element(tag, {name: value or "" for name, value in attributes}, self._open)
        assert len(element.attributes) == len(attributes), "an attribute is given twice"
        self.elements.append(element)
        if tag not in _VOID:
            self._open = element

    def handle_endtag(self, tag: str) -> None:
        assert self._open is not None
        assert self._open.tag == tag, "elements overlap"
        self._open = self._open.parent

    def handle_data(self, data: str) -> None:
        element = self._open
        while element is not None:
            element.text += data
            element = element.parent

    def handle_comment(self, data: str) -> None:
        self.comments.append(data)

    def all(self, tag: str, inside: Element | None = None, **attributes: str) -> list[Element]:
        """The elements called *tag* with these attributes; ``_`` in a name stands for a hyphen."""
        wanted = {name.replace("_", "-"): value for name, value in attributes.items()}
        return [
            element
            for element in self.elements
            if element.tag == tag
            and wanted.items() <= element.attributes.items()
            and (inside is None or element.within(inside))
        ]

    def one(self, tag: str, inside: Element | None = None, **attributes: str) -> Element:
        """The only element of this kind."""
        (element,) = self.all(tag, inside, **attributes)
        return element

    def field(self, argument: str) -> Element:
        """The element that a person enters *argument* in."""
        (found,) = [
            element
            for element in self.elements
            if element.tag in ("input", "select", "textarea") and element.attributes.get("data-argument") == argument
        ]
        return found


def variable(
    name: str,
    kind: str = "string",
    *,
    default: object = None,
    allowed_values: Iterable[str] = (),
    allowed_range: AllowedRange | None = None,
) -> VariableDescription:
    """A state variable of the data type called *kind*, whose values are their texts."""
    return VariableDescription(
        name=name,
        data_type=attrs.evolve(DATA_TYPES.get(kind, DATA_TYPES["string"]), name=kind, parse=str, render=str),
        default=default,
        allowed_values=allowed_values,
        allowed_range=allowed_range,
    )


def action(
    name: str, inputs: Mapping[str, str] | None = None, outputs: Mapping[str, str] | None = None
) -> ActionDescription:
    """An action; arguments are given with their state variables."""
    return ActionDescription(
        name=name,
        arguments=[
            *(ArgumentDescription(name=n, direction="in", related_state_variable=v) for n, v in (inputs or {}).items()),
            *(
                ArgumentDescription(name=n, direction="out", related_state_variable=v)
                for n, v in (outputs or {}).items()
            ),
        ],
    )


def root_with(*names: str, devices: Iterable[Device] = ()) -> RootDevice:
    """A published root device with services of these names."""
    root = RootDevice(
        device_type="urn:schemas-upnp-org:device:Basic:1",
        friendly_name="Jambon",
        manufacturer="Boucherie",
        model_name="Jambon 3000",
        udn=UUID,
        services=[service(name) for name in names],
        devices=list(devices),
    )
    return publish(root).root


def service(name: str) -> Service:
    """A service of UPnP Forum's that is called *name*."""
    return Service(service_type=f"urn:schemas-upnp-org:service:{name}:1", service_id=f"urn:upnp-org:serviceId:{name}")


def live_page(root: Device, *services: LiveService, forms: bool = True) -> LivePage:
    """The live page of *root*, whose services are *services*, in the order of the device tree."""
    paths = [service.control_url for device in root.walk() for service in device.services]
    return LivePage(
        state_path="/jambon/state",
        script_path="/page.js",
        services=dict(zip(paths, services, strict=False)),
        version="boot.1",
        config_id=3000,
        forms=forms,
    )


def page_with_field(about: VariableDescription, **values: str) -> tuple[LivePageReader, Element]:
    """A page, and its field for an argument that has *about* as its variable."""
    root = root_with("Ham")
    description = ServiceDescription(actions=[action("Set", {"new": about.name})], variables=[about])
    live = live_page(root, LiveService(description=description, values=values))
    page = LivePageReader(render_page(root, [], language="en", live=live))
    return page, page.field("new")


_texts = lines | st.text(max_size=8)
_kinds = st.sampled_from(["ui1", "i8", "r4", "boolean", "string", "char", "date", "time.tz", "bin.hex", "uri"]) | lines
_ranges = st.builds(AllowedRange, st.integers(-9, 9), st.integers(10, 10**9), st.none() | st.integers(1, 5))
_variables = st.builds(
    variable,
    _texts,
    _kinds,
    default=st.none() | _texts,
    allowed_values=st.lists(_texts, max_size=2),
    allowed_range=st.none() | _ranges,
)


@st.composite
def live_services(draw: st.DrawFn) -> LiveService:
    """A service with any names, types, defaults and values, whether UDA allows them or not."""
    variables = draw(st.lists(_variables, max_size=3))
    names = st.sampled_from([variable.name for variable in variables] + ["unknown"])
    arguments = st.dictionaries(_texts, names, max_size=2)
    actions = draw(st.lists(st.builds(action, _texts, arguments, arguments), max_size=2))
    values = draw(st.dictionaries(names, _texts, max_size=3))
    return LiveService(description=ServiceDescription(actions=actions, variables=variables), values=values)
