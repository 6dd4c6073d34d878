"""A thousand starts and cancels in one process, with real sockets: nothing is left of any of them."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

import pytest

from tests.network.churning import Resources
from tests.network.served import REPOSITORY

if TYPE_CHECKING:
    from tests.network.scenes import Pair

pytestmark = pytest.mark.interop

STARTS = 1000


def test_a_thousand_starts_and_cancels_leave_no_task_descriptor_warning_or_growth(pair: Pair) -> None:
    command = [sys.executable, "-W", "error", "-m", "tests.network.churning", str(STARTS)]
    ended = pair.device.run(*command, cwd=REPOSITORY)
    assert (ended.returncode, ended.stderr) == (0, "")
    resources = json.loads(ended.stdout)
    before, after = Resources(**resources["before"]), Resources(**resources["after"])
    assert after.tasks == before.tasks
    assert after.descriptors == before.descriptors
    # much less than one object, or 4 KiB, for each start
    assert after.objects < before.objects + STARTS // 2
    assert after.own_kib < before.own_kib + 4 * STARTS
