"""A device in an asyncio program: the same as in a trio program, with handlers in the program's own loop.

>>> async with serve_device(RootDevice(...)) as running:
...     await asyncio.Event().wait()

The names are imported when they are first used.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from upnp_trio.bridging.asyncio_serving import EventStream, Running, serve_device, serve_devices

__all__ = ["EventStream", "Running", "serve_device", "serve_devices"]


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from upnp_trio.bridging import asyncio_serving

    value = globals()[name] = getattr(asyncio_serving, name)
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
