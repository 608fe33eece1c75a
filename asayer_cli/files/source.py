"""Local files and standard input, asked for sessions."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Final

from asayer_cli.files.assembling import Assembler
from asayer_cli.files.following import End, followed
from asayer_cli.files.formats import read_line
from asayer_cli.files.notes import Notes
from asayer_cli.files.opening import Text
from asayer_cli.files.ordering import ordered
from asayer_cli.files.places import described, places
from asayer_cli.files.scan import candidates, scan_for
from asayer_cli.files.times import UTC_ASSUMED, YEAR_ASSUMED, Clock
from asayer_cli.sources import Found, Reading
from asayer_cli.stack_traces import trace_behind
from asayer_cli.tag import find_session

if TYPE_CHECKING:
    import threading
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import datetime

    from asayer_cli.entries import LogEntry
    from asayer_cli.files.blocks import Block
    from asayer_cli.files.places import Place
    from asayer_cli.session_id import SessionId
    from asayer_cli.sources import SessionSearch


class FileSource:
    """Files as a source of sessions' entries: every line is read once, wherever in the files it stands.

    A path is a file, a folder (every file below it), or `-`, standard input. UsageError when one cannot be read. With
    `follow`, pipes and standard input, which end only when their writer does, are left to `follow`.
    """

    name = "file"

    def __init__(self, paths: Sequence[str], *, follow: bool = False) -> None:
        self._places = places(paths)
        self._paths = tuple(paths)
        self._follow = follow
        self._notes = Notes()
        self._clock = Clock()
        self._newest: datetime | None = None
        self._ends: dict[str, End] = {}

    @property
    def place(self) -> str:
        """The paths."""
        return described(self._paths)

    def find(self, search: SessionSearch) -> Iterator[Found]:
        """Yield the sessions' entries by time; those without any time last, in the order of the files.

        They come when all files are read, for lines need not stand in order.
        """
        yield from _each_once(ordered(self._found(search), _size))

    def follow(self, search: SessionSearch, stopped: threading.Event) -> Iterator[Found]:
        """Yield the sessions' entries as they are written, as `tail -F` reads them: rotated and cut files anew."""
        ids = _ids(search)
        for place, block in followed(self._places, self._ends, stopped, self._notes):
            assembler = Assembler(place, self._clock)
            yield from self._in_block(block, search, assembler, ids)
            self._learn(block.data)

    def reading(self) -> Reading:
        """Return how reading went so far."""
        remarks = list(self._notes.remarks)
        remarks += [UTC_ASSUMED] if self._clock.assumed_utc else []
        remarks += [YEAR_ASSUMED] if self._clock.assumed_year else []
        return Reading(
            engine="file",
            notes=tuple(self._notes.incomplete),
            remarks=tuple(remarks),
            newest=self._newest,
            scanned_bytes=self._notes.read_bytes,
        )

    def close(self) -> None:
        """Hold nothing: every file is closed when it has been read."""

    def _found(self, search: SessionSearch) -> Iterator[Found]:
        for place in self._places:
            if place.again or not self._follow:
                yield from self._in_place(place, search)

    def _in_place(self, place: Place, search: SessionSearch) -> Iterator[Found]:
        ids = _ids(search)
        text = Text(place, self._notes)
        assembler: Assembler | None = None
        last = b""
        for block in text.blocks():
            assembler = assembler or Assembler(place, self._clock, joins=text.zipped)
            yield from self._in_block(block, search, assembler, ids)
            last = block.data
        self._learn(last)
        begun = last[last.rfind(b"\n") + 1 :]
        known = find_session(begun.decode("utf-8", "replace"), ids, search.convention)
        # a line that is half written is read again when it is whole, unless it was found already
        self._ends[place.path] = End(text.end - (0 if known else len(begun)), text.identity)

    def _in_block(
        self, block: Block, search: SessionSearch, assembler: Assembler, ids: frozenset[SessionId]
    ) -> Iterator[Found]:
        hits = scan_for(search.convention, ids)
        for begin, end, _ in candidates(block.data, hits):
            made = assembler.entry(block, begin, end)
            if made is None:
                continue
            entry, behind = made
            session_id = find_session(entry.message, ids, search.convention)
            if session_id is not None and _is_asked_for(entry, session_id, search):
                yield self._with_neighbours(Found(entry, session_id), block, (begin, behind), search, assembler)

    def _with_neighbours(
        self, found: Found, block: Block, span: tuple[int, int], search: SessionSearch, assembler: Assembler
    ) -> Found:
        entry, (begin, end) = found.entry, span

        def beside(lines: Iterator[tuple[int, bytes]]) -> Iterator[LogEntry]:
            for offset, data in lines:
                neighbour = assembler.neighbour(offset, data, entry.time)
                if neighbour.stream == entry.stream:
                    yield neighbour

        trace = trace_behind(entry.message, beside(block.lines_after(end)), lambda line: line.message)
        if not search.context:
            return Found(entry, found.session_id, trace)
        before = tuple(islice(beside(block.lines_before(begin)), search.context))[::-1]
        after = tuple(islice(beside(block.lines_after(end)), len(trace), len(trace) + search.context))
        return Found(entry, found.session_id, trace, before, after)

    def _learn(self, last: bytes) -> None:
        """Learn the newest time from the last lines of a file."""
        for line in last[-_TAIL:].splitlines()[-_TAIL_LINES:]:
            time = read_line(line, self._clock).time
            if time and (self._newest is None or time > self._newest):
                self._newest = time


_TAIL: Final = 64 << 10
_TAIL_LINES: Final = 50


def _ids(search: SessionSearch) -> frozenset[SessionId]:
    return frozenset().union(*(span.session_ids for span in search.spans))


def _each_once(found: Iterable[Found]) -> Iterator[Found]:
    """Leave out CloudWatch's events that were exported before; they have the same time. A line is no other line."""
    time, seen = None, set[str]()
    for one in found:
        if one.time != time:
            time = one.time
            seen.clear()
        name = one.entry.entry_id
        if name not in seen:
            yield one
        if not name.startswith(f"{one.entry.place}:"):
            seen.add(name)


def _is_asked_for(entry: LogEntry, session_id: SessionId, search: SessionSearch) -> bool:
    return any(
        session_id in span.session_ids and (entry.time is None or span.window.start <= entry.time < span.window.end)
        for span in search.spans
    )


def _size(found: Found) -> int:
    parts = (found.entry, *found.trace, *found.before, *found.after)
    return sum(len(part.message) for part in parts)
