"""An HTTP server that gives the sandbox's own answers again, one of them damaged."""

from __future__ import annotations

import re
import socket
import threading
from collections import Counter
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Final, cast
from urllib.parse import parse_qs

import urllib3

if TYPE_CHECKING:
    from collections.abc import Iterator

_SCOPE: Final = re.compile(r"AWS4-HMAC-SHA256 Credential=([^/]+)/\d+/([^/]+)/([^/]+)/aws4_request")
_HOP_BY_HOP: Final = ("connection", "content-length", "keep-alive", "server", "transfer-encoding")


@dataclass(frozen=True)
class Answer:
    """An answer as it goes over the wire; `promised` is the length that its header tells, the body's when None."""

    status: int
    headers: dict[str, str]
    body: bytes
    promised: int | None = None

    def with_header(self, name: str, value: str | None) -> Answer:
        headers = {kept: text for kept, text in self.headers.items() if kept != name}
        return replace(self, headers=headers if value is None else {**headers, name: value})


_UNKNOWN: Final = Answer(404, {"content-type": "text/plain"}, b"nobody asked this while the answers were recorded")
Damage = Callable[[Answer], Answer]


@dataclass
class Stage:
    """What the server knows: the answers by question, in their order, and which question's are damaged and how."""

    aws: str = ""
    elastic: str = ""
    recorded: dict[str, list[Answer]] = field(default_factory=dict)
    asked: Counter[str] = field(default_factory=Counter)
    target: str = ""
    damage: Damage = lambda answer: answer
    url: str = ""

    def answer(self, request: Request) -> Answer:
        """Ask the sandbox while there is one, and else say what it said at this point."""
        if upstream := self.aws if request.scope else self.elastic:
            self.recorded.setdefault(request.key, []).append(request.forward(upstream))
        known = self.recorded.get(request.key, [_UNKNOWN])
        given = known[min(self.asked[request.key], len(known) - 1)]
        self.asked[request.key] += 1
        return self.damage(given) if request.key == self.target else given


@dataclass(frozen=True)
class Request:
    """What the program asks."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes

    @property
    def scope(self) -> re.Match[str] | None:
        """Who asks which service of AWS in which region; None when it is no request to AWS."""
        return _SCOPE.match(self.headers.get("Authorization", ""))

    @property
    def key(self) -> str:
        """What is asked and by whom, whatever it is asked about."""
        if scope := self.scope:
            named = self.headers.get("X-Amz-Target", "") or parse_qs(self.body.decode()).get("Action", [""])[0]
            return f"{scope[1]} {scope[2]} {scope[3]} {named.rpartition('.')[2]}"
        who = self.headers.get("Authorization", "").partition(" ")[0]
        return f"{who} {self.method} {self.target.partition('?')[0]}"

    def forward(self, upstream: str) -> Answer:
        kept = {name: value for name, value in self.headers.items() if name.lower() != "accept-encoding"}
        given = urllib3.request(self.method, upstream + self.target, body=self.body, headers=kept, retries=False)
        headers = {name.lower(): value for name, value in given.headers.items()}
        return Answer(given.status, {n: v for n, v in headers.items() if n not in _HOP_BY_HOP}, given.data)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 10

    def _handle(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        stage = cast("_Server", self.server).stage
        self._send(stage.answer(Request(self.command, self.path, dict(self.headers), body)))

    do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = _handle  # noqa: N815 - the server's names

    def _send(self, answer: Answer) -> None:
        length = len(answer.body) if answer.promised is None else answer.promised
        lines = [f"HTTP/1.1 {answer.status} Whatever", f"content-length: {length}", "connection: close"]
        lines += [f"{name}: {value}" for name, value in answer.headers.items()]
        self.close_connection = True
        # no library stands between: what is wrong shall stay wrong
        self.wfile.write("\r\n".join([*lines, "", ""]).encode("latin-1") + answer.body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the server's name
        """Say nothing: what the program says is tested."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        super().__init__(("127.0.0.1", 0), _Handler)

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing: who asked went away, as it may."""


@contextmanager
def answering() -> Iterator[Stage]:
    """Run the server while the block lasts."""
    stage = Stage()
    with _Server(stage) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        stage.url = f"http://127.0.0.1:{server.server_address[1]}"
        try:
            yield stage
        finally:
            server.shutdown()
            thread.join()


@contextmanager
def closed_address() -> Iterator[str]:
    """Give an address on which nothing listens, and nothing will as long as it is bound."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{bound.getsockname()[1]}"
