"""The hop from the application into a log store: look again until each canary can be collected, or time is up."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final, Protocol

from asayer_cli.canary.model import MARK_NAME, ROUTE_MESSAGE, Arrival, SentCanary
from asayer_cli.collector import says_error
from asayer_cli.entries import Window
from asayer_cli.errors import AsayerError
from asayer_cli.exit_codes import ExitCode
from asayer_cli.tag import Reason
from asayer_cli.verification.lateness import Lateness, lateness
from asayer_cli.verification.verify import MAY_COME, Source
from asayer_cli.verification.wishes import Wishes

if TYPE_CHECKING:
    import threading
    from collections.abc import Iterator, Sequence

    from asayer_cli.entries import LogEntry
    from asayer_cli.reporting import Reporter
    from asayer_cli.session_id import SessionId
    from asayer_cli.tag import TagConvention
    from asayer_cli.verification.model import JudgedEntry
    from asayer_cli.verification.tally import Tally

_FIRST_PAUSE: Final = 0.5
_LONGEST_PAUSE: Final = 5.0
# The clocks of the application, the store and this computer differ; AWS itself refuses requests beyond this.
SKEW: Final = timedelta(minutes=5)
# How long to go on after an error of the canary's has come that cannot be collected: another may follow it.
_GRACE: Final = timedelta(seconds=10)
# What an entry's own time may be off by where a local time passes for UTC; CloudWatch takes nothing 2 h ahead.
_WIDE: Final = {"aws": (timedelta(hours=1), timedelta(hours=2)), "elastic": (timedelta(hours=15), timedelta(hours=15))}
_MISSED_SHOWN: Final = 3
_REQUESTED: Final = re.compile(rf"""[^\s"',{{}}]*[?&]{MARK_NAME}=[^\s"',{{}}]*""")


class CanarySource(Source, Protocol):
    """A source that can also be asked for entries of any kind."""

    def mentions(self, texts: Sequence[str], window: Window) -> Iterator[LogEntry]:
        """Yield the entries in which one of the texts stands, and perhaps others."""


@dataclass(slots=True)
class Watch:
    """What is known of the canaries in one source.

    `sightings` are entries that mention a canary that has not arrived, `late` what else did; `error` why the last look
    failed, `elsewhen` an entry of a canary far from the time of its request.
    """

    source: CanarySource
    sent: Sequence[SentCanary]
    window: Window
    tally: Tally | None = None
    arrivals: dict[SessionId, Arrival] = field(default_factory=dict)
    sightings: list[LogEntry] = field(default_factory=list)
    elsewhen: LogEntry | None = None
    late: Lateness | None = None
    error: AsayerError | None = None

    @property
    def missing(self) -> list[SentCanary]:
        """The canaries that the collector does not take so far."""
        return [one for one in self.sent if self.arrival(one).collectible_seconds is None]

    def arrival(self, one: SentCanary) -> Arrival:
        """Return when a canary was first seen."""
        return self.arrivals.get(one.canary.session_id, Arrival())

    def meant(self, one: SentCanary) -> list[JudgedEntry]:
        """Return what was meant to be taken of a canary, and is not."""
        return [entry for entry in self.entries_of(one) if entry.near_miss and not _is_access_line(entry)]

    def entries_of(self, one: SentCanary) -> list[JudgedEntry]:
        """Return what the last look found of a canary."""
        entries = self.tally.entries if self.tally else []
        return [entry for entry in entries if _is_of(entry, one.canary.session_id)]


def _is_of(entry: JudgedEntry, session_id: SessionId) -> bool:
    return entry.session_id == session_id or (entry.session_id is None and str(session_id) in entry.message)


def _is_access_line(entry: JudgedEntry) -> bool:
    """Whether only the address that was asked for made an entry look like an error's."""
    message = without_address(entry.message)
    return entry.reason is Reason.MISSING_ERROR_TAG and message != entry.message and not says_error(message)


def without_address(message: str) -> str:
    """Return a message without the address of a canary's request, as access logs have it."""
    return _REQUESTED.sub(" ", message)


def follow(
    source: CanarySource,
    sent: Sequence[SentCanary],
    convention: TagConvention,
    wait: timedelta,
    reporter: Reporter,
    stopped: threading.Event,
    *,
    ready: bool,
) -> Watch:
    """Look for the canaries until the collector takes each, at most for `wait`, and find out why where it does not."""
    began = sent[0].sent_at
    deadline, pause = datetime.now(UTC) + wait, _FIRST_PAUSE
    watch = Watch(source, sent, Window(began - SKEW, began + SKEW))
    while True:
        ready = ready or source.prepare()
        if ready:
            _look(watch, convention)
        now = datetime.now(UTC)
        deadline = min(deadline, now + _GRACE) if _is_clear(watch) else deadline
        left = (deadline - now).total_seconds()
        if not watch.missing or _is_hopeless(watch, ready=ready) or left <= 0 or stopped.is_set():
            break
        reporter.progress(_waiting_for(watch, left))
        stopped.wait(min(pause, left))
        pause = min(pause * 1.5, _LONGEST_PAUSE)
    if watch.missing and ready:
        _find_out(watch)
    return watch


def _look(watch: Watch, convention: TagConvention) -> None:
    now = datetime.now(UTC)
    watch.window = Window(watch.window.start, now + SKEW)
    wishes = Wishes(convention, explain=True, canaries=frozenset(one.canary.session_id for one in watch.sent))
    try:
        watch.tally, watch.error = watch.source.search(watch.window, wishes), None
    except AsayerError as error:
        watch.error = error
        return
    seen_at = datetime.now(UTC)
    for one in watch.missing:
        watch.arrivals[one.canary.session_id] = _seen(watch, one, (seen_at - one.sent_at).total_seconds())


def _seen(watch: Watch, one: SentCanary, seconds: float) -> Arrival:
    arrival, entries = watch.arrival(one), watch.entries_of(one)
    if arrival.queryable_seconds is None and any(entry.found for entry in entries):
        arrival = replace(arrival, queryable_seconds=seconds)
    taken = next((entry for entry in entries if entry.collectible), None)
    return replace(arrival, collectible_seconds=seconds, logged_at=taken.time) if taken else arrival


def _is_clear(watch: Watch) -> bool:
    """Whether every canary that is missing has an entry that was meant to be taken, and is not."""
    return all(watch.meant(one) for one in watch.missing)


def _is_hopeless(watch: Watch, *, ready: bool) -> bool:
    """Whether something failed that time does not mend."""
    if not ready:
        return not watch.source.checklist.fails_only(MAY_COME)
    return watch.error is not None and watch.error.exit_code in (ExitCode.ACCESS_REFUSED, ExitCode.NOT_CONFIGURED)


def _waiting_for(watch: Watch, left: float) -> str:
    arrived = len(watch.sent) - len(watch.missing)
    tagged = sum(bool(watch.entries_of(one)) for one in watch.missing)
    seen = f", {tagged} more there and not collectible" if tagged else ""
    return f"waiting for the canary in {watch.source.place}: {arrived} of {len(watch.sent)}{seen}, {left:.0f} s left"


def _find_out(watch: Watch) -> None:
    """Look for other traces of the canaries that are missing; what cannot be asked is left out."""
    first = watch.missing[0]
    if not watch.meant(first):
        missed = watch.missing[:_MISSED_SHOWN]
        texts = [ROUTE_MESSAGE, *(text for one in missed for text in _names_of(one))]
        watch.sightings = [entry for entry in _mentions(watch, texts, watch.window) if _holds(entry, texts)]
        before, after = _WIDE[watch.source.name]
        wide = Window(first.sent_at - before, first.sent_at + after)
        digits = [str(first.canary.session_id)]
        found = (entry for entry in _mentions(watch, digits, wide) if _holds(entry, digits))
        watch.elsewhen = next((entry for entry in found if not _is_near(watch, entry)), None)
    watch.late = lateness(watch.source, watch.window, first.sent_at)


def _is_near(watch: Watch, entry: LogEntry) -> bool:
    return entry.time is None or watch.window.start <= entry.time < watch.window.end


def _names_of(one: SentCanary) -> tuple[str, str]:
    return one.canary.mark, str(one.canary.session_id)


def _mentions(watch: Watch, texts: list[str], window: Window) -> list[LogEntry]:
    try:
        return list(watch.source.mentions(texts, window))
    except AsayerError:
        return []


def _holds(entry: LogEntry, texts: list[str]) -> bool:
    return any(holds(entry, text) for text in texts)


def holds(entry: LogEntry, text: str) -> bool:
    """Tell whether a text stands in an entry, in whichever field."""
    return text in entry.message or text in json.dumps(dict(entry.fields), default=str, ensure_ascii=False)
