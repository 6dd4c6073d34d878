"""A root device that is served, as one value: what is published of it, what is announced, and its identity."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from upnp_trio.documents.publication import Publication, publish
from upnp_trio.server.identity import server_token
from upnp_trio.ssdp.advertisements import AdvertisedRoot, advertisements
from upnp_trio.ssdp.schedule import DEFAULT_MAX_AGE

if TYPE_CHECKING:
    from collections.abc import Callable

    from upnp_trio.model.device import RootDevice
    from upnp_trio.ssdp.advertisements import Advertisement

__all__ = ["ServedDevice", "served_device"]


@attrs.frozen(kw_only=True, eq=False, repr=False)
class ServedDevice:
    """All that is served of one root device, made from its description by `served_device`."""

    #: what HTTP serves: the documents, pages and pictures, each at its path
    published: Publication
    #: what SSDP announces and answers searches with
    announced: AdvertisedRoot
    #: the UDNs of all its devices in lower case, that of the root first, and those that its other rows name
    udns: tuple[str, ...]

    @property
    def udn(self) -> str:
        """The UDN of the root device in lower case, as UDNs are compared."""
        return self.udns[0]

    @property
    def root(self) -> RootDevice:
        """The description as it is served: with all UDNs, all URLs and CONFIGID."""
        return self.published.root

    def equals(self, other: ServedDevice) -> bool:
        """Whether control points and browsers see no difference between the two."""
        # the language is in no document, but in HTTP's headers and on the page
        own, others = self.root, other.root
        return (
            self.published == other.published
            and own.language == others.language
            and own.advertising == others.advertising
        )


def served_device(
    root: RootDevice, *, max_age: int | None, publish: Callable[[RootDevice], Publication] = publish
) -> ServedDevice:
    """Make *root*, for which `check` has passed and whose devices all have a UDN, ready to be served.

    *max_age*, in seconds, takes the place of the device's own. *publish* is that of another web server.
    Raises `DescriptionError` if it cannot be published.
    """
    published = publish(root)
    own = root.advertising
    rows = advertisements(published.root)
    return ServedDevice(
        published=published,
        announced=AdvertisedRoot(
            rows=rows,
            description_path=published.description_path,
            server=own.server or server_token(root.spec_version),
            config_id=published.root.config_id or 0,
            max_age=max_age or own.max_age or DEFAULT_MAX_AGE,
            answer_delay=own.answer_delay,
            headers=own.headers,
        ),
        udns=tuple(dict.fromkeys([*(str(device.udn).lower() for device in root.walk()), *map(_udn_of, rows)])),
    )


def _udn_of(row: Advertisement) -> str:
    """What control points take for the UDN of *row*, in lower case."""
    return row.usn.partition("::")[0].lower()
