"""A back end with a canary's route for each way of being right or wrong, whose log lines are shipped as they are."""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

from asayer_cli.entries import milliseconds, rfc3339

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.verification.conftest import Admin

PAGE = "https://shop.example.com"
SECRET = "planted-canary-secret"
ROUTE = "asayer canary error"
ALLOWED = (
    ("Access-Control-Allow-Origin", PAGE),
    ("Access-Control-Allow-Headers", "Content-Type, x-session-id"),
)
Headers = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Request:
    """What the application got."""

    method: str
    session: str
    mark: str
    secret: str
    headers: dict[str, str]


@dataclass(frozen=True)
class Line:
    """One log entry; `fields` of the document beside its message (None removes one), `off` what its clock is off by."""

    message: str
    fields: dict[str, object] = field(default_factory=dict)
    off: timedelta = timedelta(0)


def tagged(request: Request) -> list[Line]:
    return [Line(f"[asayer_session_id={request.session}] ERROR {ROUTE} {request.mark}")]


def silent(request: Request) -> list[Line]:
    return []


@dataclass(frozen=True)
class Variant:
    """One way of being right or wrong: what it logs, and answers to the preflight and to the request."""

    logs: Callable[[Request], list[Line]] = tagged
    status: int = 500
    headers: Headers = ALLOWED[:1]
    preflight: int = 204
    preflight_headers: Headers = ALLOWED
    raw: bytes = b""
    seconds: float = 0


@dataclass
class Store:
    """A log group and an index of a variant's own, and what was asked of it."""

    admin: Admin
    logs: Any
    group: str = ""
    index: str = ""
    requests: list[Request] = field(default_factory=list)

    def make(self) -> Store:
        self.group = self.admin.log([])
        self.logs.create_log_stream(logGroupName=self.group, logStreamName="app")
        self.index = self.admin.index([])
        return self

    def ship(self, lines: list[Line]) -> None:
        now = datetime.now(UTC)
        events = [{"timestamp": milliseconds(now + line.off), "message": line.message} for line in lines]
        self.logs.put_log_events(logGroupName=self.group, logStreamName="app", logEvents=events)
        bulk: list[object] = []
        for line in lines:
            when = rfc3339(now + line.off)
            document = {"message": line.message, "utc_time": when, "@timestamp": when, "tags": ["error"], **line.fields}
            bulk += [{"index": {"_index": self.index}}, {k: v for k, v in document.items() if v is not None}]
        self.admin.elastic("POST", "/_bulk?refresh=true", bulk)


class Server(ThreadingHTTPServer):
    """Serves /NAME/asayer-canary for each variant."""

    daemon_threads = True
    block_on_close = False

    def __init__(self, variants: dict[str, Variant], stores: dict[str, Store]) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.variants, self.stores = variants, stores

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class _Handler(BaseHTTPRequestHandler):
    server: Server
    protocol_version = "HTTP/1.1"

    def _answer(self) -> None:
        name, query = self.path.split("/")[1], parse_qs(urlsplit(self.path).query)
        variant, store = self.server.variants[name], self.server.stores[name]
        session = self.headers.get("X-Session-Id") or self.headers.get("X-OpenReplay-SessionToken") or ""
        request = Request(
            self.command,
            session,
            query["asayer_canary"][0],
            self.headers.get("X-Asayer-Canary", ""),
            {name.lower(): value for name, value in self.headers.items()},
        )
        store.requests.append(request)
        time.sleep(variant.seconds)
        if self.command == "OPTIONS":
            self._send(variant.preflight, variant.preflight_headers)
            return
        if lines := variant.logs(request):
            store.ship(lines)
        if variant.raw:
            self.wfile.write(variant.raw)
            self.close_connection = True
            return
        self._send(variant.status, variant.headers)

    do_GET = do_OPTIONS = do_PUT = _answer  # noqa: N815 - the library's names

    def _send(self, status: int, headers: Headers) -> None:
        self.send_response(status)
        for name, value in (*headers, ("Content-Length", "0")):
            self.send_header(name, value)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
        """Keep the test's output clean."""


@contextmanager
def serving(variants: dict[str, Variant], admin: Admin) -> Iterator[Server]:
    """Run the application while the block lasts."""
    logs = admin.aws("logs")
    server = Server(variants, {name: Store(admin, logs).make() for name in variants})
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
