"""JSON lines: which of a document's fields is its message, and which its time."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

    from asayer_cli.files.times import Clock

TIME_FIELDS: Final = ("utc_time", "@timestamp", "time", "timestamp", "ts", "datetime", "date", "asctime", "eventTime")
_MESSAGE_FIELDS: Final = ("message", "msg", "@message", "log", "event", "body", "text", "textPayload", "error")
# where shippers put what the program wrote
_NESTS: Final = ("fields", "jsonPayload", "data", "record", "attributes", "log", "event", "body", "error")
_INNER: Final = ("message", "msg", "original", "text", "stringValue", "stack_trace")


def document_in(line: bytes) -> dict[str, Any] | None:
    """Read a line as a JSON object, None when it is none; what a search exported stands in its `_source`."""
    if line.lstrip()[:1] != b"{":
        return None
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        return None
    if not isinstance(found, dict):
        return None
    source = found.get("_source")
    return source if isinstance(source, dict) else found


def message_of(document: dict[str, Any]) -> str:
    """Return the text that a person reads first; the whole document as JSON where no field is known."""
    found = next(_messages(document), None)
    return json.dumps(document, ensure_ascii=False) if found is None else found


def time_of(document: dict[str, Any], clock: Clock) -> Any:  # noqa: ANN401 - a datetime, or None
    """Return the document's own time, None where it has none that can be read."""
    for name in TIME_FIELDS:
        if name in document and (found := clock.of_value(document[name])):
            return found
    return None


def _messages(document: dict[str, Any]) -> Iterator[str]:
    for name in _MESSAGE_FIELDS:
        if isinstance(document.get(name), str):
            yield document[name]
    for nest in _NESTS:
        inner = document.get(nest)
        if isinstance(inner, dict):
            yield from (inner[name] for name in _INNER if isinstance(inner.get(name), str))
