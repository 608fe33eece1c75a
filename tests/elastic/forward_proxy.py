"""A forward proxy on loopback: tunnels with CONNECT, passes plain requests on, or refuses both.

All names lead to loopback: what is asked for by a name of another computer is a test's own server.
"""

from __future__ import annotations

import base64
import contextlib
import selectors
import socket
import socketserver
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterator

_REFUSAL = b"<html><body>Ask the network team.</body></html>"


@dataclass
class Proxy:
    """A running proxy: where it is, what it was asked for; `refusal` is the status it answers, 0 for none."""

    port: int = 0
    refusal: int = 0
    asked: list[str] = field(default_factory=list)
    logins: list[str] = field(default_factory=list)


class _Handler(socketserver.StreamRequestHandler):
    server: _Server

    def handle(self) -> None:
        first = self.rfile.readline().decode()
        if not first:
            return
        headers = dict(self._headers())
        method, target, _ = first.split(" ", 2)
        proxy = self.server.proxy
        proxy.asked.append(f"{method} {target}")
        scheme, _, login = headers.get("proxy-authorization", "").partition(" ")
        if scheme:
            proxy.logins.append(base64.b64decode(login).decode())
        if proxy.refusal:
            head = f"Content-Type: text/html\r\nContent-Length: {len(_REFUSAL)}\r\n\r\n"
            self.wfile.write(f"HTTP/1.1 {proxy.refusal} Refused\r\n{head}".encode() + _REFUSAL)
        elif method == "CONNECT":
            self._tunnel(target)
        else:
            self._pass_on(method, target, headers)

    def _headers(self) -> Iterator[tuple[str, str]]:
        while line := self.rfile.readline().decode().strip():
            name, _, value = line.partition(":")
            yield name.lower(), value.strip()

    def _tunnel(self, target: str) -> None:
        port = target.rpartition(":")[2]
        with socket.create_connection(("127.0.0.1", int(port))) as server:
            self.wfile.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
            _join(self.connection, server)

    def _pass_on(self, method: str, target: str, headers: dict[str, str]) -> None:
        parts = urlsplit(target)
        kept = {
            name: value for name, value in headers.items() if not name.startswith("proxy-") and name != "connection"
        }
        head = "".join(f"{name}: {value}\r\n" for name, value in kept.items())
        with socket.create_connection(("127.0.0.1", parts.port or 80)) as server:
            body = self.rfile.read(int(headers.get("content-length", 0)))
            server.sendall(f"{method} {parts.path} HTTP/1.1\r\n{head}Connection: close\r\n\r\n".encode() + body)
            while data := server.recv(65_536):
                self.wfile.write(data)


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    proxy: Proxy


def _join(one: socket.socket, other: socket.socket) -> None:
    with selectors.DefaultSelector() as selector, contextlib.suppress(OSError):
        selector.register(one, selectors.EVENT_READ, other)
        selector.register(other, selectors.EVENT_READ, one)
        while True:
            for ready, _ in selector.select():
                data = ready.fileobj.recv(65_536)  # type: ignore[union-attr]
                if not data:
                    return
                ready.data.sendall(data)


@contextlib.contextmanager
def forward_proxy(refusal: int = 0) -> Iterator[Proxy]:
    """Run a proxy while the block lasts."""
    with _Server(("127.0.0.1", 0), _Handler) as server:
        server.proxy = Proxy(server.server_address[1], refusal)
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield server.proxy
        finally:
            server.shutdown()
            thread.join()
