"""The handlers of services that a device file names: ``handler = "lamp:SwitchPower"``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from upnp_trio.documents.code import call, check_links, import_object, is_dotted_name
from upnp_trio.errors import DescriptionError
from upnp_trio.model.handler import SupportsAsService

if TYPE_CHECKING:
    from upnp_trio.documents.folder import Folder
    from upnp_trio.model.device import Service

__all__ = ["service_of_handler"]


def service_of_handler(reference: object, folder: Folder) -> Service:
    """The service of the handler that *reference* names, in a module of *folder* or an installed one.

    It names a class, whose instance is the handler, a handler, or a function without arguments that returns one.
    Raises `DescriptionError`, and `CodeFailed` if the code raises an exception.
    """
    module, _, attribute = reference.partition(":") if isinstance(reference, str) else ("", "", "")
    if not is_dotted_name(module) or not is_dotted_name(attribute):
        raise DescriptionError(f"the handler is {reference!r}; write module:class, such as 'lamp:SwitchPower'")
    try:
        check_links(module, folder.path)
        found = import_object(module, attribute, folder.path)
        if callable(found) and (isinstance(found, type) or not isinstance(found, SupportsAsService)):
            found = call(found, f"{module}:{attribute}")
    except DescriptionError as error:  # a `CodeFailed` stays one, with its cause
        hint = f"; write {module[:-3]}:{attribute}" if module.endswith(".py") else ""
        raise type(error)(f"the handler {reference!r}: {error}{hint}") from error.__cause__
    if not isinstance(found, SupportsAsService):
        raise DescriptionError(f"the handler {reference!r} is {found!r}; it must be a ServiceHandler")
    return found.as_service()
