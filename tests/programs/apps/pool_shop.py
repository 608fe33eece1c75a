"""A program without a server: it takes its work from a file and does it in a pool of threads."""

from __future__ import annotations

import json
import logging
import sys
import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

from asayer_cli.propagation.install import install
from asayer_cli.propagation.session import session_context

logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
log = logging.getLogger("shop")
helpers = ThreadPoolExecutor(4)


def plain(order: str) -> None:
    log.info("order=%s taken", order)
    time.sleep(0.0005)
    print(f"order={order} printed")  # noqa: T201 - as many programs do
    log.error("order=%s refused\n  card declined", order)


def hop(order: str) -> None:
    future = helpers.submit(log.warning, "order=%s counted", order)
    thread = threading.Thread(target=plain, args=(order,))
    thread.start()
    thread.join()
    future.result()
    list(helpers.map(plain, [order]))


def die(order: str) -> None:
    thread = threading.Thread(target=fail, args=(order,))
    thread.start()
    thread.join()


def fail(order: str) -> None:
    log.info("order=%s begins", order)
    raise ValueError(f"order={order} bad card\nsecond line of order={order}")


def serve(kind: str, order: str, header: str | None) -> None:
    with session_context(header):
        {"plain": plain, "hop": hop, "die": die, "fail": fail}[kind](order)


def report(future: Future[None]) -> None:
    if failure := future.exception():
        log.error("an order has failed", exc_info=failure)


def main() -> None:
    install()
    with ThreadPoolExecutor(8) as pool:
        for kind, order, header in json.loads(Path(sys.argv[1]).read_text()):
            pool.submit(serve, kind, order, header).add_done_callback(report)
    helpers.shutdown()


if __name__ == "__main__":
    main()
