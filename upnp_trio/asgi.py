"""A device within a web server that speaks ASGI, such as uvicorn or hypercorn, or a framework on it.

>>> upnp = UpnpApp("http://{host}:8123/upnp")
>>> app.mount("/upnp", upnp)
>>> async with serve_device(RootDevice(...), http=upnp):
...     ...

The name is imported when it is first used.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from upnp_trio.mounted.asgi_app import UpnpApp

__all__ = ["UpnpApp"]


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from upnp_trio.mounted import asgi_app

    value = globals()[name] = getattr(asgi_app, name)
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
