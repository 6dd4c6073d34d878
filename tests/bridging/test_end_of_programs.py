"""However a program ends, byebye is sent, as far as the program lets us."""

from __future__ import annotations

import signal
import sys

import pytest

from tests.bridging.programs import hearing, run

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="signals, fork and loopback are Linux's here")

IN_THREAD = """
with serve_in_thread(lamp_device(), **LOOPBACK) as running:
    say(running.device.udn)
    {body}
say("left")
"""
IN_ASYNCIO = """
async def main():
    async with serve_device(lamp_device(), **LOOPBACK) as running:
        say(running.device.udn)
        {body}
    say("left")
{run}
"""
ASYNCIO_RUN = "asyncio.run(main())"
UVLOOP_RUN = "import uvloop; uvloop.run(main())"
BY_HAND = "with contextlib.closing(asyncio.new_event_loop()) as loop: loop.run_until_complete(main())"


@pytest.mark.parametrize(
    "code",
    [
        IN_THREAD.format(body="time.sleep(60)"),
        IN_THREAD.format(body="threading.Event().wait()"),
        IN_ASYNCIO.format(body="await asyncio.sleep(60)", run=ASYNCIO_RUN),
        IN_ASYNCIO.format(body="while True: time.sleep(0.001)", run=ASYNCIO_RUN),
        IN_ASYNCIO.format(body="await asyncio.sleep(60)", run=UVLOOP_RUN),
    ],
    ids=["sleep", "a lock", "asyncio", "asyncio, blocked", "uvloop"],
)
def test_sigterm_ends_a_program_after_byebye_as_sys_exit_does(code: str) -> None:
    with hearing() as heard, run(code) as program:
        udn = program.line()
        program.process.send_signal(signal.SIGTERM)
        status, _, errors = program.end()
        assert (status, errors) == (0, "")
        assert heard.has_byebye(udn)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_program_that_drops_its_asyncio_loop_with_all_tasks_sends_byebye(number: signal.Signals) -> None:
    with hearing() as heard, run(IN_ASYNCIO.format(body="await asyncio.sleep(60)", run=BY_HAND)) as program:
        udn = program.line()
        program.process.send_signal(number)
        _, _, errors = program.end()
        assert "upnp_trio/" not in errors
        assert heard.has_byebye(udn)


@pytest.mark.parametrize("face", ["thread", "asyncio"])
def test_a_handler_of_the_program_is_left_alone_whenever_it_is_set(face: str) -> None:
    body = """say(signal.getsignal(signal.SIGTERM).__name__); signal.signal(signal.SIGTERM, own)"""
    code = "def own(*_): pass\n"
    code += IN_THREAD.format(body=body) if face == "thread" else IN_ASYNCIO.format(body=body, run=ASYNCIO_RUN)
    again = code.partition("\n")[2].replace("signal.signal(signal.SIGTERM, own)", "pass")
    with run(code + "say(signal.getsignal(signal.SIGTERM).__name__)\n" + again) as program:
        _, output, errors = program.end()
        assert errors == ""
        assert output.splitlines()[1:4] == ["_exit", "left", "own"]
        assert output.splitlines()[5:] == ["own", "left"]


def test_the_default_of_sigterm_is_back_after_the_last_of_several_bodies() -> None:
    code = """
with serve_in_thread(lamp_device(), **LOOPBACK):
    with serve_in_thread(lamp_device(), **LOOPBACK):
        pass
    say(signal.getsignal(signal.SIGTERM).__name__)
say(signal.getsignal(signal.SIGTERM) == signal.SIG_DFL)
"""
    with run(code) as program:
        assert program.end() == (0, "_exit\nTrue\n", "")


def test_in_another_thread_sigterm_stays_as_it_is() -> None:
    code = """
def serve():
    with serve_in_thread(lamp_device(), **LOOPBACK):
        say(signal.getsignal(signal.SIGTERM) == signal.SIG_DFL)
thread = threading.Thread(target=serve); thread.start(); thread.join()
"""
    with run(code) as program:
        assert program.end() == (0, "True\n", "")


