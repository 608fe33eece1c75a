"""A small HTTP/1.1 client that keeps many connections to a server on this computer busy."""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Final

import websockets

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.programs.plan import Request

CONNECTIONS: Final = 24
ANSWERED_WITHIN_S: Final = 60.0
WEBSOCKETS: Final = frozenset({"talk"})
HEADER: Final = "X-Session-Id"
_HOST: Final = "127.0.0.1"

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]
Statuses = Counter[str]


def ask_all(port: int, requests: list[Request], connections: int = CONNECTIONS) -> Statuses:
    """Send all requests over so many connections and return how often each status came, 0 for none.

    In a thread of its own: the caller's may have an event loop running, as a browser's driver leaves it.
    """
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(lambda: asyncio.run(_ask_all(port, requests, connections))).result()


async def _ask_all(port: int, requests: list[Request], connections: int) -> Statuses:
    statuses: Statuses = Counter()
    waiting = iter(requests)
    await asyncio.gather(*(_keep_asking(port, waiting, statuses) for _ in range(connections)))
    return statuses


async def _keep_asking(port: int, waiting: Iterator[Request], statuses: Statuses) -> None:
    streams: Streams | None = None
    for request in waiting:
        if request.kind in WEBSOCKETS:
            status = await _talk(port, request)
        else:
            status, streams = await _ask(port, streams, request)
        statuses[f"{request.kind} {status}"] += 1
    if streams:
        await _close(streams)


async def _ask(port: int, kept: Streams | None, request: Request) -> tuple[int, Streams | None]:
    """Return the status (0: none) and the connection when it stays open."""
    if kept:
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):  # a server may end an idle connection
            return await _ask_on(kept, request)
        await _close(kept)
    try:
        return await _ask_on(await asyncio.open_connection(_HOST, port), request)
    except (ConnectionError, asyncio.IncompleteReadError):
        return 0, None


async def _ask_on(streams: Streams, request: Request) -> tuple[int, Streams | None]:
    status, keep = await asyncio.wait_for(_exchange(streams, request), ANSWERED_WITHIN_S)
    if keep:
        return status, streams
    await _close(streams)
    return status, None


async def _exchange(streams: Streams, request: Request) -> tuple[int, bool]:
    reader, writer = streams
    writer.write(_written(request))
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    complete = await _read_body(reader, head)
    return int(head[9:12]), complete and b"connection: close" not in head


def _written(request: Request) -> bytes:
    header = "" if request.header is None else f"{HEADER}: {request.header}\r\n"
    target = f"/{request.kind}?order={request.number}"
    return f"GET {target} HTTP/1.1\r\nHost: {_HOST}\r\n{header}\r\n".encode("latin-1")


async def _read_body(reader: asyncio.StreamReader, head: bytes) -> bool:
    """Read the body; False when the server broke it off."""
    if b"transfer-encoding: chunked" not in head:
        length = head.partition(b"content-length:")[2].partition(b"\r\n")[0]
        await (reader.readexactly(int(length)) if length else reader.read())
        return bool(length)
    try:
        while size := int(await reader.readuntil(b"\r\n"), 16):
            await reader.readexactly(size + 2)
        await reader.readexactly(2)
    except asyncio.IncompleteReadError:
        return False
    return True


async def _talk(port: int, request: Request) -> int | None:
    headers = {} if request.header is None else {HEADER: request.header}
    url = f"ws://{_HOST}:{port}/{request.kind}?order={request.number}"
    async with websockets.connect(url, additional_headers=headers, proxy=None) as socket:
        for word in ("one", "two"):
            await socket.send(word)
            await asyncio.wait_for(socket.recv(), ANSWERED_WITHIN_S)
        await socket.wait_closed()
    return socket.close_code


async def _close(streams: Streams) -> None:
    streams[1].close()
    with contextlib.suppress(ConnectionError):
        await streams[1].wait_closed()
