"""The WSGI app (PEP 3333), for servers with any number of threads.

A thread that waits serves no other request, so nothing waits here for long but the handlers of actions.
"""

from __future__ import annotations

from threading import BoundedSemaphore
from typing import TYPE_CHECKING

import attrs
import trio

from upnp_trio.bridging.into_trio import submit
from upnp_trio.exchange import REASONS, Request, Response, error_response
from upnp_trio.http.request_rules import MAX_BODY_BYTES
from upnp_trio.mounted.answers import done_answer, give_up
from upnp_trio.mounted.app import MountedApp, fields_of, refusal
from upnp_trio.mounted.paths import target_within
from upnp_trio.mounted.wsgi_clients import hang_up_of
from upnp_trio.server.calls import HANDLER_SECONDS
from upnp_trio.server.mounted_site import Answer, MountedSite

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from concurrent.futures import Future
    from wsgiref.types import StartResponse, WSGIEnvironment

__all__ = ["UpnpApp"]

# A handler has a deadline of its own; this one is for a loop that no longer runs.
ANSWER_SECONDS = HANDLER_SECONDS + 5
# What a client makes of these with an underscore ("Content_Length"). The real fields come without the prefix.
_OF_OTHER_FIELDS = frozenset({"HTTP_CONTENT_LENGTH", "HTTP_CONTENT_TYPE"})
# How long a live page's question waits for a change, and how many of them do at the same time. The others are answered
# at once and come again after a moment. Servers have 4 threads (waitress) or 1 to some 40, and calls need them, too.
PAGE_SECONDS = 2.0
MAX_WAITING_PAGES = 2
# Between two looks whether the client of a call is still there, which cost a thread's turn each. Most answers are there
# much sooner.
LOOK_SECONDS = 0.5


class _ClientHasLeft(Exception):
    """Nobody waits for the response any more."""


class UpnpApp(MountedApp):
    """Serves devices within a server that speaks WSGI; *url* is where it is mounted; raises `NetworkError`.

    ``{host}`` as the host of *url* stands for the address of each interface. Pass the app as ``http`` to what serves
    the devices, which is `upnp_trio.threads.serve_in_thread` in most programs. Before and after that, it answers 503.
    Requests may come in any thread, but that of the device's own event loop.

    It answers under the addresses that are served, under the host of *url*, and under ``allowed_hosts``. A
    subscriber gets events at the address in REMOTE_ADDR, and nowhere else.
    """

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self._waiting_pages = BoundedSemaphore(MAX_WAITING_PAGES)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        site = self._site
        if site is None:
            return _begin(start_response, environ, error_response(503))
        request = self._request(environ, site)
        if request is None:
            return _begin(start_response, environ, error_response(404))
        try:
            answer = self._answer(site, request, environ)
        except _ClientHasLeft:  # at any time, and the server has to be told something
            return _begin(start_response, environ, error_response(503))
        site.report(request, answer.response.status)
        return _begin(start_response, environ, answer.response, site.writer.server_token, answer)

    def _request(self, environ: WSGIEnvironment, site: MountedSite) -> Request | None:
        """The request without its body; ``None`` if it is for another app."""
        root_path, path = _text(environ.get("SCRIPT_NAME", "")), _text(environ.get("PATH_INFO", ""))
        query = environ.get("QUERY_STRING", "")
        raw = environ.get("REQUEST_URI") or environ.get("RAW_URI") or ""
        target = target_within(self._prefix, self._decoded_prefix, root_path, root_path + path, query, raw)
        if target is None:
            return None
        headers = {
            key[len("HTTP_") :].replace("_", "-").lower(): value.strip(" \t")
            for key, value in environ.items()
            if key.startswith("HTTP_") and key not in _OF_OTHER_FIELDS
        }
        for key in ("CONTENT_TYPE", "CONTENT_LENGTH"):  # empty or missing without such a field
            if environ.get(key):
                headers[key.replace("_", "-").lower()] = environ[key]
        peer = site.peer(environ.get("REMOTE_ADDR", ""), environ.get("SERVER_NAME", ""))
        return Request(environ["REQUEST_METHOD"].upper(), target, headers, peer=peer)

    def _answer(self, site: MountedSite, request: Request, environ: WSGIEnvironment) -> Answer:
        length = request.headers.get("content-length")
        if (refused := refusal(site, request, [] if length is None else [length])) is not None:
            return Answer(refused, site)
        if site.site.takes_body(request):
            body = _body(environ, None if length is None else int(length))
            if isinstance(body, Response):
                site.note_refusal("body too long" if body.status == 413 else "malformed request")
                return Answer(body, site)
            request = attrs.evolve(request, body=body)
        elif (found := site.site.read_file(request)) is not None:
            return Answer(found, site)
        if site.site.is_state(request):
            return self._state(site, request, environ)
        return _wait(site, request, environ, ANSWER_SECONDS) or Answer(error_response(503), site)

    def _state(self, site: MountedSite, request: Request, environ: WSGIEnvironment) -> Answer:
        """The answer to a live page, which waits for a change if a thread can be spared."""
        if environ.get("wsgi.multithread", False) and self._waiting_pages.acquire(blocking=False):
            try:
                answer = _wait(site, request, environ, PAGE_SECONDS)
            finally:
                self._waiting_pages.release()
            if answer is not None:
                return answer
        # without the version that the page knows, the question is answered at once
        at_once = attrs.evolve(request, target=request.target.partition("?")[0])
        return _wait(site, at_once, environ, ANSWER_SECONDS) or Answer(error_response(503), site)


