"""A shop in FastAPI: a middleware of its own, background tasks, a websocket, tasks and threads."""

from __future__ import annotations

import asyncio
import logging
import sys
from typing import TYPE_CHECKING

from fastapi import BackgroundTasks, FastAPI, WebSocket
from fastapi.responses import StreamingResponse
from starlette.middleware.base import BaseHTTPMiddleware

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from starlette.middleware.base import RequestResponseEndpoint
    from starlette.requests import Request
    from starlette.responses import Response

logging.basicConfig(level=logging.INFO, format="%(levelname)s:%(name)s:%(message)s")
log = logging.getLogger("shop")
app = FastAPI()
running: set[asyncio.Task[None]] = set()


class Timing(BaseHTTPMiddleware):
    """What half of all applications have: something before and after each request."""

    async def dispatch(self, request: Request, call_next: RequestResponseEndpoint) -> Response:
        order = request.query_params.get("order")
        if order is None:
            return await call_next(request)
        log.info("order=%s arrives", order)
        response = await call_next(request)
        log.info("order=%s leaves", order)
        return response


app.add_middleware(Timing)


@app.get("/ready")
async def ready() -> str:
    return "yes"


@app.get("/plain")
async def plain(order: str) -> str:
    log.info("order=%s taken", order)
    await asyncio.sleep(0.002)
    sys.stdout.write(f"order={order} printed\n")  # two processes have one output, and print writes the end apart
    log.error("order=%s refused\n  card declined\n  order=%s closed", order, order)
    return "done"


@app.get("/sync")
def sync(order: str) -> str:
    log.warning("order=%s in a thread", order)
    return "done"


@app.get("/background")
async def background(order: str, tasks: BackgroundTasks) -> str:
    tasks.add_task(receipt, order)
    tasks.add_task(areceipt, order)
    return "done"


@app.get("/task")
async def task(order: str) -> str:
    started = asyncio.create_task(areceipt(order))
    running.add(started)
    started.add_done_callback(running.discard)
    await asyncio.to_thread(receipt, order)
    await asyncio.get_running_loop().run_in_executor(None, receipt, order)
    return "done"


@app.get("/caught")
async def caught(order: str) -> str:
    try:
        await charge(order)
    except ValueError:
        await asyncio.sleep(0)
        log.exception("order=%s not charged", order)
    return "done"


@app.get("/fail")
async def fail(order: str) -> str:
    log.info("order=%s begins", order)
    await charge(order)
    return "never"


@app.get("/stream")
async def stream(order: str) -> StreamingResponse:
    return StreamingResponse(parcels(order))


@app.websocket("/talk")
async def talk(socket: WebSocket, order: str) -> None:
    await socket.accept()
    for _ in range(2):
        said = await socket.receive_text()
        log.info("order=%s said %s", order, said)
        await socket.send_text(said)
    log.info("order=%s has talked", order)
    await socket.close()


async def charge(order: str) -> None:
    await asyncio.sleep(0)
    raise ValueError(f"order={order} bad card\nsecond line of order={order}")


def receipt(order: str) -> None:
    log.info("order=%s receipt", order)


async def areceipt(order: str) -> None:
    await asyncio.sleep(0.003)
    log.info("order=%s later receipt", order)


async def parcels(order: str) -> AsyncIterator[str]:
    for number in range(3):
        await asyncio.sleep(0)
        log.info("order=%s parcel %s", order, number)
        yield "parcel\n"
