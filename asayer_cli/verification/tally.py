"""Count what the collector takes and what it drops; one pass over entries, memory for the tagged ones only."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from asayer_cli.collector import crashes_the_collector
from asayer_cli.tag import Reason
from asayer_cli.verification.model import JudgedEntry

if TYPE_CHECKING:
    from collections.abc import Iterable

    from asayer_cli.collector import Collector, Verdict
    from asayer_cli.entries import LogEntry
    from asayer_cli.session_id import SessionId


@dataclass
class Tally:
    """The running count over one source, of some sessions only where `session_ids` are given.

    `tagged` counts entries with a readable id, `queryable` those of them that the collector's own search returned,
    `near_misses` the rejected ones that were meant to be taken, with one of each in `samples`; `crashing` is one place
    where a document would stop the collector. `partial` says why the collector's search may have found more, `notes`
    why there may be more near misses.
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
    crashing: str = ""
    partial: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    hidden: list[LogEntry] = field(default_factory=list)
    _seen: set[str] = field(default_factory=set)

    @property
    def quiet(self) -> bool:
        """Whether nothing was to be collected and nothing was meant to be."""
        return not self.collectible and not self.near_misses

    def add_found(self, entries: Iterable[LogEntry]) -> None:
        """Count what the collector's own search returned."""
        for entry in entries:
            if self._is_new(entry):
                if not self.crashing and crashes_the_collector(entry.fields.get("utc_time")):
                    self.crashing = f"{entry.place} {entry.entry_id}"
                self._judge(entry, found=True)

    def add_suspects(self, entries: Iterable[LogEntry]) -> None:
        """Count what only a wider search returned; what the collector would take is `hidden` until it is settled."""
        for entry in entries:
            if self._is_new(entry):
                verdict = self.collector.judge(entry)
                if verdict and verdict.collectible and self._concerns(entry, verdict):
                    self.hidden.append(entry)
                else:
                    self._judge(entry, found=False)

    def settle(self, entries: Iterable[LogEntry]) -> None:
        """Count what is hidden, now that the collector's search was made again: it may have come in between."""
        found = {entry.entry_id for entry in entries}
        for entry in self.hidden:
            self._judge(entry, found=entry.entry_id in found)
        self.hidden.clear()

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
        if self.explain:
            self.entries.append(judged)

    def _reject(self, reason: Reason, judged: JudgedEntry) -> None:
        self.rejected[reason] += 1
        if judged.near_miss:
            self.near_misses[reason] += 1
            self.samples.setdefault(reason, judged)
