"""Parts of the work in processes of their own: what Python does with bytes keeps one processor busy."""

from __future__ import annotations

import os
import pickle
import signal
import threading
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable

_MOST: Final = 4
# How often a process looks whether somebody still waits for its answer, in seconds.
_LOOKS: Final = 0.5


def processors() -> int:
    """Return how many processes can work side by side, 1 where none can be started by forking."""
    if not hasattr(os, "fork") or threading.active_count() > 1:
        return 1
    return min(len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1, _MOST)


class Worker:
    """A process that was forked to answer one question; what it answers must be plain data of ours.

    It ends when the one that asks has ended. OSError when no process can be had.
    """

    def __init__(self, question: Callable[[], Any]) -> None:
        asking = os.getpid()
        reading, writing = os.pipe()
        try:
            self._pid = os.fork()
        except OSError:
            os.close(reading)
            os.close(writing)
            raise
        if not self._pid:
            _answer(question, writing, asking)
        os.close(writing)
        self._reading = reading

    def result(self) -> Any:  # noqa: ANN401 - whatever the question returns
        """Wait for the answer and return it; None when the process ended without one."""
        with os.fdopen(self._reading, "rb") as stream:
            answer = stream.read()
        _, status = os.waitpid(self._pid, 0)
        return None if status else pickle.loads(answer)  # noqa: S301 - from our own process, through a pipe of ours


def _answer(question: Callable[[], Any], writing: int, asking: int) -> None:
    """Answer and end the process, without the clean-ups of the one that it was forked from."""
    status = 1
    try:
        signal.signal(signal.SIGALRM, lambda *_: None if os.getppid() == asking else os._exit(1))
        signal.setitimer(signal.ITIMER_REAL, _LOOKS, _LOOKS)
        answer = pickle.dumps(question(), pickle.HIGHEST_PROTOCOL)
        with os.fdopen(writing, "wb") as stream:
            stream.write(answer)
        status = 0
    finally:
        os._exit(status)
