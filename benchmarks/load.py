"""The load process: runs in the control points' namespace, does one round with one device, prints it as JSON.

ip netns exec NAMESPACE python -m benchmarks.load '{"pid": ..., "device": ..., "control_points": [...], ...}'
"""

import json
import resource
import sys

import attrs
import cattrs

from benchmarks.fetching import FetchError, fetch_repeatedly
from benchmarks.measures import Plan, Round
from benchmarks.scheduling import give_right_of_way
from benchmarks.searching import NotReadyError, await_answer, header, search_multicast, search_unicast


@attrs.frozen(kw_only=True)
class Job:
    """One device to be measured: its process, its address, the addresses to ask from, and the core to ask on."""

    pid: int
    device: str
    control_points: list[str]
    fetches: bool
    core: int
    plan: Plan


def measure(job: Job) -> Round:
    """Wait until the device answers, then search it by unicast, fetch its description, and search by multicast.

    Multicast comes last: its CPU figure is the one that a device's first announcements, sent for some seconds after
    its start, would blur most.
    """
    plan, points = job.plan, job.control_points
    give_right_of_way(0, job.core)
    _, most_files = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most_files, most_files))  # a multicast search is a socket each
    answer = await_answer(points[0], plan.ready_seconds)
    unicast = search_unicast(job.device, points, job.pid, plan.unicast_searches, plan.unicast_seconds)
    location = header(answer, "location")
    fetches = fetch_failure = None
    if job.fetches:
        try:
            fetches = fetch_repeatedly(location or "", points[0], job.pid, plan.gets, plan.get_seconds)
        except (FetchError, OSError) as error:
            fetch_failure = f"GET {location}: {error}"
    multicast = search_multicast(points, job.pid, plan.mx, plan.multicast_rate, plan.multicast_seconds)
    first_line = answer.partition(b"\r\n")[0].decode("latin-1")
    return Round(answer=first_line, unicast=unicast, multicast=multicast, fetches=fetches, fetch_failure=fetch_failure)


if __name__ == "__main__":
    try:
        print(json.dumps(cattrs.unstructure(measure(cattrs.structure(json.loads(sys.argv[1]), Job)))))
    except NotReadyError as error:
        sys.exit(str(error))
