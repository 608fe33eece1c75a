"""What the propagation costs, beside plain `logging`, `asgi-correlation-id` and the guide's patch, in this process."""

from __future__ import annotations

import asyncio
import gc
import logging
import tempfile
import time
from typing import TYPE_CHECKING, Any, Final

from asgi_correlation_id import CorrelationIdMiddleware

from asayer_cli.propagation.asgi import AsgiMiddleware
from asayer_cli.propagation.formatters import PlainFormatter
from asayer_cli.propagation.output import TaggedOutput
from asayer_cli.propagation.records import install_record_factory, remove_record_factory
from asayer_cli.propagation.session import current_session_id, session_context
from asayer_cli.propagation.wsgi import WsgiMiddleware
from tests.benchmarks import contenders as with_peers
from tests.benchmarks.measure import Figure

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Batch = Callable[[int], float]

LOG_BUDGET: Final = 1.15
MIDDLEWARE_BUDGET: Final = 0.5
OUTPUT_BUDGET: Final = 1.5
CONCURRENT_BUDGET: Final = 1.0
CONCURRENT: Final = (1, 100, 10_000)
# requests in all, whatever their number at a time
REQUESTS: Final = 10_000
LINE: Final = "2026-01-31 12:00:00,000 INFO shop.cart: 3 things in the cart of this customer, none of them sold out\n"


