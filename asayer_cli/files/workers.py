"""Parts of the work in processes of their own: what Python does with bytes keeps one processor busy."""

from __future__ import annotations

import os
import pickle
import threading
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable

_MOST: Final = 4


def processors() -> int:
    """Return how many processes can work side by side, 1 where none can be started by forking."""
    if not hasattr(os, "fork") or threading.active_count() > 1:
        return 1
    return min(len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1, _MOST)


class Worker:
    """A process that was forked to answer one question; what it answers must be plain data of ours."""

    def __init__(self, question: Callable[[], Any]) -> None:
        reading, writing = os.pipe()
        self._pid = os.fork()
        if not self._pid:
            os.close(reading)
            _answer(question, writing)
        os.close(writing)
        self._reading = reading

    def result(self) -> Any:  # noqa: ANN401 - whatever the question returns
        """Wait for the answer and return it; None when the process ended without one."""
        with os.fdopen(self._reading, "rb") as stream:
            answer = stream.read()
        os.waitpid(self._pid, 0)
        return pickle.loads(answer) if answer else None  # noqa: S301 - from our own process, through a pipe of ours


def _answer(question: Callable[[], Any], writing: int) -> None:
    """Answer and end the process, without the clean-ups of the one that it was forked from."""
    try:
        answer = pickle.dumps(question(), pickle.HIGHEST_PROTOCOL)
        with os.fdopen(writing, "wb") as stream:
            stream.write(answer)
    finally:
        os._exit(0)
