"""The text of the README and of SECURITY.md. tests/docs runs their code blocks."""

from __future__ import annotations

import re
import tomllib

from tests.docs.blocks import ROOT, blocks, page, prose

README = page("README.md")


def test_the_first_two_commands_run_it_and_test_it() -> None:
    run, test = [block.text for block in blocks("sh") if block.page == "README.md"]
    assert run == "python3 -m venv .venv && .venv/bin/pip install . && .venv/bin/python -m upnp_trio\n"
    assert test == "python3 -m venv .venv && .venv/bin/pip install nox && .venv/bin/nox\n"
    assert (ROOT / ".ci" / "run").read_text(encoding="utf-8").endswith(test)


def programs() -> list[str]:
    return [block.text for block in blocks("python") if block.page == "README.md"]


def test_a_light_is_found_and_switched_in_ten_lines() -> None:
    program, _ = programs()
    assert len([line for line in program.splitlines() if line]) <= 10


def test_the_light_has_twelve_lines() -> None:
    _, program = programs()
    deeds = program[program.index("class ") : program.index("light = ")]
    service = program[program.index("    async with") : program.index("trio.run")]
    assert [len([line for line in part.splitlines() if line]) for part in (deeds, service)] == [9, 3]


def test_a_newcomer_reads_it_in_four_minutes() -> None:
    text = prose("README.md")
    figures = text.partition("<!-- figures: written by --readme -->")[2].partition("<!-- end of figures -->")[0]
    assert figures, "the place for the benchmarks' figures is gone"
    read = re.sub(r"\]\([^)]*\)", "]", text.replace(figures, ""))  # nobody reads where a link leads
    assert len(re.findall(r"\w+", read)) < 250 * 4
    assert sum(block.text.count("\n") for block in blocks() if block.page == "README.md") < 80


def test_the_lowest_python_is_the_one_that_is_required() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert f"({project['requires-python'].removeprefix('>=')} or newer)" in README


def test_tests_and_files_that_security_md_names_exist() -> None:
    text = page("SECURITY.md")
    rules = re.findall(r"^\| H(\d+) \|", text, re.MULTILINE)
    assert rules == [str(number) for number in range(1, len(rules) + 1)]
    assert len(rules) >= 18
    named = re.findall(r"`((?:tests/)?[\w/]+\.py)(?:::(\w+))?`", text)
    assert len(named) > 20
    for file, test in named:
        path = ROOT / file if file.startswith("tests/") else ROOT / "tests" / file
        assert path.is_file(), file
        assert f"def {test}" in path.read_text(encoding="utf-8"), test
