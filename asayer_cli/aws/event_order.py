"""The events of one chain of pages, put in order of time and id, each once; pure."""

from __future__ import annotations

from bisect import insort
from typing import TYPE_CHECKING, Final

from asayer_cli.entries import by_time

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from asayer_cli.entries import LogEntry

# What an entry takes besides its message, about.
_OVERHEAD_BYTES: Final = 700


def place_in_time(entry: LogEntry) -> tuple[datetime, str]:
    """Return what entries of a log group are sorted by: time, then id."""
    return by_time(entry), entry.entry_id


def bytes_of(entry: LogEntry) -> int:
    """Return about how much memory an entry takes."""
    return len(entry.message) + _OVERHEAD_BYTES


class EventOrder:
    """Takes pages, gives entries: those of the last time seen are held back until a later one shows them complete.

    Only the ids of the last page and of that time are remembered: a service that tells an event twice tells it at the
    border of two pages, or of two slices, which do not overlap here.
    """

    def __init__(self) -> None:
        self._settled: list[LogEntry] = []
        self._held: dict[str, LogEntry] = {}
        self._time: datetime | None = None
        self._page_before: frozenset[str] = frozenset()
        self.entries = 0
        self.bytes = 0

    def add(self, page: Iterable[LogEntry]) -> None:
        """Take the events of a page, in whatever order."""
        ordered = sorted(page, key=place_in_time)
        for entry in ordered:
            if self._time is not None and by_time(entry) < self._time:
                self._add_late(entry)
                continue
            if entry.time != self._time:
                self._settle()
                self._time = entry.time
            if entry.entry_id not in self._held:
                self._held[entry.entry_id] = entry
                self._count(entry, 1)
        if ordered:
            self._page_before = frozenset(entry.entry_id for entry in ordered)

    def finish(self) -> None:
        """Take note that no page follows."""
        self._settle()

    def reached(self) -> datetime | None:
        """Return the last time seen; its entries are dropped, for they will be read again. None when none was seen."""
        for entry in self._held.values():
            self._count(entry, -1)
        self._held = {}
        return self._time

    def take(self) -> list[LogEntry]:
        """Return what is settled, and forget it."""
        taken, self._settled = self._settled, []
        for entry in taken:
            self._count(entry, -1)
        return taken

    @property
    def has_settled(self) -> bool:
        """Whether there is something to take."""
        return bool(self._settled)

    def _add_late(self, entry: LogEntry) -> None:
        """Put an event that the service told behind a later one where it belongs, as far as that is still possible."""
        if entry.entry_id in self._page_before or any(entry.entry_id == known.entry_id for known in self._settled):
            return
        insort(self._settled, entry, key=place_in_time)
        self._count(entry, 1)

    def _settle(self) -> None:
        self._settled.extend(sorted(self._held.values(), key=place_in_time))
        self._held = {}

    def _count(self, entry: LogEntry, sign: int) -> None:
        self.entries += sign
        self.bytes += sign * bytes_of(entry)
