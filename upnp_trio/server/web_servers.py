"""The values of the option ``http``: web servers that serve the documents in place of ours."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

import attrs

from upnp_trio.documents.publication import publish, publish_elsewhere
from upnp_trio.errors import DescriptionError
from upnp_trio.model.advertised_url import AdvertisedUrl

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from upnp_trio.documents.publication import Publication
    from upnp_trio.http.host_check import HostName
    from upnp_trio.http.response_writer import ResponseWriter
    from upnp_trio.model.device import RootDevice
    from upnp_trio.network.endpoint import Sender
    from upnp_trio.network.served_interface import Network
    from upnp_trio.server.mounted_site import MountedSite
    from upnp_trio.site import Site

__all__ = ["Elsewhere", "WebApp", "WebServer"]


class WebServer(ABC):
    """A web server that is not ours, as the option ``http`` takes it: an `Elsewhere`, or an app within a server.

    A program passes it to `serve_device`, which alone uses what begins with an underscore.
    """

    @property
    @abstractmethod
    def _base_url(self) -> str:
        """Scheme, host and port of LOCATION; the host may be ``{host}``, for the address of each interface."""

    @property
    @abstractmethod
    def _port(self) -> int:
        """The TCP port of LOCATION."""

    @abstractmethod
    def _publish(self, root: RootDevice) -> Publication:
        """*root*, whose devices all have a UDN, made ready to be served there. Raises `DescriptionError`."""


class WebApp(WebServer):
    """An app that serves the documents within a web server of this program, below its prefix."""

    #: the path that all paths of documents begin with; empty, or from a slash on without one at the end
    _prefix: str

    @abstractmethod
    def _attach(self, site: MountedSite) -> None:
        """Serve *site* from now on. Raises `NetworkError` if another one is being served."""

    @abstractmethod
    def _detach(self) -> None:
        """Stop serving the site."""

    def _mount(
        self, site: Site, writer: ResponseWriter, network: Network, allowed_hosts: frozenset[HostName]
    ) -> MountedSite:
        """What serves *site* through this app."""
        from upnp_trio.server.mounted_site import MountedSite  # imported here, as few devices need it

        return MountedSite(app=self, site=site, writer=writer, network=network, allowed_hosts=allowed_hosts)

    def _publish(self, root: RootDevice) -> Publication:
        """*root* with its paths below the prefix. Raises `DescriptionError`."""
        return publish(root, self._prefix)


@attrs.frozen
class Elsewhere(WebServer):
    """The description is at *url*, on a server that knows nothing of this package; raises `NetworkError`.

    *url* is LOCATION: an ``http`` URL without credentials and fragment. ``{host}`` as its host stands for the address
    of the interface that a message leaves from, an IPv6 address in brackets. Without it, LOCATION is the same on every
    interface. ``{udn}`` in path or query stands for the UDN of the root device, which several of them need.

    The device is announced and found as its description says. Its documents, calls and events are that server's, so a
    service with a handler is refused. CONFIGID is the ``config_id`` of the description, or else derived from it. With
    ``{host}``, a warning tells of addresses where nothing listens ten seconds after the start.
    """

    url: str
    _parts: AdvertisedUrl = attrs.field(init=False, repr=False, eq=False)

    @_parts.default
    def _parse(self) -> AdvertisedUrl:
        return AdvertisedUrl.parse("the URL of Elsewhere", self.url, "http://{host}:8123/description.xml")

    @property
    def _base_url(self) -> str:
        """Scheme, host and port of LOCATION."""
        return self._parts.base

    @property
    def _port(self) -> int:
        """The TCP port of LOCATION."""
        return self._parts.port

    def _publish(self, root: RootDevice) -> Publication:
        """*root* as it is announced, without anything that HTTP would serve. Raises `DescriptionError`."""
        for device in root.walk():
            for service in device.services:
                if service.handler is not None:
                    raise DescriptionError(
                        f"{service.service_id} has a handler, and control points would call it at {self.url}, which "
                        "is not ours; mount a UpnpApp in that server, or leave the handler out"
                    )
        return publish_elsewhere(root, self._parts.path_for(str(root.udn)) or "/")

    async def _check_once(self, network: Network, senders: Callable[[], Iterable[Sender]]) -> None:
        """Warn if nothing listens at the addresses of this host, some time after the start."""
        from upnp_trio.network.listeners import served_address  # imported here, as few devices need it
        from upnp_trio.server.web_server_check import check_once

        await check_once(
            network, self, lambda: [served_address(sender.address, sender.interface) for sender in senders()]
        )
