"""What each error of the system means here, and what follows from it. `translated` is the one place that decides.

**Looking at the interfaces** (getifaddrs, ioctl, files of /proc and /sys: `host_interfaces`, `flags`)

- ENODEV, ENXIO: the interface went away after it was listed. It is left out.
- ENOENT, ENOTDIR, EACCES, EPERM at a file: this system or its sandbox has no such file. The fact counts as unknown.
- Any other, such as EMFILE: the system cannot answer now. `NetworkError`; nothing is concluded from it.

**Opening sockets** (socket, ioctl, setsockopt, bind, listen, getsockname: `udp_sockets`, `group_sockets`,
`search_sockets`, `listeners`)

- EADDRINUSE and EACCES at bind or listen: `PortTaken`. Another port may do.
- EADDRNOTAVAIL, ENODEV, ENXIO: `AddressGone`. The interface or its address went away after the look.
- EMFILE, ENFILE, ENOBUFS, ENOMEM, ENOSPC: `OutOfResources`. A later attempt may succeed.
- ENOPROTOOPT, EOPNOTSUPP, EPERM, EACCES at an option that only improves something: the socket goes without.
- Any other, such as EAFNOSUPPORT or EPERM: `NetworkError`.

All of these are `NetworkError`. The sockets that were open by then are closed, and the interface can be tried again.

**Facing a peer** (socket, connect and getsockname of UDP, which send nothing: `facing`)

- EMFILE and its like: `OutOfResources`. Any other, such as ENETUNREACH: `NetworkError`, as no route leads there.

**Receiving** (recvfrom, recvmsg, epoll: `endpoint.Receiver`, also of a search)

- EAGAIN: the queue is empty.
- EBADF, ENOTSOCK: a bug, as nothing closes a socket that is in use. The error leaves.
- Any other is about an earlier reply (ECONNREFUSED, EHOSTUNREACH, ECONNRESET on Windows) or about one datagram
  (EMSGSIZE on Windows), and reading takes it away. A socket that gives nothing else, or that epoll has no room for
  (ENOMEM, ENOSPC), is read once a second.

**Sending** (sendto, sendmsg, epoll: `udp_sender`)

- EAGAIN: the send buffer is full. A reply is lost; an announcement or a search waits for a while.
- ENOBUFS: the queue of the interface is full, on the BSDs. An announcement or a search is sent again a little later.
- ECONNRESET: on Windows, an earlier datagram met a closed port. This one is sent once more.
- Any other (ENETUNREACH, EHOSTUNREACH, ENETDOWN, ENODEV, EPERM of a firewall, ...): the datagram is lost. The `OSError`
  goes to the caller, which counts it by its text. EHOSTUNREACH may be a permission of macOS's (`LOCAL_NETWORK_CURE`).

**Accepting connections** (accept, epoll: `streams.TcpListener`)

- EAGAIN and the errors of one connection (`streams.LOST_ERRNOS`): the next connection is waited for, with a pause after
  many of them in a row.
- Any other, such as EMFILE, ENFILE, ENOBUFS, ENOMEM and, from epoll, ENOSPC: the `OSError` goes to the caller.

**A connection** (recv, send, shutdown, epoll: `streams.TcpStream`): any error but EAGAIN ends it, as trio's
`BrokenResourceError`.

**Changes of the network** (netlink's socket, bind and recv, epoll, clock_gettime: `changes`)

- ENOBUFS at recv: messages were lost, so something changed.
- Any other, at opening or later: netlink is not used any more, and the network is looked at every two seconds.
- An error of clock_gettime: the time asleep is unknown, and the host counts as awake.

**The holder of a port** (/proc: `holders`): any error leaves the holder unknown. The name is for a message alone.
"""

from __future__ import annotations

import errno
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

from upnp_trio.errors import NetworkError, PortTaken

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

__all__ = [
    "BUG_ERRNOS",
    "GONE_ERRNOS",
    "HIDDEN_ERRNOS",
    "INTERFACE_GONE_ERRNOS",
    "LOCAL_NETWORK_CURE",
    "RESOURCE_ERRNOS",
    "UNSUPPORTED_ERRNOS",
    "AddressGone",
    "OutOfResources",
    "cause_of",
    "tolerated",
    "translated",
]

