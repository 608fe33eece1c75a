"""Do the next step of something slow while the one before is being used."""

from __future__ import annotations

import threading
from concurrent.futures import Future
from typing import TYPE_CHECKING, Final, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

T = TypeVar("T")
_END: Final = object()


def begun(work: Callable[[], T]) -> Future[T]:
    """Begin to do something, in a thread that does not keep the program from ending."""
    result: Future[T] = Future()
    threading.Thread(target=_do, args=(work, result), daemon=True).start()
    return result


def _do(work: Callable[[], T], result: Future[T]) -> None:
    try:
        result.set_result(work())
    except BaseException as error:  # noqa: BLE001 - it is raised again in the thread that asks
        result.set_exception(error)


class Ahead(Generic[T]):
    """An iterator of which the next item is always being made, beginning now; never more than one is kept."""

    def __init__(self, items: Iterator[T]) -> None:
        self._items = items
        self._next = self._begin()

    def _begin(self) -> Future[T | object]:
        return begun(lambda: next(self._items, _END))

    def __iter__(self) -> Iterator[T]:
        """Return itself."""
        return self

    def __next__(self) -> T:
        """Return the next item, and begin to make the one after it."""
        item = self._next.result()
        if item is _END:
            raise StopIteration
        self._next = self._begin()
        return item  # type: ignore[return-value]  # only the end is no item
