"""How far searches may deviate from UDA and still be answered.

The default keeps to UDA: a multicast search without MX is not answered (UDA 2.0 §1.3.3). Its answer could only be sent
at once, together with those of every other device, to an address that may be forged. Windows Explorer is reported to
send such searches for the root device, under a name of its own (Yortw/RSSDP #40, #67). It finds devices all the same,
by their announcements and by its other searches. Answering these searches gives up UDA's rule, so it is a choice.
"""

from __future__ import annotations

from collections.abc import Mapping

import attrs

__all__ = ["PROFILES", "UDA", "Profile"]


@attrs.frozen(kw_only=True)
class Profile:
    """What is answered beyond UDA's searches."""

    #: the MX, in seconds, of a multicast search that has none; ``None`` leaves it unanswered
    missing_mx: int | None = None
    #: by search target in lower case, the notification type whose rows it matches
    aliases: Mapping[str, str] = attrs.field(factory=dict)


UDA = Profile()
PROFILES = {
    "uda": UDA,
    "windows": Profile(missing_mx=1, aliases={"pnp:rootdevice": "upnp:rootdevice"}),
}
