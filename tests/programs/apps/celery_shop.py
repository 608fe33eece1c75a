# mypy: disable-error-code="import-untyped,untyped-decorator"
"""A shop that charges in Celery tasks: the tasks, and the Flask application that sends them."""

from __future__ import annotations

import logging
import os
import time
from typing import Any

from celery import Celery, chain
from celery.utils.log import get_task_logger
from flask import Flask, request

tasks = Celery("shop", broker=os.environ["BROKER_URL"])
tasks.conf.update(
    task_ignore_result=True,
    worker_prefetch_multiplier=16,
    broker_connection_retry_on_startup=True,
    worker_send_task_events=False,
)
log = get_task_logger("shop")
app = Flask(__name__)
logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")


@tasks.task
def charge(order: str) -> None:
    log.info("order=%s charging", order)
    time.sleep(0.001)
    print(f"order={order} printed")  # noqa: T201 - as many programs do
    receipt.delay(order)


@tasks.task
def receipt(order: str) -> None:
    log.error("order=%s receipt\n  not printed", order)


@tasks.task
def refuse(order: str) -> None:
    raise ValueError(f"order={order} bad card\nsecond line of order={order}")


@tasks.task(bind=True, max_retries=1)
def insist(self: Any, order: str) -> None:
    log.info("order=%s tried", order)
    if not self.request.retries:
        raise self.retry(countdown=0)
    log.info("order=%s insisted", order)


@app.get("/ready")
def ready() -> str:
    return "yes"


@app.get("/charge")
def send_charge() -> str:
    app.logger.info("order=%s sent", request.args["order"])
    charge.delay(request.args["order"])
    return "done"


@app.get("/refuse")
def send_refuse() -> str:
    refuse.apply_async((request.args["order"],))
    return "done"


@app.get("/insist")
def send_insist() -> str:
    insist.delay(request.args["order"])
    return "done"


@app.get("/chain")
def send_chain() -> str:
    chain(charge.si(request.args["order"]), receipt.si(request.args["order"]))()
    return "done"
