from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import textwrap
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from asayer_cli.propagation.carriers import install_carriers, remove_carriers
from asayer_cli.propagation.session import current_session_id, session_context

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]


@pytest.fixture
def carriers() -> Iterator[None]:
    before = threading.Thread.start, threading.Thread.__dict__["_bootstrap_inner"], ThreadPoolExecutor.submit
    install_carriers()
    install_carriers()
    yield
    remove_carriers()
    after = threading.Thread.start, threading.Thread.__dict__["_bootstrap_inner"], ThreadPoolExecutor.submit
    assert after == before


class Seeing(threading.Thread):
    seen: str | None = "not run"

    def run(self) -> None:
        self.seen = current_session_id()


def started(thread: threading.Thread) -> threading.Thread:
    thread.start()
    thread.join()
    return thread


@pytest.mark.usefixtures("carriers")
def test_threads_take_the_id_along() -> None:
    seen: list[str | None] = []

    def see() -> None:
        seen.append(current_session_id())

    with session_context(42):
        subclass = Seeing()
        target = subclass._target  # type: ignore[attr-defined]  # noqa: SLF001
        started(subclass)
        started(threading.Thread(target=see))
        started(threading.Timer(0, see))
    started(threading.Thread(target=see))
    assert (subclass.seen, seen) == ("42", ["42", "42", None])
    assert target is None
    assert not [name for name in vars(subclass) if "asayer" in name]


@pytest.mark.usefixtures("carriers")
@pytest.mark.parametrize("module", ["asyncio.base_events", "google.cloud.logging", "kafka.producer.sender", "uvloop"])
def test_a_thread_that_a_library_keeps_for_the_program_has_no_id(module: str) -> None:
    def see() -> None:
        seen.append(current_session_id())

    seen: list[str | None] = []
    see.__module__ = module
    keeper = type("Keeper", (Seeing,), {"__module__": module})()
    with session_context(42):
        started(threading.Thread(target=see))
        started(keeper)
    assert (seen, keeper.seen) == ([None], None)


@pytest.mark.usefixtures("carriers")
def test_a_thread_that_is_started_twice() -> None:
    with session_context(42), pytest.raises(RuntimeError, match="once"):
        started(started(Seeing()))


@pytest.mark.usefixtures("carriers")
def test_submitted_calls_take_the_id_along_and_workers_do_not_keep_it() -> None:
    with ThreadPoolExecutor(1) as pool:
        with session_context(42):
            assert pool.submit(current_session_id).result() == "42"
            assert list(pool.map(lambda _: current_session_id(), range(2))) == ["42", "42"]
            with pytest.raises(ZeroDivisionError):
                pool.submit(divmod, 1, 0).result()
            with pytest.raises(TypeError, match="positional argument"):
                pool.submit()  # type: ignore[call-arg]
            assert pool.submit(dict, a=1).result() == {"a": 1}
            items = (number for number in range(3))
            assert pool.submit(lambda: items).result() is items
        assert pool.submit(current_session_id).result() is None


@pytest.mark.usefixtures("carriers")
def test_event_loops_hand_the_id_to_their_executor() -> None:
    async def ask() -> tuple[Any, ...]:
        with session_context(42):
            task = asyncio.create_task(asyncio.sleep(0, current_session_id()))
            loop = asyncio.get_running_loop()
            return (
                await task,
                await loop.run_in_executor(None, current_session_id),
                await asyncio.to_thread(current_session_id),
            )

    assert asyncio.run(ask()) == ("42", "42", "42")


def test_a_patch_over_ours_stays() -> None:
    install_carriers()
    ours = ThreadPoolExecutor.submit
    calls: list[str] = []

    def theirs(self: Any, *args: Any, **kwargs: Any) -> Any:
        calls.append("theirs")
        return ours(self, *args, **kwargs)

    ThreadPoolExecutor.submit = theirs  # type: ignore[assignment, method-assign]
    try:
        with ThreadPoolExecutor(1) as pool, session_context(42):
            assert pool.submit(current_session_id).result() == "42"
            remove_carriers()
            assert vars(ThreadPoolExecutor)["submit"] is theirs
            assert pool.submit(current_session_id).result() is None
    finally:
        ThreadPoolExecutor.submit = ours.__wrapped__  # type: ignore[attr-defined, method-assign]
    assert calls == ["theirs", "theirs"]


GREENLETS = """
    import sys
    patch = sys.argv[1]
    from gevent import monkey
    if patch == "before": monkey.patch_all()
    from asayer_cli.propagation.carriers import install_carriers, remove_carriers
    from asayer_cli.propagation.session import current_session_id, session_context
    install_carriers()
    if patch == "after": monkey.patch_all()
    import gevent, gevent.pool, gevent.threadpool, threading
    from concurrent.futures import ThreadPoolExecutor
    seen = []
    def see(*_): seen.append(current_session_id())
    pool = gevent.pool.Pool(2)
    executor = ThreadPoolExecutor(1)
    def all_ways():
        gevent.joinall([gevent.spawn(see), gevent.spawn_later(0.001, see), pool.spawn(see), gevent.Greenlet.spawn(see)])
        pool.map(see, [1]); pool.apply_async(see).join(); list(pool.imap(see, [1]))
        gevent.spawn_raw(see); gevent.sleep(0.001)
        gevent.get_hub().threadpool.apply(see)
        executor.submit(see).result()
        thread = threading.Thread(target=see); thread.start(); thread.join()
        return [seen.pop() for _ in list(seen)]
    with session_context(42):
        assert all_ways() == ["42"] * 11, "carried"
    assert all_ways() == [None] * 11, "none current"
    remove_carriers()
    with session_context(42):
        assert all_ways() == [None] * 11, "removed"
"""


@pytest.mark.parametrize("patch", ["before", "after", "never"])
def test_greenlets_take_the_id_along(patch: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(GREENLETS), patch],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
