"""What stands before and after an entry in its stream."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from asayer_cli.elastic.documents import entry_of, stream_of
from asayer_cli.elastic.points import Point, PointGoneError, Question
from asayer_cli.elastic.queries import time_range
from asayer_cli.elastic.search import add_note
from asayer_cli.entries import Window
from asayer_cli.stack_traces import opens_trace, trace_behind

if TYPE_CHECKING:
    from asayer_cli.elastic.connection import Cluster
    from asayer_cli.elastic.layout import SearchLayout, TimeField
    from asayer_cli.elastic.queries import Query
    from asayer_cli.entries import LogEntry
    from asayer_cli.sources import Found

MOST_LOOKUPS: Final = 100
_MOST_TRACE_LINES: Final = 100
_REACH: Final = timedelta(hours=1)
# So many entries of one millisecond are looked through for the entry itself.
_TIES: Final = 50


class Neighbours:
    """Looks the neighbours of entries up, `count` on each side, for the first 100 entries."""

    def __init__(
        self, cluster: Cluster, count: int, source: tuple[str, ...], notes: list[str], remarks: list[str]
    ) -> None:
        self._cluster = cluster
        self._count = count
        self._source = source
        self._notes = notes
        self._remarks = remarks
        self._lookups = 0
        self._points: dict[str, Point] = {}

    def around(self, found: Found, layout: SearchLayout, names: str, time: TimeField) -> Found:
        """Return the entry with its neighbours, and with the lines of its stack trace taken from these."""
        stream = _stream_query(found.entry, layout)
        if stream is None:
            add_note(self._remarks, f"no field of {found.entry.place} tells whose the entries around one are")
            return found
        if self._lookups >= MOST_LOOKUPS:
            add_note(self._remarks, f"entries around others were looked up for the first {MOST_LOOKUPS} only")
            return found
        self._lookups += 1
        lines = _MOST_TRACE_LINES if opens_trace(found.entry.message) else 0
        before = self._beside(found.entry, stream, names, time, "desc", self._count)
        after = self._beside(found.entry, stream, names, time, "asc", self._count + lines)
        trace = trace_behind(found.entry.message, after, lambda entry: entry.message)
        rest = after[len(trace) :][: self._count]
        return replace(found, trace=trace, before=tuple(reversed(before)), after=tuple(rest))

    def _beside(
        self, entry: LogEntry, stream: list[Query], names: str, time: TimeField, order: str, count: int
    ) -> list[LogEntry]:
        """Return the entries from this one on in an order; those of the same time are in the order as stored."""
        if entry.time is None:
            return []
        reach = Window(entry.time - _REACH, entry.time) if order == "desc" else Window(entry.time, entry.time + _REACH)
        within = time_range(time.name, time.kind, _inclusive(reach))
        query: Query = {"bool": {"filter": [*stream, within]}}
        sort = [{time.name: {"order": order}}, {"_shard_doc": {"order": order}}]
        hits = [entry_of(hit, time) for hit in self._hits(names, Question(query, sort, self._source, count + _TIES))]
        ids = [hit.entry_id for hit in hits]
        own = ids.index(entry.entry_id) if entry.entry_id in ids else -1
        return [hit for hit in hits[own + 1 :] if own >= 0 or hit.time != entry.time][:count]

    def _hits(self, names: str, question: Question) -> list[dict[str, object]]:
        for _ in range(2):
            point = self._points.get(names) or Point.opened(self._cluster, names, self._notes)
            if point is None:
                return []
            self._points[names] = point
            try:
                return point.page(question).hits
            except PointGoneError:
                del self._points[names]
        return []

    def close(self) -> None:
        """Close what was opened."""
        for point in self._points.values():
            point.close()


def _stream_query(entry: LogEntry, layout: SearchLayout) -> list[Query] | None:
    stream = [(layout.exact(field), value) for field, value in stream_of(entry.fields)]
    if not stream or not all(name for name, _ in stream):
        return None
    return [{"term": {name: {"value": value}}} for name, value in stream]


def _inclusive(window: Window) -> Window:
    return Window(window.start, window.end + timedelta(milliseconds=1))
