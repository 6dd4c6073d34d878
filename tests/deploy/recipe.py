"""deploy/Containerfile, read as instructions in stages."""

from __future__ import annotations

import json
import re
from pathlib import Path

import attrs

__all__ = ["CONTAINERFILE", "ROOT", "STAGES", "Instruction", "Stage", "last"]

ROOT = Path(__file__).parents[2]
CONTAINERFILE = ROOT / "deploy/Containerfile"


@attrs.frozen
class Instruction:
    """One instruction: its word, its options such as ``--from=build``, and the rest as it is written."""

    word: str
    options: tuple[str, ...]
    rest: str

    @property
    def words(self) -> list[str]:
        """The list in JSON that it consists of, or else its words."""
        if self.rest.startswith("["):
            words: list[str] = json.loads(self.rest)
            return words
        return self.rest.split()


@attrs.frozen
class Stage:
    """What one FROM begins."""

    base: str
    name: str
    instructions: tuple[Instruction, ...]

    def all(self, word: str) -> list[Instruction]:
        """The instructions with this word."""
        return [instruction for instruction in self.instructions if instruction.word == word]


def last(stage: Stage, word: str) -> Instruction:
    """The only instruction with this word."""
    (found,) = stage.all(word)
    return found


def read(text: str) -> list[Stage]:
    """The stages of a recipe."""
    without_comments = re.sub(r"^#.*\n", "", text, flags=re.MULTILINE)
    lines = [line.strip() for line in re.sub(r" *\\\n *", " ", without_comments).splitlines() if line.strip()]
    stages: list[Stage] = []
    for line in lines:
        word, _, rest = line.partition(" ")
        if word == "FROM":
            base, _, name = rest.partition(" AS ")
            stages.append(Stage(base, name, ()))
            continue
        matched = re.match(r"((?:--\S+ )*)(.*)$", rest)
        assert matched is not None
        instruction = Instruction(word, tuple(matched[1].split()), matched[2])
        stages[-1] = attrs.evolve(stages[-1], instructions=(*stages[-1].instructions, instruction))
    return stages


STAGES = read(CONTAINERFILE.read_text(encoding="utf-8"))
