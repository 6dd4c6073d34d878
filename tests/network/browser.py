"""Chromium, led by the test over its debugging pipe (Chrome DevTools Protocol), which needs no library.

A command is a JSON object that ends with a zero byte, on descriptor 3 of the browser; answers and events come on its
descriptor 4. With `Browser.intercept`, the browser's requests go to a function of the test instead of to a network.
"""

from __future__ import annotations

import base64
import fcntl
import json
import os
import select
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import attrs

__all__ = ["OPTIONS", "Browser", "PausedRequest", "open_browser"]

# No GPU, no sandbox (tests run as root), no scrollbars in pictures, and no requests to the browser's makers.
OPTIONS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--hide-scrollbars",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
# Long enough for a browser to start on a busy machine with little power; nothing waits for it in vain.
PATIENCE_SECONDS = 60.0
# How often a condition is looked at.
LOOK_SECONDS = 0.02
# Runs a command with the two given descriptors as 3 and 4; a shell knows descriptors of one digit alone.
_ON_3_AND_4 = """
import os, sys
os.dup2(int(sys.argv[1]), 3)
os.dup2(int(sys.argv[2]), 4)
os.execvp(sys.argv[3], sys.argv[3:])
"""
#: keys by name: their code in DOM and in Windows, and the text they enter
_KEYS = {"Tab": ("Tab", 9, ""), "Enter": ("Enter", 13, "\r"), " ": ("Space", 32, " ")}


@attrs.frozen
class PausedRequest:
    """A request of the browser that waits for an answer of the test; header names are in lower case."""

    identity: str
    method: str
    url: str
    headers: Mapping[str, str]
    body: str


