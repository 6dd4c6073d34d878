"""A device within a web server that speaks WSGI, such as gunicorn or waitress, or a framework on it.

>>> upnp = UpnpApp("http://{host}:8123/upnp")
>>> app.wsgi_app = DispatcherMiddleware(app.wsgi_app, {"/upnp": upnp})
>>> with serve_in_thread(RootDevice(...), http=upnp):
...     ...

The name is imported when it is first used.
"""

from typing import TYPE_CHECKING

from upnp_trio import _import_on_use

if TYPE_CHECKING:
    from upnp_trio.mounted.wsgi_app import UpnpApp

__all__ = ["UpnpApp"]

if not TYPE_CHECKING:
    __getattr__, __dir__ = _import_on_use(globals(), {"upnp_trio.mounted.wsgi_app": __all__})
