"""A stand-in for the recipe's base image where no registry can be reached: this system's Python, shell and libraries.

It is made of files that are here, so that a build in it needs no network. What only the real base has, such as its
version of Python, is tried by the workflow that can fetch it.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

__all__ = ["make_base"]

#: parts of the standard library that no build needs, and what this system has installed beside it
LEFT_OUT = ("__pycache__", "site-packages", "dist-packages", "test", "tests", "idlelib", "tkinter", "_tkinter*", "*.a")
#: where Debian keeps the pip that `venv` puts into environments
WHEELS = Path("/usr/share/python-wheels")
RECIPE = """FROM scratch
COPY root/ /
ENV PATH=/usr/local/bin:/usr/bin:/bin LANG=C.UTF-8
CMD ["python"]
"""


def make_base(folder: Path) -> None:
    """Put the root's files and a recipe into *folder*."""
    root = folder / "root"
    python = Path(os.path.realpath(getattr(sys, "_base_executable", sys.executable)))
    stdlib = Path(sysconfig.get_path("stdlib"))
    shutil.copytree(stdlib, _inside(root, stdlib), ignore=shutil.ignore_patterns(*LEFT_OUT))
    if WHEELS.is_dir():
        shutil.copytree(WHEELS, _inside(root, WHEELS))
    shell, install = Path("/bin/sh").resolve(), Path("/usr/bin/install")
    modules = [file for file in (stdlib / "lib-dynload").glob("*.so") if not file.match("_tkinter*")]
    for file in {python, shell, install, *_libraries(python, shell, install, *modules)}:
        _inside(root, file).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(file, _inside(root, file))
    for name, target in (("bin/sh", shell), ("usr/local/bin/python", python)):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).symlink_to(target)
    (root / "tmp").mkdir()
    (root / "tmp").chmod(0o1777)
    (root / "etc").mkdir(exist_ok=True)
    (root / "etc/passwd").write_text("root:x:0:0:root:/tmp:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n")
    (folder / "Containerfile").write_text(RECIPE)


def _inside(root: Path, path: Path) -> Path:
    return root / str(path).lstrip("/")


def _libraries(*programs: Path) -> set[Path]:
    """What the dynamic loader would load for them, itself included."""
    done = subprocess.run(["ldd", *map(str, programs)], capture_output=True, text=True, timeout=60, check=True)
    return {Path(name) for name in re.findall(r"(?:=> |^\t)(/\S+) \(0x", done.stdout, re.MULTILINE)}
