"""What a source of log entries is: asked for sessions, it yields their entries oldest first, and tells how it went."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import threading
    from collections.abc import Iterator
    from datetime import datetime

    from asayer_cli.entries import LogEntry, Window
    from asayer_cli.session_id import SessionId
    from asayer_cli.tag import TagConvention


@dataclass(frozen=True, slots=True)
class Span:
    """A window, and the sessions whose entries are looked for in it."""

    window: Window
    session_ids: frozenset[SessionId]


@dataclass(frozen=True, slots=True)
class SessionSearch:
    """What is looked for: `spans` in the order of time, none overlapping another.

    `context` asks for so many entries before and after each one that is found, of the same stream.
    """

    convention: TagConvention
    spans: tuple[Span, ...]
    context: int = 0


@dataclass(frozen=True, slots=True)
class Found:
    """An entry of a session that was looked for.

    `trace` are the untagged lines right behind it in its stream that carry its stack trace on; `before` and `after` are
    its neighbours there, where context was asked for, without the lines of the trace.
    """

    entry: LogEntry
    session_id: SessionId
    trace: tuple[LogEntry, ...] = ()
    before: tuple[LogEntry, ...] = ()
    after: tuple[LogEntry, ...] = ()

    @property
    def time(self) -> datetime | None:
        """The entry's time."""
        return self.entry.time


@dataclass(frozen=True, slots=True)
class Reading:
    """How reading a source went so far.

    `engine` says how it was read (`filter`, `insights`, `search`, `file`); `notes` why there may be more than was
    found, empty when all was read; `remarks` what else is worth telling, such as a cost; `newest` is the time of the
    newest entry of any kind in the searched windows, `newest_ingestion` when the store took the newest one it told of,
    each None where it is not known.
    """

    engine: str
    notes: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()
    newest: datetime | None = None
    newest_ingestion: datetime | None = None
    scanned_bytes: int | None = None


class SessionSource(Protocol):
    """A log group, the indices of a cluster, or local files, which are asked for sessions."""

    @property
    def name(self) -> str:
        """`aws`, `elastic` or `file`."""

    @property
    def place(self) -> str:
        """Where the entries lie, for people: `log group /ecs/shop-api in eu-west-1`."""

    def find(self, search: SessionSearch) -> Iterator[Found]:
        """Yield every entry of the sessions once, oldest first, those without a time last, as soon as it is known.

        Each is judged again by our own rule, whatever the service's search returned. Our errors end it; what was
        yielded before stands.
        """

    def follow(self, search: SessionSearch, stopped: threading.Event) -> Iterator[Found]:
        """Yield the entries that come after `find` has ended, until `stopped`; none that `find` yielded, none twice."""

    def reading(self) -> Reading:
        """Return how reading went so far; what it needs to ask the service for, it asks for now."""

    def close(self) -> None:
        """End connections and whatever still runs."""