@pytest.mark.parametrize(
    "code",
    [
        IN_THREAD.format(body="time.sleep(60)"),
        IN_ASYNCIO.format(body="await asyncio.sleep(60)", run=ASYNCIO_RUN),
        IN_ASYNCIO.format(body="await asyncio.sleep(60)", run=UVLOOP_RUN),
    ],
    ids=["thread", "asyncio", "uvloop"],
)
def test_ctrl_c_ends_a_program_after_byebye_by_its_own_exception(code: str) -> None:
    with hearing() as heard, run(code) as program:
        udn = program.line()
        program.process.send_signal(signal.SIGINT)
        _, output, errors = program.end()
        assert errors.splitlines()[-1] == "KeyboardInterrupt"
        assert "never awaited" not in errors
        assert output == ""
        assert heard.has_byebye(udn)


@pytest.mark.parametrize(
    "code",
    [
        """
stack = contextlib.ExitStack()
say(stack.enter_context(serve_in_thread(lamp_device(), **LOOPBACK)).device.udn)
""",
        """
def serve():
    with serve_in_thread(lamp_device(), **LOOPBACK) as running:
        say(running.device.udn); served.set(); time.sleep(60)
served = threading.Event(); threading.Thread(target=serve, daemon=True).start(); served.wait()
""",
        """
async def main():
    say((await serve_device(lamp_device(), **LOOPBACK).__aenter__()).device.udn)
asyncio.run(main())
""",
        """
async def main():
    async with serve_device(lamp_device(), **LOOPBACK) as running:
        say(running.device.udn); served.set(); await asyncio.sleep(60)
served = threading.Event(); threading.Thread(target=asyncio.run, args=(main(),), daemon=True).start(); served.wait()
""",
    ],
    ids=["a stack that nobody closes", "a daemon thread", "a context that is never left", "asyncio in a daemon thread"],
)
def test_a_program_that_ends_without_leaving_the_body_sends_byebye(code: str) -> None:
    with hearing() as heard, run(code) as program:
        udn = program.line()
        status, _, errors = program.end()
        assert status == 0, errors
        assert heard.has_byebye(udn)


def test_the_end_of_the_interpreter_is_no_failure_of_a_device_in_a_daemon_thread() -> None:
    code = """
atexit.register(time.sleep, 0.5)  # the last that happens, and long enough to print what the body raises
async def main():
    try:
        async with serve_device(lamp_device(), **LOOPBACK) as running:
            say(running.device.udn); served.set(); await asyncio.sleep(60)
    except BaseException as error:
        say("left by", repr(error))
served = threading.Event(); threading.Thread(target=asyncio.run, args=(main(),), daemon=True).start(); served.wait()
"""
    with hearing() as heard, run(code) as program:
        udn = program.line()
        assert program.end() == (0, "", "")
        assert heard.has_byebye(udn)


@pytest.mark.parametrize("number", range(8))
@pytest.mark.parametrize(
    "code",
    [IN_THREAD.format(body="pass"), IN_ASYNCIO.format(body="pass", run=ASYNCIO_RUN)],
    ids=["thread", "asyncio"],
)
def test_a_signal_during_the_start_or_the_end_leaves_nothing_behind(code: str, number: int) -> None:
    # Between the start and the end of the body, SIGTERM would have its default action; here it is an exit throughout.
    around = f"""
import upnp_trio.bridging.thread_serving, upnp_trio.bridging.asyncio_serving
signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
try:
    threading.Timer({number} * 0.01, os.kill, (os.getpid(), signal.SIGTERM)).start()
    {{code}}
    time.sleep(60)
except SystemExit:
    pass
say([thread.name for thread in threading.enumerate() if thread.name == "upnp_trio"])
"""
    inner = "\n".join(f"    {line}" for line in code.splitlines())
    with run(around.replace("    {code}", inner)) as program:
        status, output, errors = program.end()
        assert (status, errors) == (0, "")
        assert output.endswith("[]\n")  # after what was printed when it came


def test_a_child_that_was_forked_is_told_so_and_ends_without_byebye() -> None:
    code = """
with serve_in_thread(lamp_device(Lamp()), **LOOPBACK) as running:
    say(running.device.udn)
    if not (child := os.fork()):
        for use in (lambda: running.add(lamp_device()), lambda: running.devices, lambda: running.subscribe()):
            try:
                use()
            except RuntimeError as error:
                say(error)
    else:
        say(os.waitpid(child, 0)[1], running.device.udn)
say("left", os.getpid() == parent)
"""
    with hearing() as heard, run("parent = os.getpid()\n" + code) as program:
        udn = program.line()
        status, output, errors = program.end()
        assert (status, errors) == (0, "")
        lines = output.splitlines()
        assert ["forked" in line for line in lines[:3]] == [True] * 3, output
        assert lines[3:] == ["left False", f"0 {udn}", "left True"]
        assert heard.has_byebye(udn)


