"""Two searches of one place, read side by side: what both return counts once, and nothing is remembered."""

from __future__ import annotations

import heapq
from typing import TYPE_CHECKING

from asayer_cli.entries import by_time

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    from asayer_cli.entries import LogEntry


def joined(found: Iterable[LogEntry], suspects: Iterable[LogEntry]) -> Iterator[tuple[LogEntry, bool]]:
    """Yield each entry of both searches once, with whether the first returned it.

    Both are ordered by time, then by id.
    """
    last = None
    for entry, was_found in heapq.merge(
        ((entry, True) for entry in found), ((entry, False) for entry in suspects), key=_place
    ):
        if (place := _key(entry)) != last:
            last = place
            yield entry, was_found


def _key(entry: LogEntry) -> tuple[datetime, str]:
    return by_time(entry), entry.entry_id


def _place(pair: tuple[LogEntry, bool]) -> tuple[datetime, str, bool]:
    """Order what both returned so that the first one's comes first."""
    entry, was_found = pair
    return *_key(entry), not was_found
