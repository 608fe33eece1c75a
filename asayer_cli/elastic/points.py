"""Points in time: open one, read pages of it, several at once, and tell when the cluster has forgotten it.

A single page needs none.
"""

from __future__ import annotations

import contextlib
import threading
import time
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

import elasticsearch

from asayer_cli.elastic import shapes
from asayer_cli.elastic.errors import error_type
from asayer_cli.elastic.search import KEEP_ALIVE, add_note, all_shards_broke, note_partial, open_point
from asayer_cli.errors import AsayerError

if TYPE_CHECKING:
    from asayer_cli.elastic.connection import Cluster
    from asayer_cli.elastic.queries import Query

Hit = dict[str, Any]
Sort = list[dict[str, Any]]
_FORGOTTEN: Final = "search_context_missing_exception"
_SECOND_TRY: Final = 0.3


class PointGoneError(Exception):
    """The cluster has forgotten a point in time: a node was restarted, or nobody asked for too long."""


@dataclass(frozen=True, slots=True)
class Question:
    """A search on a point in time. `counted_to` asks how many hits there are, exactly up to that number."""

    query: Query
    sort: Sort
    source: tuple[str, ...]
    size: int
    after: list[Any] | None = None
    part: tuple[int, int] | None = None
    counted_to: int = 0


@dataclass(frozen=True, slots=True)
class Page:
    """Some hits in their order; `total` is how many there are in all, None where that was not asked or is not sure."""

    hits: list[Hit]
    total: int | None
    is_last: bool


class Pages:
    """What pages are read from: indices as they are when they are asked. Safe to use from several threads."""

    def __init__(self, cluster: Cluster, names: str, notes: list[str]) -> None:
        self._cluster = cluster
        self._names = names
        self._notes = notes
        self._broken = threading.Event()

    def _where(self) -> dict[str, Any]:
        return {"index": self._names, "ignore_unavailable": True}

    def page(self, question: Question) -> Page:
        """Return the next hits; PointGoneError when the cluster knows a point in time no more.

        An answer that lacks shards is asked for once more; when it still does, that is noted.
        """
        answer = self._answer(question)
        if answer is not None and _is_partial(answer) and not self._broken.is_set():
            time.sleep(_SECOND_TRY)
            answer = self._answer(question)
        if answer is None:
            return Page([], None, is_last=True)
        self._note(answer)
        note_partial(answer, self._notes)
        if _is_partial(answer):
            self._broken.set()
        return _page(answer, question)

    def _answer(self, question: Question) -> dict[str, Any] | None:
        options = {**_options(question), **self._where()}
        try:
            answer = self._cluster.ask(lambda client: client.search(**options).body)
        except AsayerError as error:
            if _is_forgotten(error):
                raise PointGoneError from error
            if not all_shards_broke(error):
                raise
            add_note(self._notes, f"the search failed on every shard ({error.message})")
            return None
        checked: dict[str, Any] = shapes.checked(answer, shapes.HITS, "POST /_search")
        if any(_kind(failure) == _FORGOTTEN for failure in (checked.get("_shards") or {}).get("failures") or ()):
            raise PointGoneError
        return checked

    def _note(self, answer: dict[str, Any]) -> None:
        """Take note of an answer."""


class Point(Pages):
    """An open point in time; its id may change with every page."""

    def __init__(self, cluster: Cluster, names: str, point_id: str, notes: list[str]) -> None:
        super().__init__(cluster, names, notes)
        self._id = point_id

    @classmethod
    def opened(cls, cluster: Cluster, names: str, notes: list[str]) -> Point | None:
        """Open one on those of the indices that are there; None where there is none of them."""
        point_id = open_point(cluster, names, ignore_unavailable=True)
        return None if point_id is None else cls(cluster, names, point_id, notes)

    def _where(self) -> dict[str, Any]:
        return {"pit": {"id": self._id, "keep_alive": KEEP_ALIVE}}

    def _note(self, answer: dict[str, Any]) -> None:
        self._id = answer.get("pit_id") or self._id

    def close(self) -> None:
        """Let the cluster forget it; it does so by itself after a while, so failing is no matter."""
        with contextlib.suppress(AsayerError):
            self._cluster.ask_once(lambda client: client.close_point_in_time(id=self._id))


def _options(question: Question) -> dict[str, Any]:
    options: dict[str, Any] = {
        "query": question.query,
        "sort": question.sort,
        "size": question.size,
        "source_includes": list(question.source),
        "track_total_hits": question.counted_to or False,
    }
    if question.after is not None:
        options["search_after"] = question.after
    if question.part is not None:
        options["slice"] = {"id": str(question.part[0]), "max": question.part[1]}
    return options


def _page(answer: dict[str, Any], question: Question) -> Page:
    hits: list[Hit] = answer["hits"]["hits"]
    if hits and hits[-1].get("sort") in (None, question.after):
        raise shapes.malformed("POST /_search", "a page does not tell where the next one begins")
    total = answer["hits"].get("total")
    count = total.get("value") if isinstance(total, dict) else None
    sure = isinstance(count, int) and not _is_partial(answer)
    is_exact = sure and isinstance(total, dict) and total.get("relation") == "eq"
    is_last = len(hits) < question.size or (is_exact and question.after is None and count == len(hits))
    return Page(hits, count if sure else None, is_last)


def _is_partial(answer: dict[str, Any]) -> bool:
    return bool(answer.get("timed_out") or (answer.get("_shards") or {}).get("failed"))


def _is_forgotten(error: AsayerError) -> bool:
    cause = error.__cause__
    if not isinstance(cause, elasticsearch.ApiError) or cause.meta.status != HTTPStatus.NOT_FOUND:
        return False
    return error_type(cause) == _FORGOTTEN


def _kind(failure: object) -> str:
    reason = failure.get("reason") if isinstance(failure, dict) else None
    return str(reason.get("type")) if isinstance(reason, dict) else ""