#: The interface is not there any more.
INTERFACE_GONE_ERRNOS = frozenset({errno.ENODEV, errno.ENXIO})
#: The interface or the address is not there any more.
GONE_ERRNOS = INTERFACE_GONE_ERRNOS | {errno.EADDRNOTAVAIL}
#: The process or the system has no room; ENOSPC is epoll's, whose watches each user may have so many of.
RESOURCE_ERRNOS = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM, errno.ENOSPC})
#: This system or its sandbox does not show the file.
HIDDEN_ERRNOS = frozenset({errno.ENOENT, errno.ENOTDIR, errno.EACCES, errno.EPERM})
#: This system does not have the socket option, or keeps it for privileged processes.
UNSUPPORTED_ERRNOS = frozenset({errno.ENOPROTOOPT, errno.EOPNOTSUPP, errno.EACCES, errno.EPERM})
#: The descriptor is closed, or is another file by now.
BUG_ERRNOS = frozenset({errno.EBADF, errno.ENOTSOCK})

# No route leads there.
UNREACHABLE_ERRNOS = frozenset({errno.ENETUNREACH, errno.EHOSTUNREACH, errno.ENETDOWN})

#: macOS, from 15 on, answers so for every neighbour if the user has not allowed the program to find devices (Apple's
#: TN3179; dotnet/runtime#114450); empty elsewhere
LOCAL_NETWORK_CURE = (
    "allow this program, or the terminal that it runs in, in System Settings, Privacy & Security, Local Network"
    if sys.platform == "darwin"
    else ""
)

_CURES = {
    errno.EMFILE: "this process has as many files open as it may; raise its limit (ulimit -n)",
    errno.ENFILE: "this system has as many files open as it can; close some",
    errno.ENOBUFS: "this system is short of memory",
    errno.ENOMEM: "this system is short of memory",
    errno.ENOSPC: "this user has as many files watched by epoll as it may (fs.epoll.max_user_watches)",
    errno.EACCES: "check what the sandbox of this process allows",
    errno.EPERM: "check what the sandbox of this process allows",
    errno.EAFNOSUPPORT: "this system does not have this version of IP",
    **dict.fromkeys(UNREACHABLE_ERRNOS, "check the address and the routes of this host"),
    **dict.fromkeys(GONE_ERRNOS, "check that the interface still has this address"),
}


class AddressGone(NetworkError):
    """An interface or an address went away after it was listed."""


class OutOfResources(NetworkError):
    """The process or the system has no file descriptor or no memory left."""


def cause_of(error: OSError) -> str:
    """The system's text for *error* of a datagram that could not be sent, and what the user may have to allow."""
    text = error.strerror or str(error)
    return f"{text} ({LOCAL_NETWORK_CURE})" if LOCAL_NETWORK_CURE and error.errno == errno.EHOSTUNREACH else text


@contextmanager
def translated(task: str, *, port_cures: Mapping[int, str] | None = None) -> Iterator[None]:
    """Raise the `NetworkError` that an `OSError` of the body means; *task* completes "cannot ...".

    *port_cures* has the errors that a port is to blame for, each with what the user can do. They become `PortTaken`.
    """
    try:
        yield
    except OSError as error:
        number = error.errno or 0
        problem = f"cannot {task}: {error.strerror or error}"
        if port_cures and number in port_cures:
            raise PortTaken(f"{problem}; {port_cures[number]}") from error
        kind = AddressGone if number in GONE_ERRNOS else OutOfResources if number in RESOURCE_ERRNOS else NetworkError
        raise kind(f"{problem}; {_CURES.get(number, 'check the interface')}") from error


@contextmanager
def tolerated(errnos: Collection[int]) -> Iterator[None]:
    """Go on after the body if it fails with one of *errnos*."""
    try:
        yield
    except OSError as error:
        if error.errno not in errnos:
            raise
