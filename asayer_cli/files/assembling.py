"""Entries out of lines: parts of a long line joined, lines of an exported event joined, a time for each."""

from __future__ import annotations

from collections import deque
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from asayer_cli.entries import LogEntry, moment
from asayer_cli.files.documents import document_in, message_of
from asayer_cli.files.formats import Kind, Line, kind_of, read_line

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from asayer_cli.files.blocks import Block
    from asayer_cli.files.places import Place
    from asayer_cli.files.times import Clock

# what a line of an export may look like: its first one, and the others
_OF_EXPORTS: Final = frozenset({Kind.EXPORT, Kind.PLAIN})
_TEXT: Final = frozenset({Kind.EXPORT, Kind.PLAIN, Kind.TIMED})
_CUT: Final = frozenset({Kind.DOCKER, Kind.CRI})
# How far the other parts of a line are looked for, in lines of any stream.
_NEAR: Final = 1_000
_REMEMBERED: Final = 64


class Assembler:
    """Makes entries of one file's lines.

    With `joins`, in what CloudWatch exports, the lines up to the next that begins with a time, or is of another format,
    belong to one event. With `documents` an entry of JSON is taken apart into its fields, as Elasticsearch stores it;
    else its message is the line as the program wrote it, as CloudWatch stores it. Without `timed` no times are read. An
    entry whose line has no time has that of the nearest line before it that has one. What begins before `start`, in
    bytes of the text, is left to who reads that part of the file.
    """

    def __init__(
        self,
        place: Place,
        clock: Clock,
        *,
        joins: bool = False,
        documents: bool = False,
        timed: bool = True,
        start: int = 0,
    ) -> None:
        self._place = place
        self._clock = clock
        self._joins = joins
        self._documents = documents
        self._timed = timed
        self._start = start
        self._recent: deque[int] = deque(maxlen=_REMEMBERED)
        self._looked_to = 0
        self._last_time: datetime | None = None
        self._last_export = -1

    def entry(self, block: Block, begin: int, end: int) -> tuple[LogEntry, int] | None:
        """Return the entry that a line of the block belongs to, and where in the block it ends.

        None for a further line of an entry that was returned before. The end lies behind the block's where the entry
        goes on in the next one.
        """
        data = block.data[begin:end]
        kind = kind_of(data)
        if self._joins and kind in _OF_EXPORTS and (first := self._event_begin(block, begin, kind)) is not None:
            return self._event(block, first)
        if kind in _TEXT:
            return self._made(block.offset + begin, self._plain(data), block, begin), end
        line = read_line(data, self._clock)
        if line.kind in _CUT:
            return self._of_parts(block, begin, end, line)
        return self._made(block.offset + begin, line, block, begin), end

    def neighbour(self, offset: int, data: bytes, time: datetime | None) -> LogEntry:
        """Return a line beside an entry as an entry of its own; one without a time has the time given."""
        line = read_line(data, self._clock)
        if line.kind is Kind.EXPORT and not self._joins:
            line = self._plain(data)
        return self._entry(offset, line, line.time or time)

    def _plain(self, data: bytes) -> Line:
        text = data.rstrip(b"\r\n")
        return Line(Kind.PLAIN, text, self._clock.of_line(text) if self._timed else None)

    def _made(self, offset: int, line: Line, block: Block, begin: int) -> LogEntry:
        time = line.time
        if time is None and self._timed:
            time = self._time_before(block, begin)
        return self._entry(offset, line, time)

    def _entry(self, offset: int, line: Line, time: datetime | None) -> LogEntry:
        path = self._place.name
        entry = LogEntry(
            time=time,
            message=line.text.decode("utf-8", "replace"),
            place=path,
            entry_id=line.event_id or f"{path}:{offset}",
            stream=f"{path} {line.stream}" if line.stream else path,
            ingested_at=None if line.ingested_ms is None else moment(line.ingested_ms),
        )
        return self._as_document(entry, line) if self._documents else entry

    def _as_document(self, entry: LogEntry, line: Line) -> LogEntry:
        document = document_in(line.text)
        if document is None:  # as a shipper sends a plain line
            return replace(entry, fields={"message": entry.message})
        return replace(entry, message=message_of(document), fields=document)

    def _event_begin(self, block: Block, begin: int, kind: Kind) -> int | None:
        """Return where in the text the exported event begins that a line belongs to, None where it is of none."""
        if kind is Kind.EXPORT:
            return block.offset + begin
        self._look_back(block, begin)
        return self._last_export if self._last_export >= 0 else None

    def _event(self, block: Block, first: int) -> tuple[LogEntry, int] | None:
        """Return the event whose first line is at `first` in the text, None where it was returned before."""
        if first in self._recent:
            return None
        self._recent.append(first)
        lines = block.lines_after(first - block.offset)
        offset, head = next(lines)
        line = read_line(head, self._clock)
        texts, end = [line.text], offset + len(head) - block.offset
        for place, data in lines:
            if kind_of(data) is not Kind.PLAIN:
                break
            texts.append(data.rstrip(b"\r\n"))
            end = place + len(data) - block.offset
        return self._entry(offset, replace(line, text=b"\n".join(texts).rstrip(b"\n")), line.time), end

    def _of_parts(self, block: Block, begin: int, end: int, line: Line) -> tuple[LogEntry, int] | None:
        first, parts = block.offset + begin, [line]
        for place, earlier in self._of_stream(block.lines_before(begin), line):
            if not earlier.part:
                break
            first = place
            parts.insert(0, earlier)
        if first in self._recent or first < self._start:
            return None
        if line.part or len(parts) > 1:
            self._recent.append(first)
        if line.part:
            for _, later in self._of_stream(block.lines_after(end), line):
                parts.append(later)
                if not later.part:
                    break
        joined = replace(parts[0], text=b"".join(part.text for part in parts), part=False)
        return self._made(first, joined, block, begin), end

    def _of_stream(self, lines: Iterator[tuple[int, bytes]], like: Line) -> Iterator[tuple[int, Line]]:
        for (place, data), _ in zip(lines, range(_NEAR), strict=False):
            line = read_line(data, self._clock)
            if line.kind is like.kind and line.stream == like.stream:
                yield place, line

    def _time_before(self, block: Block, begin: int) -> datetime | None:
        self._look_back(block, begin)
        return self._last_time

    def _look_back(self, block: Block, begin: int) -> None:
        """Learn the time that holds at a line without one, and where its event began; no line is looked at twice."""
        offset = block.offset + begin
        time_found, export_found = False, not self._joins
        for place, data in block.lines_before(begin):
            if place < self._looked_to or (time_found and export_found):
                break
            if not export_found and (kind := kind_of(data)) is not Kind.PLAIN:
                self._last_export, export_found = place if kind is Kind.EXPORT else -1, True
            if not time_found and (time := read_line(data, self._clock).time):
                self._last_time, time_found = time, True
        self._looked_to = max(offset, self._looked_to)
