"""A web site for pages under test: it serves files and pages, and keeps every request that it gets."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import mimetypes
import re
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qs, unquote, urlsplit

import asayer_cli

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

SCRIPT: Final = Path(asayer_cli.__file__).parent / "snippets" / "asayer-propagate.js"
HERE: Final = Path(__file__).parent
PACKAGES: Final = "/npm/"
# a module of the pre-module age; as a module, it finds no global object to put itself into
WRAPPED: Final = "const home = {{}};\n(function () {{\n{source}\n}}).call(home);\nexport default home.{name};\n"


@dataclass(frozen=True, slots=True)
class Received:
    """A request as it came in; header names are in lower case."""

    method: str
    path: str
    headers: dict[str, str]
    body: str

    @property
    def session_id(self) -> str | None:
        return self.headers.get("x-session-id")


@dataclass
class Site:
    """`cors` are the headers that allow other origins' requests; none allows nothing."""

    packages: Path
    cors: Mapping[str, str] = field(default_factory=dict)
    pages: dict[str, tuple[str, Mapping[str, str]]] = field(default_factory=dict)
    received: list[Received] = field(default_factory=list)
    origin: str = ""

    def page(self, path: str, html: str, headers: Mapping[str, str] | None = None) -> str:
        """Put a page there and return its address."""
        self.pages[path] = (html, headers or {})
        return self.origin + path

    def take(self) -> list[Received]:
        """Return what came in since the last call."""
        taken, self.received = self.received, []
        return taken


@contextlib.contextmanager
def serving(packages: Path, cors: Mapping[str, str] | None = None) -> Iterator[Site]:
    """Serve a site on a free port of 127.0.0.1."""
    site = Site(packages, cors or {})
    with ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"site": site})) as server:
        server.daemon_threads = True
        server.block_on_close = False
        site.origin = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        try:
            yield site
        finally:
            server.shutdown()
            thread.join()


class _Handler(BaseHTTPRequestHandler):
    site: Site
    protocol_version = "HTTP/1.1"
    timeout = 30
    disable_nagle_algorithm = True

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base's name
        """Keep the tests' output for the tests."""

    def handle(self) -> None:
        with contextlib.suppress(ConnectionError):  # aborted by the page, as some tests ask for
            super().handle()

    def _serve(self) -> None:
        url = urlsplit(self.path)
        body = self.rfile.read(int(self.headers.get("content-length") or 0)).decode("latin-1")
        if url.path in self.site.pages:
            html, headers = self.site.pages[url.path]
            self._answer(html.encode(), "text/html; charset=utf-8", headers)
        elif url.path == "/favicon.ico":
            self._answer(b"", "image/png")  # browsers ask by themselves
        elif url.path == f"/{SCRIPT.name}":
            self._answer(SCRIPT.read_bytes(), "text/javascript")
        elif url.path.startswith(PACKAGES):
            self._package_file(unquote(url.path.removeprefix(PACKAGES)))
        elif (file := HERE / url.path.removeprefix("/")).suffix == ".js" and file.parent == HERE and file.is_file():
            self._answer(file.read_bytes(), "text/javascript")
        else:
            headers = {name.lower(): value for name, value in self.headers.items()}
            received = Received(self.command, self.path, headers, body)
            self.site.received.append(received)
            self._act(url.path, received)

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = do_patch = _serve  # noqa: N815 - the names that the base looks for

    def _act(self, path: str, received: Received) -> None:
        query = {name: values[0] for name, values in parse_qs(urlsplit(self.path).query).items()}
        if self.command == "OPTIONS":
            self._answer(b"", "text/plain", self.site.cors)
        elif path == "/redirect":
            self._answer(
                b"", "text/plain", {**self.site.cors, "Location": query["to"]}, int(query.get("status", "302"))
            )
        elif path == "/drip":
            self._drip(int(query["chunks"]))
        elif path == "/never":
            self.close_connection = True
            self.rfile.read(1)  # returns when the page gives up
        else:
            self._answer(json.dumps(_comparable(received)).encode(), "application/json", self.site.cors)

    def _drip(self, chunks: int) -> None:
        """Answer piece by piece."""
        self._begin("text/plain", {"Transfer-Encoding": "chunked", **self.site.cors})
        for number in range(chunks):
            self.wfile.write(b"%x\r\n%s\r\n" % (len(f"part {number}\n"), f"part {number}\n".encode()))
            self.wfile.flush()
            time.sleep(0.02)
        self.wfile.write(b"0\r\n\r\n")

    def _package_file(self, path: str) -> None:
        """Serve a file of a package as Node finds it: a folder means its index.js, and no suffix means .js."""
        file = self.site.packages / path
        if file.is_dir():
            self._answer(b"", "text/plain", {"Location": f"{PACKAGES}{path.rstrip('/')}/index.js"}, 302)
            return
        if not file.is_file():
            file = file.with_name(file.name + ".js")
        source = file.read_bytes()
        if name := parse_qs(urlsplit(self.path).query).get("global"):
            source = WRAPPED.format(source=source.decode(), name=name[0]).encode()
        self._answer(source, mimetypes.guess_type(file.name)[0] or "text/javascript", {"Cache-Control": "max-age=600"})

    def _answer(self, body: bytes, kind: str, headers: Mapping[str, str] | None = None, status: int = 200) -> None:
        self._begin(kind, {"Content-Length": str(len(body)), **(headers or {})}, status)
        if self.command != "HEAD":
            self.wfile.write(body)

    def _begin(self, kind: str, headers: Mapping[str, str], status: int = 200) -> None:
        self.send_response(status)
        for name, value in {"Content-Type": kind, **headers}.items():
            self.send_header(name, value)
        self.end_headers()


def _comparable(received: Received) -> dict[str, object]:
    """Return what a page may compare: without what differs from one request to the next."""
    text = json.dumps(dataclasses.asdict(received))
    plain: dict[str, object] = json.loads(re.sub(r"FormBoundary\w+", "FormBoundary", text))
    return plain
