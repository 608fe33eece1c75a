"""Which engine reads a log group, FilterLogEvents or Logs Insights, and going over from one to the other."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from asayer_cli.aws.filter_engine import CLASS_REFUSED
from asayer_cli.aws.insights_price import estimated_cost
from asayer_cli.aws.model import STANDARD
from asayer_cli.aws.reading import session_patterns
from asayer_cli.errors import AsayerError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from asayer_cli.aws.filter_engine import EntryStream
    from asayer_cli.aws.insights import Insights
    from asayer_cli.aws.model import LogGroup
    from asayer_cli.aws.reading import CloudWatchReader
    from asayer_cli.entries import LogEntry, Window
    from asayer_cli.reporting import Reporter
    from asayer_cli.session_id import SessionId
    from asayer_cli.tag import TagConvention

AUTO: Final = "auto"
FILTER: Final = "filter"
INSIGHTS: Final = "insights"
# FilterLogEvents reads a megabyte with a call.
_PAGE_BYTES: Final = 1024 * 1024
# Longer than this nobody waits for FilterLogEvents; an Insights query takes seconds, and costs by the byte.
_PATIENCE: Final = timedelta(minutes=2)
# What nobody is made to pay, in dollars, who has not asked for Logs Insights.
MOST_COST: Final = 5.0


@dataclass(frozen=True, slots=True)
class Choice:
    """An engine, and why it was chosen, for people; whether the class alone decided, and whether it will take long."""

    engine: str
    why: str
    by_class: bool = False
    slow: bool = False


def choose(group: LogGroup | None, window: Window, now: datetime, calls_per_second: int) -> Choice:
    """Choose how a log group is read in a window; `group` is None where nothing is known of it.

    A class other than STANDARD is read by Insights alone. Else FilterLogEvents, which costs nothing, unless reading
    the window would take it more than two minutes: it reads `calls_per_second` x 1 MB in a second, and what the group
    stores is taken to be spread evenly over its life, as far as its retention goes back. A query that would cost more
    than $5 is left to who asks for it.
    """
    if group is None:
        return Choice(FILTER, "nothing is known of the log group")
    if group.log_class != STANDARD:
        return Choice(INSIGHTS, f"log class {group.log_class} knows no FilterLogEvents", by_class=True)
    size = _bytes_in(group, window, now)
    seconds = size / (calls_per_second * _PAGE_BYTES)
    about = f"the window has about {size / 1e6:,.0f} MB, which FilterLogEvents reads in about {seconds:,.0f} s"
    if timedelta(seconds=seconds) <= _PATIENCE:
        return Choice(FILTER, about)
    cost = estimated_cost(round(size), group.region)
    if cost > MOST_COST:
        why = f"{about}; Logs Insights (--engine insights) would cost about ${cost:.2f}"
        return Choice(FILTER, why, slow=True)
    return Choice(INSIGHTS, f"{about}; Logs Insights costs about ${cost:.2f}")


def _bytes_in(group: LogGroup, window: Window, now: datetime) -> float:
    oldest = group.created_at
    if group.retention_days is not None:
        oldest = max(oldest, now - timedelta(days=group.retention_days))
    age = max(now - oldest, timedelta(hours=1))
    covered = min(window.end, now) - max(window.start, oldest)
    return group.stored_bytes * min(max(covered / age, 0.0), 1.0)


class Engines:
    """Searches one log group for sessions by the engine that was asked for, or chosen.

    `used` names the engine that the last search of a whole window went by.
    """

    def __init__(
        self, reader: CloudWatchReader, insights: Insights, group: str, wanted: str, reporter: Reporter
    ) -> None:
        self.used = INSIGHTS if wanted == INSIGHTS else FILTER
        self._reader = reader
        self._insights = insights
        self._group = group
        self._wanted = wanted
        self._reporter = reporter
        self._choice: Choice | None = None

    @property
    def follows_by(self) -> str:
        """The engine that reads what comes: FilterLogEvents also where only the size of the whole window forbade it."""
        by_size = self._wanted == AUTO and self._choice is not None and not self._choice.by_class
        return FILTER if by_size else self.used

    def search_again(self, convention: TagConvention, session_ids: Iterable[SessionId], window: Window) -> Search:
        """Return the like of `search` for the last minutes of a window that was searched."""
        if self.follows_by == FILTER:
            patterns = session_patterns(convention, sorted(session_ids))
            return Search(_ByFilter(self._reader, self._group, patterns, window).start)
        return self.search(convention, session_ids, window)

    def search(self, convention: TagConvention, session_ids: Iterable[SessionId], window: Window) -> Search:
        """Return what may be entries of the sessions, ordered by time, each once; whoever asks judges them again."""
        ids = sorted(session_ids)
        by_filter = _ByFilter(self._reader, self._group, session_patterns(convention, ids), window)
        texts = [f"{convention.tag_name}={session_id}" for session_id in ids]
        texts += [str(session_id) for session_id in ids]

        def by_insights() -> Iterator[LogEntry]:
            return self._insights.search(self._group, texts, window)

        if self.used == INSIGHTS:
            return Search(by_insights)
        if self._wanted == FILTER or self._choice:
            return Search(by_filter.start)
        search = Search(by_filter.start, otherwise=by_insights, going_over=self._going_over)
        threading.Thread(target=self._choose, args=(search, window), daemon=True).start()
        return search

    def _choose(self, search: Search, window: Window) -> None:
        """Look the log group up while it is read already."""
        try:
            group = self._reader.find_group(self._group)
        except AsayerError:
            # reading goes on without, and fails by itself where something is wrong
            group = None
        choice = choose(group, window, datetime.now(UTC), self._reader.engine.budget.most)
        if choice.engine == FILTER or search.go_over(choice.why):
            self._choice = choice
            if choice.engine == FILTER:
                tell = self._reporter.warn if choice.slow else self._reporter.detail
                tell(f"log group {self._group}: read by FilterLogEvents ({choice.why})")

    def _going_over(self, why: str) -> None:
        self.used = INSIGHTS
        self._reporter.detail(f"log group {self._group}: read by Logs Insights ({why})")


class _ByFilter:
    """A search by FilterLogEvents that is yet to begin."""

    def __init__(self, reader: CloudWatchReader, group: str, patterns: tuple[str, ...], window: Window) -> None:
        self._reader = reader
        self._asked = (group, patterns, window)

    def start(self) -> EntryStream:
        """Begin."""
        return self._reader.engine.search(*self._asked)


class _GoOverError(Exception):
    """Another engine reads the log group."""


class Search:
    """The entries of a search as they are found.

    As long as none was handed out it may go over to another way of finding them, `otherwise`: when the first way is
    refused for the log class, and when `go_over` is called.
    """

    def __init__(
        self,
        begin: Callable[[], EntryStream | Iterator[LogEntry]],
        *,
        otherwise: Callable[[], Iterator[LogEntry]] | None = None,
        going_over: Callable[[str], None] = lambda _why: None,
    ) -> None:
        self._entries = begin()
        self._otherwise = otherwise
        self._going_over = going_over
        self._lock = threading.Lock()
        self._why = ""

    def __iter__(self) -> Iterator[LogEntry]:
        return self

    def __next__(self) -> LogEntry:
        if self._otherwise is None:
            return next(self._entries)
        try:
            entry = next(self._entries, None)
        except _GoOverError:
            entry = None
        except UsageError as error:
            if error.code != CLASS_REFUSED:
                raise
            self._why = "its log class knows no FilterLogEvents"
            entry = None
        return self._first(entry)

    def ready(self) -> bool:
        """Tell whether the next entry comes without waiting, as far as is known."""
        ready = getattr(self._entries, "ready", None)
        return ready is None or bool(ready())

    def go_over(self, why: str) -> bool:
        """Find the entries the other way; False when it is too late."""
        with self._lock:
            if self._otherwise is None:
                return False
            self._why = why
            fail = getattr(self._entries, "fail", None)
            if fail:
                fail(_GoOverError())
        return True

    def close(self) -> None:
        """End what still runs."""
        close = getattr(self._entries, "close", None)
        if close:
            close()

    def _first(self, entry: LogEntry | None) -> LogEntry:
        with self._lock:
            otherwise, self._otherwise = self._otherwise, None
        if self._why and otherwise:
            self.close()
            self._going_over(self._why)
            self._entries = otherwise()
            return next(self._entries)
        if entry is None:
            raise StopIteration
        return entry
