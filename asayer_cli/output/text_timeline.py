"""The timeline of a session for people: one line for an entry, in columns that fit the terminal."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC
from typing import TYPE_CHECKING, Final

from rich.cells import cell_len, chop_cells, set_cell_size

from asayer_cli.output.sanitise import one_line
from asayer_cli.secret import redact
from asayer_cli.stack_traces import gist, is_trace
from asayer_cli.timeline.levels import without_level

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import date, datetime, timedelta, tzinfo

    from asayer_cli.session_id import SessionId
    from asayer_cli.timeline.model import Session, TimelineEntry

Pieces = list[tuple[str, str]]

TIMES: Final = "\u00d7"
LEVEL_STYLES: Final = {"error": "bold red", "warning": "yellow", "info": "green", "debug": "dim"}
_LEVEL_WORDS: Final = {"error": "ERROR", "warning": "WARN", "info": "INFO", "debug": "DEBUG", "": ""}
_SOURCE_STYLES: Final = {"aws": "cyan", "elastic": "magenta", "file": "blue"}
_DATE_OF_INDEX: Final = re.compile(r"[-._]\d{4}[-.]\d\d(?:[-.]\d\d)?(?:-\d{6})?$")
_WIDE: Final = 100
_BELOW: Final = 10
_NARROWEST: Final = 20
_LONGEST_LINE: Final = 500
_MOST_ROWS: Final = 3
_LONGEST_FULL: Final = 20_000
_MOST_FULL_LINES: Final = 2_000


@dataclass(frozen=True, slots=True)
class Columns:
    """How wide what is before the message is; `width` is the whole terminal's, `clock` how a time is written."""

    width: int
    place: int
    clock: str
    number: int = 0

    @classmethod
    def for_terminal(cls, width: int, sessions: int) -> Columns:
        """Return the columns for a terminal; several sessions get one of their own."""
        number = len(str(sessions)) + 1 if sessions > 1 else 0
        if width < _WIDE:
            return cls(width, 11, "%H:%M:%S", number)
        return cls(width, 24, "%H:%M:%S.%f", number)

    @property
    def head_width(self) -> int:
        """The columns of all that is before a message."""
        return self.clock_width + self.place + 17 + (self.number + 1 if self.number else 0)

    @property
    def clock_width(self) -> int:
        """The columns of a time."""
        return 12 if "%f" in self.clock else 8


class EntryLines:
    """Turns entries into lines of pieces, each a text and its style, already cleaned and redacted."""

    def __init__(self, columns: Columns, zone: tzinfo, sessions: tuple[Session, ...], *, full: bool) -> None:
        self._columns = columns
        self._zone = zone
        self._full = full
        self._numbers = {session.id: number for number, session in enumerate(sessions, 1)}
        self._date: date | None = min(
            (session.started_at.astimezone(zone).date() for session in sessions), default=None
        )
        self._timeless = False

    def lines(self, entry: TimelineEntry) -> Iterator[Pieces]:
        """Yield the lines of an entry, before it a heading where the day or the kind of time changes."""
        yield from self._heading(entry)
        for text in entry.before:
            yield self._aside("·", text)
        yield from self._entry(entry)
        yield from self._trace(entry)
        for text in entry.after:
            yield self._aside("·", text)

    def _heading(self, entry: TimelineEntry) -> Iterator[Pieces]:
        if entry.time is None:
            if not self._timeless:
                yield []
                yield [("Without a time", "bold")]
            self._timeless = True
            return
        day = entry.time.astimezone(self._zone).date()
        if day != self._date or self._timeless:
            yield [(f"{day:%A, %Y-%m-%d}", "bold")]
        self._date, self._timeless = day, False

    def _entry(self, entry: TimelineEntry) -> Iterator[Pieces]:
        head = self._head(entry)
        style = "bold" if entry.level == "error" else "dim" if entry.level == "debug" else ""
        used = self._columns.head_width
        rows = _rows(self._message(entry.message), self._columns.width - used, self._columns.width - _BELOW)
        lines: list[Pieces] = [[(" " * _BELOW, ""), (row, style)] for row in rows]
        lines[0] = [*head, (rows[0], style)]
        if tail := list(self._tail(entry)):
            lines[-1:] = self._with_tail(lines[-1], tail)
        yield from lines

    def _with_tail(self, line: Pieces, tail: Pieces) -> list[Pieces]:
        """Put what is said about an entry behind it where it fits, else below it."""
        if sum(cell_len(text) for text, _ in (*line, *tail)) <= self._columns.width:
            return [[*line, *tail]]
        return [line, [(" " * (_BELOW - 2), ""), *tail]]

    def _head(self, entry: TimelineEntry) -> Pieces:
        columns = self._columns
        head = [
            (clock(entry.time, self._zone, columns.clock).ljust(columns.clock_width) + " ", ""),
            (offset_text(entry.offset).rjust(8) + " ", "dim"),
            (_LEVEL_WORDS.get(entry.level, "").ljust(5) + " ", LEVEL_STYLES.get(entry.level, "")),
            (self._place(entry) + " ", _SOURCE_STYLES.get(entry.source, "")),
        ]
        return [*head, (self._number(entry.session_id), "bold")] if columns.number else head

    def _number(self, session_id: SessionId) -> str:
        return f"#{self._numbers.get(session_id, 0)}".ljust(self._columns.number + 1)

    def _place(self, entry: TimelineEntry) -> str:
        name = one_line(redact(short_place(entry)))
        if self._columns.width >= _WIDE:
            name = f"{entry.source} {name}"
        return _fit(name, self._columns.place)

    def _message(self, message: str) -> str:
        text = one_line(redact(message)).strip()
        longest = _LONGEST_FULL if self._full else min(_LONGEST_LINE, _MOST_ROWS * self._columns.width)
        shown = without_level(text)
        if len(shown) <= longest:
            return shown
        more = "--output json shows them" if self._full else "--full shows more"
        return f"{shown[:longest]}… ({len(text):,} characters in all; {more})"

    def _tail(self, entry: TimelineEntry) -> Iterator[tuple[str, str]]:
        if entry.repeats:
            until = f" until {clock(entry.last_time, self._zone, '%H:%M:%S')}" if entry.last_time else ""
            yield f"  {TIMES}{entry.repeats + 1}{until}", "bold cyan"
        if entry.collected and entry.reason and entry.level == "error":
            yield f"  not in the replay: {entry.reason.value}", "yellow"

    def _trace(self, entry: TimelineEntry) -> Iterator[Pieces]:
        if not entry.trace:
            return
        if not self._full:
            yield self._aside("…", folded(entry.trace))
            return
        for line in entry.trace[:_MOST_FULL_LINES]:
            yield [(" " * _BELOW, ""), (one_line(redact(line.replace("\t", "    "))).rstrip()[:_LONGEST_FULL], "dim")]
        more = len(entry.trace) - _MOST_FULL_LINES
        if more > 0:
            yield self._aside("…", f"{more:,} more lines; --output json shows them")

    def _aside(self, mark: str, text: str) -> Pieces:
        line = f"{mark} {one_line(redact(text[:_LONGEST_FULL])).strip()}"
        return [(" " * _BELOW, ""), (_cut(line, self._columns.width - _BELOW), "dim")]


