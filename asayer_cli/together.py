"""Several questions at the same time."""

from __future__ import annotations

import threading
from concurrent.futures import Future
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

T = TypeVar("T")


def together(questions: Sequence[Callable[[], T]]) -> list[T]:
    """Ask all questions at once and return the answers in their order; the first error in that order is raised.

    The threads are daemons, so that an interrupt ends the program without waiting for the slowest answer.
    """
    answers: list[Future[T]] = [Future() for _ in questions]
    for question, answer in zip(questions, answers, strict=True):
        threading.Thread(target=_ask, args=(question, answer), daemon=True).start()
    return [answer.result() for answer in answers]


def _ask(question: Callable[[], T], answer: Future[T]) -> None:
    try:
        answer.set_result(question())
    except BaseException as error:  # noqa: BLE001 - it is raised again in the thread that asked
        answer.set_exception(error)
