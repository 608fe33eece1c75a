"""Tags what logging handlers write, whatever formatter they have and whenever logging was configured."""

from __future__ import annotations

import functools
import json
import logging
import re
import sys
from typing import TYPE_CHECKING, Any

from asayer_cli.propagation.conventions import ASAYER
from asayer_cli.propagation.formatters import collectible_fields
from asayer_cli.propagation.imports import patch
from asayer_cli.propagation.output import TaggedOutput
from asayer_cli.propagation.records import record_session_id
from asayer_cli.propagation.session import current_session_id, session_context
from asayer_cli.propagation.text import tag_lines, with_error_word, write_tag

if TYPE_CHECKING:
    from collections.abc import Callable

_JSON_STYLE = re.compile(r'\{(\s*)"(?:[^"\\]|\\.)*"(\s*:\s*)')


def tag_handlers(tag_name: str = ASAYER.tag_name) -> None:
    """Let every `logging.Handler` write text that is tagged by its record; the last `tag_name` counts."""
    _handler_tag[0] = tag_name
    patch(logging.Handler, "handle", _handling_in_session)
    patch(logging.Handler, "format", _tagging_format)


def lead_handlers_to_output() -> None:
    """Let handlers that were made before standard output and error were wrapped write through the wrappers."""
    outputs = [output for output in (sys.stdout, sys.stderr) if type(output) is TaggedOutput]
    for reference in list(getattr(logging, "_handlerList", ())):  # logging tells its handlers nowhere else
        handler = reference()
        for output in outputs:
            if isinstance(handler, logging.StreamHandler) and handler.stream is output.stream:
                handler.setStream(output)


_handler_tag = [ASAYER.tag_name]


def tag_entry(text: str, record: logging.LogRecord, tag_name: str = ASAYER.tag_name) -> str:
    """Return a formatted entry with the tag of its record: a JSON object in its message, other text line by line."""
    session_id = record_session_id(record)
    if session_id is None:
        return text
    if text[:1] == "{":
        made = _tag_json(text, record.levelno, session_id, tag_name)
        if made is not None:
            return made
    if record.levelno >= logging.ERROR:
        text = with_error_word(text.removeprefix(f"{write_tag(session_id, tag_name)} "), record.levelname)
    return tag_lines(text, session_id, tag_name)


def _handling_in_session(original: Callable[..., Any]) -> Callable[..., Any]:
    """Write under the record's own id: handlers that keep records write those of one session while another runs."""

    @functools.wraps(original)
    def handle(self: logging.Handler, record: logging.LogRecord) -> Any:
        session_id = record_session_id(record)
        if session_id == current_session_id():
            return original(self, record)
        with session_context(session_id):
            return original(self, record)

    return handle


def _tagging_format(original: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(original)
    def format(self: logging.Handler, record: logging.LogRecord) -> Any:  # noqa: A001 - the name of what it stands for
        text = original(self, record)
        if not isinstance(text, str) or getattr(self.formatter, "tags_entries", False) or _only_hands_on(self):
            return text
        try:
            return tag_entry(text, record, _handler_tag[0])
        except Exception:  # noqa: BLE001 - an entry without its tag is better than no entry
            return text

    return format


def _only_hands_on(handler: logging.Handler) -> bool:
    """Tell whether what the handler formats becomes the message of a record that another one will format."""
    module = sys.modules.get("logging.handlers")
    return module is not None and isinstance(handler, module.QueueHandler)


def _tag_json(text: str, level: int, session_id: str, tag_name: str) -> str | None:
    """Return a JSON object's text with what makes it collectible, in its own style; None when it is no object."""
    body = text.rstrip()
    style = _JSON_STYLE.match(body)
    if style is None or body[-1] != "}":
        return None
    try:
        fields = json.loads(body)
    except (ValueError, RecursionError):
        return None
    made = collectible_fields(fields, level, session_id, tag_name)
    indent = style.group(1).rpartition("\n")[2] if "\n" in style.group(1) else None
    comma = "," if indent is not None or style.group(2) == ":" else ", "
    return json.dumps(made, ensure_ascii=body.isascii(), indent=indent, separators=(comma, style.group(2)))
