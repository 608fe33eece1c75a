"""Reports of uncaught exceptions carry the tag of the session that the exception left.

The hook that was there before runs with that session as the current one, so that what it prints and logs is tagged.
"""

from __future__ import annotations

import functools
import sys
import threading
import weakref
from contextvars import Context, ContextVar
from typing import TYPE_CHECKING, Any

from asayer_cli.propagation.conventions import ASAYER
from asayer_cli.propagation.imports import when_imported
from asayer_cli.propagation.output import TaggedOutput
from asayer_cli.propagation.session import (
    current_session_id,
    enter_session,
    leave_session,
    session_of,
    session_variable,
)

if TYPE_CHECKING:
    from collections.abc import Callable

# The session of the report that is being printed; unlike the current id it is not set where nothing is reported.
_reported_session: ContextVar[str | None] = ContextVar("asayer_reported_session", default=None)
_report_tag_name = [ASAYER.tag_name]
# Before Python 3.12 a task does not tell its context.
_task_sessions: weakref.WeakKeyDictionary[Any, str] = weakref.WeakKeyDictionary()
_TASKS_TELL = sys.version_info >= (3, 12)


class _ErrorOutput:
    """Tags standard error while reports are printed, for programs that have not wrapped it; for many threads."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._users = 0
        self._output: TaggedOutput | None = None

    def __enter__(self) -> None:
        with self._lock:
            stream = sys.stderr
            if self._users == 0 and stream is not None and type(stream) is not TaggedOutput:
                self._output = sys.stderr = TaggedOutput(stream, _report_tag_name[0], _reported_session.get)
            self._users += 1

    def __exit__(self, *_error: object) -> None:
        with self._lock:
            self._users -= 1
            output = self._output
            if self._users == 0 and output is not None:
                self._output = None
                if sys.stderr is output:
                    sys.stderr = output.stream
                output.release()


_error_output = _ErrorOutput()


def _run_reporting(session_id: str | None, report: Callable[..., Any], args: tuple[Any, ...]) -> Any:
    if session_id is None:
        return report(*args)
    token = enter_session(session_id)
    reported = _reported_session.set(session_id)
    try:
        with _error_output:
            return report(*args)
    finally:
        _reported_session.reset(reported)
        leave_session(token)


class _Hook:
    """A hook in place of `owner.name` that runs the one before it; it can be taken back, also from under another."""

    def __init__(self, owner: Any, name: str, session_id_of: Callable[..., str | None]) -> None:
        self._owner = owner
        self._name = name
        self._is_own = name in vars(owner)
        self._former = getattr(owner, name)
        self._session_id_of = session_id_of
        self._active = True
        self._ours = self._make()
        setattr(owner, name, self._ours)

    def _make(self) -> Callable[..., Any]:
        @functools.wraps(self._former)
        def report(*args: Any) -> Any:
            return _run_reporting(self._session_id(args), self._former, args)

        return report

    def is_on_top(self) -> bool:
        return vars(self._owner).get(self._name) is self._ours

    def undo(self) -> None:
        self._active = False
        if not self.is_on_top():
            return
        if self._is_own:
            setattr(self._owner, self._name, self._former)
        else:
            delattr(self._owner, self._name)

    def _session_id(self, args: tuple[Any, ...]) -> str | None:
        if not self._active:
            return None
        try:
            return self._session_id_of(*args) or current_session_id()
        except Exception:  # noqa: BLE001 - odd arguments are the former hook's to judge
            return None


class _TaskHook(_Hook):
    """Notes the session in which a task is made."""

    def _make(self) -> Callable[..., Any]:
        @functools.wraps(self._former)
        def create_task(*args: Any, **kwargs: Any) -> Any:
            task = self._former(*args, **kwargs)
            session_id = current_session_id() if self._active else None
            if session_id is not None:
                _note_task(task, session_id)
            return task

        return create_task


def _note_task(task: Any, session_id: str) -> None:
    try:
        _task_sessions[task] = session_id
    except TypeError:  # a task of a factory's own that has no weak references
        return


_hooks: dict[tuple[int, str], _Hook] = {}


def install_hooks(tag_name: str = ASAYER.tag_name) -> None:
    """Tag the reports of exceptions that nothing caught: in the main thread, threads, finalizers and event loops."""
    _report_tag_name[0] = tag_name
    _hook(sys, "excepthook", _session_of_uncaught)
    _hook(threading, "excepthook", _session_of_thread)
    _hook(sys, "unraisablehook", _session_of_thread)
    when_imported("asyncio.base_events", _hook_event_loops)
    when_imported("uvloop", _hook_uvloop)


def remove_hooks() -> None:
    """Undo `install_hooks`; a hook of ours that somebody has put another over does nothing any more."""
    while _hooks:
        _hooks.popitem()[1].undo()


def _hook(owner: Any, name: str, session_id_of: Callable[..., str | None]) -> None:
    if (id(owner), name) not in _hooks:
        _hooks[id(owner), name] = _Hook(owner, name, session_id_of)


def _session_of_uncaught(_kind: Any, error: BaseException | None, *_trace: Any) -> str | None:
    return session_of(error)


def _session_of_thread(report: Any) -> str | None:
    return session_of(report.exc_value)


def _hook_event_loops(base_events: Any) -> None:
    _hook_loop(base_events.BaseEventLoop)


def _hook_uvloop(uvloop: Any) -> None:
    _hook_loop(uvloop.Loop)


def _hook_loop(loop: Any) -> None:
    _hook(loop, "call_exception_handler", _session_of_loop)
    key = (id(loop), "create_task")
    if not _TASKS_TELL and key not in _hooks:
        _hooks[key] = _TaskHook(loop, "create_task", session_of)


def _session_of_loop(_loop: Any, report: dict[str, Any]) -> str | None:
    session_id = session_of(report.get("exception"))
    for name in ("task", "future", "handle"):
        session_id = session_id or _session_inside(report.get(name))
    return session_id


def _session_inside(thing: Any) -> str | None:
    """Return the id in the context of a task or a handle."""
    if thing is None:
        return None
    get_context = getattr(thing, "get_context", None)
    context = get_context() if get_context is not None else getattr(thing, "_context", None)
    if isinstance(context, Context):
        return context.get(session_variable)
    try:
        return _task_sessions.get(thing)
    except TypeError:  # no weak reference
        return None
