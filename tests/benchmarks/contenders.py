"""What propagation is measured against: nothing at all, `asgi-correlation-id`, and the patch of the product's guide.

The guide's patch comes as text that does not run: no body for `flush`, no value for its one global id. Here it is as it
was meant, mended only as far as it takes to run.
"""

from __future__ import annotations

import logging
import subprocess
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

SESSION_ID = "4113219715072001793"
FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"


class GuidePatch:
    """A peer: writes `[asayer_session_id=ID] ` before each piece of text that is no lone line feed."""

    session_id: str | None = SESSION_ID

    def __init__(self, stream: IO[str]) -> None:
        self._stream = stream

    def write(self, text: str) -> None:
        if self.session_id is not None and text != "\n":
            self._stream.write(f"[asayer_session_id={self.session_id}] {text}")
        else:
            self._stream.write(text)

    def flush(self) -> None:
        self._stream.flush()


@contextmanager
def drained_pipe() -> Iterator[IO[str]]:
    """A line-buffered text stream into a pipe, as a server's standard output is, which another process empties."""
    with subprocess.Popen(["cat"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True, bufsize=1) as reader:
        assert reader.stdin is not None
        yield reader.stdin
        reader.stdin.close()


def logger_of(name: str, stream: Any, formatter: logging.Formatter) -> logging.Logger:
    """Return a logger whose one handler is a StreamHandler that writes to a stream."""
    logger = logging.getLogger(f"tests.benchmarks.{name}")
    logger.handlers = [logging.StreamHandler(stream)]
    logger.handlers[0].setFormatter(formatter)
    logger.propagate = False
    logger.setLevel(logging.INFO)
    return logger


def wsgi_app(_environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"done"]


def wsgi_environ() -> dict[str, Any]:
    return {
        "REQUEST_METHOD": "GET",
        "PATH_INFO": "/",
        "HTTP_HOST": "127.0.0.1",
        "HTTP_ACCEPT": "*/*",
        "HTTP_USER_AGENT": "benchmark",
        "HTTP_X_REQUEST_ID": "f" * 32,
        "HTTP_X_SESSION_ID": SESSION_ID,
    }


async def asgi_app(_scope: Any, _receive: Any, send: Callable[[Any], Any]) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/plain")]})
    await send({"type": "http.response.body", "body": b"done"})


def asgi_scope() -> dict[str, Any]:
    return {
        "type": "http",
        "method": "GET",
        "path": "/",
        "headers": [
            (b"host", b"127.0.0.1"),
            (b"accept", b"*/*"),
            (b"user-agent", b"benchmark"),
            (b"x-request-id", b"f" * 32),
            (b"x-session-id", SESSION_ID.encode()),
        ],
    }


async def receive() -> Any:
    return {"type": "http.request", "body": b""}


async def send(_message: Any) -> None:
    return None
