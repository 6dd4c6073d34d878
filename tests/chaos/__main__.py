"""``python -m tests.chaos [--quick] [--output FOLDER]``: a chaos run; exit status 1 when a promise is broken."""

from __future__ import annotations

import argparse
import signal
import sys
from pathlib import Path
from typing import NoReturn

from tests.chaos.promises import judge
from tests.chaos.report import as_json, as_text
from tests.chaos.run import run, why_unavailable

SECONDS = 40.0
QUICK_SECONDS = 7.0
RESULTS = Path(__file__).parent / "results" / "local"


def _leave(number: int, frame: object) -> NoReturn:
    # once: a removal that has begun must be completed
    for each in (signal.SIGINT, signal.SIGTERM):
        signal.signal(each, signal.SIG_IGN)
    raise SystemExit(128 + number)


def main() -> int:
    """One run, printed and written down."""
    parser = argparse.ArgumentParser(prog="chaos", description="A device in the worst of networks.")
    parser.add_argument("--quick", action="store_true", help=f"{QUICK_SECONDS:g} s a phase, not {SECONDS:g}")
    parser.add_argument(
        "--share-cores",
        action="store_true",
        help="let the device compete with the load, and all else, for a core; without, it is scheduled in real time",
    )
    parser.add_argument("--output", type=Path, default=RESULTS, help="the folder for chaos.json")
    options = parser.parse_args()
    if problem := why_unavailable():
        parser.exit(2, f"chaos: {problem}\n")
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _leave)
    outcome = run(QUICK_SECONDS if options.quick else SECONDS, right_of_way=not options.share_cores)
    verdicts = judge(outcome)
    print(as_text(outcome, verdicts))
    options.output.mkdir(parents=True, exist_ok=True)
    (options.output / "chaos.json").write_text(as_json(outcome, verdicts))
    return int(any(not verdict.kept and verdict.promise.binding for verdict in verdicts))


if __name__ == "__main__":
    sys.exit(main())
