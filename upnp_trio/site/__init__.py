"""What the HTTP server answers: a request in, a response out (UDA 2.0 §2.11, §3.2, §5)."""

from upnp_trio.site.site import Site

__all__ = ["Site"]
