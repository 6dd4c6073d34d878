"""The parts of the benchmark: each measures a device in one way and has tables for its figures."""

from benchmarks.parts.calling import CALLING
from benchmarks.parts.fairness import FAIRNESS
from benchmarks.parts.fetching import FETCHING
from benchmarks.parts.highest import HIGHEST
from benchmarks.parts.many import MANY
from benchmarks.parts.memory import MEMORY
from benchmarks.parts.notifying import NOTIFYING
from benchmarks.parts.part import Column, Outcome, Part, Step, Table
from benchmarks.parts.searching import SEARCHING
from benchmarks.parts.starting import STARTING
from benchmarks.parts.storming import STORMING
from benchmarks.parts.unicast import UNICAST

__all__ = ["PARTS", "Column", "Outcome", "Part", "Step", "Table"]

PARTS = (HIGHEST, SEARCHING, UNICAST, FETCHING, CALLING, NOTIFYING, STARTING, MEMORY, STORMING, FAIRNESS, MANY)
