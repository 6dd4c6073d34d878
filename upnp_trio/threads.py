"""A device in a program without an event loop, such as a Flask application or one with a window.

>>> with serve_in_thread(RootDevice(...)) as running:
...     app.run()

The names are imported when they are first used.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from upnp_trio.bridging.thread_serving import EventIterator, Running, serve_devices_in_thread, serve_in_thread

__all__ = ["EventIterator", "Running", "serve_devices_in_thread", "serve_in_thread"]


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from upnp_trio.bridging import thread_serving

    value = globals()[name] = getattr(thread_serving, name)
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
