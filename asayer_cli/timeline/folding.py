"""What belongs to one line of the timeline: the tagged lines of one stack trace, and a message that comes again."""

from __future__ import annotations

import dataclasses
from collections import deque
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from asayer_cli.stack_traces import MOST_LINES, TraceLines, opens_trace

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from asayer_cli.timeline.model import TimelineEntry

# the lines of one trace are written at once; each gets the time at which it was read from the pipe
SAME_MOMENT: Final = timedelta(milliseconds=250)
MOST_HELD: Final = 256


class _Held:
    """An entry that lines of its trace may follow; `lines` is None when none may."""

    __slots__ = ("entry", "further", "lines", "time")

    def __init__(self, entry: TimelineEntry) -> None:
        self.entry = entry
        self.time = entry.time
        self.further: list[str] = []
        self.lines = TraceLines("\n".join((entry.message, *entry.trace))) if opens_trace(entry.message) else None

    def takes(self, entry: TimelineEntry) -> bool:
        """Take an entry that carries the trace on; one that does not ends it."""
        if self.lines is None:
            return False
        if (
            not _near(self.time, entry.time)
            or len(self.further) >= MOST_LINES
            or not self.lines.takes_written_alike(entry.message)
        ):
            self.lines = None
            return False
        self.time = entry.time
        for line in (entry.message, *entry.trace):
            self.lines.add(line)
            self.further.append(line)
        return True

    def whole(self) -> TimelineEntry:
        if not self.further:
            return self.entry
        while self.further and not self.further[-1].strip():
            self.further.pop()
        return dataclasses.replace(self.entry, trace=(*self.entry.trace, *self.further))


class TraceFolding:
    """Joins entries of one stream that are lines of one trace, each of them tagged; holds few entries, briefly."""

    def __init__(self) -> None:
        self._held: deque[_Held] = deque()
        self.folded = 0

    def add(self, entry: TimelineEntry) -> Iterator[TimelineEntry]:
        """Take the next entry and yield those that are complete by now."""
        writer = _writer(entry)
        latest = next((held for held in reversed(self._held) if _writer(held.entry) == writer), None)
        if latest is not None and latest.takes(entry):
            self.folded += 1
        else:
            self._held.append(_Held(entry))
        while self._held and self._is_complete(self._held[0], entry):
            yield self._held.popleft().whole()

    def flush(self) -> Iterator[TimelineEntry]:
        """Yield what is held."""
        while self._held:
            yield self._held.popleft().whole()

    def _is_complete(self, held: _Held, latest: TimelineEntry) -> bool:
        if held.lines is None or len(self._held) > MOST_HELD:
            return True
        return not _near(held.time, latest.time)


def _near(time: datetime | None, later: datetime | None) -> bool:
    """Tell whether two entries may have been written at once; of those without a time, that is not known."""
    if time is None or later is None:
        return time is later
    return later - time <= SAME_MOMENT


def _writer(entry: TimelineEntry) -> tuple[str, str, str, object]:
    return entry.source, entry.place, entry.stream, entry.session_id


class Repeats:
    """Counts a message that comes again right after itself; holds one entry."""

    def __init__(self) -> None:
        self._last: TimelineEntry | None = None

    def add(self, entry: TimelineEntry) -> Iterator[TimelineEntry]:
        """Take the next entry, and yield the one before it if this is another."""
        last = self._last
        if last is not None and _is_again(last, entry):
            self._last = dataclasses.replace(last, repeats=last.repeats + 1, last_time=entry.time)
            return
        self._last = entry
        if last is not None:
            yield last

    def flush(self) -> Iterator[TimelineEntry]:
        """Yield what is held."""
        last, self._last = self._last, None
        if last is not None:
            yield last


def _is_again(last: TimelineEntry, entry: TimelineEntry) -> bool:
    return (
        last.message == entry.message
        and last.trace == entry.trace
        and (last.source, last.place, last.session_id) == (entry.source, entry.place, entry.session_id)
        and (last.level, last.reason, last.collected) == (entry.level, entry.reason, entry.collected)
        and (last.time is None) == (entry.time is None)
        and not (last.before or last.after or entry.before or entry.after)
    )
