"""What devices and liars announce and answer at any time, read leniently into a small cache (see `tests.fuzz.script`).

A piece is a datagram. Moves: `|` begins another one, `.`, `:` and `x` let 1 second, 6 seconds and half an hour pass,
`0` to `7` are addresses, `~` is the other interface, and `!` takes this interface away.
"""

from __future__ import annotations

from tests.fuzz.script import HANG_UP, LONG_WAIT, OTHER_WAY, PEERS, STOP, WAIT, Move, read_script
from tests.ssdp.announcing import ETH, WLAN, Follower, Speaker
from upnp_trio.errors import MalformedMessage
from upnp_trio.ssdp.device_cache import DeviceCache
from upnp_trio.ssdp.found import Arrival, FoundDevice
from upnp_trio.ssdp.messages import Message
from upnp_trio.ssdp.parsing import parse, parse_leniently

__all__ = ["fuzz_one"]

# Room for some six devices.
_MAX_BYTES = 8 * 1024
_SECONDS: dict[bytes | Move, float] = {WAIT: 1.0, LONG_WAIT: 6.0, HANG_UP: 1800.0}
_ADDRESSES: dict[bytes | Move, str] = dict(
    zip(
        PEERS,
        [
            *("192.0.2.9", "192.0.2.10", "169.254.7.7", "198.51.100.1"),
            *("fe80::9", "fe80::10", "2001:db8::9", "::ffff:192.0.2.9"),
        ],
        strict=True,
    )
)
_GOOD = Speaker(
    cache=DeviceCache(),
    udn="uuid:e427ce1a-3e80-43d0-ad6f-89ec42e46363",
    address="192.0.2.77",
    url="http://192.0.2.77:49152/description.xml",
    boot_id=7,
)


def fuzz_one(data: bytes) -> None:
    """Receive *data*. The changes make sense, the bounds hold, and a good device is found all the same."""
    cache, follower = DeviceCache(_MAX_BYTES), Follower()
    now, address, index = 0.0, "192.0.2.9", ETH
    for step in read_script(data):
        if step in _ADDRESSES:
            address = _ADDRESSES[step]
        elif step in _SECONDS:
            now += _SECONDS[step]
            follower.follow(cache.expire(now))
        elif step == OTHER_WAY:
            index = WLAN if index == ETH else ETH
        elif step == STOP:
            follower.follow(cache.drop_interface(index))
        elif isinstance(step, bytes) and (read := _read(step)) is not None:
            message, forgiven = read
            follower.follow(cache.receive(message, Arrival(str(index), index, address), now, forgiven))
        _check(cache, follower, now)
    _check_good(cache, follower, now)


def _read(datagram: bytes) -> tuple[Message, tuple[str, ...]] | None:
    """The message, if it is one. Forgiveness refuses nothing that is read strictly, but what nobody may send."""
    try:
        message, forgiven = parse_leniently(datagram)
    except MalformedMessage as error:
        try:
            parse(datagram)
        except MalformedMessage:
            return None
        flaw = str(error)
        assert "control characters" in flaw or flaw in ("no LOCATION", "USN without a UDN"), flaw
        return None
    assert all(words.isascii() and words.isprintable() for words in forgiven)
    return message, forgiven


def _check(cache: DeviceCache, follower: Follower, now: float) -> None:
    assert cache.bytes_held <= _MAX_BYTES
    assert cache.next_expiry > now
    assert len(cache) == len(follower.devices)
    for udn, device in cache.items():
        assert udn.lower() in follower.devices
        assert device.locations
        assert device.expires_at > now
        assert all(text.isprintable() for text in _texts(device)), "a control character is shown"


def _texts(device: FoundDevice) -> list[str]:
    return [device.udn, *device.usns, *(place.url for place in device.locations), device.server, *device.forgiven]


def _check_good(cache: DeviceCache, follower: Follower, now: float) -> None:
    """A device with an address of its own is found, also by who was told lies about it before."""
    for row in ("upnp:rootdevice", ""):
        follower.follow(cache.receive(_GOOD.alive_message(row), Arrival("eth0", ETH, _GOOD.address), now))
    urls = [place.url for place in cache[_GOOD.udn].locations]
    assert _GOOD.url in urls, "a good device is not found"
    while cache:
        now = cache.next_expiry
        follower.follow(cache.expire(now))
        _check(cache, follower, now)
