"""Control points that a test drives: programs that read commands as lines of JSON and answer with lines of JSON."""

from __future__ import annotations

import json
import re
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs

from tests.network.processes import PATIENCE_SECONDS, Program

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

    from tests.network.namespaces import Namespace

__all__ = ["ControlPoint", "open_async_control_point", "open_control_point"]

HERE = Path(__file__).parent


@attrs.frozen(eq=False)
class ControlPoint:
    """A running control point."""

    program: Program

    def ask(self, command: str, **arguments: object) -> Any:  # noqa: ANN401  # whatever JSON carries
        """Let it carry out *command*; returns what came of it."""
        before = len(self._lines("reply"))
        self.program.write_line(json.dumps([command, arguments]))
        self.program.wait_until(lambda _: len(self._lines("reply")) > before, f"the reply to {command} {arguments}")
        return json.loads(self._lines("reply")[before])

    def events(self) -> list[tuple[str, dict[str, str]]]:
        """The events so far: the service, and the variables in it."""
        return [(service, values) for service, values in map(json.loads, self._lines("event"))]

    def wait_for_events(
        self,
        enough: Callable[[list[tuple[str, dict[str, str]]]], bool],
        what: str,
        seconds: float = PATIENCE_SECONDS,
    ) -> list[tuple[str, dict[str, str]]]:
        """The events as soon as they are *enough*."""
        self.program.wait_until(lambda _: enough(self.events()), what, seconds)
        return self.events()

    def wait_for_event(self, service: str, values: dict[str, str]) -> None:
        """Wait for an event of *service* with exactly *values*."""
        self.wait_for_events(lambda events: (service, values) in events, f"the event {values}")

    def wait_for_count(self, count: int) -> None:
        """Wait until it has *count* events."""
        self.wait_for_events(lambda events: len(events) >= count, f"event {count}")

    def _lines(self, kind: str) -> list[str]:
        return re.findall(rf"^{kind} (.*)$", self.program.output, re.MULTILINE)


@contextmanager
def open_control_point(host: Namespace, *command: str, warnings: str = "") -> Iterator[ControlPoint]:
    """A control point on *host*, once it has found its device; it may warn of what the pattern *warnings* matches."""
    with Program(host.command(*command)) as program:
        program.wait_for("^ready")
        yield ControlPoint(program)
        program.close_input()
        assert program.wait() == 0, program.errors
        errors = [line for line in program.errors.splitlines() if line and not (warnings and re.search(warnings, line))]
        assert errors == []


def open_async_control_point(host: Namespace, url: str, address: str) -> AbstractContextManager[ControlPoint]:
    """async_upnp_client's library on *host*, with the device at *url*; it receives events at *address*."""
    return open_control_point(host, sys.executable, str(HERE / "async_control_point.py"), url, address)
