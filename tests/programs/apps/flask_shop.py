"""A shop in Flask, as its developers wrote it: entries, print, threads, streamed answers, handlers that fail."""

from __future__ import annotations

import logging
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from flask import Flask, Response, request

if TYPE_CHECKING:
    from collections.abc import Iterator

logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
log = logging.getLogger("shop")
app = Flask(__name__)
pool = ThreadPoolExecutor(4)


@app.get("/ready")
def ready() -> str:
    return "yes"


@app.get("/plain")
def plain() -> str:
    order = request.args["order"]
    log.info("order=%s taken", order)
    time.sleep(0.001)
    # in one piece: gunicorn's access log has the same output, and without an id print's end is written apart
    print(f"order={order} printed\n", end="")  # noqa: T201 - as many programs do
    log.warning("order=%s low stock", order)
    return "done"


@app.get("/lines")
def lines() -> str:
    order = request.args["order"]
    log.error("order=%s refused\n  card declined\n  order=%s closed", order, order)
    return "done"


@app.get("/caught")
def caught() -> str:
    order = request.args["order"]
    try:
        charge(order)
    except ValueError:
        time.sleep(0.0005)
        log.exception("order=%s not charged", order)
    return "done"


@app.get("/fail")
def fail() -> str:
    log.info("order=%s begins", request.args["order"])
    charge(request.args["order"])
    return "never"


@app.get("/hop")
def hop() -> str:
    order = request.args["order"]
    future = pool.submit(count, order)
    thread = threading.Thread(target=count, args=(order,))
    thread.start()
    log.info("order=%s waits for %s", order, future.result())
    thread.join()
    return "done"


@app.get("/stream")
def stream() -> Response:
    return Response(parcels(request.args["order"]), mimetype="text/plain")


@app.get("/broken")
def broken() -> Response:
    return Response(broken_parcels(request.args["order"]), mimetype="text/plain")


def charge(order: str) -> None:
    raise ValueError(f"order={order} bad card\nsecond line of order={order}")


def count(order: str) -> int:
    log.info("order=%s counted", order)
    return 1


def parcels(order: str) -> Iterator[str]:
    for number in range(3):
        log.info("order=%s parcel %s", order, number)
        time.sleep(0.0005)
        yield "parcel\n"


def broken_parcels(order: str) -> Iterator[str]:
    log.info("order=%s first parcel", order)
    yield "parcel\n"
    charge(order)