def _wait(site: MountedSite, request: Request, environ: WSGIEnvironment, seconds: float) -> Answer | None:
    """The answer of *site*; ``None`` if it is not there within *seconds*. Raises `_ClientHasLeft`."""
    if trio.lowlevel.in_trio_task() and trio.lowlevel.current_trio_token() is site.token:
        raise RuntimeError(
            "a WSGI app was called in the thread of the device's event loop, which it would block for ever; "
            "run the web server in a thread of its own (trio.to_thread.run_sync)"
        )
    submitted = submit(site.token, site.respond, request)
    try:
        is_there = _is_done(submitted.future, hang_up_of(environ), seconds)
    except BaseException:
        give_up(submitted)
        raise
    if not is_there:
        give_up(submitted)
        return None
    return done_answer(submitted, site)


def _is_done(future: Future[Answer], has_left: Callable[[], object] | None, seconds: float) -> bool:
    """Whether *future* is done within *seconds*. Raises `_ClientHasLeft`."""
    if has_left is None:
        return _is_done_within(future, seconds)
    for _ in range(max(round(seconds / LOOK_SECONDS), 1)):
        if _is_done_within(future, LOOK_SECONDS):
            return True
        if has_left():
            raise _ClientHasLeft
    return False


def _is_done_within(future: Future[Answer], seconds: float) -> bool:
    try:
        future.exception(timeout=seconds)
    except TimeoutError:
        return False
    return True


def _body(environ: WSGIEnvironment, length: int | None) -> bytes | Response:
    """The body of a call, or the response to one that cannot be read."""
    source = environ["wsgi.input"]
    if length is None and not environ.get("wsgi.input_terminated"):
        # PEP 3333 has no end of the body in this case; reading on would wait for ever
        return error_response(411) if environ.get("HTTP_TRANSFER_ENCODING") else b""
    most = MAX_BODY_BYTES + 1 if length is None else length
    pieces: list[bytes] = []
    while most > 0 and (piece := source.read(most)):
        pieces.append(piece)
        most -= len(piece)
    if length is None and most == 0:
        return error_response(413)
    return b"".join(pieces) if length is None or most == 0 else error_response(400)


def _text(path: str) -> str:
    # PEP 3333: bytes that are decoded as Latin-1
    return path.encode("latin-1", "replace").decode("utf-8", "replace")


class _Body:
    """The body of a response; the server closes it when the response has been sent, or cannot be."""

    def __init__(self, body: bytes, answer: Answer | None) -> None:
        self._body = body
        self._answer = answer
        self._is_taken = False

    def __iter__(self) -> Iterator[bytes]:
        if self._body:
            yield self._body
        self._is_taken = True

    def close(self) -> None:
        answer, self._answer = self._answer, None
        if answer is not None:
            answer.sent() if self._is_taken else answer.abandon()


def _begin(
    start_response: StartResponse,
    environ: WSGIEnvironment,
    response: Response,
    server: str | None = None,
    answer: Answer | None = None,
) -> _Body:
    is_empty = response.status == 304 or environ["REQUEST_METHOD"].upper() == "HEAD"
    try:
        start_response(f"{response.status} {REASONS[response.status]}", fields_of(response, server))
    except BaseException:
        if answer is not None:
            answer.abandon()
        raise
    return _Body(b"" if is_empty else response.body, answer)
