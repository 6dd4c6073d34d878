"""How far searches may deviate from UDA and still be answered.

The default keeps to UDA: a multicast search without MX is not answered (UDA 2.0 §1.3.3), nor is one that no row
matches. Each profile is for clients that need more, and for those alone; several can be combined.

*windows*: Windows Explorer is reported to send searches without MX for the root device, under a name of its own
(Yortw/RSSDP #40, #67). It finds devices all the same, by their announcements and by its other searches.

*roku*: Roku's own guide to its External Control Protocol has a search for ``roku:ecp`` without MX, and remotes copy it
(sdkdocs.roku.com, External Control Guide). emulated_roku answers it as well. Other searches without MX get no answer.

*hue*: a Hue bridge answers whatever is searched for with its own rows, and so do diyHue and Home Assistant's
emulated_hue. Some of its clients rely on that, as they search for what no device is: ``libhue:idl`` (mzanetti/shine and
nymea, probonopd/ESP8266HueEmulator #43), whose MX is the text "%1" in shine, and ``SsdpSearch:all`` (Q42.HueApi,
SharpCaster, apps for Android). These two targets stand for ssdp:all. Others are not answered: clients that search for
a Roku or a Sonos player took Hue bridges for one (julianh2o/RokuAlexaLambdaSkill #7, SoCo #201).

An Echo, a Harmony hub and the Hue app need none of these: what they search for are rows of a bridge or of a switch
(WLED #3, fauxmo #38, falk0069/hue-upnp #1, diyHue #1).

An answer to a search without MX is spread over a second. It goes to an address that may be forged, as any answer does.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import attrs

__all__ = ["PROFILES", "UDA", "Profile", "combined"]


@attrs.frozen(kw_only=True)
class Profile:
    """What is answered beyond UDA's searches; targets are in lower case."""

    #: the MX, in seconds, of a multicast search that has none; ``None`` leaves it unanswered
    missing_mx: int | None = None
    #: that of a search for one of these targets
    missing_mx_of: Mapping[str, int] = attrs.field(factory=dict)
    #: by search target, the notification type whose rows it matches, under the name that was searched for
    aliases: Mapping[str, str] = attrs.field(factory=dict)
    #: by search target, another one that it stands for: it matches the same, under the names that the rows have
    stands_for: Mapping[str, str] = attrs.field(factory=dict)

    def mx_of(self, search_target: str) -> int | None:
        """The MX of a multicast search for *search_target* that has none."""
        return self.missing_mx_of.get(search_target.lower(), self.missing_mx)


UDA = Profile()
PROFILES = {
    "uda": UDA,
    "windows": Profile(missing_mx=1, aliases={"pnp:rootdevice": "upnp:rootdevice"}),
    "roku": Profile(missing_mx_of={"roku:ecp": 1}),
    "hue": Profile(
        missing_mx_of={"libhue:idl": 1},
        stands_for={"libhue:idl": "ssdp:all", "ssdpsearch:all": "ssdp:all"},
    ),
}


def combined(profiles: Iterable[Profile]) -> Profile:
    """A profile by which everything is answered that one of *profiles* answers."""
    missing_mx: int | None = None
    missing_mx_of: dict[str, int] = {}
    aliases: dict[str, str] = {}
    stands_for: dict[str, str] = {}
    for profile in profiles:
        missing_mx = profile.missing_mx if missing_mx is None else missing_mx
        missing_mx_of |= profile.missing_mx_of
        aliases |= profile.aliases
        stands_for |= profile.stands_for
    return Profile(missing_mx=missing_mx, missing_mx_of=missing_mx_of, aliases=aliases, stands_for=stands_for)