def folded(trace: tuple[str, ...]) -> str:
    """Return one line in the place of a stack trace, or of other further lines."""
    lines = f"{len(trace):,} more line{'' if len(trace) == 1 else 's'}"
    if not is_trace(trace):
        return f"{lines}, {trace[0].strip()}" if len(trace) == 1 else lines
    last = gist(trace).strip()
    of_trace = f"{len(trace):,} line{'' if len(trace) == 1 else 's'} of stack trace"
    return f"{of_trace}, ends with {last}" if last else of_trace


def clock(when: datetime | None, zone: tzinfo, form: str) -> str:
    """Write a time of day; with `%f` to the millisecond."""
    if when is None:
        return ""
    text = when.astimezone(zone).strftime(form)
    return text[:-3] if form.endswith("%f") else text


def offset_text(offset: timedelta | None) -> str:
    """Write the time since a session began: `+0:12`, `+1:02:03`; before it `-0:12`."""
    if offset is None:
        return ""
    seconds = int(abs(offset).total_seconds())
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    sign = "-" if offset.total_seconds() < 0 else "+"
    return f"{sign}{hours}:{minutes:02}:{seconds:02}" if hours else f"{sign}{minutes}:{seconds:02}"


def moment_text(when: datetime, zone: tzinfo) -> str:
    """Write a moment with its date and its distance from UTC: 2026-11-22 09:30:00 UTC+01:00."""
    local = when.astimezone(zone)
    offset = local.utcoffset()
    distance = local.strftime("%z") if offset else ""
    return f"{local:%Y-%m-%d %H:%M:%S} UTC{distance[:3] + ':' + distance[3:] if distance else ''}"


def zone_text(zone: tzinfo, at: datetime) -> str:
    """Name a time zone, with its distance from UTC at a moment."""
    offset = moment_text(at, zone).rpartition(" ")[2]
    name = getattr(zone, "key", "")
    return "UTC" if zone is UTC or name in ("UTC", "Etc/UTC") else f"{name} ({offset})"


def short_place(entry: TimelineEntry) -> str:
    """Return the last part of where an entry lies: of a log group, of an index without its date, of a path."""
    place = entry.place.removesuffix(f" {entry.stream}") if entry.stream else entry.place
    if entry.source == "elastic":
        return _DATE_OF_INDEX.sub("", place.removeprefix(".ds-")) or place
    if entry.source == "aws":
        place = place.partition(" ")[0]
    return place.rstrip("/").rpartition("/")[2] or place


def _fit(text: str, width: int) -> str:
    return set_cell_size(text, width) if cell_len(text) <= width else set_cell_size(_cut(text, width), width)


def _cut(text: str, width: int) -> str:
    if cell_len(text) <= width:
        return text
    return chop_cells(text, max(width - 1, 1))[0].rstrip() + "…"


def _rows(text: str, first: int, others: int) -> list[str]:
    """Break a text between words, the first row beside the columns and the others below them."""
    if text.isascii() and len(text) <= first:
        return [text]
    rows: list[str] = []
    row, room = "", max(first, _NARROWEST)
    for word in _words(text, max(others, _NARROWEST)):
        if row and cell_len(row) + cell_len(word.rstrip()) > room:
            rows.append(row.rstrip())
            row, room = "", max(others, _NARROWEST)
        row += word
    return [*rows, row.rstrip()]


def _words(text: str, longest: int) -> Iterable[str]:
    for word in re.findall(r"\S+\s*|\s+", text):
        if cell_len(word.rstrip()) <= longest:
            yield word
        else:
            yield from chop_cells(word, longest)
