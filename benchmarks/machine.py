"""The machine and the software that the figures were measured on, without host name, paths or anything personal."""

import os
import platform
import re
import subprocess
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.devices import REPOSITORY


def describe_machine() -> dict[str, str]:
    """Date, CPU, cores, kernel, Python and this repository's revision, each as text."""
    kernel = re.match(r"[\d.]+", platform.release())
    return {
        "date": datetime.now(UTC).date().isoformat(),
        "cpu": _cpu_model(),
        "cores": str(os.cpu_count()),
        "kernel": f"{platform.system()} {kernel[0] if kernel else 'unknown'}",
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "revision": _revision(),
    }


def _cpu_model() -> str:
    model = re.search(r"^model name\s*:\s*(.+)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    return model[1].strip() if model else platform.machine()


def _revision() -> str:
    try:
        described = subprocess.run(
            ["git", "describe", "--always", "--dirty"],
            cwd=REPOSITORY,
            check=True,
            capture_output=True,
            text=True,
            timeout=10,
        )
    except (OSError, subprocess.SubprocessError):
        return "unknown"
    return described.stdout.strip()
