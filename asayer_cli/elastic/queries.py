"""The searches: exactly the collector's, and a wider one that finds what was meant to be found by it."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any, Final

from asayer_cli.elastic.fields import (
    DATE_TYPES,
    MESSAGE,
    NOT_INDEXED,
    NUMBER_TYPES,
    TAGS,
    TEXT_TYPES,
    TIMESTAMP,
    UNMAPPED,
    UTC_TIME,
    WHOLE_VALUE_TYPES,
    Layout,
)
from asayer_cli.entries import Window, moment, rfc3339
from asayer_cli.tag import ASAYER

if TYPE_CHECKING:
    from collections.abc import Sequence

    from asayer_cli.tag import TagConvention

Query = dict[str, Any]
OPENREPLAY_INDEX: Final = "logs"
BY_UTC_TIME: Final = [{UTC_TIME: {"order": "asc", "unmapped_type": "date"}}]
IN_STORED_ORDER: Final = [{"_shard_doc": {"order": "asc"}}]
# The standard analyzer parts words at a hyphen as at a space, and keeps those joined by the others together.
_JOINTS: Final = ("", "_", ".", " ")
# Where a request leaves its traces: plain messages, and the names of the Elastic Common Schema.
_TELLING: Final = (MESSAGE, f"{MESSAGE}.*", "error.message", "url.original", "url.original.text", "url.query")
_MILLISECONDS: Final = "epoch_millis"
_ANY_TIME: Final = Window(moment(0), moment(1))


def collected(convention: TagConvention, window: Window) -> Query:
    """Return the collector's query (its public history): for OpenReplay, whose query has no times, the tag's phrase."""
    if convention is not ASAYER:
        return {"bool": {"filter": [{"match_phrase": {MESSAGE: {"query": f"{convention.tag_name}="}}}]}}
    times = {"gte": str(window.start_ms), "lt": str(window.end_ms)}
    return {
        "bool": {
            "filter": [
                {"match": {MESSAGE: {"query": f"{convention.tag_name}="}}},
                {"range": {UTC_TIME: times}},
                {"term": {TAGS: {"value": "error"}}},
            ]
        }
    }


def suspected(convention: TagConvention, layout: Layout, window: Window) -> Query | None:
    """Return the query for whatever was meant as a tag, by either time; None where these indices cannot be asked.

    What the collector's own query finds in indices that are mapped alike is left out, by its clauses themselves.
    A tag that another character is glued to (such as a terminal's colour code) is one word with it, and found by
    neither search.
    """
    meant = _meant_as_tag(convention, layout.message)
    times = [
        clause
        for field, kind in ((TIMESTAMP, layout.timestamp), (UTC_TIME, layout.utc_time))
        if (clause := time_range(field, kind, window))
    ]
    if meant is None or not times:
        return None
    return {"bool": {"filter": [meant, _any_of(times)], "must_not": _collected_as_well(convention, window)}}


def suspected_without_time(convention: TagConvention, layout: Layout, window: Window) -> Query | None:
    """Return the query for what was meant as a tag in documents without a time that a range can be asked of."""
    meant = _meant_as_tag(convention, layout.message)
    if meant is None:
        return None
    ranged = [
        field
        for field, kind in ((TIMESTAMP, layout.timestamp), (UTC_TIME, layout.utc_time))
        if time_range(field, kind, _ANY_TIME)
    ]
    timed: list[Query] = [{"exists": {"field": field}} for field in ranged]
    return {"bool": {"filter": [meant], "must_not": [*timed, *_collected_as_well(convention, window)]}}


def _collected_as_well(convention: TagConvention, window: Window) -> list[Query]:
    """Return what to leave out: nothing for OpenReplay, whose query is asked of another index and of any time."""
    return [collected(convention, window)] if convention is ASAYER else []


def time_range(field: str, kind: str, window: Window) -> Query | None:
    """Return the clause for a window in a field of this type; None where no range can be asked.

    Keywords are compared as text, which is right for times written alike, in UTC.
    """
    if kind == UNMAPPED or kind.endswith(NOT_INDEXED):
        return None
    if kind in NUMBER_TYPES:
        return {"range": {field: {"gte": window.start_ms, "lt": window.end_ms}}}
    if kind in DATE_TYPES:
        bounds = {"gte": str(window.start_ms), "lt": str(window.end_ms), "format": _MILLISECONDS}
        return {"range": {field: bounds}}
    if kind in WHOLE_VALUE_TYPES:
        return {"range": {field: {"gte": rfc3339(window.start), "lt": rfc3339(window.end)}}}
    return None


def mentioning(texts: Sequence[str], layout: Layout, window: Window) -> Query | None:
    """Return the query for documents in whose message, error or URL a text stands; None where no time can be asked."""
    times = [
        clause
        for field, kind in ((TIMESTAMP, layout.timestamp), (UTC_TIME, layout.utc_time))
        if (clause := time_range(field, kind, window))
    ]
    if not times:
        return None
    held: list[Query] = [
        {"multi_match": {"query": text, "type": "phrase", "fields": list(_TELLING), "lenient": True}} for text in texts
    ]
    if layout.message in WHOLE_VALUE_TYPES:
        held += [{"wildcard": {MESSAGE: {"value": f"*{text}*"}}} for text in texts]
    return {"bool": {"filter": [_any_of(held), _any_of(times)]}}


def _any_of(clauses: list[Query]) -> Query:
    return {"bool": {"should": clauses, "minimum_should_match": 1}}


def _meant_as_tag(convention: TagConvention, kind: str) -> Query | None:
    words = convention.words
    if kind in WHOLE_VALUE_TYPES:
        named = {"wildcard": {MESSAGE: {"value": f"*{'*'.join(words)}*", "case_insensitive": True}}}
        return _any_of([named, too_long(MESSAGE)])
    if kind in TEXT_TYPES:
        phrases = [{"match_phrase": {MESSAGE: {"query": spelling}}} for spelling in spellings(words)]
        return {"bool": {"should": phrases, "minimum_should_match": 1}}
    if kind == "object":
        inner = [
            {"multi_match": {"query": spelling, "type": "phrase", "fields": [f"{MESSAGE}.*"], "lenient": True}}
            for spelling in spellings(words)
        ]
        return {"bool": {"should": inner, "minimum_should_match": 1}}
    return None


def too_long(field: str) -> Query:
    """Return the query for values that are kept but not indexed, being longer than the field's `ignore_above`."""
    return {"term": {"_ignored": {"value": field}}}


def spellings(words: tuple[str, ...]) -> list[str]:
    """Return every way of joining the words of a tag's name that the standard analyzer tells apart."""
    return [
        words[0] + "".join(joint + word for joint, word in zip(joints, words[1:], strict=True))
        for joints in itertools.product(_JOINTS, repeat=len(words) - 1)
    ]
