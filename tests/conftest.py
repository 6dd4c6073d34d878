"""What holds for all tests."""

from __future__ import annotations

from hypothesis import settings

# Trees of devices take long to draw on a busy machine; pytest-timeout watches over the whole instead.
settings.register_profile("upnp_trio", deadline=None)
settings.load_profile("upnp_trio")
