"""Search indices for sessions, those that are mapped alike together, and merge what is found in the order of time."""

from __future__ import annotations

import heapq
import itertools
import threading
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Final

from asayer_cli.elastic import session_query, shapes
from asayer_cli.elastic.ahead import Ahead, begun
from asayer_cli.elastic.answers import time_of
from asayer_cli.elastic.documents import entry_of, fetched, nanoseconds, session_of, value_at
from asayer_cli.elastic.fields import MESSAGE, TIMESTAMP, UTC_TIME
from asayer_cli.elastic.index_names import joined
from asayer_cli.elastic.neighbours import Neighbours
from asayer_cli.elastic.search import add_note
from asayer_cli.elastic.slices import Asked, OrderedHits, Sizes
from asayer_cli.entries import milliseconds
from asayer_cli.errors import AsayerError
from asayer_cli.sources import Found

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from concurrent.futures import Future
    from datetime import datetime

    from asayer_cli.elastic.connection import Cluster
    from asayer_cli.elastic.layout import SearchLayout, TimeField
    from asayer_cli.elastic.points import Hit
    from asayer_cli.session_id import SessionId
    from asayer_cli.sources import SessionSearch

_CHUNK: Final = 250
_LAST: Final = 2**70


@dataclass(frozen=True, slots=True)
class Asking:
    """Who is asked, how much at a time, and where to write down what may be missing and what else is worth telling."""

    cluster: Cluster
    sizes: Sizes = field(default_factory=Sizes)
    notes: list[str] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Part:
    """Indices that are mapped alike and fit one request's first line."""

    layout: SearchLayout
    names: str


@dataclass(frozen=True, slots=True)
class _Dated:
    """What was found at a moment, in nanoseconds since 1970; `time` is the field that it was sorted by, if any."""

    moment: int
    found: Found
    part: _Part
    time: TimeField | None = None


@dataclass(slots=True)
class _Besides:
    """What has not the time that counts in its indices: with another one, and those few that have none indexed."""

    otherwise_dated: list[Iterator[_Dated]] = field(default_factory=list)
    others: list[_Dated] = field(default_factory=list)


