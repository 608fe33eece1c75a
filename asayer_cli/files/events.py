"""CloudWatch's events as JSON: what `aws logs filter-log-events` prints, and what subscriptions deliver."""

from __future__ import annotations

import codecs
import json
import re
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

    from asayer_cli.files.notes import Notes

_LIST: Final = re.compile(r'"(?:events|logEvents)"\s*:\s*\[')
_BEGINS: Final = re.compile(
    rb'\s*\{\s*(?:"events"\s*:\s*\[|"(?:messageType|owner|logGroup|logStream|subscriptionFilters|nextForwardToken|'
    rb'nextBackwardToken|searchedLogStreams)"[^\n]{0,4000}?"(?:events|logEvents)"\s*:\s*\[|"messageType"\s*:\s*"DATA_)'
)
_NAME: Final = re.compile(r'"(logGroup|logStream)"\s*:\s*"([^"\\]*)"')
_BETWEEN: Final = re.compile(r"[\s,]*")
_DECODER: Final = json.JSONDecoder()
# An event is 1 MB at most; escaped it may be six times that.
_LONGEST: Final = 8 << 20
# What stands before a list names its stream.
_KEPT: Final = 64 << 10
_WRITTEN: Final = ("timestamp", "message", "logStreamName", "eventId", "id", "ingestionTime")
_EVENT_KEYS: Final = frozenset({"eventId", "ingestionTime", "id", "logStreamName"})


def is_export(head: bytes) -> bool:
    """Tell whether a file that begins so holds CloudWatch's events in lists of JSON."""
    return bool(_BEGINS.match(head))


def is_event(document: dict[str, Any]) -> bool:
    """Tell whether a JSON object is one of CloudWatch's events."""
    return (
        isinstance(document.get("message"), str)
        and isinstance(document.get("timestamp"), int)
        and not document.keys().isdisjoint(_EVENT_KEYS)
        and document.keys() <= {"timestamp", "message", "logGroup"} | _EVENT_KEYS
    )


def unwrapped(pieces: Iterator[bytes], name: str, notes: Notes) -> Iterator[bytes]:
    """Yield each event of the lists as one line of JSON, with the stream that its list is of."""
    reader = _Lists(pieces)
    for event, stream in reader.events():
        known = {name: event[name] for name in _WRITTEN if name in event}
        yield json.dumps({"logStreamName": stream, "ingestionTime": None, **known}).encode() + b"\n"
    if reader.broken:
        notes.missing(f"{name} is no JSON to its end: its last part is incomplete")


class _Lists:
    """Reads objects out of lists, a few at a time."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self.broken = False
        self._pieces = pieces
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._text = ""
        self._at = 0

    def events(self) -> Iterator[tuple[dict[str, Any], str]]:
        while found := self._next_list():
            names = dict(_NAME.findall(self._text, self._at, found.start()))
            self._at = found.end()
            for event in self._objects():
                yield event, names.get("logStream", "")

    def _next_list(self) -> re.Match[str] | None:
        while not (found := _LIST.search(self._text, self._at)):
            self._at = max(self._at, len(self._text) - _KEPT)
            if not self._more():
                return None
        return found

    def _objects(self) -> Iterator[dict[str, Any]]:
        while True:
            if between := _BETWEEN.match(self._text, self._at):
                self._at = between.end()
            if self._text.startswith("]", self._at):
                return
            try:
                value, self._at = _DECODER.raw_decode(self._text, self._at)
            except (ValueError, RecursionError) as error:
                too_much = isinstance(error, RecursionError) or len(self._text) - self._at > _LONGEST
                if too_much or not self._more():
                    self.broken, self._at = True, len(self._text)
                    return
                continue
            if isinstance(value, dict):
                yield value

    def _more(self) -> bool:
        for piece in self._pieces:
            self._text = self._text[self._at :] + self._decoder.decode(piece)
            self._at = 0
            return True
        return False
