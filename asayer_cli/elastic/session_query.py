"""The searches for the entries of sessions, for indices that are mapped alike.

They find no less than is there; what they find too much is left out on the client.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from asayer_cli.elastic.fields import DATE_TYPES, NUMBER_TYPES, TEXT_TYPES, WHOLE_VALUE_TYPES
from asayer_cli.elastic.queries import time_range, too_long
from asayer_cli.entries import Window

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from asayer_cli.elastic.layout import SearchLayout, TimeField
    from asayer_cli.elastic.queries import Query
    from asayer_cli.session_id import SessionId
    from asayer_cli.sources import Span
    from asayer_cli.tag import TagConvention

# No document has a larger number in a field of these types; a larger one in a query is an error.
_LARGEST: Final = {"integer": 2**31 - 1, "long": 2**63 - 1, "unsigned_long": 2**64 - 1}
_MOST_BY_ID: Final = 64
_LONG_ID: Final = 15
_MILLISECOND: Final = timedelta(milliseconds=1)


def in_spans(convention: TagConvention, layout: SearchLayout, spans: Sequence[Span], time: TimeField) -> Query | None:
    """Return the query for the sessions of each span in its window, by one time; None where no text can be searched."""
    parts: list[Query] = []
    for span in spans:
        within = time_range(time.name, time.kind, _whole_milliseconds(span.window))
        tagged = naming(convention, layout, span.session_ids)
        if within is not None and tagged is not None:
            parts.append({"bool": {"filter": [within, tagged]}})
    return any_of(parts) if parts else None


def without(query: Query, fields: Iterable[TimeField]) -> Query:
    """Return the query for those documents only that have none of the fields."""
    return {"bool": {"filter": [query], "must_not": [{"exists": {"field": field.name}} for field in fields]}}


def naming(convention: TagConvention, layout: SearchLayout, session_ids: frozenset[SessionId]) -> Query | None:
    """Return the query for documents that name one of the sessions anywhere; None where no field can be searched.

    The ids of the product are so long that nothing else is written alike: they are asked for alone, shorter ones
    beside the tag's name, and of very many sessions the name only.
    """
    ids = sorted(str(session_id) for session_id in session_ids)
    asked = ids if len(ids) <= _MOST_BY_ID else []
    name = [] if asked and all(len(each) >= _LONG_ID for each in asked) else [convention.tag_name]
    clauses = [_words(name, asked, layout.words)] if layout.words else []
    for field in layout.whole_values:
        clauses += [_wildcards(name, asked, field), too_long(field)]
    clauses += _own_field(convention.tag_name, layout.kinds.get(convention.tag_name, ""), ids)
    return any_of(clauses) if clauses else None


def any_of(clauses: list[Query]) -> Query:
    """Return the query for documents that any of these finds."""
    return clauses[0] if len(clauses) == 1 else {"bool": {"should": clauses, "minimum_should_match": 1}}


def _words(name: list[str], ids: list[str], fields: tuple[str, ...]) -> Query:
    r"""Ask for words, which is quicker than for the tag as a phrase, and finds `asayer_session_id\u003d42` as well."""
    spellings = " ".join(word for each in ids for word in (each, f"u003d{each}"))
    asked = [*name, spellings] if ids else name
    return _all_of([{"multi_match": {"query": text, "fields": list(fields), "lenient": True}} for text in asked])


def _wildcards(name: list[str], ids: list[str], field: str) -> Query:
    named = [_wildcard(field, each, case_insensitive=True) for each in name]
    return _all_of([*named, *([any_of([_wildcard(field, each) for each in ids])] if ids else [])])


def _wildcard(field: str, part: str, **options: bool) -> Query:
    return {"wildcard": {field: {"value": f"*{part}*", **options}}}


def _all_of(clauses: list[Query]) -> Query:
    return clauses[0] if len(clauses) == 1 else {"bool": {"filter": clauses}}


def _own_field(name: str, kind: str, ids: list[str]) -> list[Query]:
    if kind in TEXT_TYPES:
        return [{"match": {name: {"query": " ".join(ids)}}}]
    fitting = [each for each in ids if kind in WHOLE_VALUE_TYPES or int(each) <= _LARGEST.get(kind, -1)]
    return [{"terms": {name: fitting}}] if fitting else []


def _whole_milliseconds(window: Window) -> Window:
    """Return the window up to its last millisecond's end: dates are compared in milliseconds."""
    return Window(window.start, window.end + _MILLISECOND) if window.end.microsecond % 1000 else window


def by_time(time: TimeField | None) -> list[dict[str, object]]:
    """Return the order of time; documents without one come last. None is the order in which they are stored."""
    if time is None:
        return [{"_shard_doc": {"order": "asc"}}]
    return [{time.name: {"order": "asc"}}]


def from_value_on(time: TimeField, value: float | str) -> Query:
    """Return the query for documents whose time sorts as `value` or later, or in the same millisecond."""
    if time.kind in DATE_TYPES:
        ms = int(value) // 1_000_000 if time.kind == "date_nanos" else int(value)
        return {"range": {time.name: {"gte": str(ms), "format": "epoch_millis"}}}
    if time.kind in NUMBER_TYPES:
        return {"range": {time.name: {"gte": value}}}
    return {"range": {time.name: {"gte": str(value)}}}
