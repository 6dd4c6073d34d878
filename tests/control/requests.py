"""Control requests as real clients send them: those of the fuzzing corpus, and envelopes made of pieces."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from hypothesis import strategies as st

__all__ = ["ACTION", "HEADERS", "TYPE", "envelope", "names", "recorded", "split_request", "texts"]

TYPE = "urn:schemas-upnp-org:service:SwitchPower:1"
ACTION = "SetTarget"
HEADERS = {"content-type": 'text/xml; charset="utf-8"', "soapaction": f'"{TYPE}#{ACTION}"'}
_RECORDED = Path(__file__).parents[1] / "fuzz" / "corpus" / "calls"

#: what an XML document can carry
texts = st.text(
    st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff")
    | st.sampled_from("\t\n\r&<>\"'\x7f\x85]\ufeff"),
    max_size=30,
)
names = st.from_regex(r"[A-Za-z_][A-Za-z0-9_.\-]{0,8}", fullmatch=True)


def envelope(arguments: str = "<newTargetValue>1</newTargetValue>", *, header: str = "", before: str = "") -> bytes:
    """A call of `ACTION` with the elements *arguments* and *header*, after *before*."""
    return (
        f'{before}<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/">{header}<s:Body>'
        f'<u:{ACTION} xmlns:u="{TYPE}">{arguments}</u:{ACTION}></s:Body></s:Envelope>'
    ).encode()


def split_request(data: bytes) -> tuple[Mapping[str, str], bytes]:
    """The headers, whose names are in lower case, and the body of a request or a response as it is on the wire."""
    head, _, body = data.partition(b"\r\n\r\n")
    fields = (line.partition(":") for line in head.decode("latin-1").split("\r\n"))
    return {name.strip().lower(): value.strip() for name, colon, value in fields if colon}, body


def recorded(client: str) -> tuple[Mapping[str, str], bytes]:
    """The headers and the body of a request in the form of *client*."""
    return split_request((_RECORDED / client).read_bytes())
