"""Order by time what is too much for memory: sorted runs in temporary files, merged."""

from __future__ import annotations

import heapq
import pickle
import tempfile
from itertools import chain
from operator import attrgetter
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, BinaryIO, Final, Generic, TypeVar

from asayer_cli.entries import EARLIEST, LogEntry, Timed, by_time
from asayer_cli.session_id import SessionId
from asayer_cli.sources import Found

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from datetime import datetime

T = TypeVar("T", bound=Timed)

# What is held in memory at most: so many entries, of so many characters together.
MOST_ENTRIES: Final = 2_000
MOST_CHARACTERS: Final = 8 << 20
# Each is an open file, of which a process may have some hundred.
_MOST_RUNS: Final = 64
# Entries are written some together, for what they share, such as the names of their types, costs more than they do.
_TOGETHER: Final = 50
_TOGETHER_CHARACTERS: Final = 50_000


def ordered(
    entries: Iterable[T], size: Callable[[T], int], most: int = MOST_ENTRIES, characters: int = MOST_CHARACTERS
) -> Iterator[T]:
    """Yield entries by time, those of the same time in the order given, those without one last.

    What goes beyond `most` entries, or beyond so many `characters` by what `size` says of each, waits in temporary
    files, which only this user may read and which have no name: one for entries that are nearly in order.
    """
    runs = _Runs(size)
    room = characters
    for entry in entries:
        runs.add(entry)
        room -= size(entry)
        while runs.held and (len(runs.held) >= most or room <= 0):
            room += runs.write_earliest()
    yield from runs.merged()


class _Runs(Generic[T]):
    """Runs by replacement selection: the earliest that is held goes behind what its run has, if it is not before that.

    What is held is keyed by its run, its time, and its place in the order given.
    """

    def __init__(self, size: Callable[[T], int]) -> None:
        self._size = size
        self.held: list[tuple[int, datetime, int, T]] = []
        self._whole: list[Iterator[T]] = []
        self._current: _Run[T] | None = None
        self._run = 0
        self._last = EARLIEST
        self._count = 0

    def add(self, entry: T) -> None:
        """Hold an entry."""
        time = by_time(entry)
        self._count += 1
        heapq.heappush(self.held, (self._run + (time < self._last), time, self._count, entry))

    def write_earliest(self) -> int:
        """Write the entry that is next in its run, and return its size."""
        run, self._last, _, entry = heapq.heappop(self.held)
        if run != self._run:
            self._end_run()
            self._run = run
        if self._current is None:
            self._current = _Run()
        size = self._size(entry)
        self._current.write(entry, size)
        return size

    def merged(self) -> Iterator[T]:
        """Yield all entries in order."""
        self.held.sort()
        current = [entry for run, _, _, entry in self.held if run == self._run]
        following = [entry for run, _, _, entry in self.held if run != self._run]
        self.held.clear()
        if self._current is None:
            return iter(current)
        return heapq.merge(*self._whole, chain(self._current.read(), current), following, key=by_time)

    def _end_run(self) -> None:
        if self._current is not None:
            self._whole.append(self._current.read())
            self._current = None
        if len(self._whole) == _MOST_RUNS:
            together: _Run[T] = _Run()
            for entry in heapq.merge(*self._whole, key=by_time):
                together.write(entry, self._size(entry))
            self._whole = [together.read()]


class _Run(Generic[T]):
    """Entries in a temporary file."""

    def __init__(self) -> None:
        self._stream: BinaryIO = tempfile.TemporaryFile()  # noqa: SIM115 - read closes it
        self._together: list[T] = []
        self._room = _TOGETHER_CHARACTERS

    def write(self, entry: T, characters: int) -> None:
        """Write an entry, of so many characters, behind the others."""
        self._together.append(entry)
        self._room -= characters
        if len(self._together) >= _TOGETHER or self._room <= 0:
            self._write_together()

    def read(self) -> Iterator[T]:
        """Yield the entries, and close the file; nothing is written any more."""
        self._write_together()
        self._stream.seek(0)
        with self._stream:
            while True:
                try:
                    together = pickle.load(self._stream)  # noqa: S301 - of ours, in a file that nobody else can open
                except EOFError:
                    return
                yield from together

    def _write_together(self) -> None:
        _Pickler(self._stream, pickle.HIGHEST_PROTOCOL).dump(self._together)
        self._together, self._room = [], _TOGETHER_CHARACTERS


def _frozen(fields: dict[str, object]) -> MappingProxyType[str, object]:
    return MappingProxyType(fields)


_OF_ENTRY: Final = attrgetter(*LogEntry.__dataclass_fields__)
_OF_FOUND: Final = attrgetter(*Found.__dataclass_fields__)


class _Pickler(pickle.Pickler):
    """Writes entries by their fields, sooner than dataclasses tell their state, and read-only mappings at all."""

    dispatch_table: Mapping[type, Callable[[Any], tuple[Any, ...]]] = {
        SessionId: lambda session_id: (SessionId, (session_id.value,)),
        LogEntry: lambda entry: (LogEntry, _OF_ENTRY(entry)),
        Found: lambda found: (Found, _OF_FOUND(found)),
        MappingProxyType: lambda value: (_frozen, (dict(value),)),
    }
