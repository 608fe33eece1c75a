"""Read a document as an entry of a session: its text, its time to the nanosecond, its stream, and whose it is."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from asayer_cli.elastic.answers import time_of
from asayer_cli.elastic.fields import DATE_TYPES, MESSAGE, NUMBER_TYPES, TAGS, TIMESTAMP, UTC_TIME
from asayer_cli.elastic.layout import INGESTED, STREAMS, TEXTS
from asayer_cli.entries import LogEntry, milliseconds, moment
from asayer_cli.session_id import OutOfRangeError, SessionId
from asayer_cli.tag import find_session

if TYPE_CHECKING:
    from collections.abc import Container, Iterator, Mapping
    from datetime import datetime

    from asayer_cli.elastic.layout import TimeField
    from asayer_cli.elastic.points import Hit
    from asayer_cli.tag import TagConvention

# What is fetched of a document: what is judged again, what tells its level and kind, and its place.
FETCHED: Final = (
    *(*TEXTS, "error", "log", "body", "exception", "err", "event", "msg", "text", "stack", "stack_trace"),
    *("stackTrace", "stacktrace", "traceback", "exc_info", "exc_text", "errorMessage", "errorType"),
    *("level", "levelname", "severity", "severity_text", "severityText", "log_level", "loglevel", "lvl"),
    *(TAGS, UTC_TIME, TIMESTAMP, "service.name", "host.name", "agent.id", "container.id", "container.name"),
    *("kubernetes.pod", "kubernetes.container.name", "kubernetes.namespace", "process.name", "trace.id"),
)
_NANOSECONDS: Final = 1_000_000


def fetched(convention: TagConvention) -> tuple[str, ...]:
    """Return the fields to ask for."""
    return (*FETCHED, convention.tag_name)


def value_at(source: object, path: str) -> object:
    """Return what lies at a dotted path of a document, whose names may have dots themselves; None for nothing."""
    if not isinstance(source, dict):
        return None
    if path in source:
        return source[path]
    parts = path.split(".")
    for cut in range(1, len(parts)):
        inner = source.get(".".join(parts[:cut]))
        if inner is not None and (found := value_at(inner, ".".join(parts[cut:]))) is not None:
            return found
    return None


def session_of(
    source: Mapping[str, object], wanted: Container[SessionId], convention: TagConvention
) -> SessionId | None:
    """Return the wanted session that a document names: in a field of its own, or by the tag in any of its texts."""
    for value in _each(value_at(source, convention.tag_name)):
        if (session_id := _as_id(value)) is not None and session_id in wanted:
            return session_id
    for field in TEXTS:
        for value in _each(value_at(source, field)):
            if found := find_session(as_text(value), wanted, convention):
                return found
    return None


def _each(value: object) -> Iterator[object]:
    yield from value if isinstance(value, list) else () if value is None else (value,)


def _as_id(value: object) -> SessionId | None:
    if not isinstance(value, str | int) or isinstance(value, bool):
        return None
    try:
        return SessionId.parse(str(value).strip())
    except (ValueError, OutOfRangeError):
        return None


def as_text(value: object) -> str:
    """Return a text as it is, anything else as JSON, nothing for None."""
    if isinstance(value, str):
        return value
    return "" if value is None else json.dumps(value, ensure_ascii=False)


def entry_of(hit: Hit, time: TimeField | None) -> LogEntry:
    """Read a hit that was sorted by `time`, or that has none (None)."""
    source: Mapping[str, Any] = hit.get("_source") or {}
    return LogEntry(
        time=None if time is None else when(hit, time),
        message=as_text(value_at(source, MESSAGE)),
        place=str(hit["_index"]),
        entry_id=f"{hit['_index']}/{hit['_id']}",
        fields=source,
        stream=" ".join(value for _, value in stream_of(source)),
        ingested_at=time_of(value_at(source, INGESTED)),
    )


def stream_of(source: Mapping[str, object]) -> tuple[tuple[str, str], ...]:
    """Return the fields, with their values, that name the writer of a document; none where it has no such fields."""
    for fields in STREAMS:
        values = tuple((field, str(value)) for field in fields if (value := value_at(source, field)))
        if len(values) == len(fields):
            return values
    return ()


def when(hit: Hit, time: TimeField) -> datetime | None:
    """Return the moment that a hit was sorted by, to the microsecond."""
    ms, ns = divmod(nanoseconds(hit, time), _NANOSECONDS)
    try:
        return moment(ms).replace(microsecond=ms % 1000 * 1000 + ns // 1000)
    except OverflowError:
        return None


def nanoseconds(hit: Hit, time: TimeField) -> int:
    """Return the moment that a hit was sorted by, in nanoseconds since 1970; a text that is no time is 0."""
    value = hit["sort"][0]
    if time.kind == "date_nanos":
        return int(value)
    if time.kind in DATE_TYPES or time.kind in NUMBER_TYPES:
        return int(value) * _NANOSECONDS
    read = time_of(value)
    return milliseconds(read) * _NANOSECONDS + read.microsecond % 1000 * 1000 if read else 0