class SessionStreams:
    """One search for sessions. `whole` is the index expression where all indices are mapped alike, else empty.

    `asked_besides` is set when no more than the entries themselves is being asked for.
    """

    def __init__(self, asking: Asking, layouts: Sequence[SearchLayout], search: SessionSearch, whole: str) -> None:
        self.asked_besides = threading.Event()
        self._asking = asking
        self._cluster, self._notes, self._remarks = asking.cluster, asking.notes, asking.remarks
        self._search = search
        self._source = fetched(search.convention)
        self._everybody = frozenset(itertools.chain.from_iterable(span.session_ids for span in search.spans))
        self._parts = [
            _Part(layout, names)
            for layout in layouts
            if self._can_be_searched(layout)
            for names in ([whole] if whole else joined(layout.indices))
        ]

    def _can_be_searched(self, layout: SearchLayout) -> bool:
        where = ", ".join(layout.indices[:3])
        for name in layout.hidden_texts:  # what stands in another field than the message stands there as a rule, too
            told = self._notes if name == MESSAGE else self._remarks
            add_note(told, f"{name} is kept but cannot be searched in {where}")
        return session_query.naming(self._search.convention, layout, self._everybody) is not None

    def found(self, *, with_untimed: bool) -> Iterator[Found]:
        """Yield the entries oldest first; with those that have no time, which come last, if these are asked for."""
        others: list[_Dated] = []
        try:
            besides = [begun(partial(self._besides, part)) for part in self._parts if with_untimed]
            streams = [stream for part in self._parts for stream in self._dated(part, part.layout.times[:1])]
            for more in self._finished(besides):
                streams += more.otherwise_dated
                others += more.others
        finally:
            self.asked_besides.set()
        streams.append(iter(sorted(others, key=_moment)))
        merged = heapq.merge(*streams, key=_moment)
        yield from self._with_neighbours(merged) if self._search.context else (dated.found for dated in merged)

    def _with_neighbours(self, merged: Iterator[_Dated]) -> Iterator[Found]:
        count = self._search.context
        neighbours = Neighbours(self._cluster, count, self._source, self._notes, self._remarks)
        try:
            for dated in merged:
                part, time = dated.part, dated.time
                yield neighbours.around(dated.found, part.layout, part.names, time) if time else dated.found
        finally:
            neighbours.close()

    def _finished(self, besides: list[Future[_Besides]]) -> Iterator[_Besides]:
        for future in besides:
            try:
                yield future.result()
            except AsayerError as error:
                add_note(self._notes, f"entries without a time could not be looked for ({error.message.rstrip('.')})")

    def _dated(
        self, part: _Part, times: Sequence[TimeField], lacking: Sequence[TimeField] = ()
    ) -> list[Iterator[_Dated]]:
        """Begin to read the entries by a time; that is none where there is no such field."""
        begun_streams: list[Iterator[_Dated]] = []
        for time in times:
            query = session_query.in_spans(self._search.convention, part.layout, self._search.spans, time)
            if query is not None:
                query = session_query.without(query, lacking) if lacking else query
                hits = self._hits(Asked(part.names, query, time, self._source))
                begun_streams.append(itertools.chain.from_iterable(Ahead(_chunks(self._judged(hits, part, time)))))
        return begun_streams

    def _hits(self, asked: Asked) -> OrderedHits:
        return OrderedHits(self._cluster, asked, self._notes, self._asking.sizes)

    def _judged(self, hits: OrderedHits, part: _Part, time: TimeField) -> Iterator[_Dated]:
        for hit in hits:
            entry = entry_of(hit, time)
            wanted = self._wanted_at(entry.time) if entry.time else frozenset()
            if session_id := session_of(entry.fields, wanted, self._search.convention):
                yield _Dated(nanoseconds(hit, time), Found(entry, session_id), part, time)

    def _wanted_at(self, time: datetime) -> frozenset[SessionId]:
        for span in self._search.spans:
            if span.window.start <= time < span.window.end:
                return span.session_ids
        return frozenset()

    def _besides(self, part: _Part) -> _Besides:
        times = part.layout.times
        if times and not self._has_any_without(part, times[0]):
            return _Besides()
        if not part.layout.words and part.layout.whole_values:
            where = ", ".join(part.layout.indices[:3])
            add_note(
                self._remarks,
                f"entries without a time are not looked for in {where}: its texts are not indexed as words",
            )
            return _Besides(self._dated(part, times[1:], times[:1]))
        return _Besides(self._dated(part, times[1:], times[:1]), self._without_time(part))

    def _has_any_without(self, part: _Part, time: TimeField) -> bool:
        """Ask whether any document has not this time; where all have it, the cluster knows without looking."""
        query = session_query.without({"match_all": {}}, [time])
        answer = self._cluster.ask(
            lambda client: (
                client.search(
                    index=part.names,
                    query=query,
                    size=1,
                    source=False,
                    terminate_after=1,
                    track_total_hits=False,
                    ignore_unavailable=True,
                ).body
            )
        )
        return bool(shapes.checked(answer, shapes.HITS, "POST /_search")["hits"]["hits"])

    def _without_time(self, part: _Part) -> list[_Dated]:
        named = session_query.naming(self._search.convention, part.layout, self._everybody)
        query = session_query.without(named or {"match_none": {}}, part.layout.times)
        asked = Asked(part.names, query, None, self._source, limit=self._asking.sizes.without_time)
        return [dated for hit in self._hits(asked) if (dated := self._undated(hit, part))]

    def _undated(self, hit: Hit, part: _Part) -> _Dated | None:
        """Judge a document of which no time is indexed; it may have one for all that."""
        entry = entry_of(hit, None)
        read = time_of(value_at(entry.fields, TIMESTAMP)) or time_of(value_at(entry.fields, UTC_TIME))
        wanted = self._wanted_at(read) if read else self._everybody
        session_id = session_of(entry.fields, wanted, self._search.convention)
        if session_id is None:
            return None
        if read is None:
            return _Dated(_LAST, Found(entry, session_id), part)
        return _Dated(milliseconds(read) * 1_000_000, Found(replace(entry, time=read), session_id), part)


def _moment(dated: _Dated) -> int:
    return dated.moment


def _chunks(items: Iterator[_Dated]) -> Iterator[list[_Dated]]:
    while chunk := list(itertools.islice(items, _CHUNK)):
        yield chunk
