"""`python -m tests.fuzz`: each harness for a bounded time, from its seeds and the inputs that earlier runs kept."""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

from tests.fuzz.harnesses import HARNESSES, seeds

FOLDER = Path(__file__).parent
SECONDS = 60
# Larger inputs are slower and reach no other code: a datagram is read up to 4 KiB, and the limits have other tests.
MAX_BYTES = 4096
# An input that takes longer blocks the device's only thread; most take a millisecond.
SLOW_SECONDS = 5
MAX_MEMORY_MIB = 1024


def main() -> int:
    """Fuzz; exit 0 if nothing was found, 1 if something was, 2 on wrong usage."""
    options = _options()
    if options.replay:
        return _replay(options.harnesses, options.replay)
    found = [name for name in options.harnesses if not _run(name, options.seconds, options.work)]
    if found:
        print(f"\nfound something: {', '.join(found)}; the inputs are in {options.work}, `--replay` runs one again")
    return 1 if found else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m fuzz", description="Fuzz what a stranger's bytes reach.")
    # no `choices`: argparse would check the default of nargs="*" against them
    parser.add_argument("harnesses", nargs="*", metavar="HARNESS", help=f"which (default: all): {', '.join(HARNESSES)}")
    parser.add_argument("--seconds", type=_seconds, default=SECONDS, help=f"for each harness (default: {SECONDS})")
    parser.add_argument("--work", type=Path, default=Path(".fuzz"), help="where corpora and findings are kept")
    parser.add_argument("--replay", type=Path, metavar="FILE", help="run one input through the named harness instead")
    options = parser.parse_args()
    if unknown := set(options.harnesses) - set(HARNESSES):
        parser.error(f"no harness {', '.join(sorted(unknown))}; there are {', '.join(HARNESSES)}")
    if options.replay and len(options.harnesses) != 1:
        parser.error("--replay wants the name of one harness")
    options.harnesses = options.harnesses or list(HARNESSES)
    return options


def _seconds(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 86400:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of seconds from 1 to 86400")
    return int(text)


def _replay(harnesses: list[str], file: Path) -> int:
    (name,) = harnesses
    HARNESSES[name](file.read_bytes())
    print(f"{file}: nothing wrong")
    return 0


def _run(name: str, seconds: int, work: Path) -> bool:
    """Whether *name* ran for its time without a finding."""
    corpus, findings = work / name / "corpus", work / name / "findings"
    for folder in (corpus, findings):
        folder.mkdir(parents=True, exist_ok=True)
    print(f"\n--- {name}: {seconds} s from {len(seeds(name))} seeds", flush=True)
    command = [sys.executable, "-m", "tests.fuzz.engine", name]
    limits = [
        f"-max_total_time={seconds}",
        f"-max_len={MAX_BYTES}",
        f"-timeout={SLOW_SECONDS}",
        f"-rss_limit_mb={MAX_MEMORY_MIB}",
        f"-dict={FOLDER / 'tokens.dict'}",
        f"-artifact_prefix={findings}/",
        "-print_final_stats=1",
    ]
    # libFuzzer adds what is new to the first folder
    return subprocess.run([*command, *limits, corpus, FOLDER / "corpus" / name], check=False).returncode == 0


if __name__ == "__main__":
    sys.exit(main())
