"""Each search is answered exactly once per row, however many interfaces and sockets receive it."""

from __future__ import annotations

from collections import Counter
from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest

from tests.network.following import answers_of, make_switch, wait_until_served
from tests.network.namespaces import LINK, Network
from tests.network.scenes import SILENCE_SECONDS
from tests.network.served import GATEWAY, JAMBON
from tests.network.ssdp import m_search, open_searcher

if TYPE_CHECKING:
    from tests.network.scenes import Pair, Serve

pytestmark = pytest.mark.interop


def test_three_interfaces_are_answered_each_by_its_own_address_alone(network: Network, serve: Serve) -> None:
    device = network.add_host("device")
    askers = {number: network.add_host(f"asker{number}") for number in (1, 2, 3)}
    for number, asker in askers.items():
        network.join((device, f"link{number}", f"10.77.{number}.1/24"), (asker, LINK, f"10.77.{number}.2/24"))
    serve(device, GATEWAY.file)
    with ExitStack() as stack:
        searchers = {number: stack.enter_context(open_searcher(asker)) for number, asker in askers.items()}
        for searcher in searchers.values():
            searcher.send(m_search("ssdp:all"))
        for searcher in searchers.values():
            searcher.receive(len(GATEWAY.rows))
        searchers[1].receive_for(SILENCE_SECONDS)
        for number, searcher in searchers.items():
            received = searcher.receive_for(0.01)
            assert Counter(answer["USN"] for answer in received) == Counter(dict.fromkeys(GATEWAY.usns, 1))
            assert {answer.peer for answer in received} == {f"10.77.{number}.1"}
            assert all(answer["LOCATION"].startswith(f"http://10.77.{number}.1:") for answer in received)


@pytest.mark.parametrize("second", ["10.77.0.9", "192.168.77.9"], ids=["one subnet", "two subnets"])
def test_two_interfaces_on_one_link_give_one_answer_per_row(second: str, network: Network, serve: Serve) -> None:
    device, asker = network.add_host("device"), network.add_host("asker")
    make_switch(
        network,
        (device, "one", "10.77.0.1/24"),
        (device, "two", f"{second}/24"),
        (asker, LINK, "10.77.0.2/24"),
    )
    served = serve(device, JAMBON.file)
    if len(served.locations) == 1:  # the bridge had not forwarded yet
        wait_until_served(served, "10.77.0.1", second)
    for _ in range(2):
        with open_searcher(asker) as searcher:
            answers = answers_of(searcher, len(JAMBON.rows))
        assert Counter(answer["USN"] for answer in answers) == Counter(dict.fromkeys(JAMBON.usns, 1))
        assert len({answer["LOCATION"] for answer in answers}) == 1


def test_a_search_from_a_group_member_of_the_own_host_is_answered_once_per_row(pair: Pair, serve: Serve) -> None:
    """Every socket of the device, and those of two others on port 1900, receive the same datagram."""
    serve(pair.device, JAMBON.file)
    others = serve(pair.device, "--uuid", "12345678-9abc-4def-8012-3456789abcde", JAMBON.file)
    with ExitStack() as stack:
        searchers = [stack.enter_context(open_searcher(host)) for host in (pair.device, pair.asker)]
        for searcher in searchers:
            searcher.send(m_search("ssdp:all"))
        for searcher in searchers:
            searcher.receive(2 * len(JAMBON.rows))
        searchers[0].receive_for(SILENCE_SECONDS)
        for searcher in searchers:
            answers = searcher.receive_for(0.01)
            assert set(Counter(answer["USN"] for answer in answers).values()) == {1}
            assert len(answers) == 2 * len(JAMBON.rows)
    others.stop()
