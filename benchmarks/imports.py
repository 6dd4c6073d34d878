"""What each imported package costs when the device starts: `python -m benchmarks --imports`.

The device is started with Python's `-X importtime`, which writes a line for each module with the time that it took by
itself and the time with all that it imported. The lines written before the device's first answers are added up by
package. The measuring itself takes time, so the sums are larger than what the imports cost without it.
"""

from collections.abc import Callable, Iterable, Iterator
from operator import attrgetter
from pathlib import Path

import attrs

from benchmarks.devices import FLOOR, OURS, Device, find_devices
from benchmarks.testbed import Tools, open_testbed

PREFIX = "import time:"
LEAST_US = 1000  # what costs less is added up in one row
TOP_LEVEL = "top level"


@attrs.frozen(kw_only=True)
class Import:
    """One module: its own time in microseconds, and the module that was the first to import it.

    The importer is None for what Python imports on its own and what the program itself imports.
    """

    module: str
    self_us: int
    importer: str | None


@attrs.define(eq=False, kw_only=True)
class Sum:
    """The modules of one group, such as a package, and the first module outside it that needed it."""

    name: str
    importer: str
    self_us: int = 0
    modules: int = 0


def parse_import_times(lines: Iterable[str]) -> list[Import]:
    """Read the lines that `-X importtime` writes, among which others may stand.

    A module's line comes after those of the modules that it imported, which are indented deeper.
    """
    found: list[Import] = []
    waiting: list[tuple[int, int]] = []  # the depth and the index in `found` of modules whose importer is still to come
    for line in lines:
        if not line.startswith(PREFIX):
            continue
        self_us, _, name = line.removeprefix(PREFIX).split("|")
        if not self_us.strip().isdecimal():  # the heading
            continue
        depth, module = len(name) - len(name.lstrip()), name.strip()
        while waiting and waiting[-1][0] > depth:
            _, index = waiting.pop()
            found[index] = attrs.evolve(found[index], importer=module)
        waiting.append((depth, len(found)))
        found.append(Import(module=module, self_us=int(self_us), importer=None))
    return found


def package_of(module: str) -> str:
    """The first part of a module's name."""
    return module.partition(".")[0]


def add_up(imports: Iterable[Import], group: Callable[[str], str]) -> list[Sum]:
    """Add up the modules of each group, which `group` gives for a module's name; the most expensive group first."""
    sums: dict[str, Sum] = {}
    for each in imports:
        name = group(each.module)
        found = sums.setdefault(name, Sum(name=name, importer=TOP_LEVEL))
        found.self_us += each.self_us
        found.modules += 1
        if found.importer == TOP_LEVEL and each.importer is not None and group(each.importer) != name:
            found.importer = each.importer
    return sorted(sums.values(), key=attrgetter("self_us"), reverse=True)


def render_sums(sums: Iterable[Sum]) -> Iterator[str]:
    """Give a line for each group from `LEAST_US` on, one for the others, and one for all."""
    yield f"{'':42} {'ms':>6} {'modules':>8}  first imported by"
    others, total = Sum(name="(all others)", importer=""), Sum(name="(sum)", importer="")
    for each in sums:
        for into in (total, others) if each.self_us < LEAST_US else (total,):
            into.self_us += each.self_us
            into.modules += each.modules
        if each.self_us >= LEAST_US:
            yield _row(each)
    yield _row(others)
    yield _row(total)


def measure_imports(device: Device, tools: Tools) -> list[Import]:
    """Start `device`, which is a Python program, and give what it has imported by its first answers."""
    interpreter, *arguments = device.command
    with open_testbed(attrs.evolve(device, command=(interpreter, "-X", "importtime", *arguments)), tools) as testbed:
        return parse_import_times(testbed.device_output())


def print_imports(scratch: Path, tools: Tools) -> None:
    """Print what the packages cost that this project's device imports, and which of its own modules cost most."""
    devices = {device.name: device for device in find_devices(scratch)}
    plain = attrs.evolve(devices[OURS], command=devices[OURS].plain_command)
    for title, device in (
        (f"{OURS}, default device", plain),
        (f"{OURS}, device from a TOML file", devices[OURS]),
        (f"{FLOOR}, for comparison", devices[FLOOR]),
    ):
        imports = measure_imports(device, tools)
        print(
            f"{title}: packages imported before the first answers", *render_sums(add_up(imports, package_of)), sep="\n"
        )
        own = [each for each in imports if package_of(each.module) == OURS]
        if own:
            print(f"\n{title}: its own modules", *render_sums(add_up(own, str)), sep="\n")
        print()


def _row(row: Sum) -> str:
    return f"{row.name:42} {row.self_us / 1e3:>6.1f} {row.modules:>8}  {row.importer}".rstrip()
