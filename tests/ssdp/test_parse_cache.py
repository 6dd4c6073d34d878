"""The cache of parsed searches."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from upnp_trio.errors import MalformedMessage
from upnp_trio.ssdp.messages import Message, Search
from upnp_trio.ssdp.parse_cache import MAX_CACHED, MAX_CACHED_BYTES, ParseCache
from upnp_trio.ssdp.parsing import parse
from upnp_trio.ssdp.rendering import render_search

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
def test_a_cached_search_is_parsed_the_same(datagrams: list[bytes]) -> None:
    cache = ParseCache()
    for datagram in datagrams * 2:
        assert _read(cache.parse, datagram) == _read(parse, datagram)


def test_the_cache_is_bounded() -> None:
    cache = ParseCache()
    for number in range(3 * MAX_CACHED):
        cache.parse(render_search(Search(search_target=f"urn:x:{number}", mx=1)))
    large = render_search(Search(search_target="ssdp:all", mx=1)) + b"x" * MAX_CACHED_BYTES
    assert cache.parse(large) == Search(search_target="ssdp:all", mx=1)
    assert large not in cache._searches
    assert len(cache._searches) <= MAX_CACHED
