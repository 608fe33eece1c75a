"""A timeline's entries as the data of a page, written while they come."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from asayer_cli.entries import milliseconds
from asayer_cli.output.page.document import as_data
from asayer_cli.output.sanitise import for_page
from asayer_cli.timeline.levels import without_level

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime, timedelta

    from asayer_cli.output.page.private_file import PrivateFile
    from asayer_cli.session_id import SessionId
    from asayer_cli.timeline.model import TimelineEntry

CHUNK_CHARACTERS: Final = 1_000_000
"""A block of data ends when it has so many: browsers read many blocks faster than one that is very long."""


def write_entries(file: PrivateFile, entries: Iterable[TimelineEntry], sessions: dict[SessionId, int]) -> None:
    """Write blocks of entries, each a JSON list of lists; no more than one entry is in memory at a time."""
    written = 0
    for entry in entries:
        text = as_data(row(entry, sessions))
        written += file.write(f",\n{text}" if written else f'<script type="application/json" class="entries">[{text}')
        if written > CHUNK_CHARACTERS:
            file.write("]</script>\n")
            written = 0
    if written:
        file.write("]</script>\n")


def row(entry: TimelineEntry, sessions: dict[SessionId, int]) -> list[object]:
    """Return an entry's values in the order in which the page's script (`data.js`) takes them apart."""
    message, raw = for_page(said(entry)), for_page(entry.raw)
    return [
        _ms(entry.time),
        _offset_ms(entry.offset),
        sessions.get(entry.session_id, 0),
        entry.source,
        for_page(entry.place),
        for_page(entry.stream),
        entry.level,
        message,
        list(_lines(entry.trace)),
        list(_lines(entry.before)),
        list(_lines(entry.after)),
        "" if raw == message else raw,
        for_page(entry.entry_id),
        int(entry.collected),
        entry.reason and entry.reason.value,
        entry.repeats,
        _ms(entry.last_time),
    ]


def said(entry: TimelineEntry) -> str:
    """Return an entry's message without the level that it begins with, which the page shows beside it."""
    return without_level(entry.message) if entry.level else entry.message


def _lines(lines: Iterable[str]) -> Iterator[str]:
    return (for_page(line) for line in lines)


def _ms(when: datetime | None) -> int | None:
    return None if when is None else milliseconds(when)


def _offset_ms(offset: timedelta | None) -> int | None:
    return None if offset is None else round(offset.total_seconds() * 1000)
