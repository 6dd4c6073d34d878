"""Outputs that note what is written, and when by trio's clock."""

from __future__ import annotations

import trio

from upnp_trio.cli.output import Output, Outputs

__all__ = ["NotedOutput", "noted_outputs"]


class NotedOutput(Output):
    """An output in memory, which may pass for a terminal."""

    def __init__(self, *, is_terminal: bool = False) -> None:
        super().__init__(None)
        self._is_terminal = is_terminal
        #: each text with the time of its writing, which is 0 outside of trio
        self.texts: list[tuple[float, str]] = []

    def write(self, text: str) -> int:
        self.texts.append((trio.current_time() if trio.lowlevel.in_trio_run() else 0.0, text))
        return len(text)

    def finish(self) -> None:
        """Nothing waits."""

    @property
    def lines(self) -> list[str]:
        """All lines that were written."""
        return "".join(text for _, text in self.texts).splitlines()


def noted_outputs(*, is_terminal: bool = False) -> tuple[Outputs, NotedOutput, NotedOutput]:
    """Standard output and standard error together, and each alone; the first is a terminal if *is_terminal*."""
    outputs, output, errors = Outputs(None, None), NotedOutput(is_terminal=is_terminal), NotedOutput()
    outputs.output, outputs.errors = output, errors
    return outputs, output, errors
