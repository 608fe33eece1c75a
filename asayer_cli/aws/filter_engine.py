"""FilterLogEvents over slices of time side by side, at the service's call quota and no more, in order and complete."""

from __future__ import annotations

import contextlib
import heapq
import math
import threading
import time
from itertools import groupby
from sys import intern
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import ClientError

from asayer_cli.aws.budget import FILTER_LOG_EVENTS, budget_for
from asayer_cli.aws.errors import error_code, translated
from asayer_cli.aws.event_order import place_in_time
from asayer_cli.aws.filter_schedule import Chain, Page, Schedule
from asayer_cli.aws.shapes import moment_of
from asayer_cli.aws.slices import Density, Slice
from asayer_cli.entries import LogEntry
from asayer_cli.errors import AsayerError, UnreachableError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from asayer_cli.aws.budget import CallBudget
    from asayer_cli.aws.session import AwsSession
    from asayer_cli.entries import Window

CLASS_REFUSED: Final = "log_class_refused"
_ACTION: Final = "logs:FilterLogEvents"
# Each throttled call slows the next ones down, to one a second: about a quarter of a minute of nothing else.
_MOST_THROTTLED: Final = 20
_MOST_FAILURES: Final = 5
_FIRST_PAUSE_SECONDS: Final = 0.1
_HOPELESS: Final = ("proxy_", "tls_")


