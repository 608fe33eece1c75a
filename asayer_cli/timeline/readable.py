"""From an entry as it is stored to what a person reads: message, level, stack trace, and what the collector does."""

from __future__ import annotations

import json
import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from asayer_cli.tag import Reason
from asayer_cli.timeline.levels import level_of, value_at
from asayer_cli.timeline.model import TimelineEntry

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from asayer_cli.collector import Collector
    from asayer_cli.entries import LogEntry
    from asayer_cli.session_id import SessionId
    from asayer_cli.sources import Found
    from asayer_cli.tag import TagConvention
    from asayer_cli.timeline.side_by_side import SourceRules

_MESSAGES: Final = (
    "message",
    "msg",
    "event",
    "@m",
    "error.message",
    "errorMessage",
    "err.message",
    "exception.message",
    "body.text",
    "body",
    "textPayload",
    "log",
    "log.original",
    "event.original",
    "text",
    "@mt",
    "error",
    "exception",
)
_TRACES: Final = (
    "error.stack_trace",
    "error.stack",
    "err.stack",
    "exception.stacktrace",
    "stack_trace",
    "stackTrace",
    "stacktrace",
    "traceback",
    "exc_info",
    "exc_text",
    "exception",
    "stack",
    "stack_info",
    "@x",
    "thrown.extendedStackTrace",
    "throwable",
)
_KINDS: Final = ("errorType", "error.type", "exception.type", "err.type")
# colours only say what the level says, and make a line unreadable where they are shown as text
_COLOURS: Final = re.compile(r"\x1b\[[0-9;:]*m")
# the columns have the time already, and the same message at another time is the same message
_OWN_TIME: Final = re.compile(
    r"\s*(?:"
    r"[\[(]?\d{4}[-/.]\d\d[-/.]\d\d[T ,]+\d\d:\d\d:\d\d(?:[.,]\d{1,9})?(?: ?(?:Z|UTC|[+-]\d\d:?\d\d)\b)?[\])]?"
    r"|\[?\d\d:\d\d:\d\d(?:[.,]\d{1,9})?\]?"
    r"|\[?\d\d/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d:\d\d(?: [+-]\d{4})?\]?"
    r")(?:[:,]?\s+(?:[-|] )?|(?=[{\[]))"
)
_HEAD: Final = 200
_LONGEST_JSON: Final = 4_000_000


def readable(found: Found, rules: SourceRules) -> TimelineEntry:
    """Return an entry as one of the timeline."""
    entry, session_id, convention = found.entry, found.session_id, rules.collector.convention
    fields, text = _opened(entry, session_id, convention)
    head, lines = _head_and_lines(_bare(text, session_id, convention, timed=entry.time is not None), _trace_in(fields))
    behind = [line for neighbour in found.trace for line in _lines(neighbour.message)]
    return TimelineEntry(
        time=entry.time,
        offset=entry.time - session_id.started_at if entry.time else None,
        session_id=session_id,
        source=rules.name,
        place=entry.place,
        stream=entry.stream,
        level=level_of(head, fields),
        message=head,
        trace=(*lines, *behind),
        before=_neighbours(found.before),
        after=_neighbours(found.after),
        raw=_raw(entry),
        entry_id=entry.entry_id,
        collected=rules.collects(entry),
        reason=_reason(entry, rules.collector),
    )


def untagged(text: str, session_id: SessionId, convention: TagConvention) -> str:
    """Return a text without this session's tag, wherever it stands; each line may have been tagged."""
    digits = str(session_id)
    before, tag, behind = text.partition(f"[{convention.tag_name}={digits}]")
    if tag and digits not in before and digits not in behind:  # as most are tagged, and sooner
        return before + behind.removeprefix(" ")
    return _tag_of(digits, convention.tag_name).sub("", text)


