"""A network namespace for a test process, which has nothing but loopback (Linux)."""

from __future__ import annotations

import ctypes
import errno
import os
import socket
import struct
import sys
from pathlib import Path

from upnp_trio.testing.isolation import Impossible

__all__ = ["enter_own_namespace"]

# <linux/sched.h>, <linux/sockios.h>, <linux/if.h>
_CLONE_NEWUSER, _CLONE_NEWNET = 0x10000000, 0x40000000
_SIOCSIFFLAGS = 0x8914
_IFF_UP, _IFF_LOOPBACK, _IFF_RUNNING, _IFF_MULTICAST = 0x1, 0x8, 0x40, 0x1000
# <linux/rtnetlink.h>
_RTM_NEWROUTE, _NEW_AND_ACKNOWLEDGED = 24, 0x1 | 0x4 | 0x400
_RTA_DST, _RTA_OIF, _RTA_PREFSRC = 1, 4, 7
_RT_TABLE_MAIN, _RTPROT_BOOT, _RT_SCOPE_LINK, _RTN_UNICAST = 254, 3, 253, 1


if sys.platform == "linux":
    import fcntl

    def enter_own_namespace() -> None:
        """Put the calling thread, and all that it starts, into a network namespace that has nothing but loopback.

        Loopback is up there and takes multicast, also of programs that choose no interface. There is no way back: what
        the thread opened before stays where it was. Root may do that at any time; another user only while the process
        has one thread. Raises `Impossible`.
        """
        libc = ctypes.CDLL(None, use_errno=True)  # os.unshare came with Python 3.12
        user, group = os.getuid(), os.getgid()
        is_root = libc.unshare(_CLONE_NEWNET) == 0
        if not is_root:
            if ctypes.get_errno() != errno.EPERM:
                raise _impossible(ctypes.get_errno())
            if libc.unshare(_CLONE_NEWUSER | _CLONE_NEWNET) != 0:
                raise _impossible(ctypes.get_errno())
        try:
            if not is_root:
                _keep_identity(user, group)
            _set_up_loopback()
        except OSError as error:
            raise Impossible(f"a network namespace cannot be set up: {error.strerror or error}") from error

    def _keep_identity(user: int, group: int) -> None:
        """Stay the same user in the new user namespace. Otherwise all files would belong to nobody."""
        for name, text in (("setgroups", "deny"), ("uid_map", f"{user} {user} 1"), ("gid_map", f"{group} {group} 1")):
            Path("/proc/self", name).write_bytes(text.encode())

    def _set_up_loopback() -> None:
        """Bring it up, and let multicast go there from 127.0.0.1, without needing the command ``ip``."""
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
            flags = _IFF_UP | _IFF_LOOPBACK | _IFF_RUNNING | _IFF_MULTICAST
            fcntl.ioctl(any_socket, _SIOCSIFFLAGS, struct.pack("16sH22x", b"lo", flags))
        with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, socket.NETLINK_ROUTE) as netlink:
            netlink.settimeout(1.0)
            netlink.send(_multicast_route(socket.if_nametoindex("lo")))
            (number,) = struct.unpack_from("=i", netlink.recv(65536), 16)
        if number:
            raise OSError(-number, os.strerror(-number))

    def _multicast_route(loopback: int) -> bytes:
        """RTM_NEWROUTE: ``224.0.0.0/4 dev lo src 127.0.0.1``. Without a source, the kernel would send from 0.0.0.0."""
        message = struct.pack(
            "=BBBBBBBBI", socket.AF_INET, 4, 0, 0, _RT_TABLE_MAIN, _RTPROT_BOOT, _RT_SCOPE_LINK, _RTN_UNICAST, 0
        )
        for kind, value in (
            (_RTA_DST, socket.inet_aton("224.0.0.0")),
            (_RTA_OIF, struct.pack("=i", loopback)),
            (_RTA_PREFSRC, socket.inet_aton("127.0.0.1")),
        ):
            message += struct.pack("=HH", 4 + len(value), kind) + value
        return struct.pack("=IHHII", 16 + len(message), _RTM_NEWROUTE, _NEW_AND_ACKNOWLEDGED, 1, 0) + message

else:

    def enter_own_namespace() -> None:
        """Raises `Impossible`: only Linux has network namespaces."""
        raise Impossible("network namespaces are Linux's; leave --upnp-namespace away")


def _impossible(number: int) -> Impossible:
    if number == errno.EINVAL:
        why = "without root, only a process with one thread may have one, and workers of pytest-xdist have two"
        cure = "run pytest as root, or in one process, or leave --upnp-namespace away"
    else:
        why, cure = os.strerror(number), "run pytest as root, or leave --upnp-namespace away"
    return Impossible(f"this process cannot get a network namespace of its own: {why}; {cure}")
