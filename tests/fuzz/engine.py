"""One harness under Atheris in its own process: ``python -m tests.fuzz.engine HARNESS [LIBFUZZER-ARGUMENT]...``."""

from __future__ import annotations

import sys
import traceback

import atheris

# the code under test; instrumenting the rest (trio, the standard library) would only slow it down
with atheris.instrument_imports(include=["upnp_trio", "h11"], enable_loader_override=False):
    from tests.fuzz.harnesses import HARNESSES


def main() -> None:
    """Fuzz until libFuzzer's limits or its first finding; Atheris ends the process itself."""
    fuzz_one = HARNESSES[sys.argv.pop(1)]

    def fuzz_one_and_report(data: bytes) -> None:
        try:
            fuzz_one(data)
        except BaseException:
            traceback.print_exc()  # Atheris does not show what is in an exception group
            raise

    atheris.Setup(sys.argv, fuzz_one_and_report)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
