"""The renderer of examples/ is one for Home Assistant's control point, which drives it by calls and events."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.network.served import EXAMPLES

if TYPE_CHECKING:
    from tests.network.scenes import Pair, Serve

pytestmark = pytest.mark.interop

SCRIPT = Path(__file__).parent / "drive_renderer.py"


def test_a_control_point_plays_pauses_and_stops(pair: Pair, serve: Serve) -> None:
    served = serve(pair.device, f"{EXAMPLES / 'media_renderer.py'}:device")
    done = pair.asker.run(sys.executable, str(SCRIPT), served.location, pair.asker_address)
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout) == {
        "is_renderer": True,
        "sinks": 9,
        "at_first": ["NO_MEDIA_PRESENT", False],
        "playing": ["Song", True, True],
        "at_last": ["STOPPED", "http://192.0.2.9/song.mp3"],
    }
