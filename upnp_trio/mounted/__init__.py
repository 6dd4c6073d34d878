"""Serving within a web server of the program: what `upnp_trio.asgi` and `upnp_trio.wsgi` have in common."""
