"""What ``upnp-trio --help`` shows: every verb."""

from __future__ import annotations

from upnp_trio.cli.verbs import VERBS

__all__ = ["overview"]

START = """\
usage: upnp-trio [VERB] [OPTIONS] [WORD]...

UPnP devices on your network, from both sides: serve them, find them, use them.
Without a verb it is serve: a default device until Ctrl-C.
"""
END = """\
upnp-trio VERB --help shows the options of a verb, and examples.
"""


def overview() -> str:
    """The verbs with what they do, one on each line."""
    shown = [verb for verb in VERBS.values() if not verb.is_hidden]
    width = max(len(verb.name) for verb in shown)
    lines = "".join(f"  {verb.name:<{width}}  {verb.summary}\n" for verb in shown)
    return f"{START}\n{lines}\n{END}"
