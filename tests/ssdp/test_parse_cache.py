"""A parser with a memory."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from upnp_trio.errors import MalformedMessage
from upnp_trio.ssdp import parse_cache as parse_cache_module
from upnp_trio.ssdp.messages import Message, Search, parse, render_search
from upnp_trio.ssdp.parse_cache import ParseCache

SEARCHES = st.builds(
    lambda target, mx: render_search(Search(search_target=target, mx=mx)),
    st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=20),
    st.none() | st.integers(1, 5),
)


def _read(parser: object, datagram: bytes) -> Message | str:
    try:
        return parser(datagram)  # type: ignore[operator,no-any-return]  # parse, or a method like it
    except MalformedMessage as error:
        return str(error)


@given(st.lists(SEARCHES | st.binary(max_size=60), max_size=20))
def test_what_was_read_before_is_read_the_same(datagrams: list[bytes]) -> None:
    memory = ParseCache()
    for datagram in datagrams * 2:
        assert _read(memory.parse, datagram) == _read(parse, datagram)


def test_what_is_remembered_is_bounded() -> None:
    memory = ParseCache()
    for number in range(3 * parse_cache_module.MAX_REMEMBERED):
        memory.parse(render_search(Search(search_target=f"urn:x:{number}", mx=1)))
    large = render_search(Search(search_target="ssdp:all", mx=1)) + b"x" * parse_cache_module.MAX_REMEMBERED_BYTES
    assert memory.parse(large) == Search(search_target="ssdp:all", mx=1)
    assert large not in memory._searches
    assert len(memory._searches) <= parse_cache_module.MAX_REMEMBERED
