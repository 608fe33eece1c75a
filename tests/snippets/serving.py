"""Servers on loopback, started as their users start them, and what browsers and canaries ask of them."""

from __future__ import annotations

import contextlib
import http.client
import socket
import subprocess
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

PATIENCE_SECONDS: Final = 30.0
PAGE: Final = "https://www.example.com"


@dataclass(frozen=True)
class Answer:
    """A status and its headers, by lower-case name; a header that came twice has both values, parted by a comma."""

    status: int
    headers: dict[str, str]


@dataclass(frozen=True)
class Server:
    """A server that listens on a port of 127.0.0.1 and writes all that it prints into a file."""

    port: int
    printed: Path

    def ask(self, path: str, method: str = "GET", **headers: str) -> Answer:
        """Send one request; blanks in header names are written as underscores."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE_SECONDS)
        with contextlib.closing(connection):
            connection.request(method, path, headers={name.replace("_", "-"): text for name, text in headers.items()})
            response = connection.getresponse()
            response.read()
            names = {name.lower() for name in response.headers}
            return Answer(response.status, {name: ", ".join(response.headers.get_all(name, [])) for name in names})

    def preflight(self, path: str, origin: str) -> Answer:
        """Ask as a browser does before a request with the header X-Session-Id."""
        asked = {"Access_Control_Request_Method": "GET", "Access_Control_Request_Headers": "x-session-id"}
        return self.ask(path, "OPTIONS", Origin=origin, **asked)

    @property
    def lines(self) -> list[str]:
        return self.printed.read_text(encoding="utf-8").splitlines()


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


@contextlib.contextmanager
def serving(command: Sequence[str], port: int, folder: Path, environ: Mapping[str, str]) -> Iterator[Server]:
    """Run a server in a folder while the block lasts; it has printed everything when the block has been left."""
    server = Server(port, folder / f"printed-{port}.log")
    with server.printed.open("wb") as printed:
        process = subprocess.Popen(command, cwd=folder, env=dict(environ), stdout=printed, stderr=printed)
        try:
            _wait(process, server)
            yield server
        finally:
            process.terminate()
            process.wait(PATIENCE_SECONDS)


def _wait(process: subprocess.Popen[bytes], server: Server) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        assert process.poll() is None, server.lines
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", server.port), timeout=1):
            return
        time.sleep(0.05)
    raise AssertionError(server.lines)


def allowed(answer: Answer) -> bool:
    """Tell whether a browser, told this in answer to a preflight of PAGE, sends the request with X-Session-Id."""
    names = {name.strip().lower() for name in answer.headers.get("access-control-allow-headers", "").split(",")}
    own = answer.headers.get("access-control-allow-origin") == PAGE
    return answer.status in (200, 204) and own and "x-session-id" in names
