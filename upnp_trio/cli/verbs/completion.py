"""``upnp-trio completion``: write a shell's completion script."""

from __future__ import annotations

import os
import shutil
import sys
from argparse import Namespace
from pathlib import Path
from typing import TYPE_CHECKING

from upnp_trio.cli.parsing import UsageError, add_help, make_parser, read_words
from upnp_trio.cli.statuses import DONE
from upnp_trio.cli.verbs import VERBS

if TYPE_CHECKING:
    from argparse import ArgumentParser
    from collections.abc import Callable, Sequence

    from upnp_trio.cli.output import Outputs

__all__ = ["SHELLS", "CompletionArguments", "parse", "parser", "runner"]

#: the script of each shell
SHELLS = {"bash": "bash.sh", "zsh": "zsh.sh", "fish": "fish.fish"}
SCRIPTS = Path(__file__).parents[1] / "completions"

DESCRIPTION = """\
Write the script that completes the words of upnp-trio with Tab: verbs,
options, files, interfaces, and the devices that search and describe have seen
lately, with their services, actions and arguments. Tab never asks the network.
"""
EXAMPLES = """\
examples:
  upnp-trio completion bash \\
      > ~/.local/share/bash-completion/completions/upnp-trio
  upnp-trio completion zsh > ~/.zfunc/_upnp-trio       (a folder of your fpath)
  upnp-trio completion fish > ~/.config/fish/completions/upnp-trio.fish
"""


class CompletionArguments(Namespace):
    """The words of ``upnp-trio completion``."""

    shell: str


def parser() -> ArgumentParser:
    """A parser without options of its own."""
    return add_help(make_parser(VERBS["completion"], description=DESCRIPTION, epilog=EXAMPLES))


def parse(words: Sequence[str]) -> CompletionArguments:
    """What *words* ask for; raises `UsageError` and `TextWanted`."""
    asked = CompletionArguments()
    shells = read_words(parser(), words, asked)
    if len(shells) != 1 or shells[0] not in SHELLS:
        raise UsageError(f"completion: name the shell: {', '.join(SHELLS)}")
    asked.shell = shells[0]
    return asked


def runner() -> Callable[[CompletionArguments, Outputs], int]:
    """The function that writes the script."""
    return write_script


def write_script(asked: CompletionArguments, outputs: Outputs) -> int:
    """Write the script; raises `OutputError`."""
    script = (SCRIPTS / SHELLS[asked.shell]).read_text(encoding="ascii")
    outputs.output.write(script.replace("@PROGRAM@", _program(asked.shell)))
    outputs.output.finish()
    return DONE


def _program(shell: str) -> str:
    """How a script calls this program, within double quotes.

    Its name is enough where the shell finds this very program by it; a virtual environment needs the path.
    """
    path, found = os.path.abspath(sys.argv[0]), shutil.which("upnp-trio")
    is_program = os.path.basename(path).startswith("upnp-trio")  # and not `python -m upnp_trio`
    if not is_program or (found is not None and os.path.samefile(found, path)) or not os.access(path, os.X_OK):
        return "upnp-trio"
    special = '\\"$' if shell == "fish" else '\\"$`!'
    return "".join(f"\\{character}" if character in special else character for character in path)
