"""Real servers on the way to the sandbox: TLS with a certificate authority of its own, and a real forward proxy."""

from __future__ import annotations

import asyncio
import hashlib
import os
import socket
import ssl
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    import trustme

DOMAIN = "asayer.test"
EXPIRED, OTHER_NAME = f"expired.{DOMAIN}", f"othername.{DOMAIN}"
ROOT = Path(__file__).parents[2]
READY_WITHIN_SECONDS = 60


def server_context(authority: trustme.CA) -> tuple[ssl.SSLContext, str]:
    """Return the TLS of a server whose certificate depends on the name that it is asked by; its usual fingerprint."""
    long_ago = datetime.now(UTC) - timedelta(days=2)
    certificates = {
        EXPIRED: authority.issue_cert(EXPIRED, not_before=long_ago, not_after=long_ago + timedelta(days=1)),
        OTHER_NAME: authority.issue_cert("somebody.example.com"),
    }
    contexts = {name: _context(certificate) for name, certificate in certificates.items()}

    def choose(connection: ssl.SSLObject, name: str | None, _context: ssl.SSLContext) -> None:
        connection.context = contexts.get(name or "", connection.context)

    certificate = authority.issue_cert(f"*.{DOMAIN}")
    usual = _context(certificate)
    usual.sni_callback = choose
    encoded = ssl.PEM_cert_to_DER_cert(certificate.cert_chain_pems[0].bytes().decode())
    return usual, hashlib.sha256(encoded).hexdigest()


def _context(certificate: trustme.LeafCert) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    certificate.configure_cert(context)
    return context


@contextmanager
def tls_in_front_of(port: int, context: ssl.SSLContext) -> Iterator[int]:
    """Speak TLS for a server on this computer that speaks none; yield the port."""
    loop = asyncio.new_event_loop()
    loop.set_exception_handler(lambda *_: None)  # a client that does not trust the certificate hangs up

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection("127.0.0.1", port)
        await asyncio.gather(_pass_on(reader, back), _pass_on(there, writer))

    server = loop.run_until_complete(asyncio.start_server(serve, "127.0.0.1", 0, ssl=context))
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        loop.call_soon_threadsafe(_stop, loop, server)
        thread.join()
        loop.close()


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while data := await reader.read(65_536):
            writer.write(data)
            await writer.drain()
    except (ConnectionError, ssl.SSLError):
        pass
    finally:
        writer.close()


def _stop(loop: asyncio.AbstractEventLoop, server: asyncio.Server) -> None:
    server.close()
    tasks = asyncio.gather(*asyncio.all_tasks(loop), return_exceptions=True)
    tasks.cancel()
    loop.call_later(0.1, loop.stop)


@contextmanager
def forward_proxy(folder: Path, *options: str) -> Iterator[int]:
    """Run a forward proxy while the block lasts; yield its port."""
    folder.mkdir()
    port_file = folder / "port"
    command = [
        *(sys.executable, "-m", "proxy", "--hostname", "127.0.0.1", "--port", "0", "--port-file", str(port_file)),
        *("--num-workers", "1", "--num-acceptors", "1", "--log-file", str(folder / "log"), "--data-dir", str(folder)),
        *("--plugins", "tests.network.proxy_plugin.Names", *options),
    ]
    environ = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "HOME": str(folder)}
    running = subprocess.Popen(command, env=environ, start_new_session=True)
    try:
        yield _port_in(port_file, running)
    finally:
        os.killpg(running.pid, 15)  # its own workers with it
        running.wait()


def _port_in(file: Path, running: subprocess.Popen[bytes]) -> int:
    for _ in range(READY_WITHIN_SECONDS * 20):
        if file.exists() and (text := file.read_text().strip()):
            return int(text)
        assert running.poll() is None
        time.sleep(0.05)
    raise TimeoutError("the proxy did not start")


@contextmanager
def silent_server() -> Iterator[int]:
    """Accept connections and never say anything; yield the port."""
    with socket.create_server(("127.0.0.1", 0), backlog=100) as silent:
        yield silent.getsockname()[1]


def unused_port() -> int:
    """Return a port on which nothing listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
        return port
