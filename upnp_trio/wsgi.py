"""A device within a web server that speaks WSGI, such as gunicorn or waitress, or a framework on it.

>>> upnp = UpnpApp("http://{host}:8123/upnp")
>>> app.wsgi_app = DispatcherMiddleware(app.wsgi_app, {"/upnp": upnp})
>>> with serve_in_thread(RootDevice(...), http=upnp):
...     ...

The name is imported when it is first used.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from upnp_trio.mounted.wsgi_app import UpnpApp

__all__ = ["UpnpApp"]


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from upnp_trio.mounted import wsgi_app

    value = globals()[name] = getattr(wsgi_app, name)
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
