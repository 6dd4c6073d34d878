"""Plain calls are read as the parser reads them, and everything else is left to the parser."""

from __future__ import annotations

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from upnp_trio.control.calls import render_call
from upnp_trio.control.envelope import read_envelope
from upnp_trio.control.plain_call import MAX_PLAIN_ARGUMENTS, parse_plain_call
from upnp_trio.errors import MalformedMessage

TYPE = "urn:schemas-upnp-org:service:SwitchPower:1"
START = '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"'
STYLE = 's:encodingStyle="http://schemas.xmlsoap.org/soap/encoding/"'
CALL = (
    f'<?xml version="1.0"?>{START} {STYLE}><s:Body><u:SetTarget xmlns:u="{TYPE}">'
    "<newTargetValue>1</newTargetValue></u:SetTarget></s:Body></s:Envelope>"
)

Read = tuple[str, str, tuple[tuple[str, str], ...]]


def parsed(body: bytes) -> Read | None:
    """What the parser reads."""
    try:
        content = read_envelope(body)
    except MalformedMessage:
        return None
    return content.namespace, content.name, tuple(content.arguments)


def plain(text: str) -> Read | None:
    return parse_plain_call(text.encode())


@pytest.mark.parametrize(
    "text",
    [
        CALL,
        CALL.replace('<?xml version="1.0"?>', ""),
        CALL.replace('"1.0"', '"1.0" encoding="utf-8" standalone="yes"') + "\n",
        CALL.replace("><", ">\n  <"),
        CALL.replace("><", ">\r\n<"),
        re.sub(r"\bs:|(?<=:)s(?==)", lambda found: found[0].replace("s", "SOAP-ENV"), CALL),
        re.sub(r"\bu:|(?<=:)u(?==)", lambda found: found[0].replace("u", "m"), CALL),
        CALL.replace(f" {STYLE}", ""),
        CALL.replace(f"{START} {STYLE}", f"<s:Envelope {STYLE}{START.removeprefix('<s:Envelope')}"),
        CALL.replace("<newTargetValue>1</newTargetValue>", ""),
        f'{START}><s:Body><u:GetStatus xmlns:u="{TYPE}"/></s:Body></s:Envelope>',
        CALL.replace(">1<", "><"),
        CALL.replace(">1<", "> a\tb\nc <"),
        CALL.replace(">1<", ">&lt;DIDL-Lite a=&quot;&amp;amp;&quot;/&gt; é 😀<"),
    ],
)
def test_a_plain_call_is_read_as_the_parser_reads_it(text: str) -> None:
    assert plain(text) is not None
    assert plain(text) == parsed(text.encode())


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(f"\ufeff{CALL}", id="a BOM"),
        pytest.param(CALL + "\0", id="a zero byte at the end"),
        pytest.param(CALL.replace("<newTargetValue>1", "<newTargetValue type='x'>1"), id="an attribute"),
        pytest.param(CALL.replace(">1<", "><b>1</b><"), id="an element in an argument"),
        pytest.param(CALL.replace(">1<", "><![CDATA[1]]><"), id="CDATA"),
        pytest.param(CALL.replace(">1<", ">]]><"), id="the end of CDATA"),
        pytest.param(CALL.replace(">1<", ">1<!-- c --><"), id="a comment"),
        pytest.param(CALL.replace(">1<", ">a & b<"), id="a bare ampersand"),
        pytest.param(CALL.replace(">1<", ">&#49;<"), id="a reference to a character"),
        pytest.param(CALL.replace(">1<", ">a\rb<"), id="a carriage return"),
        pytest.param(CALL.replace(">1<", ">\x01<"), id="a control character"),
        pytest.param(CALL.replace("</newTargetValue>", "</newtargetvalue>"), id="another end"),
        pytest.param(CALL.replace(f' xmlns:u="{TYPE}"', "").replace("<s:Body>", f'<s:Body xmlns:u="{TYPE}">'), id="u"),
        pytest.param(CALL.replace("u:", "").replace(":u=", "="), id="a default namespace"),
        pytest.param(CALL.replace("<s:Body>", "<s:Header/><s:Body>"), id="a header"),
        pytest.param(CALL.replace("<?xml", "<!DOCTYPE a><?xml"), id="a DOCTYPE"),
        pytest.param(CALL.replace(TYPE, "http://www.w3.org/XML/1998/namespace"), id="XML's namespace"),
        pytest.param(CALL.replace("u:", "xml:").replace(":u=", ":xml="), id="XML's prefix"),
        pytest.param(CALL.replace("/envelope/", "/other/"), id="another envelope"),
        pytest.param(
            CALL.replace("</u:SetTarget>", "<a></a>" * MAX_PLAIN_ARGUMENTS + "</u:SetTarget>"), id="many arguments"
        ),
    ],
)
def test_other_calls_are_left_to_the_parser(text: str) -> None:
    assert plain(text) is None


def test_as_many_arguments_as_are_plain_are_read() -> None:
    more = "<a>&amp;</a>" * (MAX_PLAIN_ARGUMENTS - 1)
    text = CALL.replace("</u:SetTarget>", f"{more}</u:SetTarget>").replace("?>", ' encoding="utf-8"?>')
    assert plain(text) == parsed(text.encode())
    assert plain(text) is not None


def test_bytes_that_are_not_utf_8_are_left_to_the_parser() -> None:
    assert parse_plain_call(CALL.replace(">1<", ">é<").encode("latin-1")) is None


_names = st.from_regex(r"[A-Za-z_][A-Za-z0-9_.-]{0,8}", fullmatch=True)
_texts = st.text(st.characters(codec="utf-8"), max_size=20)


@given(st.sampled_from([TYPE, "urn:a:service:B:2"]), _names, st.lists(st.tuples(_names, _texts), max_size=4))
@example(TYPE, "XmlAction", [])
@example(TYPE, "A", [("a", "\ufffe")])
def test_what_a_control_point_writes_is_read_alike(
    service_type: str, action: str, arguments: list[tuple[str, str]]
) -> None:
    _, body = render_call(service_type, action, arguments)
    found = parse_plain_call(body)
    assert found is None or found == parsed(body)


_pieces = st.sampled_from(
    [
        *(
            "<",
            ">",
            "/",
            "&",
            ";",
            "amp",
            "]]>",
            '"',
            "'",
            "=",
            ":",
            "s",
            "u",
            "xmlns",
            " ",
            "\n",
            "\r",
            "\0",
            "\ufeff",
        ),
        *("<a>", "</a>", "<a/>", "<!--", "-->", "<![CDATA[", "<?", "?>", "é", "&lt;", "&#1;", "xml", "Body", "\x85"),
    ]
)


@given(st.lists(st.tuples(st.integers(0, len(CALL)), st.integers(0, 8), _pieces), min_size=1, max_size=3))
def test_a_damaged_call_is_never_read_differently(damage: list[tuple[int, int, str]]) -> None:
    text = CALL
    for place, length, piece in damage:
        text = text[:place] + piece + text[place + length :]
    found = plain(text)
    assert found is None or found == parsed(text.encode())
