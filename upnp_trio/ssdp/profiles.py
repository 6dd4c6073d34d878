"""How far searches may stray from UDA and still be answered.

The default keeps UDA: a multicast search without MX is dropped in silence (UDA 2.0 §1.3.3), as its answer could only
be sent at once, together with those of every other device, to an address that the asker may have forged. Windows
Explorer is reported to search so, for the root device by a name of its own (Yortw/RSSDP #40, #67); it finds devices
all the same by their announcements and by its other searches. Who wants these searches answered gives up that rule,
so it is a choice.
"""

from __future__ import annotations

from collections.abc import Mapping

import attrs

__all__ = ["PROFILES", "UDA", "Profile"]


@attrs.frozen(kw_only=True)
class Profile:
    """What is answered beyond UDA."""

    #: the MX, in seconds, of a multicast search that has none; ``None`` leaves it unanswered
    missing_mx: int | None = None
    #: by search target in lower case, the notification type that it means
    aliases: Mapping[str, str] = attrs.field(factory=dict)


UDA = Profile()
PROFILES = {
    "uda": UDA,
    "windows": Profile(missing_mx=1, aliases={"pnp:rootdevice": "upnp:rootdevice"}),
}
