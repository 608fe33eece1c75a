"""A log group as a source of sessions' entries."""

from __future__ import annotations

import threading
from collections import deque
from concurrent.futures import Future
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from asayer_cli.aws.engines import INSIGHTS, Engines
from asayer_cli.aws.following import OVERLAP, Follower, LiveTail, Shown
from asayer_cli.aws.insights import Insights
from asayer_cli.aws.insights_price import estimated_cost
from asayer_cli.aws.neighbours import Neighbourhood, Neighbours
from asayer_cli.aws.reading import CloudWatchReader, session_patterns
from asayer_cli.entries import Window
from asayer_cli.errors import AsayerError
from asayer_cli.sources import Found, Reading
from asayer_cli.tag import find_session

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from asayer_cli.entries import LogEntry
    from asayer_cli.integrations import AwsIntegration
    from asayer_cli.reporting import Reporter
    from asayer_cli.session_id import SessionId
    from asayer_cli.sources import SessionSearch, Span

_MOST_PENDING: Final = 50
_POLL_SECONDS: Final = 3.0
# Each reading by Insights is billed.
_POLL_INSIGHTS_SECONDS: Final = 30.0
# Clocks of writers go ahead of ours.
_AHEAD: Final = timedelta(minutes=2)
# An entry may be missing from a window that ended less long ago than this.
_RECENT: Final = timedelta(hours=1)


def cloudwatch_sources(
    integration: AwsIntegration, engine: str, reporter: Reporter, *, allow_http: bool = False
) -> list[CloudWatchSource]:
    """Return a source for each of an integration's log groups; they share connections and the service's quota.

    `engine` is `auto`, `filter` or `insights`.
    """
    groups = tuple(dict.fromkeys(integration.log_groups))
    key, region = integration.key, integration.region
    reader = CloudWatchReader(key, region, allow_http=allow_http, share=len(groups))
    return [CloudWatchSource(reader, group, engine, reporter) for group in groups]


