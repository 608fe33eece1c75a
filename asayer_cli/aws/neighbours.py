"""What stands before and behind an event in its log stream: the lines of its stack trace, and context."""

from __future__ import annotations

import threading
from concurrent.futures import Future
from dataclasses import dataclass, field
from itertools import chain, count, islice
from typing import TYPE_CHECKING, Any, Final

from asayer_cli.aws.budget import GET_LOG_EVENTS, budget_for
from asayer_cli.aws.errors import translated
from asayer_cli.aws.shapes import moment_of
from asayer_cli.entries import LogEntry, by_time, milliseconds
from asayer_cli.errors import AsayerError, UnreachableError
from asayer_cli.stack_traces import opens_trace, trace_behind
from asayer_cli.timeline.error_kinds import generalised

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from asayer_cli.aws.reading import CloudWatchReader

MOST_LOOKUPS: Final = 100
_PROBES: Final = 2
_MOST_MESSAGES: Final = 1_000
_MOST_AT_ONCE: Final = 8
_MOST_FAILURES: Final = 5
_PAUSE_SECONDS: Final = 0.2
_ACTION: Final = "logs:GetLogEvents"
_PAGE: Final = 200
_MOST_PAGES: Final = 20
# The lines of a trace come right behind the entry; context is looked for somewhat further away.
_TRACE_MS: Final = 60_000
_CONTEXT_MS: Final = 3_600_000


@dataclass(frozen=True, slots=True)
class Neighbours:
    """The lines that carry an entry's stack trace on, and what stands before the entry and behind those lines."""

    trace: tuple[LogEntry, ...] = ()
    before: tuple[LogEntry, ...] = ()
    after: tuple[LogEntry, ...] = ()


@dataclass(slots=True)
class _Kind:
    """Messages that differ in their numbers and ids alone: those looked up first tell whether a trace ever follows."""

    probes: list[Future[Neighbours]] = field(default_factory=list)

    def has_traces(self) -> bool:
        """Tell, once it is known."""
        return any(probe.result().trace for probe in self.probes)

    @property
    def is_known_bare(self) -> bool:
        """Whether none of the probes had a trace."""
        known = len(self.probes) == _PROBES and all(probe.done() for probe in self.probes)
        return known and not self.has_traces()


class Neighbourhood:
    """Looks entries up in their streams, several at a time; `remarks` tell what was not looked up, and why.

    Without context only entries that may open a stack trace are looked up, no message twice, and of messages that
    differ in numbers and ids alone the first ones only, unless a trace follows one of those. Never more than 100.
    """

    def __init__(self, reader: CloudWatchReader, group: str, context: int) -> None:
        self.remarks: list[str] = []
        self._streams = _Streams(reader, group)
        self._context = context
        self._lookups = 0
        self._messages: set[str] = set()
        self._kinds: dict[str, _Kind] = {}
        self._lock = threading.Lock()
        self._at_once = threading.Semaphore(_MOST_AT_ONCE)
        self._failed = False

    def of(self, entry: LogEntry) -> Future[Neighbours] | None:
        """Begin to look an entry up; None where that is not done."""
        if self._failed or not entry.stream:
            return None
        kind = None if self._context else self._kind(entry)
        if not self._context and (kind is None or kind.is_known_bare):
            return None
        found: Future[Neighbours] = Future()
        waits = kind is not None and len(kind.probes) == _PROBES
        if kind and not waits:
            kind.probes.append(found)
        threading.Thread(target=self._look, args=(entry, kind if waits else None, found), daemon=True).start()
        return found

    def close(self) -> None:
        """Begin no further call."""
        self._streams.closed.set()

    def _kind(self, entry: LogEntry) -> _Kind | None:
        """Return the kind of an entry that may open a trace, None when it cannot, or is known."""
        if entry.message in self._messages or not opens_trace(entry.message):
            return None
        if len(self._messages) < _MOST_MESSAGES:
            self._messages.add(entry.message)
        name = generalised(entry.message)
        if name not in self._kinds and len(self._kinds) >= MOST_LOOKUPS:
            return None
        return self._kinds.setdefault(name, _Kind())

    def _look(self, entry: LogEntry, kind: _Kind | None, found: Future[Neighbours]) -> None:
        try:
            wanted = (kind is None or kind.has_traces()) and self._may_look()
            found.set_result(self._neighbours(entry) if wanted else Neighbours())
        except AsayerError as error:
            # the entries themselves count more than what stands around them
            self._failed = True
            self._remark(f"stack traces and context cannot be looked up ({error.message.rstrip('.')})")
            found.set_result(Neighbours())
        except BaseException as error:  # noqa: BLE001 - it is raised again where the result is taken
            found.set_exception(error)

    def _may_look(self) -> bool:
        with self._lock:
            self._lookups += 1
            if self._lookups <= MOST_LOOKUPS:
                return not self._failed
        self._remark(f"stack traces and context were looked up for the first {MOST_LOOKUPS} entries only")
        return False

    def _neighbours(self, entry: LogEntry) -> Neighbours:
        with self._at_once:
            behind = self._streams.behind(entry, _CONTEXT_MS if self._context else _TRACE_MS)
            seen: list[LogEntry] = []
            trace = trace_behind(entry.message, _noted(behind, seen), _message)
            if not self._context:
                return Neighbours(trace)
            after = tuple(islice(chain(seen[len(trace) :], behind), self._context))
            return Neighbours(trace, self._streams.before(entry, self._context), after)

    def _remark(self, text: str) -> None:
        with self._lock:
            if text not in self.remarks:
                self.remarks.append(text)


