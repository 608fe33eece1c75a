"""Order by time what is too much for memory: sorted runs in a temporary file, merged."""

from __future__ import annotations

import heapq
import pickle
import tempfile
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, BinaryIO, Final, TypeVar

from asayer_cli.entries import Timed, by_time

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

T = TypeVar("T", bound=Timed)

# What is held in memory at most: so many entries, of so many characters together.
MOST_ENTRIES: Final = 20_000
MOST_CHARACTERS: Final = 32 << 20
# Each is an open file, of which a process may have some hundred.
_MOST_RUNS: Final = 64


def ordered(
    entries: Iterable[T], size: Callable[[T], int], most: int = MOST_ENTRIES, characters: int = MOST_CHARACTERS
) -> Iterator[T]:
    """Yield entries by time, those of the same time in the order given, those without one last.

    What goes beyond `most` entries, or beyond so many `characters` by what `size` says of each, waits in a temporary
    file, which only this user may read and which has no name.
    """
    runs: list[Iterator[T]] = []
    held: list[T] = []
    room = characters
    for entry in entries:
        held.append(entry)
        room -= size(entry)
        if len(held) >= most or room <= 0:
            runs.append(_written(sorted(held, key=by_time)))
            held, room = [], characters
            if len(runs) == _MOST_RUNS:
                runs = [_written(heapq.merge(*runs, key=by_time))]
    held.sort(key=by_time)
    yield from heapq.merge(*runs, held, key=by_time) if runs else held


def _frozen(fields: dict[str, object]) -> MappingProxyType[str, object]:
    return MappingProxyType(fields)


class _Pickler(pickle.Pickler):
    """Writes the read-only mappings of entries, too, which pickle does not know."""

    def reducer_override(self, value: object) -> Any:  # noqa: ANN401 - pickle's signature
        """Return how to make a value anew, NotImplemented for what pickle knows."""
        return (_frozen, (dict(value),)) if isinstance(value, MappingProxyType) else NotImplemented


def _written(run: Iterable[T]) -> Iterator[T]:
    stream = tempfile.TemporaryFile()  # noqa: SIM115 - _read closes it
    for entry in run:
        # one for each, since it remembers all that it has written
        _Pickler(stream, pickle.HIGHEST_PROTOCOL).dump(entry)
    stream.seek(0)
    return _read(stream)


def _read(stream: BinaryIO) -> Iterator[T]:
    with stream:
        while True:
            try:
                yield pickle.load(stream)  # noqa: S301 - what _written wrote, in a file that nobody else can open
            except EOFError:
                return
