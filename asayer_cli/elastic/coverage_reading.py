"""Let Elasticsearch count errors, and read a few of them where a search cannot tell what becomes of them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from asayer_cli.coverage.model import By
from asayer_cli.elastic import coverage_query, shapes
from asayer_cli.elastic.answers import entry_of
from asayer_cli.elastic.connection import connect
from asayer_cli.elastic.index_names import joined
from asayer_cli.elastic.queries import OPENREPLAY_INDEX
from asayer_cli.elastic.search import add_note, note_partial
from asayer_cli.entries import moment
from asayer_cli.errors import AsayerError, UsageError
from asayer_cli.tag import ASAYER

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime, timedelta

    from asayer_cli.elastic.coverage_query import CoverageLayout, Strata, Stratum
    from asayer_cli.elastic.queries import Query
    from asayer_cli.entries import LogEntry, Window
    from asayer_cli.integrations import ElasticIntegration
    from asayer_cli.tag import TagConvention

UNNAMED: Final = "(no service.name)"
_BACKING_INDEX: Final = re.compile(r"\.ds-(.+)-\d{4}\.\d\d\.\d\d-\d{6}")


@dataclass(frozen=True, slots=True)
class Count:
    """How many documents of a stratum lie in one place; `times` has them by step, None for those without a time."""

    layout: CoverageLayout
    stratum: Stratum
    kind: str
    place: str
    total: int
    times: Mapping[datetime | None, int]


class CoverageReader:
    """One configured cluster. Methods raise our errors; nothing is ever written."""

    def __init__(self, integration: ElasticIntegration, convention: TagConvention, *, allow_http: bool = False) -> None:
        self.convention = convention
        self.expression = ",".join(integration.indexes) if convention is ASAYER else OPENREPLAY_INDEX
        self._cluster = connect(integration.address, integration.key, allow_http=allow_http)
        self.notes: list[str] = []
        self.remarks: list[str] = []

    def close(self) -> None:
        """Close the connection."""
        self._cluster.close()

    @cached_property
    def layouts(self) -> tuple[CoverageLayout, ...]:
        """How the indices map their fields; UsageError `index_not_found` where there is none, or a name is missing."""
        try:
            answer = self._cluster.ask(
                lambda client: (
                    client.field_caps(index=self.expression, fields=coverage_query.ASKED, include_unmapped=True).body
                )
            )
        except AsayerError as error:
            if error.code != "index_not_found":
                raise
            raise UsageError(error.message, hint=error.hint, code=error.code) from error
        found = coverage_query.layouts(shapes.checked(answer, shapes.FIELDS, "POST /_field_caps"))
        if not found:
            raise UsageError(
                f"{self.expression} matches no index that the API key may read.",
                hint="Name the right ones: asayer-cli elastic create-key --index PATTERN (*log* does not match "
                "filebeat-*).",
                code="index_not_found",
            )
        return found

    def counts(self, window: Window, by: By, step: timedelta) -> Iterator[Count]:
        """Yield how many errors of each stratum there are in each place."""
        asked = [(layout, coverage_query.times_of(layout, window)) for layout in self.layouts]
        for layout, times in asked:
            if times is None:
                self._leave_out(layout, alone=not any(clause for _, clause in asked))
                continue
            strata = coverage_query.strata(self.convention, layout)
            body = coverage_query.counting(layout, strata, times, by, step)
            for part in self._parts(layout):
                yield from self._counted(layout, strata, self._search(part, body, shapes.STRATA))

    def _leave_out(self, layout: CoverageLayout, *, alone: bool) -> None:
        """Tell of indices without a time to ask for; where there are no others, nothing was counted."""
        if layout.may_hold_errors or alone:
            add_note(self.notes, f"{_named(layout)} has no time that can be searched, and is left out")
        else:
            add_note(self.remarks, f"{_named(layout)} has no log messages with a time, and is left out")

    def sample(self, count: Count, window: Window, by: By, size: int) -> list[LogEntry]:
        """Read up to `size` of what was counted, picked at random."""
        times = coverage_query.times_of(count.layout, window)
        assert times is not None  # noqa: S101 - it was counted by this clause
        body = coverage_query.sampling(count.stratum, times, _at(count, by), size)
        entries: list[LogEntry] = []
        for part in self._parts_of(count, by):
            hits = self._search(part, {**body, "size": size - len(entries)}, shapes.HITS)["hits"]["hits"]
            entries += map(entry_of, hits)
            if len(entries) >= size:
                break
        return entries

    def _counted(self, layout: CoverageLayout, strata: Strata, answer: dict[str, Any]) -> Iterator[Count]:
        for error, kinds in answer["aggregations"]["errors"]["buckets"].items():
            for kind, bucket in kinds["kinds"]["buckets"].items():
                stratum = strata.stratum(error, kind)
                for name, place in self._places(bucket):
                    yield Count(layout, stratum, f"{error} {kind}", _shown(name), place["doc_count"], _times(place))

    def _places(self, bucket: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
        places = bucket.get("places") or {}
        if places.get("sum_other_doc_count"):
            add_note(self.notes, f"only the {coverage_query.MOST_PLACES} places with most errors were counted")
        named = [(str(place.get("key")), place) for place in places.get("buckets") or ()]
        unnamed = [(UNNAMED, bucket["unnamed"])] if bucket.get("unnamed") else []
        yield from ((name, place) for name, place in (*named, *unnamed) if place["doc_count"])

    def _search(self, names: str, body: dict[str, Any], shape: shapes.Shape) -> dict[str, Any]:
        """Search indices that may have gone since their names were asked for."""
        answer = self._cluster.ask(
            lambda client: client.search(index=names, body=body, ignore_unavailable=True).body,
        )
        checked: dict[str, Any] = shapes.checked(answer, shape, "POST /_search")
        note_partial(checked, self.notes)
        return checked

    def _parts(self, layout: CoverageLayout) -> list[str]:
        return [self.expression] if len(self.layouts) == 1 else joined(layout.indices)

    def _parts_of(self, count: Count, by: By) -> list[str]:
        if by is By.SERVICE:
            return self._parts(count.layout)
        return joined(tuple(name for name in count.layout.indices if _shown(name) == count.place))


def _at(count: Count, by: By) -> Query | None:
    """Return the clause for the place of a count, None where the indices that are asked say it."""
    if by is not By.SERVICE:
        return None
    field = count.layout.service
    if count.place == UNNAMED:
        return {"bool": {"must_not": [{"exists": {"field": field}}]}} if field else None
    return {"term": {field: {"value": count.place}}}


def _times(place: Mapping[str, Any]) -> dict[datetime | None, int]:
    buckets = (place.get("times") or {}).get("buckets") or ()
    times: dict[datetime | None, int] = {moment(int(step["key"])): step["doc_count"] for step in buckets}
    if rest := place["doc_count"] - sum(times.values()):
        times[None] = rest
    return times


def _shown(index: str) -> str:
    """Return the data stream of a backing index, any other index as it is."""
    found = _BACKING_INDEX.fullmatch(index)
    return found[1] if found else index


def _named(layout: CoverageLayout) -> str:
    more = f" and {len(layout.indices) - 1} more" if len(layout.indices) > 1 else ""
    return f"index {_shown(layout.indices[0])}{more}"