@attrs.define(eq=False)
class Browser:
    """One tab of a browser."""

    _write: int
    _read: int
    _session: str | None = None
    _serial: int = 0
    _received: bytes = b""
    _results: dict[int, dict[str, Any]] = attrs.field(factory=dict)
    _on_request: Callable[[PausedRequest], None] | None = None

    def command(self, method: str, **parameters: object) -> dict[str, Any]:
        """Carry out a command of the protocol and return its result."""
        serial = self._send(method, parameters)
        deadline = time.monotonic() + PATIENCE_SECONDS
        while serial not in self._results:
            self._receive(deadline)
        answer = self._results.pop(serial)
        assert "error" not in answer, (method, answer["error"])
        result: dict[str, Any] = answer["result"]
        return result

    def attach(self) -> None:
        """Open the tab that all further commands are for."""
        target = self.command("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.command("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        self.command("Page.enable")

    def enter_frame(self) -> None:
        """From now on, all commands are for the only frame in the page, which is of another origin."""
        frames = [info for info in self.command("Target.getTargets")["targetInfos"] if info["type"] == "iframe"]
        (target,) = [frame["targetId"] for frame in frames]
        self._session = self.command("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]

    def intercept(self, on_request: Callable[[PausedRequest], None]) -> None:
        """From now on, call *on_request* with every request; it answers by `fulfil`, now or later."""
        self._on_request = on_request
        self.command("Fetch.enable", patterns=[{"urlPattern": "*"}])

    def fulfil(
        self, request: PausedRequest, status: int, headers: Sequence[tuple[str, str]] = (), body: bytes = b""
    ) -> None:
        """Answer *request*."""
        fields = [{"name": name, "value": value} for name, value in headers]
        content = base64.b64encode(body).decode()
        # This is called while another command waits for its answer, so it does not wait for one.
        self._send(
            "Fetch.fulfillRequest",
            {"requestId": request.identity, "responseCode": status, "responseHeaders": fields, "body": content},
        )

    def refuse(self, request: PausedRequest) -> None:
        """Let *request* fail as if nothing listened at its address."""
        self._send("Fetch.failRequest", {"requestId": request.identity, "errorReason": "ConnectionRefused"})

    def open(self, url: str) -> None:
        """Load *url* and wait for its scripts."""
        self.command("Page.navigate", url=url)
        self.wait_until(f"location.href === {json.dumps(url)} && document.readyState === 'complete'")

    def evaluate(self, expression: str) -> Any:  # noqa: ANN401  # any JSON value
        """The value of a JavaScript expression, or of the promise that it gives."""
        result = self.command("Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True)
        assert "exceptionDetails" not in result, (expression, result["exceptionDetails"])
        return result["result"].get("value")

    def wait_until(self, expression: str) -> None:
        """Wait until a JavaScript expression is true."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not self.evaluate(expression):
            assert time.monotonic() < deadline, f"in vain: {expression}"
            self.pump(LOOK_SECONDS)

    def pump(self, seconds: float) -> None:
        """Take what the browser sends within so many seconds."""
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            if b"\0" in self._received or select.select([self._read], [], [], left)[0]:
                self._receive(deadline + PATIENCE_SECONDS)

    def pump_until(self, condition: Callable[[], bool]) -> None:
        """Take what the browser sends until *condition* is true."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not condition():
            assert time.monotonic() < deadline, "in vain"
            self.pump(LOOK_SECONDS)

    def click(self, selector: str) -> None:
        """Click with the mouse on the middle of the element that a CSS selector finds."""
        middle = self.evaluate(
            "(element => {"
            "  element.scrollIntoView({ block: 'center', behavior: 'instant' });"
            "  const box = element.getBoundingClientRect();"
            "  return [box.x + box.width / 2, box.y + box.height / 2];"
            f"}})(document.querySelector({json.dumps(selector)}))"
        )
        common = {"x": middle[0], "y": middle[1], "button": "left", "clickCount": 1}
        self.command("Input.dispatchMouseEvent", type="mousePressed", **common)
        self.command("Input.dispatchMouseEvent", type="mouseReleased", **common)

    def press(self, key: str) -> None:
        """Press and release a key: Tab, Enter or a blank."""
        code, number, text = _KEYS[key]
        common = {"key": key, "code": code, "windowsVirtualKeyCode": number}
        self.command("Input.dispatchKeyEvent", type="keyDown", text=text, **common)
        self.command("Input.dispatchKeyEvent", type="keyUp", **common)

    def resize(self, width: int, height: int) -> None:
        """Make the page as large as this, in CSS pixels."""
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        self.command("Emulation.setDeviceMetricsOverride", **size)

    def prefer(self, **features: str) -> None:
        """Emulate preferences of a user, such as ``prefers_color_scheme="dark"``."""
        wanted = [{"name": name.replace("_", "-"), "value": value} for name, value in features.items()]
        self.command("Emulation.setEmulatedMedia", features=wanted)

    def take_screenshot(self, path: Path) -> None:
        """Save a picture of the whole page as PNG."""
        picture = self.command("Page.captureScreenshot", captureBeyondViewport=True)["data"]
        path.write_bytes(base64.b64decode(picture))

    def close(self) -> None:
        """Tell the browser to end."""
        self._session = None
        self._send("Browser.close", {})

    def _send(self, method: str, parameters: Mapping[str, object]) -> int:
        self._serial += 1
        message: dict[str, object] = {"id": self._serial, "method": method, "params": parameters}
        if self._session is not None:
            message["sessionId"] = self._session
        data = memoryview(json.dumps(message).encode() + b"\0")
        while data:
            data = data[os.write(self._write, data) :]
        return self._serial

    def _receive(self, deadline: float) -> None:
        """Take one message."""
        while b"\0" not in self._received:
            left = max(0.0, deadline - time.monotonic())
            assert select.select([self._read], [], [], left)[0], "the browser does not answer"
            data = os.read(self._read, 65536)
            assert data, "the browser has ended"
            self._received += data
        text, _, self._received = self._received.partition(b"\0")
        message = json.loads(text)
        if "id" in message:
            self._results[message["id"]] = message
        elif message["method"] == "Fetch.requestPaused" and self._on_request is not None:
            self._on_request(_paused(message["params"]))


def _paused(event: dict[str, Any]) -> PausedRequest:
    request = event["request"]
    headers = {name.lower(): value for name, value in request["headers"].items()}
    return PausedRequest(event["requestId"], request["method"], request["url"], headers, request.get("postData", ""))


@contextmanager
def open_browser(command: Sequence[str], profile: Path) -> Iterator[Browser]:
    """Start the browser that *command* runs, with *profile* as its folder, and end it with the body.

    To run it on a host of a `Network`: ``open_browser(host.command(chromium), tmp_path)``.
    """
    command = [*command, *OPTIONS, f"--user-data-dir={profile}", "--remote-debugging-pipe"]
    browser_reads, we_write = _pipe()
    we_read, browser_writes = _pipe()
    try:
        with (profile.parent / f"{profile.name}.log").open("wb") as log:
            process = subprocess.Popen(
                [sys.executable, "-I", "-c", _ON_3_AND_4, str(browser_reads), str(browser_writes), *command],
                pass_fds=(browser_reads, browser_writes),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        os.close(browser_reads)
        os.close(browser_writes)
        try:
            browser = Browser(we_write, we_read)
            browser.attach()
            yield browser
            browser.close()
            process.wait(PATIENCE_SECONDS)
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()
    finally:
        os.close(we_write)
        os.close(we_read)


def _pipe() -> tuple[int, int]:
    """A pipe whose descriptors are out of the way of 3 and 4."""
    ends = os.pipe()
    moved = [fcntl.fcntl(end, fcntl.F_DUPFD_CLOEXEC, 10) for end in ends]
    for end in ends:
        os.close(end)
    return moved[0], moved[1]