def _bare(text: str, session_id: SessionId, convention: TagConvention, *, timed: bool) -> str:
    """Return a message without its tag, its colours, and its own time where the entry has one.

    A time before the tag goes first, as what stands behind the tag may be indented.
    """
    plain = _colourless(text)
    found = _OWN_TIME.match(plain) if timed else None
    bare = untagged(plain[found.end() :] if found else plain, session_id, convention)
    return _OWN_TIME.sub("", bare, count=1) if timed and not found and _OWN_TIME.match(bare) else bare


@lru_cache(maxsize=128)
def _tag_of(digits: str, tag_name: str) -> re.Pattern[str]:
    named = rf"{re.escape(tag_name)}(?:=|\\u003d|: ?)0*{digits}(?![0-9])"
    return re.compile(rf"\[{named}\] ?|(?<!\[){named}[,;]? ?", re.IGNORECASE | re.ASCII)


def _opened(entry: LogEntry, session_id: SessionId, convention: TagConvention) -> tuple[Mapping[str, object], str]:
    """Return the fields of a document, or of a line that is JSON, and the text of its message."""
    fields: Mapping[str, object] = entry.fields or _json_in(entry.message, session_id, convention)
    if not fields:
        return {}, entry.message
    message = next((text for key in _MESSAGES if (text := _text(value_at(fields, key))).strip()), "")
    kind = next((text for key in _KINDS if (text := _text(value_at(fields, key)))), "")
    if kind and "errorMessage" in fields and kind not in message:
        message = f"{kind}: {message}"
    inner = _json_in(message, session_id, convention)
    if inner and not entry.fields.get("level"):
        return _opened_again(inner, fields, message)
    return fields, message or entry.message or kind


def _opened_again(
    inner: Mapping[str, object], outer: Mapping[str, object], message: str
) -> tuple[Mapping[str, object], str]:
    """Return a log line that is JSON in a field of JSON, as container runtimes and shippers wrap it."""
    text = next((text for key in _MESSAGES if (text := _text(value_at(inner, key))).strip()), "")
    return {**outer, **inner}, text or message


def _json_in(message: str, session_id: SessionId, convention: TagConvention) -> dict[str, object]:
    """Return the object that a message is, behind its tag where it has one; empty when it is none."""
    if "{" not in message[:_HEAD]:
        return {}
    text = message
    if message.lstrip()[:1] != "{":
        text = _bare(message[:_HEAD], session_id, convention, timed=True) + message[_HEAD:]
    if text.lstrip()[:1] != "{" or len(text) > _LONGEST_JSON:
        return {}
    try:
        value: Any = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def _text(value: object) -> str:
    if isinstance(value, str):
        return value
    if value is None or isinstance(value, bool):
        return ""
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return "\n".join(value)
    return json.dumps(value, ensure_ascii=False, default=str)


def _trace_in(fields: Mapping[str, object]) -> list[str]:
    for key in _TRACES if fields else ():
        value = value_at(fields, key)
        text = _text(value) if isinstance(value, str | list) else ""
        if "\n" in text.strip():
            return _lines(_colourless(text))
    return []


def _head_and_lines(text: str, trace: list[str]) -> tuple[str, list[str]]:
    lines = _lines(text)
    while len(lines) > 1 and not lines[0].strip():
        del lines[0]
    head, rest = (lines[0], lines[1:]) if lines else ("", [])
    return head, rest + ([] if trace and trace[-1] in rest else trace)


def _lines(text: str) -> list[str]:
    return [line.rstrip() for line in text.rstrip().splitlines()]


def _colourless(text: str) -> str:
    return _COLOURS.sub("", text) if "\x1b" in text else text


def _neighbours(entries: Iterable[LogEntry]) -> tuple[str, ...]:
    return tuple(_colourless(entry.message).rstrip() for entry in entries)


def _raw(entry: LogEntry) -> str:
    return json.dumps(dict(entry.fields), ensure_ascii=False, default=str) if entry.fields else entry.message


def _reason(entry: LogEntry, collector: Collector) -> Reason | None:
    """Return why the collector drops the entry; one whose tag stands where no collector looks is not found at all."""
    verdict = collector.judge(entry)
    return Reason.UNSEARCHABLE_FIELD if verdict is None else verdict.reason
