"""Celery: the session id travels in the headers of a task's message, and is current while the task runs."""

from __future__ import annotations

from typing import Any

from asayer_cli.propagation.imports import patch, when_imported
from asayer_cli.propagation.session import (
    current_session_id,
    enter_session,
    in_session,
    leave_session,
    parse_session_id,
)

TASK_HEADER = "asayer_session_id"
_connected: list[Any] = []
# What to leave at a task's end, by the address of its request, which lives as long as the task runs.
_entered_tasks: dict[int, Any] = {}


def connect_celery() -> None:
    """Connect to Celery's signals, now or when it is imported: in the programs that send tasks and in the workers."""
    when_imported("celery.signals", _connect)
    when_imported("celery.worker.request", _hook_worker)


def disconnect_celery() -> None:
    """Undo `connect_celery`."""
    while _connected:
        signal, receiver = _connected.pop()
        signal.disconnect(receiver)


def _connect(signals: Any) -> None:
    """Connect strongly; a receiver that is connected already is known to the signal."""
    for signal, receiver in (
        (signals.before_task_publish, _send_session_id),
        (signals.task_prerun, _enter_task),
        (signals.task_postrun, _leave_task),
    ):
        signal.connect(receiver, weak=False)
        if (signal, receiver) not in _connected:
            _connected.append((signal, receiver))


def _hook_worker(module: Any) -> None:
    """Tag what a worker's own process reports of a task, too: a lost child, a time limit, a failure."""

    def sent_with(request: Any, *_args: Any, **_named: Any) -> str | None:
        return _task_session_id(request._request_dict)  # noqa: SLF001 - a failing look-up counts as no id

    for name in ("on_failure", "on_timeout", "on_retry", "on_success"):
        patch(module.Request, name, in_session(sent_with))


def _send_session_id(headers: Any = None, **_named: Any) -> None:
    session_id = current_session_id()
    if session_id is not None and isinstance(headers, dict) and parse_session_id(headers.get(TASK_HEADER)) is None:
        headers[TASK_HEADER] = session_id


def _enter_task(task: Any = None, **_named: Any) -> None:
    """Make the id that the message brought current, or none; a task that runs in its caller keeps the caller's."""
    request = task.request
    session_id = _task_session_id(request)
    if session_id is None and request.is_eager:
        return
    _entered_tasks[id(request)] = enter_session(session_id)


def _leave_task(task: Any = None, **_named: Any) -> None:
    token = _entered_tasks.pop(id(task.request), None)
    if token is not None:
        leave_session(token)


def _task_session_id(request: Any) -> str | None:
    """Return the id of a task's headers; older versions keep those of users apart from their own."""
    return parse_session_id(request.get(TASK_HEADER)) or parse_session_id(
        (request.get("headers") or {}).get(TASK_HEADER)
    )
