"""Count what the collector takes and what it drops: one pass over entries, none of which is kept but a few."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from asayer_cli.collector import crashes_the_collector
from asayer_cli.entries import Window
from asayer_cli.tag import Reason
from asayer_cli.verification.joining import joined
from asayer_cli.verification.model import JudgedEntry

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from asayer_cli.collector import Collector, Verdict
    from asayer_cli.entries import LogEntry
    from asayer_cli.session_id import SessionId

# Entries that are listed, and those that wait for a second look, at most.
MOST_LISTED: Final = 10_000
_MOST_HIDDEN: Final = 1_000
_MILLISECOND: Final = timedelta(milliseconds=1)


@dataclass
class Tally:
    """The running count over one source, of some sessions only where `session_ids` are given.

    `tagged` counts entries with a readable id, `queryable` those of them that the collector's own search returned,
    `near_misses` the rejected ones that were meant to be taken, with one of each in `samples`; `crashing` is one place
    where a document would stop the collector. `partial` says why the collector's search may have found more, `notes`
    why there may be more near misses. With `explain` the first `MOST_LISTED` entries are kept in `entries`, and the
    number of the others in `unlisted`.
    """

    collector: Collector
    session_ids: frozenset[SessionId] = frozenset()
    explain: bool = False
    tagged: int = 0
    queryable: int = 0
    collectible: int = 0
    rejected: Counter[Reason] = field(default_factory=Counter)
    near_misses: Counter[Reason] = field(default_factory=Counter)
    samples: dict[Reason, JudgedEntry] = field(default_factory=dict)
    entries: list[JudgedEntry] = field(default_factory=list)
    unlisted: int = 0
    crashing: str = ""
    partial: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    hidden: list[LogEntry] = field(default_factory=list)
    _seen: set[str] = field(default_factory=set)

    @property
    def quiet(self) -> bool:
        """Whether nothing was to be collected and nothing was meant to be."""
        return not self.collectible and not self.near_misses

    def add(self, entry: LogEntry, *, found: bool) -> None:
        """Count an entry, which the collector's own search returned or not."""
        if found and not self.crashing and crashes_the_collector(entry.fields.get("utc_time")):
            self.crashing = f"{entry.place} {entry.entry_id}"
        self._judge(entry, found=found)

    def add_sure(self) -> None:
        """Count an entry that the collector's search finds and that the collector takes, of which no more is known."""
        self.tagged += 1
        self.queryable += 1
        self.collectible += 1

    def add_both(
        self,
        found: Iterable[LogEntry],
        suspects: Iterable[LogEntry],
        again: Callable[[Window], Iterable[LogEntry]],
    ) -> None:
        """Count what the collector's own search returned, and what only a wider one did; both by time, then by id.

        What the collector would take and its search did not return may have come in between: the search is made
        `again` for the time of such entries, at once when there are many.
        """
        for entry, was_found in joined(found, suspects):
            if was_found:
                self.add(entry, found=True)
            elif self._suspect(entry):
                self._settle(again)
        self._settle(again, least=1)

    def add_found(self, entries: Iterable[LogEntry]) -> None:
        """Count what the collector's own search returned."""
        for entry in entries:
            if self._is_new(entry):
                self.add(entry, found=True)

    def add_suspects(self, entries: Iterable[LogEntry]) -> None:
        """Count what only a wider search returned; what the collector would take is `hidden` until it is settled."""
        for entry in entries:
            if self._is_new(entry):
                self._suspect(entry)

    def settle(self, entries: Iterable[LogEntry]) -> None:
        """Count what is hidden, now that the collector's search was made again: it may have come in between."""
        hidden = {entry.entry_id for entry in self.hidden}
        found = hidden.intersection(entry.entry_id for entry in entries)
        for entry in self.hidden:
            self._judge(entry, found=entry.entry_id in found)
        self.hidden.clear()

    def _suspect(self, entry: LogEntry) -> bool:
        """Count an entry of the wider search, or hide it; tell whether it is hidden now."""
        verdict = self.collector.judge(entry)
        hide = bool(verdict and verdict.collectible and self._concerns(entry, verdict))
        if hide:
            self.hidden.append(entry)
        else:
            self._judge(entry, found=False)
        return hide

    def _settle(self, again: Callable[[Window], Iterable[LogEntry]], least: int = _MOST_HIDDEN) -> None:
        if len(self.hidden) >= least:
            times = [entry.time for entry in self.hidden if entry.time]
            self.settle(again(Window(min(times), max(times) + _MILLISECOND)) if times else ())

    def take(self, other: Tally) -> None:
        """Count what another tally has counted of entries behind these."""
        self.tagged += other.tagged
        self.queryable += other.queryable
        self.collectible += other.collectible
        self.rejected += other.rejected
        self.near_misses += other.near_misses
        self.samples = {**other.samples, **self.samples}
        room = MOST_LISTED - len(self.entries)
        self.unlisted += other.unlisted + len(other.entries[room:])
        self.entries += other.entries[:room]
        self.crashing = self.crashing or other.crashing

    def in_order(self) -> tuple[JudgedEntry, ...]:
        """Return the explained entries by time; those without one come last."""
        return tuple(sorted(self.entries, key=lambda entry: (entry.time is None, entry.time)))

    def _is_new(self, entry: LogEntry) -> bool:
        if entry.entry_id in self._seen:
            return False
        self._seen.add(entry.entry_id)
        return True

    def _concerns(self, entry: LogEntry, verdict: Verdict) -> bool:
        """Tell whether an entry is of a wanted session; one without a readable id is when it has the digits."""
        if not self.session_ids or verdict.session_id in self.session_ids:
            return True
        return verdict.session_id is None and any(str(wanted) in entry.message for wanted in self.session_ids)

    def _judge(self, entry: LogEntry, *, found: bool) -> None:
        verdict = self.collector.judge(entry, found=found)
        if verdict is None or not self._concerns(entry, verdict):
            return
        reason = Reason.UNSEARCHABLE_FIELD if verdict.collectible and not found else verdict.reason
        self.tagged += verdict.session_id is not None
        self.queryable += verdict.session_id is not None and found
        near_miss = verdict.near_miss or reason is Reason.UNSEARCHABLE_FIELD
        judged = JudgedEntry(
            entry.time, entry.place, verdict.session_id, reason is None, reason, entry.message, found, near_miss
        )
        if reason is None:
            self.collectible += 1
        else:
            self._reject(reason, judged)
        if self.explain and len(self.entries) < MOST_LISTED:
            self.entries.append(judged)
        else:
            self.unlisted += self.explain

    def _reject(self, reason: Reason, judged: JudgedEntry) -> None:
        self.rejected[reason] += 1
        if judged.near_miss:
            self.near_misses[reason] += 1
            self.samples.setdefault(reason, judged)
