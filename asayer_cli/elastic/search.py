"""Read all pages of a search: a point in time, `search_after`, and a note of whatever makes the answer incomplete."""

from __future__ import annotations

import contextlib
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

import elasticsearch

from asayer_cli.elastic import shapes
from asayer_cli.errors import AsayerError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from asayer_cli.elastic.connection import Cluster
    from asayer_cli.elastic.queries import Query

KEEP_ALIVE: Final = "2m"
PAGE_SIZE: Final = 1000


def all_hits(
    cluster: Cluster, names: str, query: Query, sort: list[dict[str, Any]], notes: list[str], limit: int | None = None
) -> Iterator[dict[str, Any]]:
    """Yield every hit, at most `limit`; partial answers and a full limit are written into `notes`."""
    point = open_point(cluster, names)
    if point is None:
        return
    searched = _Point(cluster, point)
    try:
        yield from searched.hits(query, sort, notes, limit)
    finally:
        searched.close()


class _Point:
    """An open point in time; its id may change with every page."""

    def __init__(self, cluster: Cluster, point: str) -> None:
        self._cluster = cluster
        self._id = point

    def hits(
        self, query: Query, sort: list[dict[str, Any]], notes: list[str], limit: int | None
    ) -> Iterator[dict[str, Any]]:
        after: list[Any] | None = None
        left = limit
        while left is None or left > 0:
            size = PAGE_SIZE if left is None else min(PAGE_SIZE, left)
            page = self._page(query, sort, after, size, notes)
            yield from page
            if len(page) < size:
                return
            if page[-1].get("sort") in (None, after):
                raise shapes.malformed("POST /_search", "a page does not tell where the next one begins")
            after, left = page[-1]["sort"], None if left is None else left - len(page)
        add_note(notes, f"only the first {limit} entries without a time were read")

    def _page(
        self, query: Query, sort: list[dict[str, Any]], after: list[Any] | None, size: int, notes: list[str]
    ) -> list[dict[str, Any]]:
        point = {"id": self._id, "keep_alive": KEEP_ALIVE}
        try:
            answer = self._cluster.ask(
                lambda client: (
                    client.search(
                        pit=point, query=query, sort=sort, size=size, track_total_hits=False, search_after=after
                    ).body
                )
            )
        except AsayerError as error:
            if not all_shards_broke(error):
                raise
            add_note(notes, f"the search failed on every shard ({error.message})")
            return []
        answer = shapes.checked(answer, shapes.HITS, "POST /_search")
        self._id = answer.get("pit_id") or self._id
        note_partial(answer, notes)
        return list(answer["hits"]["hits"])

    def close(self) -> None:
        """Let the cluster forget the point in time; it does so by itself after a while, so failing is no matter."""
        with contextlib.suppress(AsayerError):
            self._cluster.ask_once(lambda client: client.close_point_in_time(id=self._id))


def open_point(cluster: Cluster, names: str, *, ignore_unavailable: bool | None = None) -> str | None:
    """Open a point in time, None where nothing matches a pattern; AsayerError `index_not_found` for a missing name.

    With `ignore_unavailable`, missing names are passed over.
    """
    try:
        answer = cluster.ask(
            lambda client: (
                client.open_point_in_time(
                    index=names, keep_alive=KEEP_ALIVE, ignore_unavailable=ignore_unavailable
                ).body
            )
        )
    except AsayerError as error:
        passed_over = ignore_unavailable or all("*" in name for name in names.split(","))
        if error.code == "index_not_found" and passed_over:
            return None
        raise
    return str(shapes.checked(answer, shapes.POINT, "POST /_pit")["id"])


def all_shards_broke(error: AsayerError) -> bool:
    """Tell whether every shard failed of itself; where the request is at fault, asking again is of no use."""
    cause = error.__cause__
    if not isinstance(cause, elasticsearch.ApiError) or cause.meta.status < HTTPStatus.INTERNAL_SERVER_ERROR:
        return False
    inner = cause.body.get("error") if isinstance(cause.body, dict) else None
    return isinstance(inner, dict) and inner.get("type") == "search_phase_execution_exception"


def note_partial(answer: dict[str, Any], notes: list[str]) -> None:
    """Write down what makes an answer smaller than what is stored: a timeout, or shards that failed."""
    if answer.get("timed_out"):
        add_note(notes, "Elasticsearch ran out of time and answered with what it had")
    shards = answer.get("_shards") or {}
    if shards.get("failed"):
        reason = _first_reason(shards)
        add_note(notes, f"{shards['failed']} of {shards.get('total')} shards failed{reason}")


def _first_reason(shards: dict[str, Any]) -> str:
    for failure in shards.get("failures") or ():
        reason = failure.get("reason") or {}
        if text := reason.get("reason") or reason.get("type"):
            return f" ({failure.get('index') or 'an index'}: {str(text)[:200]})"
    return ""


def add_note(notes: list[str], note: str) -> None:
    """Write a note down once."""
    if note not in notes:
        notes.append(note)
