"""The header fields of the built-in page, its script and its state, which keep other sites out (CSP Level 3).

A page is of no use to another site: no site can frame it and lead a click onto a button in it (``frame-ancestors``),
nothing in it can load, run or submit anything else, and no script can be written into it. Its one style is named by
its hash. Referrer-Policy is ``same-origin`` and not ``no-referrer``, with which browsers may send ``Origin: null``.
"""

from __future__ import annotations

import base64
import hashlib

from upnp_trio.documents.page_style import LIVE_STYLE, STYLE

__all__ = ["LIVE_PAGE_HEADERS", "PAGE_HEADERS", "SCRIPT_HEADERS", "STATE_HEADERS"]

Headers = tuple[tuple[str, str], ...]

_NO_SNIFFING = ("X-Content-Type-Options", "nosniff")
# Not even as an image or a script can another site load what has this field (Fetch §3.6).
_OWN_SITE = ("Cross-Origin-Resource-Policy", "same-origin")


def _page(style: str, *more: str) -> Headers:
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policy = [
        "default-src 'none'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
        "img-src 'self'",
        f"style-src 'sha256-{digest}'",
        *more,
    ]
    return (
        ("Content-Security-Policy", "; ".join(policy)),
        _NO_SNIFFING,
        ("X-Frame-Options", "DENY"),  # for browsers that do not know frame-ancestors
        ("Referrer-Policy", "same-origin"),
    )


#: of a page without a script: a device without handlers, and the list of devices
PAGE_HEADERS = _page(STYLE)
#: of a page with state and forms, which is never stored, because its values are those of one moment
LIVE_PAGE_HEADERS = (*_page(LIVE_STYLE, "script-src 'self'", "connect-src 'self'"), ("Cache-Control", "no-store"))
#: of the page's script, which is asked for again each time, because a new release has another one
SCRIPT_HEADERS = (_NO_SNIFFING, _OWN_SITE, ("Cache-Control", "no-cache"))
#: of the state that the script asks for
STATE_HEADERS = (_NO_SNIFFING, _OWN_SITE, ("Cache-Control", "no-store"))
