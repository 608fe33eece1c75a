"""Searching a log group for texts with Logs Insights: whole, in order, however many events there are.

A query answers a limited number of rows. Where the limit is hit, the rows before the last one's millisecond are all
there are until then; the search goes on at that millisecond, in slices of time that the density so far lets expect to
fit. Each slice is scanned once.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, Protocol

from botocore.parsers import ResponseParserError

from asayer_cli.aws.errors import translated
from asayer_cli.entries import LogEntry, Window, merged, milliseconds, moment

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from asayer_cli.aws.insights import InsightsAnswer

ROWS: Final = 10_000
MOST_ROWS: Final = 100_000
# What is left of a query's 10,000 characters beside the rest of it.
_LONGEST_CONDITION: Final = 9_500
# How full the next slice shall be, and by how much slices grow at most.
_AIM: Final = 0.7
_GROWTH: Final = 4
_PLAIN: Final = re.compile(r"[A-Za-z0-9 _=\[\]:.,;@()/+-]*")
_TO_ESCAPE: Final = re.compile(r"[\x00-\x7f]")
_FIELDS: Final = "fields @timestamp, @message, @logStream, @ingestionTime"


class Asked(Protocol):
    """Logs Insights of a region."""

    region: str

    def run(self, groups: Sequence[str], query: str, window: Window, limit: int = ROWS) -> InsightsAnswer:
        """Return the answer of a query for exactly a window."""

    def note(self, text: str) -> None:
        """Keep why there may be more than was found."""


@dataclass(frozen=True, slots=True)
class _Slice:
    """What one query found: `entries` in order; `is_full` where its limit was hit."""

    entries: list[LogEntry]
    is_full: bool


def entries(
    insights: Asked, group: str, needles: Sequence[str], window: Window, rows: int = ROWS, most: int = MOST_ROWS
) -> Iterator[LogEntry]:
    """Yield every event of a group in a window whose message has one of the texts, each once, by time and id.

    `rows` is how many a query may answer, and so how many are held at a time; `most` how many where a millisecond has
    more than that. What a millisecond has beyond it is left out, with a note.
    """
    streams = [_sliced(insights, group, condition, window, (rows, most)) for condition in conditions(needles)]
    return streams[0] if len(streams) == 1 else _each_once(merged(streams))


def conditions(needles: Iterable[str]) -> list[str]:
    """Return conditions for messages with one of the texts: several where a query has no room for all of them."""
    found: list[str] = []
    for needle in dict.fromkeys(needles):
        condition = f"@message like {literal(needle)}"
        if found and len(found[-1]) + len(condition) < _LONGEST_CONDITION:
            found[-1] += f" or {condition}"
        else:
            found.append(condition)
    return found


def literal(needle: str) -> str:
    r"""Write a text so that `like` looks for exactly it.

    How quotation marks and backslashes are escaped in a string is not documented: a text with any of them becomes a
    regular expression, in which every ASCII character but letters and digits is written as \xhh.
    """
    if not needle:
        raise ValueError("every message contains the empty text")
    if _PLAIN.fullmatch(needle):
        return f'"{needle}"'
    escaped = _TO_ESCAPE.sub(lambda found: found[0] if found[0].isalnum() else f"\\x{ord(found[0]):02x}", needle)
    return f"/{escaped}/"


def _sliced(insights: Asked, group: str, condition: str, window: Window, limits: tuple[int, int]) -> Iterator[LogEntry]:
    rows, most = limits
    start, end = window.start_ms, window.end_ms
    length = end - start
    while start < end:
        stop = min(start + length, end)
        found = _read(insights, group, condition, Window(moment(start), moment(stop)), rows)
        if not found.is_full:
            yield from found.entries
            start, length = stop, _next_length(stop - start, len(found.entries), rows)
            continue
        last = milliseconds(_time(found.entries[-1]))
        if last == start:
            yield from _one_millisecond(insights, group, condition, start, most)
            start, length = start + 1, max(length // _GROWTH, 1)
            continue
        yield from (entry for entry in found.entries if milliseconds(_time(entry)) < last)
        start, length = last, max(int((last - start) * _AIM), 1)


def _next_length(length: int, count: int, rows: int) -> int:
    return max(int(length * min(_GROWTH, rows * _AIM / max(count, 1))), 1)


def _one_millisecond(insights: Asked, group: str, condition: str, start: int, most: int) -> Iterator[LogEntry]:
    """Yield the events of one millisecond that has more of them than a slice may have."""
    window = Window(moment(start), moment(start + 1))
    found = _read(insights, group, condition, window, most)
    if found.is_full:
        insights.note(
            f"log group {group} has {most:,} entries or more in the millisecond of "
            f"{window.start.isoformat(sep=' ', timespec='milliseconds')}; Logs Insights answers no more"
        )
    yield from found.entries


def _read(insights: Asked, group: str, condition: str, window: Window, rows: int) -> _Slice:
    query = f"{_FIELDS}\n| filter {condition}\n| sort @timestamp asc"
    answer = insights.run([group], query, window, rows)
    with translated("logs:GetQueryResults", region=insights.region):
        found = {entry.entry_id: entry for entry in (_entry(group, row) for row in answer.rows)}
    return _Slice(sorted(found.values(), key=_place), is_full=len(answer.rows) >= rows)


def _entry(group: str, row: Mapping[str, str]) -> LogEntry:
    return LogEntry(
        time=_moment(row["@timestamp"]),
        message=row.get("@message", ""),
        place=f"{group} {row.get('@logStream', '')}",
        entry_id=row["@ptr"],
        stream=row.get("@logStream", ""),
        ingested_at=_moment(row["@ingestionTime"]) if "@ingestionTime" in row else None,
    )


def _moment(text: str) -> datetime:
    """Read a time such as `2026-11-22 01:02:03.004`, which is UTC."""
    try:
        return datetime.fromisoformat(text).replace(tzinfo=UTC)
    except ValueError as error:
        raise ResponseParserError("a time of Logs Insights is none") from error


def _time(entry: LogEntry) -> datetime:
    if entry.time is None:  # _entry gives every one a time
        raise TypeError("an event of CloudWatch Logs has a time")
    return entry.time


def _place(entry: LogEntry) -> tuple[datetime, str]:
    return _time(entry), entry.entry_id


def _each_once(ordered: Iterable[LogEntry]) -> Iterator[LogEntry]:
    """Leave out what two searches found: it has the same time."""
    at: datetime | None = None
    seen: set[str] = set()
    for entry in ordered:
        if entry.time != at:
            at, seen = entry.time, set()
        if entry.entry_id not in seen:
            seen.add(entry.entry_id)
            yield entry
