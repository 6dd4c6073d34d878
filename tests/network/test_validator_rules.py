"""What the certification suites look for in control and eventing, as far as UDA and public knowledge tell.

Each rule has UDA's section. Services and actions are taken from the device's own documents, as the suites do.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from email.utils import parsedate_to_datetime
from xml.etree import ElementTree

import pytest

from tests.network.calling import Endpoint, envelope, error_code, find_services, results
from tests.network.fetching import Answer, fetch
from tests.network.samples import LIMITS, SAMPLES, WRONG, Sample, Wrong
from tests.network.scenes import Scene
from tests.network.subscriber import Notify, open_subscriber

pytestmark = pytest.mark.interop

SCPD = {"": "urn:schemas-upnp-org:service-1-0"}
SID = re.compile(r"uuid:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
SERVER = re.compile(r"\S+/\S+ UPnP/(1\.0|1\.1|2\.0) \S+/\S+")
XML_TYPE = 'text/xml; charset="utf-8"'
SERVICES = ["SwitchPower", "Limits", "EveryType"]


@pytest.fixture
def services(every_type: Scene) -> Iterator[dict[str, Endpoint]]:
    """The services that the description names."""
    found = find_services(every_type.pair.asker, every_type.served.location)
    yield found
    for service in found.values():
        service.end_subscriptions()


class Contract:
    """What an SCPD says, read by hand."""

    def __init__(self, service: Endpoint) -> None:
        root = ElementTree.fromstring(fetch(service.host, service.scpd_url).body)
        self.variables = {
            variable.findtext("name", "", SCPD): variable
            for variable in root.iterfind("serviceStateTable/stateVariable", SCPD)
        }
        self.actions = {
            action.findtext("name", "", SCPD): action.findall("argumentList/argument", SCPD)
            for action in root.iterfind("actionList/action", SCPD)
        }

    @property
    def evented(self) -> set[str]:
        """The variables that subscribers are told of."""
        return {name for name, variable in self.variables.items() if variable.get("sendEvents") == "yes"}

    def names(self, action: str, direction: str) -> list[str]:
        """The arguments of *action* in one direction, in their order."""
        return [
            argument.findtext("name", "", SCPD)
            for argument in self.actions[action]
            if argument.findtext("direction", "", SCPD) == direction
        ]

    def valid_arguments(self, action: str) -> dict[str, str]:
        """A value for each argument of a call of *action*."""
        return {
            argument.findtext("name", "", SCPD): self._valid(argument.findtext("relatedStateVariable", "", SCPD))
            for argument in self.actions[action]
            if argument.findtext("direction", "", SCPD) == "in"
        }

    def _valid(self, name: str) -> str:
        variable = self.variables[name]
        for place in ("allowedValueList/allowedValue", "allowedValueRange/maximum"):
            if (text := variable.findtext(place, None, SCPD)) is not None:
                return text
        samples = {sample.variable: sample.text for sample in SAMPLES}
        return samples.get(name, "1")


def _check_headers(answer: Answer) -> None:
    """The headers of every answer (§3.2.2, §4.1.2): a present DATE, and SERVER with its three tokens."""
    assert abs(parsedate_to_datetime(answer.headers["DATE"]).timestamp() - time.time()) < 60
    assert SERVER.fullmatch(answer.headers["SERVER"])
    assert answer.headers["CONTENT-LENGTH"] == str(len(answer.body))


# --- control (§3) ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", SERVICES)
def test_every_action_takes_valid_values_and_gives_all_results(name: str, services: dict[str, Endpoint]) -> None:
    service, contract = services[name], Contract(services[name])
    for action in contract.actions:
        answer = service.call(action, contract.valid_arguments(action))
        if action == "Refuse":  # which this device does on purpose
            assert error_code(answer) == 701
            continue
        assert answer.status == 200, (action, answer)
        assert list(results(answer)) == contract.names(action, "out")
        _check_headers(answer)
        assert answer.headers["CONTENT-TYPE"] == XML_TYPE
        assert answer.headers["EXT"] == ""
        body = ElementTree.fromstring(answer.body).find("{http://schemas.xmlsoap.org/soap/envelope/}Body")
        assert body is not None
        assert body[0].tag == f"{{{service.service_type}}}{action}Response"


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.variable)
def test_a_value_comes_back_as_it_was_set(sample: Sample, services: dict[str, Endpoint]) -> None:
    service = services["EveryType"]
    assert service.call(f"Set{sample.variable}", {"New": sample.text}).status == 200
    assert service.get(f"Get{sample.variable}") == sample.text


@pytest.mark.parametrize("wrong", [*LIMITS, *WRONG], ids=lambda wrong: f"{wrong.action} {wrong.text}")
def test_a_value_that_is_not_allowed_is_a_upnp_error(wrong: Wrong, services: dict[str, Endpoint]) -> None:
    service = services["Limits" if wrong in LIMITS else "EveryType"]
    answer = service.call(wrong.action, {"New": wrong.text})
    assert error_code(answer) == wrong.code
    _check_headers(answer)
    assert answer.headers["CONTENT-TYPE"] == XML_TYPE
    fault = ElementTree.fromstring(answer.body).find(".//{http://schemas.xmlsoap.org/soap/envelope/}Fault")
    assert fault is not None
    assert fault.findtext("faultcode", "").endswith(":Client")
    assert fault.findtext("faultstring") == "UPnPError"
    assert fault.findtext(".//{urn:schemas-upnp-org:control-1-0}errorDescription")


@pytest.mark.parametrize("name", SERVICES)
def test_an_action_that_the_service_does_not_have_is_401(name: str, services: dict[str, Endpoint]) -> None:
    assert error_code(services[name].call("Slice")) == 401


@pytest.mark.parametrize("name", SERVICES)
def test_a_missing_argument_is_402(name: str, services: dict[str, Endpoint]) -> None:
    service, contract = services[name], Contract(services[name])
    called = 0
    for action in contract.actions:
        arguments = contract.valid_arguments(action)
        for missing in arguments:
            given = {name: text for name, text in arguments.items() if name != missing}
            assert error_code(service.call(action, given)) == 402, (action, missing)
            called += 1
    assert called


def test_a_refused_call_changes_nothing(services: dict[str, Endpoint]) -> None:
    service = services["Limits"]
    arguments = {"NewCount": "50", "NewFlavour": "Salted", "NewNote": "before"}
    assert service.call("Order", arguments).status == 200
    with open_subscriber(service.host, "10.77.0.2") as subscriber:
        service.subscribe(subscriber.callback)
        subscriber.wait_for(1)
        assert error_code(service.call("Order", {**arguments, "NewCount": "55", "NewFlavour": "Sweet"})) == 601
        assert service.call("SetWarmth", {"New": "7"}).status == 200
        assert service.call("SetWarmth", {"New": "8"}).status == 200
        first, *changes = subscriber.wait_for(2)
        assert (first.values["Count"], first.values["Flavour"]) == ("50", "Salted")
        assert not any("Count" in change.values for change in changes)


def test_a_call_to_another_type_than_the_services_is_401(services: dict[str, Endpoint]) -> None:
    service = services["SwitchPower"]
    body = envelope("urn:schemas-upnp-org:service:Dimming:1", "GetStatus", {})
    headers = {"Content-Type": XML_TYPE, "SOAPACTION": '"urn:schemas-upnp-org:service:Dimming:1#GetStatus"'}
    assert error_code(fetch(service.host, service.control_url, method="POST", headers=headers, body=body)) == 401


def test_query_state_variable_is_refused_with_401(services: dict[str, Endpoint]) -> None:
    service = services["SwitchPower"]
    namespace = "urn:schemas-upnp-org:control-1-0"
    body = envelope(namespace, "QueryStateVariable", {"varName": "Status"})
    headers = {"Content-Type": XML_TYPE, "SOAPACTION": f'"{namespace}#QueryStateVariable"'}
    assert error_code(fetch(service.host, service.control_url, method="POST", headers=headers, body=body)) == 401


def test_another_content_type_is_415(services: dict[str, Endpoint]) -> None:
    service = services["SwitchPower"]
    headers = {"Content-Type": "application/json", "SOAPACTION": f'"{service.service_type}#GetStatus"'}
    body = envelope(service.service_type, "GetStatus", {})
    assert fetch(service.host, service.control_url, method="POST", headers=headers, body=body).status == 415


# --- eventing (§4) ---------------------------------------------------------------------------------------------------


def _check_notify(notify: Notify, sid: str, seq: int, authority: str) -> None:
    """The request line and the headers of §4.3.2."""
    assert (notify.method, notify.target) == ("NOTIFY", "/events?of=ham")
    assert notify.headers["HOST"] == authority
    assert notify.headers["CONTENT-TYPE"] in ("text/xml", XML_TYPE)
    assert notify.headers["NT"] == "upnp:event"
    assert notify.headers["NTS"] == "upnp:propchange"
    assert notify.headers["SID"] == sid
    assert notify.headers["SEQ"] == str(seq)


@pytest.mark.parametrize("name", SERVICES)
def test_a_subscriber_is_told_of_every_evented_variable_within_30_seconds(
    name: str, services: dict[str, Endpoint]
) -> None:
    service, contract = services[name], Contract(services[name])
    with open_subscriber(service.host, "10.77.0.2") as subscriber:
        begun = time.monotonic()
        answer = service.subscribe(subscriber.callback, TIMEOUT="Second-1800")
        assert answer.status == 200
        _check_headers(answer)
        assert answer.headers["CONTENT-LENGTH"] == "0"
        assert answer.headers["TIMEOUT"] == "Second-1800"
        sid = answer.headers["SID"]
        assert SID.fullmatch(sid)
        (first,) = subscriber.wait_for(1)
        assert first.at - begun < 30
        assert set(first.values) == contract.evented
        _check_notify(first, sid, 0, subscriber.authority)
        assert service.request("UNSUBSCRIBE", SID=sid).status == 200


def test_two_subscriptions_have_two_sids_and_their_own_counts(services: dict[str, Endpoint]) -> None:
    service = services["SwitchPower"]
    service.call("SetTarget", {"newTargetValue": "0"})
    with open_subscriber(service.host, "10.77.0.2") as subscriber:
        first = service.subscribe(subscriber.callback).headers["SID"]
        assert [notify.values for notify in subscriber.of(first, 1)] == [{"Status": "0"}]
        service.call("SetTarget", {"newTargetValue": "1"})
        subscriber.of(first, 2)
        second = service.subscribe(subscriber.callback).headers["SID"]
        assert first != second
        subscriber.of(second, 1)
        service.call("SetTarget", {"newTargetValue": "0"})
        for sid, values in ((first, ["0", "1", "0"]), (second, ["1", "0"])):
            received = subscriber.of(sid, len(values))
            assert [notify.values["Status"] for notify in received] == values
            for seq, notify in enumerate(received):
                _check_notify(notify, sid, seq, subscriber.authority)


def test_a_renewal_keeps_the_sid_and_sends_no_initial_event(services: dict[str, Endpoint]) -> None:
    service = services["SwitchPower"]
    service.call("SetTarget", {"newTargetValue": "0"})
    with open_subscriber(service.host, "10.77.0.2") as subscriber:
        sid = service.subscribe(subscriber.callback).headers["SID"]
        subscriber.of(sid, 1)
        renewed = service.request("SUBSCRIBE", SID=sid, TIMEOUT="Second-600")
        assert (renewed.status, renewed.headers["SID"], renewed.headers["TIMEOUT"]) == (200, sid, "Second-600")
        _check_headers(renewed)
        service.call("SetTarget", {"newTargetValue": "1"})
        assert [(notify.headers["SEQ"], notify.values["Status"]) for notify in subscriber.of(sid, 2)] == [
            ("0", "0"),
            ("1", "1"),
        ]


def test_after_its_end_a_subscription_is_unknown_and_silent(services: dict[str, Endpoint]) -> None:
    service = services["SwitchPower"]
    service.call("SetTarget", {"newTargetValue": "0"})
    with open_subscriber(service.host, "10.77.0.2") as subscriber:
        ended = service.subscribe(subscriber.callback).headers["SID"]
        witness = service.subscribe(subscriber.callback).headers["SID"]
        subscriber.of(ended, 1)
        answer = service.request("UNSUBSCRIBE", SID=ended)
        assert (answer.status, answer.body) == (200, b"")
        _check_headers(answer)
        for method in ("SUBSCRIBE", "UNSUBSCRIBE"):
            assert service.request(method, SID=ended).status == 412
        for count, value in enumerate("1010", start=2):
            service.call("SetTarget", {"newTargetValue": value})
            subscriber.of(witness, count)
        assert len(subscriber.of(ended, 1)) == 1


@pytest.mark.parametrize("timeout", ["Second-infinite", "infinite", "Second-99999999", "Second-0", "soon", ""])
def test_no_subscription_is_granted_for_ever(timeout: str, services: dict[str, Endpoint]) -> None:
    service = services["SwitchPower"]
    with open_subscriber(service.host, "10.77.0.2") as subscriber:
        answer = service.subscribe(subscriber.callback, TIMEOUT=timeout)
        assert answer.status == 200
        match = re.fullmatch(r"Second-([0-9]+)", answer.headers["TIMEOUT"])
        assert match is not None
        assert 0 < int(match[1]) <= 86400
        assert service.request("UNSUBSCRIBE", SID=answer.headers["SID"]).status == 200


NEW = {"CALLBACK": "<http://10.77.0.2:9/>", "NT": "upnp:event"}
UNKNOWN = "uuid:5f9ec1b3-ed59-1900-4530-00e0a5b3c001"


@pytest.mark.parametrize(
    ("method", "headers", "status"),
    [
        # table 4-4, and 4-6 and 4-8 for those with SID
        ("SUBSCRIBE", {**NEW, "SID": UNKNOWN}, 400),
        ("SUBSCRIBE", {"SID": UNKNOWN, "NT": "upnp:event"}, 400),
        ("SUBSCRIBE", {"SID": UNKNOWN, "CALLBACK": NEW["CALLBACK"]}, 400),
        ("UNSUBSCRIBE", {"SID": UNKNOWN, "NT": "upnp:event"}, 400),
        ("UNSUBSCRIBE", {"SID": UNKNOWN, "CALLBACK": NEW["CALLBACK"]}, 400),
        ("SUBSCRIBE", {"NT": "upnp:event"}, 412),
        ("SUBSCRIBE", {**NEW, "CALLBACK": ""}, 412),
        ("SUBSCRIBE", {**NEW, "CALLBACK": "<>"}, 412),
        ("SUBSCRIBE", {**NEW, "CALLBACK": "<ftp://10.77.0.2/>"}, 412),
        ("SUBSCRIBE", {**NEW, "CALLBACK": "http://10.77.0.2:9/"}, 412),
        ("SUBSCRIBE", {"CALLBACK": NEW["CALLBACK"]}, 412),
        ("SUBSCRIBE", {**NEW, "NT": ""}, 412),
        ("SUBSCRIBE", {**NEW, "NT": "upnp:events"}, 412),
        ("SUBSCRIBE", {}, 412),
        ("SUBSCRIBE", {"SID": UNKNOWN}, 412),
        ("SUBSCRIBE", {"SID": ""}, 412),
        ("SUBSCRIBE", {"SID": "ham"}, 412),
        ("UNSUBSCRIBE", {"SID": UNKNOWN}, 412),
        ("UNSUBSCRIBE", {"SID": ""}, 412),
        ("UNSUBSCRIBE", {}, 412),
    ],
    ids=str,
)
def test_a_wrong_subscription_has_the_error_of_its_table(
    method: str, headers: dict[str, str], status: int, services: dict[str, Endpoint]
) -> None:
    answer = services["SwitchPower"].request(method, **headers)
    assert answer.status == status
    assert "SID" not in answer.headers
    _check_headers(answer)


@pytest.mark.parametrize("name", SERVICES)
def test_a_sid_of_another_service_is_unknown(name: str, services: dict[str, Endpoint]) -> None:
    other = services[SERVICES[SERVICES.index(name) - 1]]
    with open_subscriber(other.host, "10.77.0.2") as subscriber:
        sid = other.subscribe(subscriber.callback).headers["SID"]
        for method in ("SUBSCRIBE", "UNSUBSCRIBE"):
            assert services[name].request(method, SID=sid).status == 412
        assert other.request("UNSUBSCRIBE", SID=sid).status == 200


def test_state_variables_can_be_chosen(services: dict[str, Endpoint]) -> None:
    """STATEVAR of UDA 2.0 §4.1.2; only evented ones can be."""
    service = services["Limits"]
    with open_subscriber(service.host, "10.77.0.2") as subscriber:
        answer = service.subscribe(subscriber.callback, STATEVAR="Warmth,Note,Count,Unknown")
        assert answer.headers["ACCEPTED-STATEVAR"] == "Warmth,Count"
        (first,) = subscriber.wait_for(1)
        assert set(first.values) == {"Warmth", "Count"}
