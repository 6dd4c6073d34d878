"""``python -m tests.chaos.listener ADDRESS SECONDS``: what the device at ADDRESS announces, received on `LINK`.

Each announcement is a line of JSON: when it was received (on the monotonic clock), its USN, and alive or byebye. The
kernel drops what others send, so that listening costs nothing while they flood.
"""

from __future__ import annotations

import ctypes
import json
import socket
import struct
import sys
import time

from tests.chaos.arena import LINK
from tests.network.namespaces import mreqn
from tests.network.ssdp import GROUP, PORT

__all__ = ["receive_only"]

# <asm/socket.h>, <linux/bpf_common.h>, <linux/filter.h>
_SO_ATTACH_FILTER = 26
_LOAD_WORD, _JUMP_IF_EQUAL, _RETURN = 0x20, 0x15, 0x06
_NETWORK_HEADER = 0xFFF00000
_SOURCE_ADDRESS = 12


def receive_only(receiving: socket.socket, address: str) -> None:
    """Let *receiving* accept only datagrams from *address*."""
    (source,) = struct.unpack("!I", socket.inet_aton(address))
    steps = [
        (_LOAD_WORD, 0, 0, _NETWORK_HEADER + _SOURCE_ADDRESS),
        (_JUMP_IF_EQUAL, 0, 1, source),
        (_RETURN, 0, 0, 0xFFFFFFFF),
        (_RETURN, 0, 0, 0),
    ]
    program = ctypes.create_string_buffer(b"".join(struct.pack("=HBBI", *step) for step in steps))
    # struct sock_fprog: how many steps, and where
    receiving.setsockopt(
        socket.SOL_SOCKET, _SO_ATTACH_FILTER, struct.pack("@HP", len(steps), ctypes.addressof(program))
    )


def main(address: str, seconds: float) -> None:
    """Print announcements for so many seconds."""
    end = time.monotonic() + seconds
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiving:
        receive_only(receiving, address)
        receiving.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        membership = mreqn(GROUP, "0.0.0.0", socket.if_nametoindex(LINK))
        receiving.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, membership)
        receiving.bind((GROUP, PORT))
        print("listening", flush=True)
        while (left := end - time.monotonic()) > 0:
            receiving.settimeout(left)
            try:
                received = receiving.recv(4096)
            except TimeoutError:
                return
            head = dict(line.partition(": ")[::2] for line in received.decode("latin-1").splitlines())
            if head.get("NTS") in ("ssdp:alive", "ssdp:byebye"):
                announcement = {"moment": time.monotonic(), "usn": head["USN"], "alive": head["NTS"] == "ssdp:alive"}
                print(json.dumps(announcement), flush=True)


if __name__ == "__main__":
    main(sys.argv[1], float(sys.argv[2]))
