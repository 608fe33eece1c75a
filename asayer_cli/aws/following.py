"""Entries that come while one looks: Live Tail as it tells of them, and readings of a span that overlaps.

Live Tail's events have no id: what was handed out is known by its time, stream and text, and counted, so that a line
that was written twice in a millisecond is shown twice.
"""

from __future__ import annotations

import queue
import threading
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from asayer_cli.aws.live_tail import Gap, tail
from asayer_cli.entries import LogEntry, by_time
from asayer_cli.errors import AsayerError, UnreachableError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from asayer_cli.aws.session import AwsSession
    from asayer_cli.reporting import Reporter

# How long after its time an entry may come in and is found all the same; AWS names no bound.
OVERLAP: Final = timedelta(minutes=5)
# Behind a gap, what Live Tail missed may not be searchable yet.
_AFTER_GAP_SECONDS: Final = 3.0
_BESIDES_TAIL_SECONDS: Final = 30.0
_LOOK_SECONDS: Final = 0.25
# How long the service may be out of reach before following ends, which may have gone on for hours.
_OUTAGE_SECONDS: Final = 300.0
_Key = tuple[datetime, str, int]


class Shown:
    """What was handed out of the span that will be read again, from `since` on; memory for that span's entries only."""

    def __init__(self, since: datetime) -> None:
        self.since = since
        self._counts: Counter[_Key] = Counter()
        self._tailed: Counter[_Key] = Counter()

    def note(self, entry: LogEntry) -> None:
        """Take note of an entry that is handed out."""
        if by_time(entry) >= self.since:
            self._counts[_key(entry)] += 1

    def forget_before(self, since: datetime) -> None:
        """Forget what will not be read again."""
        self.since = since
        self._counts = _from(since, self._counts)
        self._tailed = _from(since, self._tailed)

    def new_of(self, entries: Iterable[LogEntry]) -> Iterator[LogEntry]:
        """Yield, and take note of, those of a whole reading that were not handed out."""
        left = self._counts.copy()
        for entry in entries:
            if left[_key(entry)] > 0:
                left[_key(entry)] -= 1
            else:
                self.note(entry)
                yield entry

    def is_new(self, tailed: LogEntry) -> bool:
        """Take note of an entry that Live Tail told of; False when a reading had told of it before."""
        self._tailed[_key(tailed)] += 1
        if by_time(tailed) >= self.since and self._tailed[_key(tailed)] <= self._counts[_key(tailed)]:
            return False
        self.note(tailed)
        return True


def _key(entry: LogEntry) -> _Key:
    return by_time(entry), entry.stream, hash(entry.message)


def _from(since: datetime, counts: Counter[_Key]) -> Counter[_Key]:
    return Counter({key: count for key, count in counts.items() if key[0] >= since})


class Follower:
    """Reads the span from `shown.since` on again and again by `read`; in between, Live Tail tells of what comes in.

    `warn` is told when the service cannot be reached, which ends it after five minutes; until then nothing is lost, for
    a reading begins where the one that failed did.
    """

    def __init__(
        self,
        read: Callable[[datetime], Iterable[LogEntry]],
        shown: Shown,
        stopped: threading.Event,
        every_s: float,
        warn: Callable[[str], None],
    ) -> None:
        self._read = read
        self._shown = shown
        self._stopped = stopped
        self._every_s = every_s
        self._warn = warn
        self._next = 0.0
        self._out_since: float | None = None

    def polled(self) -> Iterator[LogEntry]:
        """Yield what comes, by reading alone."""
        while not self._stopped.is_set():
            yield from self._reading()
            self._stopped.wait(self._every_s)

    def tailed(self, live: LiveTail) -> Iterator[LogEntry]:
        """Yield what comes, until `stopped` or until Live Tail ends; what it may have missed is read."""
        while not self._stopped.is_set() and not live.ended:
            item = live.next()
            if isinstance(item, LogEntry):
                if self._shown.is_new(item):
                    yield item
            elif item is not None or time.monotonic() >= self._next:
                soon = item is not None
                yield from self._reading()
                self._next = time.monotonic() + (_AFTER_GAP_SECONDS if soon else _BESIDES_TAIL_SECONDS)

    def _reading(self) -> Iterator[LogEntry]:
        began = datetime.now(UTC)
        try:
            yield from self._shown.new_of(self._read(self._shown.since))
        except UnreachableError as error:
            self._outlast(error)
        else:
            self._out_since = None
            self._shown.forget_before(max(began - OVERLAP, self._shown.since))

    def _outlast(self, error: UnreachableError) -> None:
        now = time.monotonic()
        if self._out_since is None:
            self._out_since = now
            self._warn(f"{error.message} Following goes on as soon as it answers.")
        elif now - self._out_since > _OUTAGE_SECONDS:
            raise error


class LiveTail:
    """Live Tail of one log group in a thread of its own; `ended` when it cannot go on, and polling has to do."""

    def __init__(
        self, session: AwsSession, region: str, arn: str, pattern: str, stopped: threading.Event, reporter: Reporter
    ) -> None:
        self._asked = (session, region, (arn,), pattern, stopped)
        self._reporter = reporter
        self._items: queue.Queue[LogEntry | Gap] = queue.Queue(maxsize=1000)
        self._over = threading.Event()
        threading.Thread(target=self._run, daemon=True).start()

    @property
    def ended(self) -> bool:
        """Whether nothing more comes."""
        return self._over.is_set() and self._items.empty()

    def next(self) -> LogEntry | Gap | None:
        """Return what came next, None when nothing has come for a moment."""
        try:
            return self._items.get(timeout=_LOOK_SECONDS)
        except queue.Empty:
            return None

    def _run(self) -> None:
        try:
            for item in tail(*self._asked):
                self._put(item)
        except AsayerError as error:
            self._reporter.detail(f"Live Tail cannot be used ({error.message.rstrip('.')}); reading every few seconds")
        finally:
            self._over.set()

    def _put(self, item: LogEntry | Gap) -> None:
        while not self._asked[-1].is_set():
            try:
                self._items.put(item, timeout=_LOOK_SECONDS)
            except queue.Full:
                continue
            return
