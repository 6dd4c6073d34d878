"""One program on this host claims a UDN. The claim ends with the program, however that ends."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
import uuid
from collections.abc import Callable
from pathlib import Path

import pytest

from upnp_trio.network import claims as claims_module
from upnp_trio.network.claims import MAX_CLAIMS, Claim, Claims, Take, take_file


@pytest.fixture
def udn() -> str:
    """A UDN that no other program has."""
    return f"uuid:{uuid.uuid4()}"


#: claims UDNs in a process of its own, until it is ended
HOLDER = """
import sys
from pathlib import Path
from upnp_trio.network import claims
take = getattr(claims, sys.argv[1])
held = [claims.Claims(Path(sys.argv[2]), take).claim(udn) for udn in sys.argv[3:]]
print(*[claim is not None for claim in held], flush=True)
sys.stdin.read()
"""


@pytest.fixture(params=["take_socket", "take_file"])
def take(request: pytest.FixtureRequest) -> Take:
    """Each way to claim; only Linux has both."""
    if not hasattr(claims_module, request.param):
        pytest.skip("abstract Unix sockets are Linux's")
    way: Take = getattr(claims_module, request.param)
    return way


def held(claim: Claim | None) -> bool:
    """Whether *claim* really claims, and is not the stand-in for systems that cannot."""
    return isinstance(claim, claims_module._Held)


def test_a_claim_is_made_once_and_again_when_it_is_closed(take: Take, udn: str, tmp_path: Path) -> None:
    first, second = Claims(tmp_path, take), Claims(tmp_path, take)
    claim = first.claim(udn)
    assert held(claim)
    assert claim is not None
    assert first.claim(udn) is None
    assert second.claim(udn.upper().replace("UUID", "uuid")) is None
    assert held(second.claim(f"uuid:{uuid.uuid4()}"))
    claim.close()
    claim.close()
    again = second.claim(udn)
    assert again is not None
    assert held(again)
    again.close()
    for left in [*first._held, *second._held]:
        left.close()
    assert list(tmp_path.iterdir()) == []


def test_a_claim_of_another_process_ends_with_it(take: Take, udn: str, tmp_path: Path) -> None:
    command = [sys.executable, "-c", HOLDER, take.__name__, str(tmp_path), udn]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "True\n"
        assert Claims(tmp_path, take).claim(udn) is None
        holder.kill()
        holder.wait()
    claim = Claims(tmp_path, take).claim(udn)
    assert claim is not None
    assert held(claim)
    claim.close()


def test_many_devices_leave_descriptors_for_others(take: Take, tmp_path: Path) -> None:
    claims = Claims(tmp_path, take)
    made = [claims.claim(f"uuid:{uuid.uuid4()}") for _ in range(MAX_CLAIMS + 10)]
    assert [held(claim) for claim in made] == [True] * MAX_CLAIMS + [False] * 10
    for claim in made:
        assert claim is not None
        claim.close()
    last = claims.claim(f"uuid:{uuid.uuid4()}")
    assert last is not None
    assert held(last)
    last.close()


@pytest.mark.parametrize("number", [errno.EMFILE, errno.EAFNOSUPPORT, errno.EPERM, errno.ENOBUFS])
def test_where_no_claim_can_be_made_nothing_is_claimed_and_all_goes_on(number: int, udn: str) -> None:
    def refuse(name: str, directory: Path | None) -> None:
        raise OSError(number, os.strerror(number))

    claim = Claims(None, refuse).claim(udn)
    assert claim is not None
    assert not held(claim)
    claim.close()


def _nowhere(path: Path) -> Path | None:
    return None


def _in_a_file(path: Path) -> Path | None:
    (path / "file").write_text("")
    return path / "file" / "state"


@pytest.mark.parametrize("place", [_nowhere, _in_a_file])
def test_where_no_file_can_be_locked_nothing_is_claimed_and_all_goes_on(
    place: Callable[[Path], Path | None], udn: str, tmp_path: Path
) -> None:
    claim = Claims(place(tmp_path), take_file).claim(udn)
    assert claim is not None
    assert not held(claim)
    claim.close()
