"""The searches that count errors by what becomes of them, as far as a search can tell.

Messages are analysed: case, brackets and equals signs are gone from what a search sees. So the strata here are those
that it tells apart exactly, and some of them are decided by reading entries: see `Stratum.decided`.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from asayer_cli.coverage.model import By
from asayer_cli.elastic.fields import (
    DATE_TYPES,
    MESSAGE,
    NOT_INDEXED,
    TAGS,
    TEXT_TYPES,
    TIMESTAMP,
    UNMAPPED,
    UTC_TIME,
    WHOLE_VALUE_TYPES,
    names,
    type_in,
)
from asayer_cli.elastic.queries import Query, spellings, time_range
from asayer_cli.tag import ASAYER

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import timedelta

    from asayer_cli.entries import Window
    from asayer_cli.tag import TagConvention

SERVICE: Final = "service.name"
MOST_PLACES: Final = 200
_LEVELS: Final = ("log.level", "level")
_KEYWORDS: Final = (f"{SERVICE}.keyword",)
ASKED: Final = (MESSAGE, f"{MESSAGE}.*", UTC_TIME, TAGS, TIMESTAMP, *_LEVELS, SERVICE, *_KEYWORDS)
READ: Final = (MESSAGE, UTC_TIME, TAGS, TIMESTAMP, *_LEVELS)
_ERROR_LEVELS: Final = ("error", "critical", "fatal", "severe", "alert", "emergency", "panic")
_MEANT: Final = ("critical", "fatal", "severe", "emergency", "panic")
_STATUS: Final = "500 internal server error"
_TRACEBACK: Final = "traceback most recent call last"
_NOTHING: Final[Query] = {"match_none": {}}


@dataclass(frozen=True, slots=True)
class CoverageLayout:
    """Indices that map the fields of `ASKED` alike; `kinds` has the type of each that can be searched."""

    indices: tuple[str, ...]
    kinds: Mapping[str, str]

    @property
    def clock(self) -> str:
        """The field by which time is cut into steps, empty where none is a date."""
        return next((field for field in (TIMESTAMP, UTC_TIME) if self.kinds.get(field) in DATE_TYPES), "")

    @property
    def may_hold_errors(self) -> bool:
        """Whether there are messages and times at all, if only such as cannot be searched."""
        times = (self.kinds.get(field) for field in (TIMESTAMP, UTC_TIME))
        return self.kinds.get(MESSAGE) != UNMAPPED and any(kind != UNMAPPED for kind in times)

    @property
    def service(self) -> str:
        """The field by which services are told apart, empty where there is none."""
        return next((field for field in (SERVICE, *_KEYWORDS) if self.kinds.get(field) in WHOLE_VALUE_TYPES), "")


@dataclass(frozen=True, slots=True)
class Stratum:
    """Documents that a search tells from all others.

    `sure` says that they are errors, `found` that the collector's own search finds them; `decided` that there is
    nothing left to find out: they are errors in which nothing was meant as a tag.
    """

    query: Query
    sure: bool
    found: bool
    decided: bool


@dataclass(frozen=True, slots=True)
class Strata:
    """All strata of one layout: each of `errors` (`sure` and `maybe`) with each of `kinds`; none has two of either."""

    errors: Mapping[str, Query]
    kinds: Mapping[str, Query]

    def stratum(self, error: str, kind: str) -> Stratum:
        """Return the documents that are of both."""
        sure = error == "sure"
        query = _all(self.errors[error], self.kinds[kind])
        return Stratum(query, sure, found=kind == "found", decided=sure and kind == "untagged")


def layouts(answer: Mapping[str, Any]) -> tuple[CoverageLayout, ...]:
    """Group the indices of a _field_caps answer (of `ASKED`, `include_unmapped`) by how they map the fields."""
    groups: dict[tuple[tuple[str, str], ...], list[str]] = defaultdict(list)
    asked = [field for field in ASKED if not field.endswith("*")]
    for index in sorted(names(answer.get("indices"))):
        groups[tuple((field, type_in(answer, field, index)) for field in asked)].append(index)
    return tuple(
        CoverageLayout(tuple(indices), {field: kind for field, kind in kinds if not kind.endswith(NOT_INDEXED)})
        for kinds, indices in groups.items()
    )


def times_of(layout: CoverageLayout, window: Window) -> Query | None:
    """Return the clause for documents with either time in the window; None where no time can be asked for."""
    ranges = (time_range(field, layout.kinds.get(field, "unmapped"), window) for field in (TIMESTAMP, UTC_TIME))
    clauses = [clause for clause in ranges if clause]
    return _any(*clauses) if clauses else None


def strata(convention: TagConvention, layout: CoverageLayout) -> Strata:
    """Return the strata of one layout."""
    sure, maybe = _errors(layout)
    return Strata({"sure": sure, "maybe": maybe}, _kinds(convention, layout))


def _kinds(convention: TagConvention, layout: CoverageLayout) -> dict[str, Query]:
    meant, found, missing = _meant_as_tag(convention, layout), _found(convention, layout), _missing(convention, layout)
    if meant is None:
        return {"any": {"match_all": {}}}
    return {
        "untagged": _not(meant),
        **{reason: _all(meant, query) for reason, query in missing.items()},
        "found": _all(meant, found, _not(*missing.values())),
        "odd": _all(meant, _not(found, *missing.values())),
    }


def counting(layout: CoverageLayout, found: Strata, times: Query, by: By, step: timedelta) -> dict[str, Any]:
    """Return the body of the search that counts each stratum by place and step of time."""
    cut: dict[str, Any] = {}
    if layout.clock:
        interval = f"{step.total_seconds() / 60:.0f}m"
        cut = {"times": {"date_histogram": {"field": layout.clock, "fixed_interval": interval, "min_doc_count": 1}}}
    field = layout.service if by is By.SERVICE else "_index"
    places: dict[str, Any] = {}
    if field:
        places["places"] = {"terms": {"field": field, "size": MOST_PLACES}, "aggs": cut}
    if by is By.SERVICE:
        unnamed: dict[str, Any] = {"missing": {"field": field}} if field else {"filter": {"match_all": {}}}
        places["unnamed"] = {**unnamed, "aggs": cut}
    kinds = {"kinds": {"filters": {"filters": dict(found.kinds)}, "aggs": places}}
    return {
        "size": 0,
        "track_total_hits": False,
        "query": _all(times, _any(*found.errors.values())),
        "aggs": {"errors": {"filters": {"filters": dict(found.errors)}, "aggs": kinds}},
    }


def sampling(stratum: Stratum, times: Query, place: Query | None, size: int) -> dict[str, Any]:
    """Return the body of the search that reads up to `size` entries of a stratum, picked at random.

    A single one is the first that there is: to pick at random, all have to be looked at.
    """
    query = _all(times, stratum.query, *([place] if place else []))
    picked = {"query": query, "random_score": {"seed": 1, "field": "_seq_no"}, "boost_mode": "replace"}
    chosen = {"query": {"function_score": picked}} if size > 1 else {"query": query, "sort": ["_doc"]}
    return {"size": size, "track_total_hits": False, **chosen, "_source": {"includes": list(READ)}}


def _errors(layout: CoverageLayout) -> tuple[Query, Query]:
    """Return what finds documents that surely are errors, and those that may be, by the rules of `coverage.rules`."""
    decisive = []
    if _can_search(layout, TAGS):
        decisive.append({"term": {TAGS: {"value": "error"}}})
    unknown: list[Query] = []
    for field in _LEVELS:
        if _can_search(layout, field):
            decisive.append(_all(_level(field), *unknown))
            unknown.append(_not({"exists": {"field": field}}))
    words, perhaps = _words(layout)
    sure = _any(*decisive, _all(words, *unknown))
    return sure, _all(perhaps, *unknown, _not(sure))


def _level(field: str) -> Query:
    return _any(*({"term": {field: {"value": level, "case_insensitive": True}}} for level in _ERROR_LEVELS))


def _words(layout: CoverageLayout) -> tuple[Query, Query]:
    """Return what finds messages that say that they are errors, and those that may."""
    kind = layout.kinds.get(MESSAGE, "")
    if kind == "object":
        text = " ".join(("error", "exception", "traceback", *_MEANT))
        return _NOTHING, {"multi_match": {"query": text, "fields": [f"{MESSAGE}.*"], "lenient": True}}
    if kind not in TEXT_TYPES | WHOLE_VALUE_TYPES:
        return _NOTHING, _NOTHING
    status = _phrase(kind, _STATUS)
    error = _contains(kind, "error")
    sure = _any(_contains(kind, "exception"), _all(error, _not(status)))
    return sure, _any(error, _phrase(kind, _TRACEBACK), *(_contains(kind, word) for word in _MEANT))


def _contains(kind: str, word: str) -> Query:
    r"""Return what finds a word anywhere, in longer words, too; analysed messages are in lower case."""
    clause: dict[str, object] = {"value": f"*{word}*"}
    return {"wildcard": {MESSAGE: clause if kind in TEXT_TYPES else {**clause, "case_insensitive": True}}}


def _phrase(kind: str, words: str) -> Query:
    if kind in TEXT_TYPES:
        return {"match_phrase": {MESSAGE: {"query": words}}}
    return _contains(kind, words.replace(" ", "*"))


def _meant_as_tag(convention: TagConvention, layout: CoverageLayout) -> Query | None:
    """Return what finds messages in which anything was meant as a tag, also glued to a word; None if nothing can."""
    kind, words = layout.kinds.get(MESSAGE, ""), convention.words
    if kind in TEXT_TYPES:
        parted = (spelling for spelling in spellings(words) if " " in spelling)
        phrases = ({"match_phrase": {MESSAGE: {"query": spelling}}} for spelling in parted)
        return _any(_contains(kind, "*".join(words)), *phrases)
    if kind in WHOLE_VALUE_TYPES:
        return _contains(kind, "*".join(words))
    return _NOTHING if kind == "unmapped" else None


def _found(convention: TagConvention, layout: CoverageLayout) -> Query:
    """Return what finds a tag's name as the collector's search does."""
    if layout.kinds.get(MESSAGE) not in TEXT_TYPES:
        return _NOTHING
    if convention is not ASAYER:
        return {"match_phrase": {MESSAGE: {"query": f"{convention.tag_name}="}}}
    if layout.kinds.get(UTC_TIME) not in DATE_TYPES or not _can_search(layout, TAGS):
        return _NOTHING
    return {"match": {MESSAGE: {"query": f"{convention.tag_name}="}}}


def _missing(convention: TagConvention, layout: CoverageLayout) -> dict[str, Query]:
    """Return what finds documents that lack what the collector's search asks for; no document is found by two."""
    if convention is not ASAYER:
        return {}
    result: dict[str, Query] = {}
    if _can_search(layout, TAGS):
        result["unmarked"] = _not({"term": {TAGS: {"value": "error"}}})
    if _can_search(layout, UTC_TIME):
        result["untimed"] = _all(_not({"exists": {"field": UTC_TIME}}), _not(*result.values()))
    return result


def _can_search(layout: CoverageLayout, field: str) -> bool:
    return layout.kinds.get(field) in TEXT_TYPES | WHOLE_VALUE_TYPES | DATE_TYPES


def _all(*clauses: Query) -> Query:
    return {"bool": {"filter": list(clauses)}}


def _any(*clauses: Query) -> Query:
    return {"bool": {"should": list(clauses), "minimum_should_match": 1}}


def _not(*clauses: Query) -> Query:
    return {"bool": {"must_not": list(clauses)}} if clauses else {"match_all": {}}
