"""Takes the session id along into threads, executors and greenlets, which do not inherit context variables.

Asyncio's tasks inherit it by themselves. Where no id is current nothing changes.
"""

from __future__ import annotations

import functools
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from contextvars import Context, copy_context
from typing import TYPE_CHECKING, Any

from asayer_cli.propagation.imports import when_imported
from asayer_cli.propagation.session import current_session_id, session_context, session_variable

if TYPE_CHECKING:
    from collections.abc import Callable

_CARRIED_ID = "_asayer_session_id"
# Threads of these serve the whole program, though it may be a request that starts them.
_SERVICE_MODULES = (
    "anyio",
    "apscheduler",
    "asyncio",
    "aws_xray_sdk",
    "celery",
    "concurrent.futures",
    "datadog",
    "ddtrace",
    "elasticapm",
    "google",
    "grpc",
    "kafka",
    "kombu",
    "logging",
    "logstash_async",
    "multiprocessing",
    "newrelic",
    "opentelemetry",
    "posthog",
    "pymongo",
    "redis",
    "sentry_sdk",
    "uvloop",
    "watchdog",
    "watchtower",
)


class _CarrierPatch:
    """A function in place of `owner.name` that can be taken back, also when others have wrapped it since."""

    def __init__(self, owner: Any, name: str, make: Callable[[Any, Callable[[], str | None]], Any]) -> None:
        self._owner = owner
        self._name = name
        self._active = True
        self._there = vars(owner)[name]
        self._ours = make(self._there, self._session_id)
        setattr(owner, name, self._ours)

    def _session_id(self) -> str | None:
        return current_session_id() if self._active else None

    def undo(self) -> None:
        self._active = False
        if vars(self._owner).get(self._name) is self._ours:
            setattr(self._owner, self._name, self._there)


_carrier_patches: dict[tuple[int, str], _CarrierPatch] = {}


def install_carriers() -> None:
    """Let the session id that is current follow into started threads, submitted calls and spawned greenlets."""
    _patch_carrier(threading.Thread, "_bootstrap_inner", _run_as_carried)
    _patch_carrier(threading.Thread, "start", _start_carried)
    _patch_carrier(ThreadPoolExecutor, "submit", _submit_carried)
    when_imported("gevent", _carry_into_greenlets)
    when_imported("gevent.threadpool", _carry_into_native_threads)


def remove_carriers() -> None:
    """Undo `install_carriers`; what somebody has wrapped since does nothing any more."""
    while _carrier_patches:
        _carrier_patches.popitem()[1].undo()
    gevent = sys.modules.get("gevent")
    if gevent is not None:
        gevent.Greenlet.remove_spawn_callback(_give_greenlet)


def _patch_carrier(owner: Any, name: str, make: Callable[[Any, Callable[[], str | None]], Any]) -> None:
    # gevent puts a subclass in place of threading.Thread.
    holder = next((part for part in getattr(owner, "__mro__", [owner]) if name in vars(part)), None)
    if holder is not None and (id(holder), name) not in _carrier_patches:
        _carrier_patches[id(holder), name] = _CarrierPatch(holder, name, make)


def _start_carried(start: Any, session_id_of: Callable[[], str | None]) -> Any:
    @functools.wraps(start)
    def start_carried(self: threading.Thread, /, *args: Any, **kwargs: Any) -> Any:
        session_id = session_id_of()
        if session_id is None:
            return start(self, *args, **kwargs)
        if self.ident is None and not _serves_the_program(self):
            _give(self, session_id)
        # Else a greenlet that stands for the thread would take the id along by itself.
        with session_context(None):
            return start(self, *args, **kwargs)

    return start_carried


def _give(thread: threading.Thread, session_id: str) -> None:
    thread.__dict__[_CARRIED_ID] = session_id
    if "_context" in vars(thread) and vars(thread)["_context"] is None:  # Python 3.14: a context of its own
        context = copy_context() if _threads_inherit() else Context()
        context.run(session_variable.set, session_id)
        thread._context = context  # type: ignore[attr-defined]  # noqa: SLF001 - as Thread.start would do


def _threads_inherit() -> bool:
    return bool(getattr(sys.flags, "thread_inherit_context", False))


def _run_as_carried(run: Any, _session_id_of: Callable[[], str | None]) -> Any:
    @functools.wraps(run)
    def run_as_carried(self: threading.Thread) -> Any:
        # Set for good: the thread's context ends with it, and its excepthook is to know the id too.
        session_id = self.__dict__.pop(_CARRIED_ID, None)
        if session_id is not None:
            session_variable.set(session_id)
        return run(self)

    return run_as_carried


def _serves_the_program(thread: threading.Thread) -> bool:
    module = type(thread).__module__
    if module in ("threading", "gevent.threading"):
        module = str(getattr(getattr(thread, "_target", None), "__module__", None))
    return any(module == service or module.startswith(f"{service}.") for service in _SERVICE_MODULES)


def _submit_carried(submit: Any, session_id_of: Callable[[], str | None]) -> Any:
    @functools.wraps(submit)
    def submit_carried(*args: Any, **kwargs: Any) -> Any:
        session_id = session_id_of()
        if session_id is None or len(args) < 2:  # noqa: PLR2004 - the executor and the function
            return submit(*args, **kwargs)
        return submit(args[0], _CarriedCall(args[1], session_id), *args[2:], **kwargs)

    return submit_carried


class _CarriedCall:
    """Runs a function under a session id, and is otherwise no part of the call."""

    __slots__ = ("__wrapped__", "_session_id")

    def __init__(self, function: Callable[..., Any], session_id: str) -> None:
        self.__wrapped__ = function
        self._session_id = session_id

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        with session_context(self._session_id):
            return self.__wrapped__(*args, **kwargs)

    def __repr__(self) -> str:
        return repr(self.__wrapped__)


def _carry_into_greenlets(gevent: Any) -> None:
    gevent.Greenlet.add_spawn_callback(_give_greenlet)
    _patch_carrier(gevent, "spawn_raw", _spawn_carried)


def _carry_into_native_threads(threadpool: Any) -> None:
    _patch_carrier(threadpool.ThreadPool, "spawn", _submit_carried)


def _spawn_carried(spawn: Any, session_id_of: Callable[[], str | None]) -> Any:
    @functools.wraps(spawn)
    def spawn_carried(*args: Any, **kwargs: Any) -> Any:
        greenlet = spawn(*args, **kwargs)
        if session_id_of() is not None:
            _give_greenlet(greenlet)
        return greenlet

    return spawn_carried


def _give_greenlet(greenlet: Any) -> None:
    """Set the id in the context that a greenlet, not started yet, will run in, unless it was given one that has it."""
    session_id = current_session_id()
    if session_id is None:
        return
    context = greenlet.gr_context
    if context is None:
        context = greenlet.gr_context = Context()
    if session_variable not in context:
        context.run(session_variable.set, session_id)