class CloudWatchSource:
    """One log group, read with the collector's own key."""

    name = "aws"

    def __init__(self, reader: CloudWatchReader, group: str, engine: str, reporter: Reporter) -> None:
        self._reader = reader
        self._group = group
        self._reporter = reporter
        self._insights = Insights(reader.session, reader.region, account=reader.account)
        self._engines = Engines(reader, self._insights, group, engine, reporter)
        self._neighbourhood: Neighbourhood | None = None
        self._shown = Shown(datetime.now(UTC))
        self._windows: tuple[Window, ...] = ()
        self._count = 0
        self._newest: datetime | None = None
        self._newest_ingestion: datetime | None = None
        self._newest_asked: Future[datetime | None] | None = None

    @property
    def place(self) -> str:
        """The log group, and its region."""
        return f"log group {self._group} in {self._reader.region}"

    def find(self, search: SessionSearch) -> Iterator[Found]:
        """Yield the sessions' entries as they are found, oldest first, each once.

        UsageError with the code `log_group_not_found` when there is no such group, or none any more.
        """
        self._neighbourhood = Neighbourhood(self._reader, self._group, search.context)
        self._shown = Shown(datetime.now(UTC) - OVERLAP)
        self._windows = tuple(span.window for span in search.spans)
        self._newest = None
        self._ask_for_newest()
        with self._reader.explained(self._group):
            for span in search.spans:
                yield from self._find_in(span, search)

    def follow(self, search: SessionSearch, stopped: threading.Event) -> Iterator[Found]:
        """Yield the entries that come in after `find` began and that it did not yield, until `stopped`."""
        sessions = frozenset(session_id for span in search.spans for session_id in span.session_ids)
        by_insights = self._engines.follows_by == INSIGHTS
        every_s = _POLL_INSIGHTS_SECONDS if by_insights else _POLL_SECONDS
        follower = Follower(
            lambda since: self._read_again(search, since), self._shown, stopped, every_s, self._reporter.warn
        )
        with self._reader.explained(self._group):
            live = self._live_tail(search, sessions, stopped)
            if live:
                yield from self._found(follower.tailed(live), search, sessions)
            yield from self._found(follower.polled(), search, sessions)

    def reading(self) -> Reading:
        """Return how reading went; asks which event is the newest where entries may still come, or none was found."""
        by_insights = self._engines.used == INSIGHTS
        scanned = self._insights.scanned_bytes
        remarks = list(self._neighbourhood.remarks if self._neighbourhood else ())
        if scanned:
            cost = estimated_cost(scanned, self._reader.region)
            remarks.append(f"Logs Insights scanned {scanned / 1e6:,.1f} MB, which costs about ${cost:.4f}")
        return Reading(
            engine=self._engines.used,
            notes=self._insights.notes,
            remarks=tuple(remarks),
            newest=self._newest if by_insights else self._newest_of_any_kind(),
            newest_ingestion=self._newest_ingestion,
            scanned_bytes=scanned or None,
        )

    def close(self) -> None:
        """End what still runs."""
        self._insights.close()
        if self._neighbourhood:
            self._neighbourhood.close()

    def _find_in(self, span: Span, search: SessionSearch) -> Iterator[Found]:
        """Look entries up in their streams while reading goes on; they come out in order all the same."""
        entries = self._engines.search(search.convention, span.session_ids, span.window)
        pending: deque[tuple[Found, Future[Neighbours] | None]] = deque()
        try:
            for entry in entries:
                self._note(entry)
                if session_id := find_session(entry.message, span.session_ids, search.convention):
                    self._shown.note(entry)
                    self._count += 1
                    pending.append((Found(entry, session_id), self._look_up(entry)))
                while pending and _is_due(pending, more=entries.ready()):
                    yield _with_neighbours(*pending.popleft())
            while pending:
                yield _with_neighbours(*pending.popleft())
        finally:
            entries.close()

    def _found(
        self, entries: Iterable[LogEntry], search: SessionSearch, sessions: frozenset[SessionId]
    ) -> Iterator[Found]:
        for entry in entries:
            if session_id := find_session(entry.message, sessions, search.convention):
                self._note(entry)
                yield _with_neighbours(Found(entry, session_id), self._look_up(entry))

    def _look_up(self, entry: LogEntry) -> Future[Neighbours] | None:
        return self._neighbourhood.of(entry) if self._neighbourhood else None

    def _note(self, entry: LogEntry) -> None:
        if entry.time and (self._newest is None or entry.time > self._newest):
            self._newest = entry.time
        if entry.ingested_at and (self._newest_ingestion is None or entry.ingested_at > self._newest_ingestion):
            self._newest_ingestion = entry.ingested_at

    def _read_again(self, search: SessionSearch, since: datetime) -> Iterator[LogEntry]:
        """Yield the sessions' entries from a moment on."""
        until = datetime.now(UTC) + _AHEAD
        for span in search.spans:
            window = Window(max(span.window.start, since), min(span.window.end, until))
            if window.start < window.end:
                found = self._engines.search_again(search.convention, span.session_ids, window)
                yield from (e for e in found if find_session(e.message, span.session_ids, search.convention))

    def _live_tail(
        self, search: SessionSearch, sessions: frozenset[SessionId], stopped: threading.Event
    ) -> LiveTail | None:
        patterns = session_patterns(search.convention, sessions)
        if len(patterns) != 1:
            return None
        try:
            identity = self._reader.identity()
        except AsayerError:
            # reading tells what is wrong
            return None
        arn = f"arn:{identity.partition}:logs:{self._reader.region}:{identity.account}:log-group:{self._group}"
        return LiveTail(self._reader.session, self._reader.region, arn, patterns[0], stopped, self._reporter)

    def _ask_for_newest(self) -> None:
        """Ask for the newest event beside the first pages, where entries may still come."""
        self._newest_asked = None
        if self._windows and self._windows[-1].end > datetime.now(UTC) - _RECENT and self._engines.used != INSIGHTS:
            self._newest_asked = Future()
            threading.Thread(target=self._answer, args=(self._newest_asked, self._windows[-1]), daemon=True).start()

    def _answer(self, asked: Future[datetime | None], window: Window) -> None:
        try:
            asked.set_result(self._newest_in(window))
        except BaseException as error:  # noqa: BLE001 - it is raised again where the answer is taken
            asked.set_exception(error)

    def _newest_of_any_kind(self) -> datetime | None:
        """Return the newest event's time where entries may still come, or where none was found; None elsewhere."""
        if self._newest_asked:
            asked, self._newest_asked = self._newest_asked, None
            newest = max(filter(None, (asked.result(), self._newest)), default=None)  # followed since it was asked
            if newest or self._count:
                return newest
        recent = datetime.now(UTC) - _RECENT
        windows = (window for window in reversed(self._windows) if not self._count or window.end > recent)
        return next((newest for window in windows if (newest := self._newest_in(window))), None)

    def _newest_in(self, window: Window) -> datetime | None:
        try:
            return self._reader.newest(self._group, window)
        except AsayerError:
            # it says how reading went, and is no reason for it to fail
            return None


def _is_due(pending: deque[tuple[Found, Future[Neighbours] | None]], *, more: bool) -> bool:
    """Tell whether the first one can be handed out, or is to be waited for as nothing else can be done meanwhile."""
    looked_up = pending[0][1]
    return looked_up is None or looked_up.done() or not more or len(pending) > _MOST_PENDING


def _with_neighbours(found: Found, looked_up: Future[Neighbours] | None) -> Found:
    if looked_up is None:
        return found
    near = looked_up.result()
    return Found(found.entry, found.session_id, near.trace, near.before, near.after)
