"""Connections to real servers: TLS with any certificate, and what goes wrong, in words."""

from __future__ import annotations

import shutil
import socket
import ssl
import subprocess
from pathlib import Path
from typing import NoReturn

import pytest
import trio

from upnp_trio.errors import RequestFailed
from upnp_trio.http.page_client import PageClient
from upnp_trio.model.web_url import WebUrl
from upnp_trio.network.web_streams import SystemWeb

PAGE = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<title>over TLS"


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate that nobody knows, for another name, that is no longer valid, with its key."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("openssl is not here to make a certificate")
    file = tmp_path_factory.mktemp("tls") / "own.pem"
    made = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=other", "-days", "1"]
    subprocess.run(
        [openssl, *made, "-keyout", str(file), "-out", f"{file}.crt"], check=True, capture_output=True, timeout=60
    )
    file.write_bytes(file.read_bytes() + Path(f"{file}.crt").read_bytes())
    return file


async def serve(listener: trio.SocketListener, context: ssl.SSLContext | None) -> None:
    async def answer(stream: trio.SocketStream) -> None:
        wrapped = stream if context is None else trio.SSLStream(stream, context, server_side=True)
        try:
            await wrapped.receive_some(4096)
            await wrapped.send_all(PAGE)
            await stream.send_eof()  # without saying so in TLS
        except trio.BrokenResourceError:
            pass
        finally:
            await stream.aclose()

    await trio.serve_listeners(answer, [listener])


async def fetch(url: str) -> bytes:
    return (await PageClient(SystemWeb(), "test/1").get(WebUrl.parse(url), address="127.0.0.1")).body


@pytest.mark.parametrize("host", ["nas.local", "192.0.2.7", "[2001:db8::7]"])
async def test_any_certificate_will_do(certificate: Path, host: str) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    (listener,) = await trio.open_tcp_listeners(0, host="127.0.0.1")
    port = listener.socket.getsockname()[1]
    with trio.fail_after(30):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(serve, listener, context)
            assert await fetch(f"https://{host}:{port}/") == b"<title>over TLS"
            nursery.cancel_scope.cancel()


async def test_a_server_without_tls_is_a_failure_that_says_so() -> None:
    (listener,) = await trio.open_tcp_listeners(0, host="127.0.0.1")
    port = listener.socket.getsockname()[1]
    failed = ""
    with trio.fail_after(30):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(serve, listener, None)
            try:
                await fetch(f"https://nas.local:{port}/")
            except RequestFailed as error:
                failed = str(error)
            nursery.cancel_scope.cancel()
    assert failed == f"https://nas.local:{port}/: no TLS: wrong version number; is it http://?"


async def test_a_refused_connection_is_one_error_of_the_system() -> None:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))  # and does not listen
        url = WebUrl.parse(f"http://127.0.0.1:{bound.getsockname()[1]}/")
        with pytest.raises(ConnectionRefusedError):
            await SystemWeb().open(url, "127.0.0.1")


class NoNames(trio.abc.HostnameResolver):
    """Finds no name, without asking anybody."""

    async def getaddrinfo(self, host: object, *others: object, **options: object) -> NoReturn:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    async def getnameinfo(self, *arguments: object) -> NoReturn:
        raise AssertionError


async def test_a_name_that_is_not_found_is_an_error_of_the_look_up() -> None:
    trio.socket.set_custom_hostname_resolver(NoNames())
    with pytest.raises(socket.gaierror):
        await SystemWeb().open(WebUrl.parse("http://name.invalid/"))
    with pytest.raises(socket.gaierror):
        await SystemWeb().addresses_of("name.invalid")


async def test_addresses_have_no_zone_and_no_brackets() -> None:
    assert await SystemWeb().addresses_of("[2001:db8::7]") == {"2001:db8::7"}
    assert await SystemWeb().addresses_of("192.0.2.7") == {"192.0.2.7"}
