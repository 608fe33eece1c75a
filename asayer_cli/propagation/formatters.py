"""Formatters whose entries the product's collectors take: plain text, and JSON with the names of ECS."""

from __future__ import annotations

import json
import logging
import math
import re
import time
from typing import Any

from asayer_cli.propagation.conventions import ASAYER
from asayer_cli.propagation.records import record_session_id
from asayer_cli.propagation.text import tag_lines, with_error_word, write_tag

PLAIN_FORMATS = {
    "%": "%(asctime)s %(levelname)s %(name)s: %(message)s",
    "{": "{asctime} {levelname} {name}: {message}",
    "$": "${asctime} ${levelname} ${name}: ${message}",
}
ECS_VERSION = "8.11.0"
_ERROR = logging.ERROR
_MESSAGE_KEYS = ("message", "event", "msg")
_OF_EVERY_RECORD = frozenset(logging.makeLogRecord({}).__dict__) | {"message", "asctime", "taskName", "color_message"}
_RFC3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")
_PLAIN_TYPES = (str, bool, int, type(None))


class PlainFormatter(logging.Formatter):
    """A text formatter of which every physical line begins with the tag, tracebacks included.

    From level ERROR up the text has a word that the CloudWatch collector looks for.
    """

    tags_entries = True

    def __init__(
        self,
        fmt: str | None = None,
        datefmt: str | None = None,
        style: str = "%",
        *args: Any,
        tag_name: str = ASAYER.tag_name,
        **kwargs: Any,
    ) -> None:
        super().__init__(fmt or PLAIN_FORMATS.get(style), datefmt, style, *args, **kwargs)  # type: ignore[arg-type]
        self.tag_name = tag_name

    def format(self, record: logging.LogRecord) -> str:
        """Return the entry, tagged when the record was made in a session."""
        text = super().format(record)
        if record.levelno >= _ERROR:
            text = with_error_word(text, record.levelname)
        session_id = record_session_id(record)
        return text if session_id is None else tag_lines(text, session_id, self.tag_name)


class JsonFormatter(logging.Formatter):
    """One JSON object a line, collectible from CloudWatch and from Elasticsearch; extra attributes are kept."""

    tags_entries = True

    def __init__(self, *_format: Any, tag_name: str = ASAYER.tag_name) -> None:
        super().__init__()  # logging.config gives a format, which JSON has no use for
        self.tag_name = tag_name

    def format(self, record: logging.LogRecord) -> str:
        """Return the entry: names of ECS, and `utc_time` and `tags`, which the Elasticsearch collector asks for."""
        written_at = rfc3339(record.created)
        fields: dict[str, Any] = {
            "@timestamp": written_at,
            "log.level": record.levelname.lower(),
            "message": record.getMessage(),
            "ecs.version": ECS_VERSION,
            "utc_time": written_at,
            "log.logger": record.name,
            "process.thread.name": record.threadName,
        }
        fields.update(self._error_fields(record))
        for name, value in record.__dict__.items():
            if name not in _OF_EVERY_RECORD and name not in fields and not name.startswith("_"):
                fields[name] = value
        fields = collectible_fields(fields, record.levelno, record_session_id(record), self.tag_name)
        return json.dumps({_well_formed(name): _writable(value) for name, value in fields.items()})

    def _error_fields(self, record: logging.LogRecord) -> dict[str, str]:
        fields = {}
        if record.exc_info and record.exc_info[0] is not None:
            fields["error.type"] = record.exc_info[0].__qualname__
            fields["error.message"] = _error_message(record.exc_info[1])
            fields["error.stack_trace"] = self.formatException(record.exc_info)
        elif record.exc_text:
            fields["error.stack_trace"] = record.exc_text
        if record.stack_info:
            fields["log.origin.stack_trace"] = self.formatStack(record.stack_info)
        return fields


def collectible_fields(
    fields: dict[str, Any], level: int, session_id: str | None, tag_name: str = ASAYER.tag_name
) -> dict[str, Any]:
    """Return the fields of a JSON entry with what both collectors ask for.

    The tag stands before the message (`message`, else `event`, else `msg`), `tags` has `error` from level ERROR up, and
    `utc_time` is RFC 3339, taken from `@timestamp` where that is. What is there already stays.
    """
    made = dict(fields)
    key = next((name for name in _MESSAGE_KEYS if name in made), "message")
    if session_id is not None:
        tag = write_tag(session_id, tag_name)
        message = str(made.get(key, ""))
        made[key] = message if message.startswith(tag) else f"{tag} {message}"
    if not isinstance(made.get("utc_time"), str):
        timestamp = made.get("@timestamp")
        is_readable = isinstance(timestamp, str) and _RFC3339.fullmatch(timestamp) is not None
        made["utc_time"] = timestamp if is_readable else rfc3339(time.time())
    if level >= logging.ERROR:
        made["tags"] = _with_error(made.get("tags"))
    return made


def rfc3339(seconds: float) -> str:
    """Return a Unix time as RFC 3339 text in UTC, to the millisecond."""
    ms = round(seconds * 1000)
    return f"{time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime(ms // 1000))}.{ms % 1000:03d}Z"


def _with_error(tags: Any) -> list[Any]:
    present = [] if tags is None else list(tags) if isinstance(tags, (list, tuple, set, frozenset)) else [tags]
    return present if "error" in present else [*present, "error"]


def _writable(value: Any) -> Any:
    """Return a value that JSON can hold: what others put into `extra` must not lose the entry."""
    if isinstance(value, str):
        return _well_formed(value)
    if type(value) in _PLAIN_TYPES or (isinstance(value, float) and math.isfinite(value)):
        return value
    try:
        return json.loads(_well_formed(json.dumps(value, allow_nan=False, default=str)))
    except Exception:  # noqa: BLE001 - cycles, infinities, odd keys, a failing __str__
        return _described(value)


def _error_message(error: BaseException | None) -> str:
    try:
        return str(error)
    except Exception:  # noqa: BLE001 - a failing __str__
        return "<unprintable>"


def _described(value: Any) -> str:
    try:
        return _well_formed(repr(value))
    except Exception:  # noqa: BLE001 - a failing __repr__
        return f"<{type(value).__name__}>"


def _well_formed(text: str) -> str:
    """Replace lone surrogates, which no UTF-8 can hold."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-8", "replace").decode()
    return text
