"""Measure every source side by side, and judge the shares."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING, Final, Protocol

from asayer_cli.coverage.model import By, Coverage, SourceCoverage
from asayer_cli.coverage.steps import step_for
from asayer_cli.coverage.tally import share
from asayer_cli.entries import Window
from asayer_cli.errors import AsayerError, UsageError
from asayer_cli.exit_codes import ExitCode, first_of
from asayer_cli.result import Failure
from asayer_cli.together import together

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from asayer_cli.coverage.model import GroupCoverage
    from asayer_cli.coverage.tally import Tally
    from asayer_cli.tag import TagConvention

DEFAULT_AGE: Final = timedelta(hours=24)
_SHORTEST: Final = timedelta(milliseconds=1)


@dataclass(frozen=True, slots=True)
class Wishes:
    """What is counted: the errors of `window` in steps of `step`, grouped as `by` says, None as suits the source.

    `any_time` says that nobody asked for this window, so that files may be counted as a whole.
    """

    convention: TagConvention
    window: Window
    step: timedelta
    by: By | None = None
    any_time: bool = False


class Source(Protocol):
    """A source whose errors can be counted."""

    @property
    def name(self) -> str:
        """`aws`, `elastic` or `file`."""

    @property
    def place(self) -> str:
        """Where the entries lie, for people."""

    @property
    def ways(self) -> tuple[By, ...]:
        """What errors can be grouped by; the first is taken where nothing else, or none of these, is asked for."""

    def count(self, wishes: Wishes, by: By) -> SourceCoverage:
        """Count the errors; our errors end it."""

    def close(self) -> None:
        """End connections and whatever still runs."""


def wishes_of(
    convention: TagConvention, since: datetime | None, until: datetime | None, by: By | None, now: datetime
) -> Wishes:
    """Return what is asked for: the 24 hours before `until` where `since` is not given; UsageError for an empty window.

    Windows begin and end with whole seconds, as Logs Insights knows no others.
    """
    try:
        end = until or now
        start = (since or end - DEFAULT_AGE).replace(microsecond=0)
        end += timedelta(microseconds=-end.microsecond % 1_000_000)
    except OverflowError as error:
        raise UsageError("The window lies outside the calendar.", code="bad_window") from error
    if end - start < _SHORTEST:
        raise UsageError(
            f"The window is empty: it begins at {start:%Y-%m-%dT%H:%M:%SZ} and ends at {end:%Y-%m-%dT%H:%M:%SZ}.",
            hint="Let --since lie before --until, and before now.",
            code="empty_window",
        )
    window = Window(start, end)
    return Wishes(convention, window, step_for(window), by, any_time=since is None and until is None)


def measure(sources: Sequence[Source], wishes: Wishes, fail_under: float | None) -> tuple[Coverage, ExitCode]:
    """Count the errors of all sources and return them with the exit code that they add up to."""
    try:
        counted = together([partial(_count, source, wishes, fail_under) for source in sources])
    finally:
        for source in sources:
            source.close()
    found = tuple(coverage for coverage, _ in counted)
    errors, collectible = sum(one.errors for one in found), sum(one.collectible for one in found)
    coverage = Coverage(
        sources=found,
        errors=errors,
        tagged=sum(one.tagged for one in found),
        collectible=collectible,
        share=share(collectible, errors),
        fail_under=fail_under,
        complete=all(one.complete for one in found),
        passed=all(group.passed for one in found for group in one.groups),
    )
    codes = [code for _, code in counted]
    return coverage, first_of([*codes, ExitCode.OK if coverage.passed else ExitCode.CHECK_FAILED])


def summed(
    source: Source, wishes: Wishes, by: By, tally: Tally, *, uncollected: frozenset[str] = frozenset()
) -> SourceCoverage:
    """Return what was counted of a source; the totals leave out the `uncollected` places, which reach no replay."""
    groups = tuple(replace(group, collected=group.name not in uncollected) for group in tally.groups())
    judged = [group for group in groups if group.collected]
    errors, collectible = sum(group.errors for group in judged), sum(group.collectible for group in judged)
    return SourceCoverage(
        source=source.name,
        place=source.place,
        searched_from=wishes.window.start,
        searched_to=wishes.window.end,
        by=by,
        interval=wishes.step,
        groups=groups,
        errors=errors,
        tagged=sum(group.tagged for group in judged),
        collectible=collectible,
        share=share(collectible, errors),
    )


def _count(source: Source, wishes: Wishes, fail_under: float | None) -> tuple[SourceCoverage, ExitCode]:
    by = wishes.by if wishes.by in source.ways else source.ways[0]
    try:
        counted = source.count(wishes, by)
    except AsayerError as error:
        window = wishes.window
        failed = SourceCoverage(
            source.name, source.place, window.start, window.end, by, wishes.step, complete=False,
            failure=Failure.of(error),
        )  # fmt: skip
        return failed, error.exit_code
    groups = tuple(replace(group, passed=_passes(group, fail_under)) for group in counted.groups)
    asked = (f"there is no {wishes.by} here to group by",) if wishes.by not in (None, by) else ()
    judged = replace(counted, groups=groups, remarks=(*asked, *counted.remarks))
    return judged, ExitCode.OK if counted.complete else ExitCode.UNREACHABLE


def _passes(group: GroupCoverage, fail_under: float | None) -> bool:
    """Tell whether a share is enough; where there is no error, or nothing is collected, there is none to judge."""
    if fail_under is None or not group.collected:
        return True
    # the share is rounded
    return group.collectible * 100 >= Decimal(str(fail_under)) * group.errors