class _Streams:
    """The log streams of a group, read from an event on and back from it."""

    def __init__(self, reader: CloudWatchReader, group: str) -> None:
        self.closed = threading.Event()
        self._reader = reader
        self._group = group
        self._budget = budget_for(reader.account, reader.region, GET_LOG_EVENTS)

    def behind(self, entry: LogEntry, reach_ms: int) -> Iterator[LogEntry]:
        """Yield what stands behind an entry; nothing where it is not found."""
        start = milliseconds(by_time(entry))
        events = self._events(entry.stream, startTime=start, endTime=start + reach_ms, startFromHead=True)
        for event in events:
            if event.time != entry.time:
                return
            if event.message == entry.message:
                yield from events
                return

    def before(self, entry: LogEntry, wanted: int) -> tuple[LogEntry, ...]:
        """Return up to so many of what stands before an entry."""
        end = milliseconds(by_time(entry)) + 1
        start = max(end - _CONTEXT_MS, 0)
        page = self._page(entry.stream, startTime=start, endTime=end, startFromHead=False, limit=wanted + _PAGE)
        events = [self._to_entry(entry.stream, event) for event in page["events"]]
        place = next((n for n, event in enumerate(events) if _is_same(event, entry)), len(events))
        return tuple(events[max(place - wanted, 0) : place])

    def _events(self, stream: str, **asked: object) -> Iterator[LogEntry]:
        token = ""
        for _ in range(_MOST_PAGES):
            page = self._page(stream, **asked, limit=_PAGE, **({"nextToken": token} if token else {}))
            yield from (self._to_entry(stream, event) for event in page["events"])
            # the token of a stream's end comes back unchanged
            if page["nextForwardToken"] in ("", token):
                return
            token = page["nextForwardToken"]

    def _page(self, stream: str, **asked: object) -> dict[str, Any]:
        """Return a page; one that fails is asked for again, within the budget, which is why the SDK does not."""
        for failures in count(1):
            if not self._budget.take(self.closed):
                break
            try:
                page = self._asked(stream, asked)
            except UnreachableError as error:
                if error.code == "throttled":
                    self._budget.throttled()
                if failures >= _MOST_FAILURES:
                    raise
                self.closed.wait(_PAUSE_SECONDS * failures)
            else:
                self._budget.answered()
                return page
        return {"events": (), "nextForwardToken": ""}

    def _asked(self, stream: str, asked: dict[str, object]) -> dict[str, Any]:
        region, session = self._reader.region, self._reader.session
        arn = f"arn:{session.partition_of(region)}:logs:{region}:*:log-group:{self._group}:log-stream:{stream}"
        with translated(_ACTION, region=region, resource=arn):
            logs = session.client("logs", region, once=True)
            page = logs.get_log_events(logGroupName=self._group, logStreamName=stream, **asked)
            return {"events": page.get("events") or (), "nextForwardToken": page.get("nextForwardToken") or ""}

    def _to_entry(self, stream: str, event: dict[str, Any]) -> LogEntry:
        with translated(_ACTION, region=self._reader.region):
            time, ingested = moment_of(event["timestamp"]), event.get("ingestionTime")
            return LogEntry(
                time=time,
                message=event["message"],
                place=f"{self._group} {stream}",
                entry_id="",
                stream=stream,
                ingested_at=None if ingested is None else moment_of(ingested),
            )


def _is_same(event: LogEntry, entry: LogEntry) -> bool:
    return event.time == entry.time and event.message == entry.message


def _noted(events: Iterable[LogEntry], seen: list[LogEntry]) -> Iterator[LogEntry]:
    for event in events:
        seen.append(event)
        yield event


def _message(entry: LogEntry) -> str:
    return entry.message
