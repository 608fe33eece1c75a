"""The few WSGI pieces that both fronts need: a request body that can be read twice, and a whole answer as one value."""

from __future__ import annotations

import io
import json
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Iterator

    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

BODY_KEY = "asayer_cli.sandbox.body"


@dataclass(frozen=True, slots=True)
class Reply:
    """An HTTP answer. ``headers`` never hold Content-Length: `send` counts the body.

    It is whole, unless it has ``chunks``, which are sent as they come.
    """

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes
    chunks: Chunks | None = None


class Chunks:
    """A body that goes on; `capture` hands it on unread."""

    def __init__(self, chunks: Generator[bytes]) -> None:
        self._chunks = chunks

    def __iter__(self) -> Iterator[bytes]:
        return self._chunks

    def close(self) -> None:
        """End it: the client is gone."""
        self._chunks.close()


def json_reply(status: int, value: object, headers: Iterable[tuple[str, str]] = ()) -> Reply:
    """Return `value` as a JSON body of type application/json."""
    return Reply(status, (("Content-Type", "application/json"), *headers), json.dumps(value).encode())


def read_body(environ: WSGIEnvironment) -> bytes:
    """Return the request body. It may be asked for any number of times, and later applications can still read it."""
    body = environ.get(BODY_KEY)
    if body is None:
        body = environ[BODY_KEY] = _drain(environ)
    environ["wsgi.input"] = io.BytesIO(body)
    environ["CONTENT_LENGTH"] = str(len(body))
    return bytes(body)


def _drain(environ: WSGIEnvironment) -> bytes:
    stream = environ["wsgi.input"]
    if length := environ.get("CONTENT_LENGTH"):
        return bytes(stream.read(int(length)))
    return bytes(stream.read()) if environ.get("wsgi.input_terminated") else b""


def replace_body(environ: WSGIEnvironment, body: bytes) -> None:
    """Give the applications behind this one another body."""
    environ[BODY_KEY] = body
    read_body(environ)


def capture(app: WSGIApplication, environ: WSGIEnvironment) -> Reply:
    """Run `app` to its end and hold its answer back, unless it goes on."""
    started: list[tuple[int, list[tuple[str, str]]]] = []
    written: list[bytes] = []

    def start_response(status: str, headers: list[tuple[str, str]], _exc_info: object = None) -> Callable[..., object]:
        started[:] = [(int(status.split(" ", 1)[0]), headers)]
        return written.append

    chunks = app(environ, start_response)
    if isinstance(chunks, Chunks):
        status, headers = started[0]
        return Reply(status, tuple(headers), b"", chunks)
    try:
        written.extend(chunks)
    finally:
        close = getattr(chunks, "close", None)
        if close is not None:
            close()
    status, headers = started[0]
    kept = tuple((name, value) for name, value in headers if name.lower() != "content-length")
    return Reply(status, kept, b"".join(written))


def send(reply: Reply, start_response: StartResponse) -> Iterable[bytes]:
    """Hand an answer to the WSGI server."""
    phrase = HTTPStatus(reply.status).phrase
    if reply.chunks is not None:
        start_response(f"{reply.status} {phrase}", list(reply.headers))
        return reply.chunks
    length = ("Content-Length", str(len(reply.body)))
    start_response(f"{reply.status} {phrase}", [*reply.headers, length])
    return [reply.body]
