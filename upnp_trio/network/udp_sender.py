"""Sending datagrams from one address of an interface."""

from __future__ import annotations

import errno
import socket
import struct
import sys

import attrs
import trio

from upnp_trio.network.interfaces import Interface, InterfaceAddress, IpAddress

__all__ = ["NO_ROOM", "Address", "UdpSender"]

#: the source or the destination of a datagram: (host, port), for IPv6 with flow and scope
Address = tuple[str, int] | tuple[str, int, int, int]

# A datagram that has to leave waits this long for room in the send buffer. Then it is lost, as with other errors of the
# network.
STALLED_SEND_SECONDS = 1.0
# How soon an interface whose queue is full is tried again: a few datagrams leave meanwhile, even on a slow link.
FULL_QUEUE_SECONDS = 0.01
#: the text of the error after that; the systems have other ones, and Windows none
NO_ROOM = "no room in the send buffer"

_IPV4_LINK_LOCAL_PREFIX = "169.254."
_IP_PKTINFO = 8  # <linux/in.h>


@attrs.frozen(eq=False, repr=False, kw_only=True)
class UdpSender:
    """A socket that sends from one address of an interface, to the group of that address among others."""

    interface: Interface
    address: IpAddress
    socket: socket.socket
    group: Address

    @property
    def interface_address(self) -> InterfaceAddress:
        """The address together with its interface."""
        return InterfaceAddress(self.interface.index, self.address)

    def send(self, payload: bytes, destination: Address) -> bool:
        """Send one datagram without waiting. ``False`` means that the send buffer is full, and nothing was sent.

        Raises `OSError` when the network refuses.
        """
        try:
            if destination[0][:8] == _IPV4_LINK_LOCAL_PREFIX:
                self._send_on_link(payload, destination)
            else:
                self.socket.sendto(payload, destination)
        except BlockingIOError:
            return False
        except ConnectionResetError:
            return self._send_after_reset(payload, destination)
        return True

    def _send_after_reset(self, payload: bytes, destination: Address) -> bool:
        """Send again: Windows may report here, in place of sending, that an earlier datagram met a closed port."""
        try:
            self.socket.sendto(payload, destination)
        except BlockingIOError:
            return False
        return True

    async def send_when_possible(self, payload: bytes, destination: Address) -> float:
        """Send one datagram, and wait for a while if the send buffer is full; returns when it left, by trio's clock.

        Raises `OSError` when the network refuses, and when there is no room in time.
        """
        with trio.move_on_after(STALLED_SEND_SECONDS):
            while True:
                # Read before the call: on loopback, and with a device that is quick, the answer may be there before
                # the call returns, and no latency may be negative.
                left_at = trio.current_time()
                try:
                    if self.send(payload, destination):
                        return left_at
                except OSError as error:
                    if error.errno != errno.ENOBUFS:
                        raise
                    # The BSDs say so of the interface's queue, while the socket counts as writable (send(2)).
                    await trio.sleep(FULL_QUEUE_SECONDS)
                else:
                    await self.wait_writable()
        raise OSError(errno.ENOBUFS, NO_ROOM)

    async def wait_writable(self) -> None:
        """Wait until the send buffer may have room."""
        await trio.lowlevel.wait_writable(self.socket)

    def _send_on_link(self, payload: bytes, destination: Address) -> None:
        """Send to an IPv4 link-local address, which is another host's on each link.

        Unlike IPv6's, it comes with no scope. The routing table may have another link for it, or a router.
        """
        if sys.platform == "linux":
            packet_info = struct.pack("@i4s4x", self.interface.index, self.address.packed)  # struct in_pktinfo
            ancillary = [(socket.IPPROTO_IP, _IP_PKTINFO, packet_info)]
            self.socket.sendmsg([payload], ancillary, socket.MSG_DONTROUTE, destination)
        else:
            self.socket.sendto(payload, destination)
