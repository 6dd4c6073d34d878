"""A device in an asyncio program: the same as in a trio program, with handlers in the program's own loop.

>>> async with serve_device(RootDevice(...)) as running:
...     await asyncio.Event().wait()

The names are imported when they are first used.
"""

from typing import TYPE_CHECKING

from upnp_trio import _import_on_use

if TYPE_CHECKING:
    from upnp_trio.bridging.asyncio_serving import EventStream, Running, serve_device, serve_devices

__all__ = ["EventStream", "Running", "serve_device", "serve_devices"]

if not TYPE_CHECKING:
    __getattr__, __dir__ = _import_on_use(globals(), {"upnp_trio.bridging.asyncio_serving": __all__})
