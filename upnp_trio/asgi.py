"""A device within a web server that speaks ASGI, such as uvicorn or hypercorn, or a framework on it.

>>> upnp = UpnpApp("http://{host}:8123/upnp")
>>> app.mount("/upnp", upnp)
>>> async with serve_device(RootDevice(...), http=upnp):
...     ...

The name is imported when it is first used.
"""

from typing import TYPE_CHECKING

from upnp_trio import _import_on_use

if TYPE_CHECKING:
    from upnp_trio.mounted.asgi_app import UpnpApp

__all__ = ["UpnpApp"]

if not TYPE_CHECKING:
    __getattr__, __dir__ = _import_on_use(globals(), {"upnp_trio.mounted.asgi_app": __all__})
