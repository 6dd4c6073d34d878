"""What each simulated system is: the names of its modules, its numbers, and the rules of its sockets.

Sources: winsock2.h, ws2ipdef.h, winerror.h and the pages of bind, setsockopt, sendto and recvfrom at Microsoft's; for
macOS <sys/socket.h>, <netinet/in.h>, <sys/errno.h> and Apple's XNU (bsd/netinet/in_pcb.c, in_mcast.c, udp_usrreq.c,
netinet6/in6_pcb.c); for what Python has of them, its socketmodule.c, errnomodule.c and typeshed.
"""

from __future__ import annotations

from collections.abc import Mapping

import attrs

__all__ = ["BARE", "MACOS", "SYSTEMS", "WINDOWS", "Rules"]


@attrs.frozen(kw_only=True, eq=False)
class Rules:
    """A system."""

    platform: str
    #: of `socket`; what is not here raises `AttributeError`
    constants: Mapping[str, int]
    #: of `errno`
    errnos: Mapping[str, int]
    #: what Python calls the signals
    signals: Mapping[str, int]
    #: modules that the standard library does not have there
    missing: frozenset[str]
    #: names that `os` does not have there
    missing_in_os: frozenset[str]
    #: whether a socket may be bound to a group
    binds_groups: bool
    #: whether "port unreachable" comes back as an error of recvfrom, one for each datagram (Microsoft's KB 263823)
    reports_unreachable: bool
    #: whether a datagram that does not fit is an error, or is cut
    too_long_is_error: bool
    #: whether a scope at an address that is not link-local is refused
    refuses_needless_scopes: bool
    #: lengths in bytes of what IP_MULTICAST_IF takes
    multicast_if: frozenset[int]

    def number(self, name: str) -> int:
        """The number of the error that other systems call *name*."""
        return self.errnos[name]


_BSD_OPTIONS = {
    "AF_INET": 2,
    "SOCK_STREAM": 1,
    "SOCK_DGRAM": 2,
    "SOL_SOCKET": 0xFFFF,
    "SO_REUSEADDR": 4,
    "SO_SNDBUF": 0x1001,
    "SO_RCVBUF": 0x1002,
    "SO_ERROR": 0x1007,
    "IPPROTO_IP": 0,
    "IPPROTO_TCP": 6,
    "IPPROTO_IPV6": 41,
    "IP_TTL": 4,
    "IP_MULTICAST_IF": 9,
    "IP_MULTICAST_TTL": 10,
    "IP_MULTICAST_LOOP": 11,
    "IP_ADD_MEMBERSHIP": 12,
    "IPV6_UNICAST_HOPS": 4,
    "IPV6_MULTICAST_IF": 9,
    "IPV6_MULTICAST_HOPS": 10,
    "IPV6_MULTICAST_LOOP": 11,
    "IPV6_JOIN_GROUP": 12,
    "IPV6_V6ONLY": 27,
    "TCP_NODELAY": 1,
    "SHUT_RD": 0,
    "SHUT_WR": 1,
    "SHUT_RDWR": 2,
}
# errno.h of Windows has the first forty; Python gives the names of sockets Winsock's numbers
_SHARED_ERRNOS = {
    "EPERM": 1,
    "ENOENT": 2,
    "ENXIO": 6,
    "EBADF": 9,
    "ENOMEM": 12,
    "EACCES": 13,
    "EBUSY": 16,
    "EEXIST": 17,
    "ENODEV": 19,
    "ENOTDIR": 20,
    "EISDIR": 21,
    "EINVAL": 22,
    "ENFILE": 23,
    "EMFILE": 24,
    "EFBIG": 27,
    "ENOSPC": 28,
    "EPIPE": 32,
}
_WINSOCK = {
    "EWOULDBLOCK": 10035,
    "EINPROGRESS": 10036,
    "EALREADY": 10037,
    "ENOTSOCK": 10038,
    "EMSGSIZE": 10040,
    "ENOPROTOOPT": 10042,
    "EOPNOTSUPP": 10045,
    "EAFNOSUPPORT": 10047,
    "EADDRINUSE": 10048,
    "EADDRNOTAVAIL": 10049,
    "ENETDOWN": 10050,
    "ENETUNREACH": 10051,
    "ENETRESET": 10052,
    "ECONNABORTED": 10053,
    "ECONNRESET": 10054,
    "ENOBUFS": 10055,
    "ENOTCONN": 10057,
    "ETIMEDOUT": 10060,
    "ECONNREFUSED": 10061,
    "ELOOP": 10062,
    "EHOSTDOWN": 10064,
    "EHOSTUNREACH": 10065,
}
_ONLY_POSIX = frozenset({"fcntl", "grp", "pty", "pwd", "readline", "resource", "syslog", "termios", "tty"})
_ONLY_WINDOWS = frozenset({"_winapi", "msvcrt", "winreg"})

