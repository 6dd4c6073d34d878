"""Fetches what a device says of itself: its description, its services' descriptions and its icons (UDA 2.0 §2).

Only the device's own address is asked, whatever its documents say. A document that cannot be had or read does not fail
the device, unless it is the description itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import attrs
import trio

from upnp_trio.controlpoint.remote import DeviceAccess, RemoteDevice
from upnp_trio.documents.description import parse_description
from upnp_trio.documents.scpd import parse_scpd
from upnp_trio.documents.xml import MAX_DOCUMENT_BYTES
from upnp_trio.errors import DescriptionError, RequestFailed
from upnp_trio.http.fetch_slots import MAX_FETCHES_OF_ONE_PEER
from upnp_trio.model.device import Device, RootDevice
from upnp_trio.model.forgiving import MAX_SENTENCE_CHARACTERS, forgive
from upnp_trio.model.literal_url import LiteralUrl
from upnp_trio.model.printable import printable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from upnp_trio.controlpoint.remote import EventAccess
    from upnp_trio.exchange import ServedAddress
    from upnp_trio.http.client import HttpClient
    from upnp_trio.model.service import ServiceDescription

__all__ = ["describe_at"]

# A speaker of many rooms has 25, a gateway with TR-064 has 40.
MAX_FILES = 128
# Large icons are photographs. A device is served from values, so all of them are kept.
MAX_ICON_BYTES = 1024 * 1024
# All of them together; a media server has 200 KiB.
MAX_FILE_BYTES = 8 * 1024 * 1024
# A device answers each request for a document within 30 seconds (UDA 2.0 §2.11). A working one needs one for all.
FILES_SECONDS = 30.0
# Sentences about all documents of a device.
MAX_FORGIVEN_OF_DEVICE = 128

D = TypeVar("D", bound=Device)


async def describe_at(
    client: HttpClient,
    url: LiteralUrl,
    served: ServedAddress,
    *,
    contents: bool = True,
    events: EventAccess | None = None,
) -> RemoteDevice:
    """The device whose description is at *url*, with its services' descriptions and its icons.

    *url* must have been checked: the request goes there. Without *contents*, only the description is fetched. Without
    *events*, its services cannot be subscribed to. Raises `RequestFailed` if it cannot be had, and `DescriptionError`
    if it is none. What is wrong with the others is in `RemoteDevice.forgiven`.
    """
    if url.address.version == 6 and url.address.is_link_local and not url.zone:
        url = attrs.evolve(url, zone=served.interface)  # devices leave it out, and without it nobody can use the URL
    forgiven: list[str] = []
    with client.keeping(url):
        answer = await client.get(url, served, max_body_bytes=MAX_DOCUMENT_BYTES)
        for flaw in answer.forgiven:
            forgive(forgiven, f"in the answer of the device: {flaw}")
        root = parse_description(answer.body, forgiven)
        files = _Files(client, served, _base(root, url, forgiven), forgiven)
        if contents:
            await files.fetch(root)
    access = DeviceAccess(
        client=client,
        served=served,
        base=files.base,
        descriptions=files.descriptions,
        missing=files.missing,
        events=events,
    )
    fields = {field.name: getattr(root, field.name) for field in attrs.fields(RootDevice)}
    return files.fill(
        RemoteDevice(**fields, location=url, forgiven=tuple(forgiven), document=answer.body, access=access)
    )


def _base(root: RootDevice, url: LiteralUrl, forgiven: list[str]) -> LiteralUrl:
    """What the URLs in the description at *url* are relative to (UDA 1.1 §2.3)."""
    if root.url_base is None:
        return url
    try:
        return url.join(root.url_base)
    except ValueError as error:
        forgive(forgiven, f"URLBase is not used: {error}", MAX_FORGIVEN_OF_DEVICE)
        return url


@attrs.frozen(eq=False)
class _File:
    """A file that a description names."""

    url: LiteralUrl
    is_scpd: bool
    #: its URLs in the description, and what it is there
    names: dict[str, str] = attrs.field(factory=dict)

    @property
    def max_bytes(self) -> int:
        return MAX_DOCUMENT_BYTES if self.is_scpd else MAX_ICON_BYTES


class _Files:
    """The files of one device, while they are fetched and afterwards."""

    def __init__(self, client: HttpClient, served: ServedAddress, base: LiteralUrl, forgiven: list[str]) -> None:
        self.base = base
        #: what was read of each SCPD
        self.descriptions: dict[bytes, ServiceDescription] = {}
        #: why an SCPD is missing, by its URL in the description
        self.missing: dict[str, str] = {}
        self._client = client
        self._served = served
        self._forgiven = forgiven
        self._files: dict[tuple[LiteralUrl, bool], _File] = {}
        # by their URLs in the description
        self._scpds: dict[str, bytes] = {}
        self._icons: dict[str, bytes] = {}
        self._bytes_left = MAX_FILE_BYTES

    async def fetch(self, root: RootDevice) -> None:
        """Fetch the files that *root* and its embedded devices name, each once."""
        self._collect(root)
        waiting = iter(self._files.values())
        done: set[_File] = set()
        with trio.move_on_after(FILES_SECONDS):
            async with trio.open_nursery() as nursery:
                for _ in range(MAX_FETCHES_OF_ONE_PEER):
                    nursery.start_soon(self._fetch_each, waiting, done)
        for file in self._files.values():
            if file not in done:
                self._miss(file, f"the device's files took more than {FILES_SECONDS:g} seconds")

    def _collect(self, root: RootDevice) -> None:
        # service descriptions first, as without them nothing can be called
        for device in root.walk():
            for service in device.services:
                what = f"the SCPD of {service.service_type.name or service.service_id}"
                self._add(service.scpd_url, what, is_scpd=True)
        for device in root.walk():
            for icon in device.icons:
                self._add(icon.url, f"the icon {icon.url}", is_scpd=False)

    def _add(self, name: str, what: str, *, is_scpd: bool) -> None:
        if not name:
            return  # the reader of the description has said so
        try:
            url = self.base.join(name)
        except ValueError as error:
            self._note_missing(name, what, f"it is not fetched: {error}", is_scpd=is_scpd)
            return
        if (url, is_scpd) not in self._files and len(self._files) >= MAX_FILES:
            self._note_missing(name, what, f"the device has more than {MAX_FILES} files", is_scpd=is_scpd)
            return
        file = self._files.setdefault((url, is_scpd), _File(url, is_scpd))
        file.names.setdefault(name, what)

    async def _fetch_each(self, waiting: Iterator[_File], done: set[_File]) -> None:
        for file in waiting:
            room = min(file.max_bytes, self._bytes_left)
            if room > 0:
                self._bytes_left -= room
                left = await self._fetch(file, room)
                self._bytes_left += left
            else:
                self._miss(file, f"the device's other files have {MAX_FILE_BYTES} bytes")
            done.add(file)

    async def _fetch(self, file: _File, room: int) -> int:
        """Fetch *file*; returns how much of *room* is left."""
        try:
            answer = await self._client.get(file.url, self._served, max_body_bytes=room)
        except RequestFailed as error:
            self._miss(file, str(error))
            return 0 if error.status is None else room  # without a status, there may have been any number of bytes
        if file.is_scpd:
            self._read_scpd(file, answer.body)
        else:
            self._icons |= dict.fromkeys(file.names, answer.body)
        return room - len(answer.body)

    def _read_scpd(self, file: _File, scpd: bytes) -> None:
        flaws: list[str] = []
        try:
            self.descriptions[scpd] = parse_scpd(scpd, flaws)
        except DescriptionError as error:
            self._miss(file, str(error))
            return
        self._scpds |= dict.fromkeys(file.names, scpd)
        what = next(iter(file.names.values()))
        for flaw in flaws:
            self._note(f"{what}: {flaw}")

    def _miss(self, file: _File, reason: str) -> None:
        for name, what in file.names.items():
            self._note_missing(name, what, reason, is_scpd=file.is_scpd)

    def _note_missing(self, name: str, what: str, reason: str, *, is_scpd: bool) -> None:
        self._note(f"{what} is missing: {reason}")
        if is_scpd:
            self.missing[name] = printable(f"{what} is missing: {reason}", MAX_SENTENCE_CHARACTERS)

    def _note(self, sentence: str) -> None:
        forgive(self._forgiven, sentence, MAX_FORGIVEN_OF_DEVICE)

    def fill(self, device: D) -> D:
        """*device* with the content of its files."""
        return attrs.evolve(
            device,
            services=[attrs.evolve(service, scpd=self._scpds.get(service.scpd_url)) for service in device.services],
            icons=[attrs.evolve(icon, data=self._icons.get(icon.url)) for icon in device.icons],
            devices=[self.fill(embedded) for embedded in device.devices],
        )
