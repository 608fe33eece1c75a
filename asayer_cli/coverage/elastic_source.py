"""The errors of indices, counted by Elasticsearch; what its searches cannot tell apart is told by a few of them."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Final

from asayer_cli.collector import collector_for_elasticsearch
from asayer_cli.coverage.measure import summed
from asayer_cli.coverage.model import By, SourceCoverage
from asayer_cli.coverage.rules import UNTAGGED_ERROR, class_of_error, is_error
from asayer_cli.coverage.tally import Tally
from asayer_cli.together import together

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

    from asayer_cli.coverage.measure import Wishes
    from asayer_cli.coverage.rules import ErrorClass
    from asayer_cli.elastic.coverage_reading import Count, CoverageReader
    from asayer_cli.entries import LogEntry

SAMPLES: Final = 200
MOST_SAMPLED: Final = 100
_AT_ONCE: Final = 8
Shares = Counter["ErrorClass | None"]


@dataclass
class ElasticSource:
    """What some index expressions match. Of `samples` entries at most, each kind of error that needs it is judged."""

    reader: CoverageReader
    indexes: tuple[str, ...]
    samples: int = SAMPLES
    name: str = "elastic"
    ways: tuple[By, ...] = (By.INDEX, By.SERVICE)

    @property
    def place(self) -> str:
        """Where the documents lie."""
        return f"indices {self.reader.expression}"

    def count(self, wishes: Wishes, by: By) -> SourceCoverage:
        """Let the cluster count, then decide what it cannot tell."""
        counts = self.reader.counts(wishes.window, by, wishes.step)
        tally = Tally(wishes.convention, wishes.window, wishes.step)
        largest_first = sorted(counts, key=lambda count: count.total, reverse=True)
        _Deciding(self.reader, wishes, by, self.samples, tally).decide(largest_first)
        counted = summed(self, wishes, by, tally)
        return replace(
            counted,
            complete=not self.reader.notes,
            notes=tuple(self.reader.notes),
            remarks=tuple(self._remarks(counted)),
        )

    def close(self) -> None:
        """Close the connection."""
        self.reader.close()

    def _remarks(self, counted: SourceCoverage) -> Iterator[str]:
        yield from self.reader.remarks
        if not all(group.exact for group in counted.groups):
            yield (
                f"where it says about, up to {self.samples} entries of each kind were read and their shares taken for "
                "all: a search cannot tell case, brackets and the like apart"
            )


@dataclass
class _Deciding:
    reader: CoverageReader
    wishes: Wishes
    by: By
    size: int
    tally: Tally

    def decide(self, counts: Sequence[Count]) -> None:
        """Decide what becomes of what was counted, the largest counts first.

        Beyond 100 that need a sample, the shares of the same kind elsewhere are taken.
        """
        known: defaultdict[str, Shares] = defaultdict(Counter)
        undecided = [count for count in counts if not count.stratum.decided]
        for count, entries in self._with_samples(undecided[:MOST_SAMPLED], self.size):
            known[count.kind] += self._decide_by_sample(count, entries)
        for count in undecided[MOST_SAMPLED:]:
            if known[count.kind]:
                self._estimate(count, known[count.kind])
            else:
                known[count.kind] += self._decide_by_sample(count, self._sample(count, self.size))
        for count, entries in self._with_samples([count for count in counts if count.stratum.decided], 1):
            self._add(count, Counter({UNTAGGED_ERROR: 1}))
            for entry in entries:
                self.tally.add(count.place, entry.time, UNTAGGED_ERROR, 0, entry.message)

    def _with_samples(self, counts: Sequence[Count], size: int) -> Iterator[tuple[Count, list[LogEntry]]]:
        for begin in range(0, len(counts), _AT_ONCE):
            some = counts[begin : begin + _AT_ONCE]
            yield from zip(some, together([partial(self._sample, count, size) for count in some]), strict=True)

    def _sample(self, count: Count, size: int) -> list[LogEntry]:
        return self.reader.sample(count, self.wishes.window, self.by, size)

    def _decide_by_sample(self, count: Count, entries: Sequence[LogEntry]) -> Shares:
        judged = [(entry, self._judge(entry, count)) for entry in entries]
        shares = Counter(error for _, error in judged)
        if count.total <= self.size:
            for entry, error in judged:
                if error:
                    self.tally.add(count.place, self._time_of(entry, count), error, 1, entry.message)
            return shares
        for entry, error in judged:
            if error:
                self.tally.add(count.place, entry.time, error, 0, entry.message)
        self._estimate(count, shares)
        return shares

    def _judge(self, entry: LogEntry, count: Count) -> ErrorClass | None:
        collector = collector_for_elasticsearch(self.wishes.convention)
        if not count.stratum.sure and not is_error(entry, collector):
            return None
        return class_of_error(entry, collector, found=count.stratum.found)

    def _time_of(self, entry: LogEntry, count: Count) -> datetime | None:
        """Return the time by which the cluster counted, where the entry has it."""
        from asayer_cli.elastic.answers import time_of  # noqa: PLC0415 - with its room

        return time_of(entry.fields.get(count.layout.clock))

    def _estimate(self, count: Count, shares: Shares) -> None:
        self.tally.estimate(count.place)
        self._add(count, shares)

    def _add(self, count: Count, shares: Shares) -> None:
        for when, error, number in parted(count.times, shares):
            if error:
                self.tally.add(count.place, when, error, number)


def parted(
    numbers: Mapping[datetime | None, int], shares: Shares
) -> Iterator[tuple[datetime | None, ErrorClass | None, int]]:
    """Part each number by shares, untagged without any, so that the parts are whole and add up to it.

    What one number's parts are rounded by is made good in the next, so that all of them keep to the shares.
    """
    shares = shares or Counter({UNTAGGED_ERROR: 1})
    whole, owed = shares.total(), dict.fromkeys(shares, 0)
    for when, number in numbers.items():
        owed = {error: owed[error] + number * share for error, share in shares.items()}
        parts = Counter({error: max(debt // whole, 0) for error, debt in owed.items()})
        while missing := number - parts.total():
            one = 1 if missing > 0 else -1
            takers = [error for error in owed if one > 0 or parts[error]]
            parts[max(takers, key=lambda error: one * (owed[error] - parts[error] * whole))] += one
        owed = {error: debt - parts[error] * whole for error, debt in owed.items()}
        for error, part in parts.items():
            yield when, error, part
