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
    """The running count over one source.

    `queryable` counts the tagged entries that the collector's own search returned, `samples` keeps one near miss for
    each reason and `near_misses` their numbers, `crashing` one place where a document would stop the collector.
    """

    collector: Collector
    session_id: SessionId | None = None
    explain: bool = False
    tagged: int = 0
    queryable: int = 0
    collectible: int = 0
    rejected: Counter[Reason] = field(default_factory=Counter)
    near_misses: Counter[Reason] = field(default_factory=Counter)
    samples: dict[Reason, JudgedEntry] = field(default_factory=dict)
    entries: list[JudgedEntry] = field(default_factory=list)
    crashing: str = ""
    future_ids: int = 0
    _found: set[str] = field(default_factory=set)

    def add_found(self, entries: Iterable[LogEntry]) -> None:
        """Count what the collector's own search returned."""
        for entry in entries:
            if entry.entry_id in self._found:
                continue
            self._found.add(entry.entry_id)
            if not self.crashing and crashes_the_collector(entry.fields.get("utc_time")):
                self.crashing = f"{entry.place} {entry.entry_id}"
            self._judge(entry, found=True)

    def add_suspects(self, entries: Iterable[LogEntry]) -> None:
        """Count what a wider search returned: what was meant as a tag, found by the collector's search or not."""
        for entry in entries:
            if entry.entry_id not in self._found:
                self._found.add(entry.entry_id)
                self._judge(entry, found=False)

    def _judge(self, entry: LogEntry, *, found: bool) -> None:
        verdict = self.collector.judge(entry)
        if verdict is None or (self.session_id and verdict.session_id != self.session_id):
            return
        reason = verdict.reason
        if verdict.collectible and not found:
            reason = Reason.UNSEARCHABLE_FIELD
        self._count(verdict, reason, found=found)
        judged = JudgedEntry(entry.time, entry.place, verdict.session_id, reason is None, reason, entry.message)
        if reason and (verdict.near_miss or reason is Reason.UNSEARCHABLE_FIELD):
            self.near_misses[reason] += 1
            self.samples.setdefault(reason, judged)
        if self.explain:
            self.entries.append(judged)

    def _count(self, verdict: Verdict, reason: Reason | None, *, found: bool) -> None:
        if verdict.session_id is not None:
            self.tagged += 1
            self.queryable += found
        if reason is None:
            self.collectible += 1
        else:
            self.rejected[reason] += 1

    def in_order(self) -> tuple[JudgedEntry, ...]:
        """Return the explained entries by time; those without one come last."""
        return tuple(sorted(self.entries, key=lambda entry: (entry.time is None, entry.time)))
