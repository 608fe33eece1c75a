"""A program without a server: thousands of orders at once in one event loop, its entries as JSON."""

from __future__ import annotations

import asyncio
import gc
import json
import logging
import random
import sys
from pathlib import Path

from asayer_cli.propagation.formatters import JsonFormatter
from asayer_cli.propagation.install import install
from asayer_cli.propagation.session import in_session, session_context

handler = logging.StreamHandler()
handler.setFormatter(JsonFormatter())
logging.basicConfig(level=logging.INFO, handlers=[handler])
log = logging.getLogger("shop")
pause = random.Random(4)  # noqa: S311 - an order of turns, not a secret
dropped: list[asyncio.Task[None]] = []


async def plain(order: str) -> None:
    log.info("order=%s taken", order)
    for _ in range(pause.randrange(4)):
        await asyncio.sleep(pause.random() / 50)
    log.error("order=%s refused\n  card declined", order)


async def task(order: str) -> None:
    await asyncio.gather(plain(order), asyncio.create_task(plain(order)))
    log.info("order=%s has waited", order)


async def thread(order: str) -> None:
    await asyncio.to_thread(log.warning, "order=%s in a thread", order)
    await asyncio.get_running_loop().run_in_executor(None, log.info, "order=%s in an executor", order)


async def fail(order: str) -> None:
    await asyncio.sleep(pause.random() / 50)
    raise ValueError(f"order={order} bad card")


async def drop(order: str) -> None:
    dropped.append(asyncio.create_task(fail(order)))


KINDS = {"plain": plain, "task": task, "thread": thread, "fail": fail, "drop": drop}


@in_session(lambda _kind, _order, header: header)
async def serve(kind: str, order: str, _header: str | None) -> None:
    await KINDS[kind](order)


async def within(kind: str, order: str, header: str | None) -> None:
    with session_context(header):
        await KINDS[kind](order)


async def main(orders: list[tuple[str, str, str | None]]) -> None:
    doors = (serve, within)
    served = (doors[turn % 2](*order) for turn, order in enumerate(orders))
    for failure in await asyncio.gather(*served, return_exceptions=True):
        if failure:
            log.error("an order has failed", exc_info=failure)
    await asyncio.wait(dropped)
    dropped.clear()
    gc.collect()


if __name__ == "__main__":
    install()
    asyncio.run(main(json.loads(Path(sys.argv[1]).read_text())))
