"""The header fields of the built-in page: what no browser may do with it."""

from __future__ import annotations

import base64
import hashlib
import re

import pytest

from tests.documents.live_pages import live_page, root_with
from upnp_trio.documents.page import render_device_list, render_page
from upnp_trio.documents.page_headers import LIVE_PAGE_HEADERS, PAGE_HEADERS, SCRIPT_HEADERS, STATE_HEADERS

Headers = tuple[tuple[str, str], ...]


def _policy(headers: Headers) -> dict[str, str]:
    directives = dict(headers)["Content-Security-Policy"].split("; ")
    return {name: sources for name, _, sources in (directive.partition(" ") for directive in directives)}


@pytest.mark.parametrize("headers", [PAGE_HEADERS, LIVE_PAGE_HEADERS])
def test_no_page_can_be_framed_or_load_anything_of_others(headers: Headers) -> None:
    policy = _policy(headers)
    for directive in ("default-src", "base-uri", "form-action", "frame-ancestors"):
        assert policy[directive] == "'none'"
    assert policy["img-src"] == "'self'"
    assert dict(headers)["X-Frame-Options"] == "DENY"
    assert dict(headers)["X-Content-Type-Options"] == "nosniff"
    assert "unsafe" not in dict(headers)["Content-Security-Policy"]


def test_only_a_live_page_runs_a_script_and_asks_for_more() -> None:
    assert {"script-src", "connect-src"}.isdisjoint(_policy(PAGE_HEADERS))
    assert _policy(LIVE_PAGE_HEADERS)["script-src"] == _policy(LIVE_PAGE_HEADERS)["connect-src"] == "'self'"
    assert dict(LIVE_PAGE_HEADERS)["Cache-Control"] == "no-store"


@pytest.mark.parametrize("is_live", [False, True])
def test_the_policy_names_the_page_s_one_style_by_its_hash(is_live: bool) -> None:
    root = root_with("Ham")
    pages = [render_page(root, [], language="en", live=live_page(root) if is_live else None)]
    pages += [] if is_live else [render_device_list([("Ham", "/ham/")])]
    for page in pages:
        (style,) = re.findall(rb"<style>(.*?)</style>", page, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(style).digest()).decode()
        assert _policy(LIVE_PAGE_HEADERS if is_live else PAGE_HEADERS)["style-src"] == f"'sha256-{digest}'"
        assert b" style=" not in page  # an attribute would need a hash of its own


def test_other_sites_cannot_load_the_script_or_the_state() -> None:
    for headers in (SCRIPT_HEADERS, STATE_HEADERS):
        assert dict(headers)["Cross-Origin-Resource-Policy"] == "same-origin"
        assert dict(headers)["X-Content-Type-Options"] == "nosniff"
        assert not any(name.startswith("Access-Control") for name, _ in headers)
