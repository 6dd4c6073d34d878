"""A deprecated name warns at the line that uses it, and no deprecation outlives the release that it names."""

from __future__ import annotations

import ast
import sys
import types
from collections.abc import Callable, Iterator
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import pytest
from packaging.version import Version

import upnp_trio
from upnp_trio.deprecation import Renamed, renamed_names

PACKAGE = Path(upnp_trio.__file__).parent
# as a module of the package would have it; its file's name says that it is one
SOURCE = """
from contextlib import asynccontextmanager
from upnp_trio.deprecation import Renamed, renamed_names, warn_deprecated

def send(ttl=None):
    if ttl is not None:
        warn_deprecated("the argument ttl of send", instead="hops", since="0.3", gone_in="0.6")

@asynccontextmanager
async def serve():
    send(ttl=2)
    yield

class New:
    pass

__path__ = []  # as a package has it: `from ... import` asks such a module twice
__getattr__ = renamed_names(__name__, {"Old": Renamed("New", since="0.3", gone_in="0.6")})
"""


class Example(types.ModuleType):
    """What `SOURCE` defines."""

    send: Callable[..., None]
    serve: Callable[[], AbstractAsyncContextManager[None]]
    New: type


@pytest.fixture
def example() -> Iterator[Example]:
    """A module of the package that has deprecated things."""
    module = Example("upnp_trio_example")
    sys.modules[module.__name__] = module
    exec(compile(SOURCE, str(PACKAGE / "example.py"), "exec"), module.__dict__)
    yield module
    del sys.modules[module.__name__]


def warned(record: pytest.WarningsRecorder) -> set[tuple[str, str]]:
    """The warnings: what they say, and the text of the line that they name."""
    return {
        (
            str(warning.message),
            Path(warning.filename).read_text(encoding="utf-8").splitlines()[warning.lineno - 1].strip(),
        )
        for warning in record
    }


def test_the_warning_says_since_when_until_when_and_what_to_use(example: Example) -> None:
    with pytest.warns(DeprecationWarning, match="deprecated since") as record:
        example.send(ttl=1)
    text = "the argument ttl of send is deprecated since upnp_trio 0.3 and will be gone in 0.6; use hops"
    assert warned(record) == {(text, "example.send(ttl=1)")}


async def test_a_context_manager_warns_at_its_with(example: Example) -> None:
    with pytest.warns(DeprecationWarning, match="deprecated since") as record:
        async with example.serve():
            pass
    assert {line for _, line in warned(record)} == {"async with example.serve():"}


def test_an_old_name_is_the_new_one_and_warns(example: Example) -> None:
    text = "upnp_trio_example.Old is deprecated since upnp_trio 0.3 and will be gone in 0.6; use upnp_trio_example.New"
    with pytest.warns(DeprecationWarning, match="deprecated since") as record:
        assert example.Old is example.New
    assert warned(record) == {(text, "assert example.Old is example.New")}
    with pytest.warns(DeprecationWarning, match="deprecated since") as record:
        from upnp_trio_example import Old  # type: ignore[import-not-found]
    assert Old is example.New
    (line,) = {line for _, line in warned(record)}
    assert line.startswith("from upnp_trio_example import Old")


def test_a_name_that_never_was_is_an_attribute_error(example: Example) -> None:
    with pytest.raises(AttributeError, match="module 'upnp_trio_example' has no attribute 'Older'"):
        print(example.Older)


def test_a_module_that_imports_its_names_on_use_has_old_ones_beside_them() -> None:
    look_up = renamed_names("upnp_trio", {"Root": Renamed("RootDevice", "0.3", "0.6")}, upnp_trio.__getattr__)
    assert look_up("Udn") is upnp_trio.Udn
    with pytest.warns(DeprecationWarning, match=r"upnp_trio\.Root is deprecated since"):
        assert look_up("Root") is upnp_trio.RootDevice
    with pytest.raises(AttributeError, match="'upnp_trio' has no attribute 'Rood'"):
        look_up("Rood")


def releases(source: str) -> list[tuple[Version, Version]]:
    """Since when and until when each deprecation in *source* lasts."""
    calls = (node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call))
    named = ({word.arg: word.value for word in call.keywords if isinstance(word.value, ast.Constant)} for call in calls)
    return [
        (Version(str(words["since"].value)), Version(str(words["gone_in"].value)))
        for words in named
        if {"since", "gone_in"} <= set(words)
    ]


def overdue(source: str, now: str) -> list[tuple[Version, Version]]:
    """The deprecations in *source* that should be gone in the release *now*, or that are shorter than promised.

    docs/project/versioning.md promises two further releases with new names; after 1.0, only a major release removes.
    """
    return [
        (since, gone_in)
        for since, gone_in in releases(source)
        if Version(now) >= gone_in
        or (since.major == gone_in.major and (since.major > 0 or gone_in.minor - since.minor < 3))
    ]


def test_what_is_overdue_or_too_short_is_found() -> None:
    assert len(releases(SOURCE)) == 2
    assert overdue(SOURCE, "0.5.9") == []
    assert len(overdue(SOURCE, "0.6.0")) == 2
    assert len(overdue(SOURCE.replace("0.6", "0.5"), "0.3.0")) == 2
    assert len(overdue(SOURCE.replace("0.3", "1.3").replace("0.6", "1.9"), "1.3.0")) == 2
    assert overdue(SOURCE.replace("0.3", "1.3").replace("0.6", "2.0"), "1.9.0") == []


def test_no_deprecation_is_overdue_or_too_short() -> None:
    found = {
        file: overdue(file.read_text(encoding="utf-8"), upnp_trio.__version__) for file in sorted(PACKAGE.rglob("*.py"))
    }
    assert {file: problems for file, problems in found.items() if problems} == {}
