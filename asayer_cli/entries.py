"""One entry of a log store, and the span of time that entries are read from."""

from __future__ import annotations

import heapq
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

_UNIX_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
# the ends of a window that is open
EARLIEST: Final = datetime.min.replace(tzinfo=UTC)
LATEST: Final = datetime.max.replace(tzinfo=UTC)


def _no_fields() -> Mapping[str, object]:
    return _NO_FIELDS


_NO_FIELDS: Final = MappingProxyType[str, object]({})


@dataclass(frozen=True, slots=True)
class LogEntry:
    """One event of a log group or document of an index.

    `time` is aware, or None where the store has none; `place` says where it lies (log group and stream, or index);
    `entry_id` is unique in its source; `fields` are a document's own fields, empty for a plain line. `stream` names
    the entries that one writer wrote one after the other (a log stream, a container, a file), empty where that is not
    known; `ingested_at` is when the store took the entry, None where it does not tell.
    """

    time: datetime | None
    message: str
    place: str
    entry_id: str
    fields: Mapping[str, object] = field(default_factory=_no_fields)
    stream: str = ""
    ingested_at: datetime | None = None


class Timed(Protocol):
    """Whatever has a time, or None."""

    @property
    def time(self) -> datetime | None:
        """When it was; aware."""


T = TypeVar("T", bound=Timed)


def by_time(timed: Timed) -> datetime:
    """Return the key that sorts by time; what has none comes last."""
    return timed.time or LATEST


def merged(streams: Iterable[Iterable[T]]) -> Iterator[T]:
    """Merge streams that are ordered by time into one; of the same time, the earlier stream's come first."""
    return heapq.merge(*streams, key=by_time)


@dataclass(frozen=True, slots=True)
class Window:
    """A half-open span of time: `start` belongs to it, `end` does not; both are aware."""

    start: datetime
    end: datetime

    def __post_init__(self) -> None:
        if self.start.tzinfo is None or self.end.tzinfo is None:
            raise ValueError("a window's bounds carry a zone")

    @property
    def start_ms(self) -> int:
        """The first millisecond of the window, since 1970."""
        return milliseconds(self.start)

    @property
    def end_ms(self) -> int:
        """The first millisecond after the window, since 1970."""
        return milliseconds(self.end)


def milliseconds(moment: datetime) -> int:
    """Return whole milliseconds since 1970 for an aware `moment`."""
    return (moment - _UNIX_EPOCH) // timedelta(milliseconds=1)


def moment(ms: int) -> datetime:
    """Return the UTC moment of `ms` milliseconds since 1970."""
    return _UNIX_EPOCH + timedelta(milliseconds=ms)


def rfc3339(when: datetime) -> str:
    """Write a moment in UTC with milliseconds: 2026-11-22T01:02:03.004Z."""
    return when.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
