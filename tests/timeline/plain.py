"""Entries, and sources that have them in a list, for what needs no service."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from asayer_cli.collector import CloudWatchCollector
from asayer_cli.entries import LogEntry
from asayer_cli.session_id import SessionId
from asayer_cli.sources import Found, Reading, SessionSearch
from asayer_cli.tag import ASAYER
from asayer_cli.timeline.readable import readable
from asayer_cli.timeline.side_by_side import Opened, Opening, SourceRules

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from asayer_cli.errors import AsayerError
    from asayer_cli.timeline.model import TimelineEntry

BEGAN = datetime(2026, 11, 22, 9, tzinfo=UTC)
ID = SessionId.starting_at(BEGAN, 513)
TAG = f"[asayer_session_id={ID}]"
RULES = SourceRules("aws", CloudWatchCollector(ASAYER), lambda entry: entry.place == "/ecs/shop")


def found(message: str, ms: int | None = 0, /, *, fields: Mapping[str, object] | None = None, **more: object) -> Found:
    """Return an entry of the session, so many milliseconds after its begin."""
    time = None if ms is None else BEGAN + timedelta(milliseconds=ms)
    stream, trace = str(more.get("stream", "s")), tuple(str(line) for line in more.get("trace", ()))  # type: ignore[attr-defined]
    entry = LogEntry(time, message, "/ecs/shop", f"{ms}-{message[:40]}", fields or {}, stream)
    return Found(entry, ID, tuple(LogEntry(time, line, "/ecs/shop", line, {}, stream) for line in trace))


def shown(message: str, ms: int | None = 0, /, **more: object) -> TimelineEntry:
    return readable(found(message, ms, **more), RULES)  # type: ignore[arg-type]


@dataclass
class PlainSource:
    """Yields what it is given, then raises its error; `later` comes while following, once `go` is set."""

    entries: list[Found]
    place: str = "a list"
    error: AsayerError | None = None
    later: list[Found] = field(default_factory=list)
    go: threading.Event = field(default_factory=threading.Event)
    notes: tuple[str, ...] = ()
    name: str = "aws"
    closed: bool = False

    def find(self, _search: SessionSearch) -> Iterator[Found]:
        yield from self.entries
        if self.error:
            raise self.error

    def follow(self, _search: SessionSearch, stopped: threading.Event) -> Iterator[Found]:
        while not self.go.wait(0.01):
            if stopped.is_set():
                return
        yield from self.later
        stopped.wait()

    def reading(self) -> Reading:
        return Reading("list", self.notes)

    def close(self) -> None:
        self.closed = True


def opening(*sources: PlainSource) -> Opening:
    return Opening("aws", "not opened", lambda: [Opened(source, RULES) for source in sources])
