"""A device in a program without an event loop, such as a Flask application or one with a window.

>>> with serve_in_thread(RootDevice(...)) as running:
...     app.run()

The names are imported when they are first used.
"""

from typing import TYPE_CHECKING

from upnp_trio import _import_on_use

if TYPE_CHECKING:
    from upnp_trio.bridging.thread_serving import EventIterator, Running, serve_devices_in_thread, serve_in_thread

__all__ = ["EventIterator", "Running", "serve_devices_in_thread", "serve_in_thread"]

if not TYPE_CHECKING:
    __getattr__, __dir__ = _import_on_use(globals(), {"upnp_trio.bridging.thread_serving": __all__})
