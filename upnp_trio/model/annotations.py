"""Reads the annotations of a program's classes and functions, which from Python 3.14 on may not be evaluated yet.

Before, Python has evaluated an annotation where it stands, or keeps it as text (``from __future__ import
annotations``). From 3.14 on, the first reader evaluates all those of a class or function at once. That fails if one of
them has the name of the class itself, which is still being made, or a name that is imported for type checkers alone.
Then all of them are given as text. The caller can evaluate those that it needs, with the names that it knows, and say
which one fails.
"""

from __future__ import annotations

import inspect
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["annotations_of", "signature_of"]

if sys.version_info >= (3, 14):
    from annotationlib import Format

    def annotations_of(cls: type) -> dict[str, object]:
        """The annotations of *cls* itself, without those of its bases."""
        try:
            return inspect.get_annotations(cls)
        except Exception:  # whatever the code of an annotation raises
            return {**inspect.get_annotations(cls, format=Format.STRING)}

    def signature_of(function: Callable[..., object]) -> inspect.Signature:
        """The signature of *function*; raises `TypeError` and `ValueError` as `inspect.signature` does."""
        try:
            return inspect.signature(function)
        except Exception:  # also that of an annotation; where it is another one, it is raised again
            return inspect.signature(function, annotation_format=Format.STRING)

else:

    def annotations_of(cls: type) -> dict[str, object]:
        """The annotations of *cls* itself, without those of its bases."""
        return inspect.get_annotations(cls)

    def signature_of(function: Callable[..., object]) -> inspect.Signature:
        """The signature of *function*; raises `TypeError` and `ValueError` as `inspect.signature` does."""
        return inspect.signature(function)
