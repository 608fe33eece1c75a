"""Count errors by place, step of time and class; memory for these, not for the errors."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from asayer_cli.coverage.model import GroupCoverage, Point, Rejection
from asayer_cli.coverage.rules import COLLECTIBLE, remedy_of
from asayer_cli.coverage.steps import begin_of, steps_of
from asayer_cli.secret import redact

if TYPE_CHECKING:
    from datetime import timedelta

    from asayer_cli.coverage.rules import ErrorClass
    from asayer_cli.entries import Window
    from asayer_cli.tag import TagConvention

_LONGEST_SAMPLE: Final = 1_000
_BEFORE_ALL: Final = datetime.min.replace(tzinfo=UTC)


@dataclass
class _Place:
    """What was counted in one place; the sample of a class is its newest."""

    counts: Counter[tuple[datetime | None, ErrorClass]] = field(default_factory=Counter)
    samples: dict[str, tuple[datetime, str]] = field(default_factory=dict)
    exact: bool = True


@dataclass
class Tally:
    """The running count of one source."""

    convention: TagConvention
    window: Window
    step: timedelta
    _places: defaultdict[str, _Place] = field(default_factory=lambda: defaultdict(_Place))

    def add(self, name: str, when: datetime | None, error: ErrorClass, count: int = 1, sample: str = "") -> None:
        """Count errors of one place and class that happened at `when`, or within the step that it lies in.

        A time outside of the window is as good as none.
        """
        place = self._places[name]
        begin = begin_of(when, self.step) if when else None
        if begin and not begin_of(self.window.start, self.step) <= begin < self.window.end:
            begin = None
        place.counts[begin, error] += count
        at = when or _BEFORE_ALL
        if sample and (error.name not in place.samples or place.samples[error.name][0] < at):
            # masked before it is cut, for half a secret is none that is known
            place.samples[error.name] = (at, redact(sample)[:_LONGEST_SAMPLE])

    def show(self, name: str) -> None:
        """Let a place be among the results even when there is no error in it."""
        self._places[name]

    def estimate(self, name: str) -> None:
        """Remember that some of a place's counts are estimates."""
        self._places[name].exact = False

    def groups(self) -> tuple[GroupCoverage, ...]:
        """Return each place, that with most errors first."""
        found = (self._group(name, place) for name, place in self._places.items())
        return tuple(sorted(found, key=lambda group: (-group.errors, group.name)))

    def _group(self, name: str, place: _Place) -> GroupCoverage:
        errors, collectible = place.counts.total(), _count(place, COLLECTIBLE)
        return GroupCoverage(
            name=name,
            errors=errors,
            tagged=sum(count for (_, error), count in place.counts.items() if error.tagged),
            collectible=collectible,
            share=share(collectible, errors),
            rejected=self._rejections(place),
            series=self._series(place),
            exact=place.exact,
            timeless=sum(count for (when, _), count in place.counts.items() if when is None),
        )

    def _rejections(self, place: _Place) -> tuple[Rejection, ...]:
        reasons = {error.name for (_, error), count in place.counts.items() if count} - {COLLECTIBLE}
        found = (
            Rejection(
                reason,
                _count(place, reason),
                place.samples.get(reason, (_BEFORE_ALL, ""))[1],
                remedy_of(reason, self.convention),
            )
            for reason in reasons
        )
        return tuple(sorted(found, key=lambda rejection: (-rejection.count, rejection.reason)))

    def _series(self, place: _Place) -> tuple[Point, ...]:
        errors: Counter[datetime] = Counter()
        collectible: Counter[datetime] = Counter()
        for (when, error), count in place.counts.items():
            if when is not None:
                errors[when] += count
                collectible[when] += count if error.name == COLLECTIBLE else 0
        return tuple(Point(when, errors[when], collectible[when]) for when in steps_of(self.window, self.step))


def _count(place: _Place, name: str) -> int:
    return sum(count for (_, error), count in place.counts.items() if error.name == name)


def share(part: int, whole: int) -> float | None:
    """Return a percentage with one decimal, rounded down so that only all is 100; None of nothing."""
    return part * 1000 // whole / 10 if whole else None