class FilterEngine:
    """Searches the log groups of one region; safe to use from several threads.

    `share` is how many engines begin to read at the same time, which share the quota. `budget` is that of the account
    and region as a rule.
    """

    def __init__(self, session: AwsSession, region: str, budget: CallBudget, *, share: int = 1) -> None:
        self.region = region
        self.budget = budget
        self._session = session
        self._share = max(share, 1)
        self._densities: dict[str, Density] = {}

    @classmethod
    def of(cls, session: AwsSession, region: str, account: str, *, share: int = 1) -> FilterEngine:
        """Return an engine that goes by the budget of an account; an access key's id can stand for it."""
        return cls(session, region, budget_for(account, region, FILTER_LOG_EVENTS), share=share)

    def search(self, group: str, patterns: Sequence[str], window: Window) -> EntryStream:
        """Return every event of a group in a window that matches one of the filter patterns, each once.

        They are ordered by time, and by id within a millisecond, and come while reading goes on; what fails is raised
        behind everything that lies before it. UsageError with the code `log_class_refused` where the log class knows no
        FilterLogEvents.
        """
        readings = [self._read(group, pattern, window) for pattern in dict.fromkeys(patterns)]
        return EntryStream(readings)

    def _read(self, group: str, pattern: str, window: Window) -> _FilterReading:
        density = self._densities.setdefault(group, Density())
        # one call of the first burst is left to other questions, such as which event is the newest
        burst = max((self.budget.most - 1) // self._share, 2)
        # unlike a window's, the end of FilterLogEvents belongs to it; a slice's does not
        span = Slice(max(window.start_ms, 0), max(window.end_ms, 0))
        schedule = Schedule(span, self.budget.most, burst, density)
        return _FilterReading(_Calls(self._session, self.region, group, pattern), schedule, self.budget)


class EntryStream:
    """The entries of a search as they are found; `close` ends what still runs, as does forgetting the stream.

    `calls` and `throttled` count the calls made so far.
    """

    def __init__(self, readings: Sequence[_FilterReading]) -> None:
        self._readings = readings
        for reading in readings:
            reading.start()
        parts = [reading.entries() for reading in readings]
        self._entries = parts[0] if len(parts) == 1 else _each_once(heapq.merge(*parts, key=place_in_time))

    def __iter__(self) -> Iterator[LogEntry]:
        return self

    def __next__(self) -> LogEntry:
        try:
            return next(self._entries)
        except BaseException:
            self.close()
            raise

    def __del__(self) -> None:
        self.close()

    @property
    def calls(self) -> int:
        """The calls that were sent, those that were thrown out included."""
        return sum(reading.calls for reading in self._readings)

    @property
    def throttled(self) -> int:
        """The calls that were thrown out."""
        return sum(reading.throttled for reading in self._readings)

    def ready(self) -> bool:
        """Tell whether the next entry, or the end, comes without waiting."""
        return all(reading.ready() for reading in self._readings)

    def fail(self, error: Exception) -> None:
        """Let the next entry be this error, and read no further."""
        for reading in self._readings:
            reading.fail(error)

    def close(self) -> None:
        """End what still runs."""
        for reading in self._readings:
            reading.close()


class _FilterReading:
    """One search with one filter pattern: a thread that gives out calls, one for each call on the way."""

    def __init__(self, calls: _Calls, schedule: Schedule, budget: CallBudget) -> None:
        self.calls = 0
        self.throttled = 0
        self._ask = calls
        self._schedule = schedule
        self._budget = budget
        self._changed = threading.Condition()
        self._closed = threading.Event()
        self._error: Exception | None = None
        self._ready: list[LogEntry] = []

    def start(self) -> None:
        """Begin to read."""
        threading.Thread(target=self._run, args=(self._give_out_calls,), daemon=True).start()

    def entries(self) -> Iterator[LogEntry]:
        """Yield the entries in order."""
        while entries := self._take():
            self._ready = entries[::-1]
            del entries
            while self._ready and not self._closed.is_set():
                yield self._ready.pop()

    def ready(self) -> bool:
        """Tell whether the next entry comes without waiting."""
        with self._changed:
            return bool(self._ready) or self._error is not None or self._schedule.can_take

    def fail(self, error: Exception) -> None:
        """Let the next entry be an error."""
        with self._changed:
            self._error = error
            self._changed.notify_all()

    def close(self) -> None:
        """Make no further call."""
        self._closed.set()
        with self._changed:
            self._changed.notify_all()

    def _take(self) -> list[LogEntry]:
        with self._changed:
            self._changed.wait_for(lambda: self._error or self._closed.is_set() or self._schedule.can_take)
            if self._error:
                raise self._error
            taken = [] if self._closed.is_set() else self._schedule.take()
            self._changed.notify_all()
        return taken

    def _run(self, work: Callable[..., None], *arguments: object) -> None:
        try:
            work(*arguments)
        except Exception as error:  # noqa: BLE001 - it is raised again where the entries are taken
            self.fail(error)

    def _give_out_calls(self) -> None:
        while self._wait_for_work() and (slot := self._budget.slot(self._closed)) is not None:
            with self._changed:
                chain = self._schedule.start(time.monotonic())
                self.calls += chain is not None
            if chain:
                threading.Thread(target=self._run, args=(self._call, chain, slot), daemon=True).start()
            else:
                self._budget.give_back(slot)

    def _wait_for_work(self) -> bool:
        """Wait until a call can go out; False when none is needed any more."""
        with self._changed:
            while not self._closed.is_set() and not self._error and not self._schedule.ended:
                now = time.monotonic()
                if self._schedule.has_work(now):
                    return True
                until = self._schedule.sleeps_until(now)
                self._changed.wait(None if until == math.inf else until - now)
        return False

    def _call(self, chain: Chain, slot: float) -> None:
        try:
            page = self._ask(chain, lambda: self._budget.sent(slot))
        except UnreachableError as error:
            self._failed(chain, error)
        except AsayerError as error:
            with self._changed:
                self._schedule.failed(chain, error)
                self._changed.notify_all()
        else:
            self._budget.answered()
            free = self._budget.free()
            with self._changed:
                self._schedule.answered(chain, page, free)
                self._changed.notify_all()

    def _failed(self, chain: Chain, error: UnreachableError) -> None:
        """Ask for a page again, which is safe, as long as there is hope."""
        throttled = error.code == "throttled"
        if throttled:
            self._budget.throttled()
        with self._changed:
            self.throttled += throttled
            chain.throttled += throttled
            chain.failures += not throttled
            tired = chain.throttled >= _MOST_THROTTLED or chain.failures >= _MOST_FAILURES
            if tired or error.code.startswith(_HOPELESS):
                self._schedule.failed(chain, error)
            else:
                pause = 0.0 if throttled else _FIRST_PAUSE_SECONDS * 2.0**chain.failures
                self._schedule.postponed(chain, time.monotonic() + pause)
            self._changed.notify_all()


_sending = threading.local()


def _note_sending(**_: object) -> None:
    """Tell the one whose call goes out in this thread."""
    note = getattr(_sending, "note", None)
    if note:
        note()


# An answer takes many times its size while it is turned into entries, and a burst of them arrives at once.
_unpacking = threading.Lock()


def _wait_to_unpack(**_: object) -> None:
    """Let one answer after the other be parsed: that takes no longer, and the first one is ready sooner."""
    if not getattr(_sending, "unpacks", False):
        _unpacking.acquire()
        _sending.unpacks = True


@contextlib.contextmanager
def _unpacking_ends() -> Iterator[None]:
    """Let the next answer be parsed behind the block, however it ends."""
    try:
        yield
    finally:
        if getattr(_sending, "unpacks", False):
            _sending.unpacks = False
            _unpacking.release()


class _Calls:
    """The calls of one search."""

    def __init__(self, session: AwsSession, region: str, group: str, pattern: str) -> None:
        self._region = region
        self._group = group
        self._pattern = pattern
        self._arn = f"arn:{session.partition_of(region)}:logs:{region}:*:log-group:{group}:*"
        with translated(_ACTION, region=region):
            # throttling is for the budget to see, and every other failure for the schedule: no retries of the SDK's
            self._logs = session.client("logs", region, once=True)
        events = self._logs.meta.events
        events.register("before-send.*.FilterLogEvents", _note_sending, unique_id=_ACTION)
        events.register("before-parse.*.FilterLogEvents", _wait_to_unpack, unique_id=f"{_ACTION} unpacks")

    def __call__(self, chain: Chain, sent: Callable[[], None]) -> Page:
        """Ask for the next page of a chain; `sent` is called as the request goes out."""
        request = {
            "logGroupName": self._group,
            "startTime": chain.slice.start,
            "endTime": chain.slice.end - 1,
            "filterPattern": self._pattern,
            **({"nextToken": chain.token} if chain.token else {}),
        }
        began = time.monotonic()
        with translated(_ACTION, region=self._region, resource=self._arn), _unpacking_ends():
            try:
                _sending.note = sent
                answer = self._logs.filter_log_events(**request)
            except ClientError as error:
                if error_code(error) == "InvalidOperationException":
                    raise class_refused(self._group) from error
                raise
            entries = [to_entry(self._group, event) for event in answer.get("events") or ()]
        return Page(entries, answer.get("nextToken") or "", time.monotonic() - began)


def class_refused(group: str) -> UsageError:
    """Return the error for a log group whose class knows no FilterLogEvents."""
    return UsageError(
        f"The class of log group {group} knows no FilterLogEvents: only Logs Insights reads it.",
        hint="Leave --engine out, or choose --engine insights (it costs by the bytes it scans).",
        code=CLASS_REFUSED,
    )


def to_entry(group: str, event: dict[str, Any]) -> LogEntry:
    """Turn one of FilterLogEvents' events into an entry."""
    # one text for all of a stream's entries: many of them wait at the same time
    stream, ingested = intern(event.get("logStreamName") or ""), event.get("ingestionTime")
    return LogEntry(
        time=moment_of(event["timestamp"]),
        message=event["message"],
        place=intern(f"{group} {stream}"),
        entry_id=event["eventId"],
        stream=stream,
        ingested_at=None if ingested is None else moment_of(ingested),
    )


def _each_once(entries: Iterator[LogEntry]) -> Iterator[LogEntry]:
    """Leave out what stands there twice in a row, as what matches several patterns does."""
    return (next(same) for _, same in groupby(entries, key=place_in_time))
