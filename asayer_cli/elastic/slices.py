"""Read all hits of a search in the order of time, many of them side by side, whatever becomes of the point in time."""

from __future__ import annotations

import heapq
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

import elasticsearch

from asayer_cli.elastic.ahead import Ahead
from asayer_cli.elastic.errors import error_type
from asayer_cli.elastic.points import Hit, Page, Pages, Point, PointGoneError, Question
from asayer_cli.elastic.search import add_note
from asayer_cli.elastic.session_query import by_time, from_value_on
from asayer_cli.errors import AsayerError, UnreachableError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from asayer_cli.elastic.connection import Cluster
    from asayer_cli.elastic.layout import TimeField
    from asayer_cli.elastic.queries import Query

SMALLEST_PAGE: Final = 5
# What a page should hold: enough to be worth the way, and little enough to be kept twice.
_PAGE_CHARACTERS: Final = 1_000_000
_CHARACTERS_BESIDES: Final = 300
_MOST_REOPENED: Final = 3


@dataclass(frozen=True, slots=True)
class Sizes:
    """How many hits the first page has, and from how many on they are read in `slices` side by side.

    `without_time` is how many entries without a time are read of indices that are mapped alike.
    """

    first_page: int = 1_000
    sliced_from: int = 50_000
    slices: int = 4
    without_time: int = 1_000


@dataclass(frozen=True, slots=True)
class Asked:
    """A search: the indices `names`, the order (`time`, None as stored), what is fetched, and how many at most."""

    names: str
    query: Query
    time: TimeField | None
    source: tuple[str, ...]
    limit: int | None = None


class OrderedHits:
    """All hits of a search, oldest first, each once; what makes the answer smaller than what is stored is noted.

    Hits of the same time are in the order in which they are stored. When the cluster forgets the point in time, a new
    one is opened and read on from the last time. Where all of it fits into the first page, none is opened at all.
    """

    def __init__(self, cluster: Cluster, asked: Asked, notes: list[str], sizes: Sizes) -> None:
        self._cluster = cluster
        self._sizes = sizes
        self._asked = asked
        self._notes = notes
        self._last: Any = None
        self._ids_at_last: set[str] = set()
        self._reopened = 0

    def __iter__(self) -> Iterator[Hit]:
        """Yield the hits."""
        left = self._asked.limit
        for hit in self._all():
            if left is not None:
                if left == 0:
                    add_note(self._notes, f"only the first {self._asked.limit} entries without a time were read")
                    return
                left -= 1
            yield hit

    def _all(self) -> Iterator[Hit]:
        page = self._first_page() if self._asked.time is not None else None
        if page is not None:
            yield from filter(self._is_new, page.hits)
            if page.is_last:
                return
        yield from self._from_points()

    def _first_page(self) -> Page | None:
        """Ask without a point in time; None where that is too much for one answer."""
        try:
            return Pages(self._cluster, self._asked.names, self._notes).page(self._first())
        except AsayerError as error:
            if not _is_too_much(error):
                raise
            return None

    def _from_points(self) -> Iterator[Hit]:
        while True:
            point = Point.opened(self._cluster, self._asked.names, self._notes)
            if point is None:
                return
            try:
                for hit in self._of(point):
                    if self._is_new(hit):
                        yield hit
            except PointGoneError as error:
                self._count_reopening(error)
            else:
                return
            finally:
                point.close()

    def _is_new(self, hit: Hit) -> bool:
        """Remember where reading is; hits that were read from a former point in time are known by their ids."""
        value, name = hit["sort"][0] if self._asked.time else None, f"{hit['_index']}/{hit['_id']}"
        if self._last is not None and value < self._last:
            return False
        if value != self._last:
            self._last = value
            self._ids_at_last.clear()
        if name in self._ids_at_last:
            return False
        self._ids_at_last.add(name)
        self._reopened = 0
        return True

    def _count_reopening(self, error: PointGoneError) -> None:
        self._reopened += 1
        if self._reopened > _MOST_REOPENED:
            raise UnreachableError(
                "Elasticsearch forgets the point in time that is searched before it has answered.",
                hint="The cluster may be restarting, or have too many searches open. Try again later.",
                code="search_context_lost",
            ) from error

    def _of(self, point: Point) -> Iterator[Hit]:
        sizes = self._sizes
        reader = _Pages(point, self._first())
        page = next(reader)
        yield from page
        if reader.ended:
            return
        rest = replace(reader.question, counted_to=0)
        if reader.total is not None and reader.total > sizes.sliced_from:
            # A slice may order hits of the same time in its own way, so it begins at the last time, not the last hit.
            yield from _side_by_side(point, replace(rest, query=self._query(), after=None), sizes.slices)
        else:
            for page in Ahead(_Pages(point, rest)):
                yield from page

    def _first(self) -> Question:
        asked, sizes = self._asked, self._sizes
        return Question(
            self._query(), by_time(asked.time), asked.source, sizes.first_page, counted_to=sizes.sliced_from + 1
        )

    def _query(self) -> Query:
        asked = self._asked
        if self._last is None or asked.time is None:
            return asked.query
        return {"bool": {"filter": [asked.query, from_value_on(asked.time, self._last)]}}


def _side_by_side(point: Point, question: Question, count: int) -> Iterator[Hit]:
    """Read slices of the rest at the same time; each is in order, so merged they are."""
    smaller = max(question.size // count, SMALLEST_PAGE)
    parts = [replace(question, part=(number, count), size=smaller) for number in range(count)]
    slices = [(hit for page in pages for hit in page) for pages in [Ahead(_Pages(point, part)) for part in parts]]
    return heapq.merge(*slices, key=lambda hit: hit["sort"])


class _Pages:
    """The pages of a search from its first one on, each as large as the size of the documents makes it wise."""

    def __init__(self, point: Point, question: Question) -> None:
        self._point = point
        self.question = question
        self.total: int | None = None
        self.ended = False

    def __iter__(self) -> Iterator[list[Hit]]:
        return self

    def __next__(self) -> list[Hit]:
        if self.ended:
            raise StopIteration
        page = self._page()
        self.ended, self.total = page.is_last, page.total
        if page.hits:
            size = _fitting(page.hits, self.question.size)
            self.question = replace(self.question, after=page.hits[-1]["sort"], size=size)
        return page.hits

    def _page(self) -> Page:
        while True:
            try:
                return self._point.page(self.question)
            except AsayerError as error:
                if self.question.size <= SMALLEST_PAGE or not _is_too_much(error):
                    raise
                self.question = replace(self.question, size=max(self.question.size // 10, SMALLEST_PAGE))


def _is_too_much(error: AsayerError) -> bool:
    """Tell whether less may be answered: it took too long, or the node has no memory for so large an answer."""
    cause = error.__cause__
    broken = isinstance(cause, elasticsearch.ApiError) and error_type(cause) == "circuit_breaking_exception"
    return error.code == "timeout" or broken


def _fitting(hits: list[Hit], size: int) -> int:
    """Return how many hits the next page should have, by the size of those of the last."""
    characters = sum(map(_characters, hits)) // len(hits)
    return min(max(_PAGE_CHARACTERS // characters, SMALLEST_PAGE), size * 10)


def _characters(hit: Hit) -> int:
    return _CHARACTERS_BESIDES + _text_length(hit.get("_source"))


def _text_length(value: object) -> int:
    if isinstance(value, str):
        return len(value)
    if isinstance(value, dict):
        return sum(map(_text_length, value.values()))
    return sum(map(_text_length, value)) if isinstance(value, list) else 8
