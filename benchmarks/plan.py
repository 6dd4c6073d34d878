"""How long and how often each part measures."""

import attrs


@attrs.frozen(kw_only=True)
class Plan:
    """The bounds of the series; the defaults are for a whole run, which takes about 17 minutes."""

    rounds: int = 3
    mx: int = 1
    starts: int = 3
    unicast_searches: int = 20_000
    unicast_seconds: float = 1.0
    get_seconds: float = 0.8
    call_seconds: float = 0.7
    subscribers: tuple[int, ...] = (1, 32, 256)
    notify_seconds: float = 1.0
    rest_seconds: float = 3.0
    search_rates: tuple[int, ...] = (500, 5000)
    search_seconds: float = 1.0
    memory_seconds: float = 1.0
    fairness_seconds: float = 1.0
    storm_datagrams: int = 22_000
    tries: int = 12
    highest_seconds: float = 1.5
    spread_seconds: float = 2.0
    device_counts: tuple[int, ...] = (1, 10, 100, 1000, 5000)
    device_seconds: float = 1.0


# A quick run leaves these parts out.
LENGTHY = ("highest", "devices")
QUICK = Plan(
    rounds=1,
    starts=1,
    unicast_seconds=0.3,
    get_seconds=0.25,
    call_seconds=0.25,
    notify_seconds=0.3,
    rest_seconds=0.5,
    search_rates=(5000,),
    search_seconds=0.3,
    memory_seconds=0.3,
    fairness_seconds=0.3,
    tries=3,
    highest_seconds=0.4,
    spread_seconds=0.5,
    device_counts=(1, 5000),
    device_seconds=0.5,
)
