"""Importing code that the command's words or a device file name."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from upnp_trio.documents.code import call, import_object, is_dotted_name, traceback_of
from upnp_trio.errors import CodeFailed, DescriptionError

pytestmark = pytest.mark.usefixtures("imports_undone")


def write(folder: Path, name: str, *lines: str) -> None:
    file = folder / name
    file.parent.mkdir(exist_ok=True)
    file.write_text("\n".join(lines), encoding="utf-8")


def failure(module: str, attribute: str, folder: Path) -> CodeFailed:
    with pytest.raises(CodeFailed) as caught:
        import_object(module, attribute, folder)
    return caught.value


def refusal(module: str, attribute: str, folder: Path) -> str:
    with pytest.raises(DescriptionError) as caught:
        import_object(module, attribute, folder)
    assert not isinstance(caught.value, CodeFailed)
    return str(caught.value)


# --- what is found -------------------------------------------------------------------------------------------------


def test_an_attribute_of_a_module_in_the_folder_is_found(tmp_path: Path) -> None:
    write(tmp_path, "ham.py", "class Slicer:", "    blade = 3")
    assert import_object("ham", "Slicer.blade", tmp_path) == 3


def test_a_module_of_a_package_is_found(tmp_path: Path) -> None:
    write(tmp_path, "shop/__init__.py")
    write(tmp_path, "shop/ham.py", "from . import price", "total = price.euros * 2")
    write(tmp_path, "shop/price.py", "euros = 4")
    assert import_object("shop.ham", "total", tmp_path) == 8


def test_what_the_folder_does_not_have_is_found_where_python_finds_it(tmp_path: Path) -> None:
    import json

    assert import_object("json", "dumps", tmp_path) is json.dumps


def test_the_folder_is_first_on_the_path_once_and_stays_there_for_later_imports(tmp_path: Path) -> None:
    write(tmp_path, "ham.py", "def later():", "    import price", "    return price.euros")
    write(tmp_path, "price.py", "euros = 4")
    later = import_object("ham", "later", tmp_path)
    import_object("ham", "later", tmp_path)
    assert sys.path[0] == str(tmp_path.resolve())
    assert sys.path.count(sys.path[0]) == 1
    assert callable(later)
    assert later() == 4


# --- what is not there ---------------------------------------------------------------------------------------------


def test_a_missing_module_and_a_missing_package_are_named(tmp_path: Path) -> None:
    assert refusal("nosuch", "x", tmp_path).startswith("there is no module 'nosuch' in ")
    assert refusal("nosuch.ham", "x", tmp_path).startswith("there is no module 'nosuch' in ")
    write(tmp_path, "shop/__init__.py")
    assert refusal("shop.ham", "x", tmp_path).startswith("there is no module 'shop.ham' in ")


def test_a_missing_attribute_is_named_with_the_one_that_was_meant(tmp_path: Path) -> None:
    write(tmp_path, "ham.py", "class Slicer:", "    blade = 3")
    assert refusal("ham", "Slicr", tmp_path) == "ham has no attribute 'Slicr'; did you mean 'Slicer'?"
    assert refusal("ham", "Slicer.blad", tmp_path) == "ham.Slicer has no attribute 'blad'; did you mean 'blade'?"
    assert refusal("ham", "zzz", tmp_path) == "ham has no attribute 'zzz'"


def test_a_module_of_the_same_name_from_elsewhere_is_refused(tmp_path: Path) -> None:
    for shop in ("one", "two"):
        write(tmp_path, f"{shop}/ham.py", f"shop = {shop!r}")
    assert import_object("ham", "shop", tmp_path / "one") == "one"
    message = refusal("ham", "shop", tmp_path / "two")
    assert repr(str(tmp_path / "two" / "ham.py")) in message
    assert repr(str(tmp_path / "one" / "ham.py")) in message


def test_a_file_with_the_name_of_a_module_of_python_is_refused(tmp_path: Path) -> None:
    write(tmp_path, "sys.py", "device = 1")
    assert "as a part of Python; rename the file" in refusal("sys", "device", tmp_path)


def test_a_module_that_exits_is_refused(tmp_path: Path) -> None:
    write(tmp_path, "ham.py", "import sys", "sys.exit(3)")
    assert refusal("ham", "x", tmp_path).startswith("importing ham ended with sys.exit(3); ")


# --- what fails ----------------------------------------------------------------------------------------------------


def test_a_failing_import_is_shown_from_the_module_on(tmp_path: Path) -> None:
    write(tmp_path, "ham.py", "import price")
    write(tmp_path, "price.py", "1 / 0")
    shown = traceback_of(failure("ham", "x", tmp_path))
    assert shown.startswith(f'Traceback (most recent call last):\n  File "{tmp_path}/ham.py", line 1, in <module>\n')
    assert f'  File "{tmp_path}/price.py", line 1, in <module>\n' in shown
    assert shown.endswith("\nZeroDivisionError: division by zero\n")
    assert shown.count("  File ") == 2


def test_a_module_that_lacks_another_is_not_taken_for_a_missing_one(tmp_path: Path) -> None:
    write(tmp_path, "ham.py", "import nosuch")
    error = failure("ham", "x", tmp_path)
    assert str(error) == "importing ham failed: ModuleNotFoundError: No module named 'nosuch'"
    assert traceback_of(error).count("  File ") == 1
    write(tmp_path, "again.py", "import again.price")  # its own name, and yet from within
    assert "is not a package" in str(failure("again", "x", tmp_path))


def test_a_syntax_error_is_shown_with_its_line_and_without_frames(tmp_path: Path) -> None:
    write(tmp_path, "ham.py", "x = = 1")
    shown = traceback_of(failure("ham", "x", tmp_path))
    assert shown.startswith(f'  File "{tmp_path}/ham.py", line 1\n')
    assert shown.endswith("SyntaxError: invalid syntax\n")


def test_an_error_of_ours_ends_where_it_was_called(tmp_path: Path) -> None:
    write(tmp_path, "ham.py", "from upnp_trio import Icon", "Icon(mimetype=3, width=1, height=1, depth=1, url='')")
    shown = traceback_of(failure("ham", "x", tmp_path))
    assert shown.count("  File ") == 1
    assert "upnp_trio.errors.DescriptionError: " in shown.splitlines()[-1]


def test_an_error_of_ours_does_not_show_how_we_found_it(tmp_path: Path) -> None:
    lines = ["from typing import Annotated", "from upnp_trio import ServiceHandler, StateVariable"]
    lines += ["class Ham(ServiceHandler, service_type='urn:x:service:Ham:1'):"]
    lines += ["    cold: Annotated[bool, StateVariable()] = 'yes'"]
    write(tmp_path, "ham.py", *lines)
    shown = traceback_of(failure("ham", "x", tmp_path))
    assert (shown.count("Traceback"), shown.count("  File ")) == (1, 1)
    assert "Ham.cold: it cannot start with 'yes': it is a boolean" in shown.splitlines()[-1]


def test_a_wrong_assignment_ends_where_it_is_written(tmp_path: Path) -> None:
    lines = ["from typing import Annotated", "from upnp_trio import ServiceHandler, StateVariable"]
    lines += ["class Ham(ServiceHandler, service_type='urn:x:service:Ham:1'):"]
    lines += ["    cold: Annotated[bool, StateVariable()] = True", "Ham().cold = 'yes'"]
    write(tmp_path, "ham.py", *lines)
    shown = traceback_of(failure("ham", "x", tmp_path))
    assert shown.count("  File ") == 1
    assert "line 5" in shown
    assert "Ham.cold cannot be 'yes': it is a boolean" in shown.splitlines()[-1]


def test_the_cause_of_an_error_is_shown_with_it(tmp_path: Path) -> None:
    write(tmp_path, "ham.py", "try:", "    1 / 0", "except Exception as error:", "    raise RuntimeError() from error")
    shown = traceback_of(failure("ham", "x", tmp_path))
    assert "ZeroDivisionError" in shown
    assert "direct cause" in shown


# --- calls ---------------------------------------------------------------------------------------------------------


async def later() -> int:
    return 3


def fail() -> int:
    raise ValueError("no ham")


def test_a_function_is_called_without_arguments() -> None:
    assert call(lambda: 3, "f") == 3


def test_a_function_that_needs_arguments_is_refused() -> None:
    with pytest.raises(DescriptionError, match=r"^f is called without arguments.*missing a required argument: 'x'"):
        call(lambda x: 3, "f")  # type: ignore[arg-type,misc]  # that is the mistake


def test_an_async_function_is_refused_and_not_called() -> None:
    with pytest.raises(DescriptionError, match=r"^later is async"):
        call(later, "later")


def test_a_function_that_fails_is_shown() -> None:
    with pytest.raises(CodeFailed, match=r"^calling fail failed: ValueError: no ham$") as caught:
        call(fail, "fail")
    assert traceback_of(caught.value).count("  File ") == 1


@pytest.mark.parametrize(("text", "is_one"), [("a", True), ("a.b", True), ("", False), ("a..b", False), ("1", False)])
def test_a_dotted_name_is_names_with_dots_between_them(text: str, is_one: bool) -> None:
    assert is_dotted_name(text) is is_one