def figures(rounds: int) -> Iterator[Figure]:
    """Measure, and yield the processor time of one call in microseconds."""
    gc.collect()
    gc.freeze()
    yield from _log_calls(rounds)
    yield from _asgi_requests(rounds)
    yield from _wsgi_requests(rounds)
    yield from _writes(rounds)
    yield from _concurrent_requests(max(5, rounds // 4))


def _in_turns(batches: dict[str, Batch], calls: int, rounds: int) -> dict[str, float]:
    """Return microseconds a call for each contender: the least of all rounds, which other work disturbs least.

    The contenders take turns, and each round begins with another.
    """
    names = list(batches)
    taken: dict[str, list[float]] = {name: [] for name in names}
    for turn in range(rounds + 1):
        first = turn % len(names)
        for name in names[first:] + names[:first]:
            taken[name].append(batches[name](calls) / calls * 1e6)
    return {name: min(values[1:]) for name, values in taken.items()}  # the first warms up


def _log_calls(rounds: int) -> Iterator[Figure]:
    """`logger.info("%s ...", value)` by a StreamHandler into a file, the same format string for all."""
    plain = logging.Formatter(with_peers.FORMAT)
    with tempfile.TemporaryFile("w", encoding="utf-8") as file:
        loggers = {
            "a log call, plain logging": with_peers.logger_of("plain", file, plain),
            "a log call, the guide's patch": with_peers.logger_of("guide", with_peers.GuidePatch(file), plain),
            "a log call, tagged": with_peers.logger_of("tagged", file, PlainFormatter(with_peers.FORMAT)),
        }
        batches = {name: _logging(logger, tagged=name.endswith("tagged")) for name, logger in loggers.items()}
        taken = _in_turns(batches, 1000, rounds)
    plain_name, guide, tagged = batches
    yield Figure(plain_name, taken[plain_name], "us", None, None)
    yield Figure(guide, taken[guide], "us", taken[plain_name], None)
    yield Figure(tagged, taken[tagged], "us", taken[plain_name], LOG_BUDGET)


def _logging(logger: logging.Logger, *, tagged: bool) -> Batch:
    def batch(calls: int) -> float:
        if tagged:
            install_record_factory()
        with session_context(with_peers.SESSION_ID if tagged else None):
            begin = time.process_time()
            for number in range(calls):
                logger.info("%d things in the cart of %s", number, "this customer")
            took = time.process_time() - begin
        remove_record_factory()
        return took

    return batch


def _asgi_requests(rounds: int) -> Iterator[Figure]:
    apps = {
        "an ASGI request, no middleware": with_peers.asgi_app,
        "what asgi-correlation-id adds to it": CorrelationIdMiddleware(with_peers.asgi_app),
        "what AsgiMiddleware adds to it": AsgiMiddleware(with_peers.asgi_app),
    }
    taken = _in_turns({name: _requesting(app) for name, app in apps.items()}, 1000, rounds)
    bare, peer, ours = apps
    added = taken[peer] - taken[bare]
    yield Figure(bare, taken[bare], "us", None, None)
    yield Figure(peer, added, "us", None, None)
    yield Figure(ours, taken[ours] - taken[bare], "us", added, MIDDLEWARE_BUDGET)


def _wsgi_requests(rounds: int) -> Iterator[Figure]:
    """The peer of the WSGI middleware is what `asgi-correlation-id` adds to an ASGI request: it has none for WSGI."""
    wrapped = WsgiMiddleware(with_peers.wsgi_app)
    batches = {
        "a WSGI request, no middleware": _calling(with_peers.wsgi_app),
        "what WsgiMiddleware adds to it": _calling(wrapped),
        "asgi bare": _requesting(with_peers.asgi_app),
        "asgi peer": _requesting(CorrelationIdMiddleware(with_peers.asgi_app)),
    }
    taken = _in_turns(batches, 1000, rounds)
    bare, ours, asgi, peer = batches
    yield Figure(bare, taken[bare], "us", None, None)
    yield Figure(ours, taken[ours] - taken[bare], "us", taken[peer] - taken[asgi], MIDDLEWARE_BUDGET)


def _requesting(app: Any) -> Batch:
    async def serve(calls: int) -> float:
        begin = time.process_time()
        for _ in range(calls):
            await app(with_peers.asgi_scope(), with_peers.receive, with_peers.send)
        return time.process_time() - begin

    return lambda calls: asyncio.run(serve(calls))


def _calling(app: Any) -> Batch:
    def start_response(*_answer: Any) -> None:
        return None

    def batch(calls: int) -> float:
        begin = time.process_time()
        for _ in range(calls):
            for _part in app(with_peers.wsgi_environ(), start_response):
                pass
        return time.process_time() - begin

    return batch


def _writes(rounds: int) -> Iterator[Figure]:
    """One `write` of a whole line to a line-buffered pipe; the kernel's work in it counts."""
    with with_peers.drained_pipe() as stream:
        outputs = {
            "a line written to a pipe": stream,
            "a line written to a pipe, the guide's patch": with_peers.GuidePatch(stream),
            "a line written to a pipe, TaggedOutput, no session": TaggedOutput(stream),
            "a line written to a pipe, TaggedOutput, tagged": TaggedOutput(stream),
        }
        batches = {name: _writing(output, tagged=name.endswith(" tagged")) for name, output in outputs.items()}
        taken = _in_turns(batches, 500, rounds)
    bare, guide, idle, tagged = batches
    yield Figure(bare, taken[bare], "us", None, None)
    yield Figure(guide, taken[guide], "us", taken[bare], None)
    yield Figure(idle, taken[idle], "us", taken[bare], OUTPUT_BUDGET)
    yield Figure(tagged, taken[tagged], "us", taken[bare], OUTPUT_BUDGET)


def _writing(output: Any, *, tagged: bool) -> Batch:
    def batch(calls: int) -> float:
        write = output.write
        with session_context(with_peers.SESSION_ID if tagged else None):
            begin = time.thread_time()
            for _ in range(calls):
                write(LINE)
            return time.thread_time() - begin

    return batch


def _concurrent_requests(rounds: int) -> Iterator[Figure]:
    """Requests that take turns, each reading its id when it goes on: those of many at a time beside one at a time."""
    apps = {
        "a request of {} at a time, no middleware": _waiting_app,
        "what asgi-correlation-id adds, {} at a time": CorrelationIdMiddleware(_waiting_app),
        "what AsgiMiddleware adds, {} at a time": AsgiMiddleware(_waiting_app),
    }
    whole = []
    for concurrent in CONCURRENT:
        batches = {name.format(f"{concurrent:,}"): _interleaving(app, concurrent) for name, app in apps.items()}
        taken = _in_turns(batches, REQUESTS, rounds)
        bare, peer, ours = batches
        added = taken[peer] - taken[bare]
        yield Figure(bare, taken[bare], "us", None, None)
        yield Figure(peer, added, "us", None, None)
        yield Figure(ours, taken[ours] - taken[bare], "us", added, MIDDLEWARE_BUDGET)
        whole.append(taken[ours])
    name = f"a request with AsgiMiddleware of {CONCURRENT[-1]:,} at a time, beside one alone"
    yield Figure(name, whole[-1], "us", whole[0], CONCURRENT_BUDGET)


async def _waiting_app(_scope: Any, _receive: Any, _send: Any) -> None:
    for _ in range(3):
        await asyncio.sleep(0)
        current_session_id()


def _interleaving(app: Any, concurrent: int) -> Batch:
    async def serve(calls: int) -> float:
        gc.collect()
        gc.disable()
        begin = time.process_time()
        for _ in range(calls // concurrent):
            requests = (app(with_peers.asgi_scope(), with_peers.receive, with_peers.send) for _ in range(concurrent))
            await asyncio.gather(*requests)
        took = time.process_time() - begin
        gc.enable()
        return took

    return lambda calls: asyncio.run(serve(calls))