def test_a_child_may_assign_a_variable_whatever_the_parent_s_threads_did_when_it_was_forked() -> None:
    code = """
lamp = Lamp()
with serve_in_thread(lamp_device(lamp), **LOOPBACK):
    lamp.level = 1
    held, fork_is_done = threading.Event(), threading.Event()
    def hold():
        with lamp._connection.lock:
            held.set(); fork_is_done.wait()
    thread = threading.Thread(target=hold); thread.start(); held.wait()
    if not (child := os.fork()):
        signal.alarm(10)
        lamp.level = 2
        os._exit(0)
    fork_is_done.set(); thread.join()
    say(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), lamp.level)
"""
    with run(code) as program:
        assert program.end() == (0, "0 1\n", "")


def test_sigterm_ends_a_child_that_was_forked_as_it_would_have_without_us() -> None:
    code = """
with serve_in_thread(lamp_device(), **LOOPBACK) as running:
    if not (child := os.fork()):
        time.sleep(60)
    else:
        time.sleep(0.2)
        os.kill(child, signal.SIGTERM)
        say(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""
    with run(code) as program:
        assert program.end() == (0, f"{-signal.SIGTERM}\n", "")


@pytest.mark.parametrize("run_it", [ASYNCIO_RUN, UVLOOP_RUN], ids=["asyncio", "uvloop"])
def test_a_child_that_was_forked_leaves_the_body_beside_asyncio_at_once(run_it: str) -> None:
    """It ends its copy of the loop by an exit, upon which `asyncio.run` cancels the task that has the body."""
    body = """
        asyncio.get_running_loop().call_soon(fork)
        await asyncio.sleep(0.1)
        end = time.monotonic() + 10
        while not (waited := os.waitpid(child, os.WNOHANG))[0] and time.monotonic() < end:
            time.sleep(0.01)
        say(waited[0] == child and os.waitstatus_to_exitcode(waited[1]))
        if not waited[0]:
            os.kill(child, signal.SIGKILL)
        os._exit(0)  # the child's end has taken this loop's wakeups out of the epoll that both have (gh-66285)
"""
    code = """
def fork():
    global child
    if not (child := os.fork()):
        sys.exit(3)
"""
    with run(code + IN_ASYNCIO.format(body=body, run=run_it)) as program:
        program.line()
        status, output, errors = program.end()
        assert (status, output) == (0, "3\n")
        # From Python 3.14 on, a child does not know its parent's tasks. It closes the body, and reports on that.
        assert errors == "" or sys.version_info >= (3, 14)


def test_a_device_in_a_child_that_was_forked_leaves_sigterm_as_it_was() -> None:
    code = """
def serve():
    with serve_in_thread(lamp_device(), **LOOPBACK):
        say(signal.getsignal(signal.SIGTERM).__name__)
    say(signal.getsignal(signal.SIGTERM) == signal.SIG_DFL)
with serve_in_thread(lamp_device(), **LOOPBACK):
    if not os.fork():
        serve()
        os._exit(0)
    os.wait()
say(signal.getsignal(signal.SIGTERM) == signal.SIG_DFL)
"""
    with run(code) as program:
        assert program.end() == (0, "_exit\nTrue\nTrue\n", "")


BLOCKING = """
class Blocking(Lamp):
    async def run_while_served(self):
        say("blocks")
        time.sleep(60)
try:
    with serve_in_thread(lamp_device(Blocking()), **LOOPBACK):
        pass
except BaseException as error:
    say(type(error).__name__, *error.args)
os._exit(0)  # the interpreter's own end would wait again
"""


def test_a_handler_that_blocks_the_trio_loop_is_left_behind_with_an_error() -> None:
    code = BLOCKING.replace('say("blocks")', "await trio.sleep(0.5)").replace("pass\n", "time.sleep(1)\n")
    with run("import trio\n" + code) as program:
        assert program.line().startswith("DeviceFailed the thread of the device was left behind")


def test_an_interrupted_start_does_not_wait_for_ever_for_a_handler_that_blocks_the_loop() -> None:
    with run(BLOCKING) as program:
        assert program.line() == "blocks"
        program.process.send_signal(signal.SIGINT)
        assert program.end() == (0, "KeyboardInterrupt\n", "")
