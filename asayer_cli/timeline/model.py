"""The timeline of a session, as data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime, timedelta

    from asayer_cli.exit_codes import ExitCode
    from asayer_cli.result import Failure
    from asayer_cli.session_id import SessionId
    from asayer_cli.tag import Reason


@dataclass(frozen=True, slots=True)
class Session:
    """One session that is shown: its id, when it began, and the link to its replay, empty where none is set."""

    id: SessionId
    started_at: datetime
    replay_url: str = ""


@dataclass(frozen=True, slots=True)
class TimelineEntry:
    """One line of the timeline.

    `offset` is the time since the session began, None where the entry has no time; `source` is `aws`, `elastic` or
    `file`; `level` one of `error`, `warning`, `info`, `debug`, or empty where the entry has none that is known.
    `message` is what a person reads first, without the tag: the message of a JSON entry, the first line of one with
    several; `trace` the further lines, as of a stack trace. `before` and `after` are neighbours in the stream, asked
    for as context. `raw` is the entry as it is stored. `reason` says why the product's collector drops the entry, None
    when it takes it, and `collected` whether the product collects from this place at all. `repeats` counts the same
    message again right after this one, the last of them at `last_time`.
    """

    time: datetime | None
    offset: timedelta | None
    session_id: SessionId
    source: str
    place: str
    stream: str
    level: str
    message: str
    trace: tuple[str, ...]
    before: tuple[str, ...]
    after: tuple[str, ...]
    raw: str
    entry_id: str
    collected: bool
    reason: Reason | None
    repeats: int = 0
    last_time: datetime | None = None


@dataclass(frozen=True, slots=True)
class ErrorKind:
    """An error that was logged `count` times: its message with what varies left out, and its first and last time."""

    message: str
    count: int
    first: datetime | None
    last: datetime | None


@dataclass(frozen=True, slots=True)
class SourceReading:
    """What was searched in one place, and how that went; `failure` is what ended it early."""

    source: str
    place: str
    searched_from: datetime
    searched_to: datetime
    engine: str
    entries: int
    complete: bool
    notes: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()
    newest: datetime | None = None
    newest_ingestion: datetime | None = None
    may_grow: bool = False
    failure: Failure | None = None


@dataclass(frozen=True, slots=True)
class Completeness:
    """The end of a timeline: what was searched, what was found, and whether anything may be missing or still come.

    `likely_reasons` are for a session of which nothing was found: why, and the command that would tell.
    """

    entries: int
    errors: int
    error_kinds: tuple[ErrorKind, ...]
    readings: tuple[SourceReading, ...]
    complete: bool
    may_grow: bool
    likely_reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Timeline:
    """A timeline while it is read: `entries` come in order; `finish` is called after the last one.

    `zone` names the time zone that times are shown in for people, such as `UTC` or `Europe/Berlin`.
    """

    sessions: tuple[Session, ...]
    zone: str
    entries: Iterator[TimelineEntry]
    finish: Callable[[], tuple[Completeness, ExitCode]]
