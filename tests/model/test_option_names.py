"""The names of options."""

from __future__ import annotations

from typing import Any

import pytest
import trio

from upnp_trio import RootDevice, serve_device
from upnp_trio.controlpoint import open_control_point
from upnp_trio.model.option_names import require_options
from upnp_trio.server.options import Settings

BASIC = RootDevice(
    device_type="urn:schemas-upnp-org:device:Basic:1", friendly_name="Basic", manufacturer="Example", model_name="B"
)


def test_every_option_has_its_name() -> None:
    require_options(["interfaces", "port", "http", "utcnow"], Settings)


def test_a_mistyped_option_is_refused_with_the_one_that_is_meant() -> None:
    with pytest.raises(TypeError, match=r"^there is no option 'prot'; did you mean port\?$"):
        require_options(["ipv6", "prot"], Settings)


def test_devices_and_control_points_refuse_it_alike() -> None:
    wrong: dict[str, Any] = {"interface": ["lo"]}

    async def serve() -> None:
        async with serve_device(BASIC, **wrong):
            pytest.fail("there is no such option")

    async def control() -> None:
        async with open_control_point(**wrong):
            pytest.fail("there is no such option")

    for main in (serve, control):
        with pytest.raises(TypeError, match=r"^there is no option 'interface'; did you mean interfaces\?$"):
            trio.run(main)