WINDOWS = Rules(
    platform="win32",
    constants={**_BSD_OPTIONS, "AF_INET6": 23, "SO_EXCLUSIVEADDRUSE": ~4},
    errnos={
        **_SHARED_ERRNOS,
        **_WINSOCK,
        **{f"WSA{name}": number for name, number in _WINSOCK.items()},
        "EAGAIN": 11,
        "EPROTO": 134,
        "WSAEACCES": 10013,
        "WSAEINVAL": 10022,
    },
    signals={"SIGINT": 2, "SIGILL": 4, "SIGFPE": 8, "SIGSEGV": 11, "SIGTERM": 15, "SIGBREAK": 21, "SIGABRT": 22},
    missing=_ONLY_POSIX,
    missing_in_os=frozenset(
        {
            *("fork", "getuid", "geteuid", "uname", "mkfifo", "killpg", "setsid", "statvfs", "sysconf", "WNOHANG"),
            *("O_NOFOLLOW", "O_NONBLOCK", "O_CLOEXEC", "O_DIRECTORY", "O_NOCTTY", "O_PATH", "chown", "fchmod"),
        }
    ),
    binds_groups=False,
    reports_unreachable=True,
    too_long_is_error=True,
    refuses_needless_scopes=True,
    multicast_if=frozenset({4}),
)

MACOS = Rules(
    platform="darwin",
    constants={**_BSD_OPTIONS, "AF_INET6": 30, "AF_UNIX": 1, "SO_REUSEPORT": 0x200},
    errnos={
        **_SHARED_ERRNOS,
        "EAGAIN": 35,
        "EWOULDBLOCK": 35,
        "EINPROGRESS": 36,
        "ENOTSOCK": 38,
        "EMSGSIZE": 40,
        "ENOPROTOOPT": 42,
        "EOPNOTSUPP": 102,
        "EAFNOSUPPORT": 47,
        "EADDRINUSE": 48,
        "EADDRNOTAVAIL": 49,
        "ENETDOWN": 50,
        "ENETUNREACH": 51,
        "ECONNABORTED": 53,
        "ECONNRESET": 54,
        "ENOBUFS": 55,
        "ENOTCONN": 57,
        "ETIMEDOUT": 60,
        "ECONNREFUSED": 61,
        "ELOOP": 62,
        "EHOSTDOWN": 64,
        "EHOSTUNREACH": 65,
        "EPROTO": 100,
    },
    signals={
        **{"SIGHUP": 1, "SIGINT": 2, "SIGABRT": 6, "SIGTERM": 15},
        # the real ones of Linux, as they are sent in tests; macOS has other numbers
        **{"SIGUSR1": 10, "SIGPIPE": 13, "SIGCONT": 18, "SIGTSTP": 20, "SIGWINCH": 28},
    },
    missing=_ONLY_WINDOWS,
    missing_in_os=frozenset({"O_PATH", "pipe2", "sched_setaffinity"}),
    binds_groups=True,
    reports_unreachable=False,
    too_long_is_error=False,
    refuses_needless_scopes=False,
    multicast_if=frozenset({4, 12}),
)

#: some other POSIX: no SO_REUSEPORT, and nothing that only Linux or macOS has
BARE = attrs.evolve(
    MACOS,
    platform="sunos5",
    constants={name: number for name, number in MACOS.constants.items() if name != "SO_REUSEPORT"},
)

SYSTEMS = (WINDOWS, MACOS, BARE)
