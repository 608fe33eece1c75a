"""What counting the errors of log groups will cost, before it is done."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from asayer_cli.aws.insights_price import estimated_cost

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from asayer_cli.aws.model import LogGroup
    from asayer_cli.entries import Window

# Queries are billed by what was sent; AWS's pricing examples take logs to be stored at 0.15 of that, and its API does
# not tell which of the two `storedBytes` is. To be taken by surprise is worse than to be asked once too often.
_STORED_AT: Final = 0.15
_SECONDS_OF_DAY: Final = 86_400


def most_scanned(groups: Iterable[LogGroup], window: Window, now: datetime) -> int:
    """Return how many bytes a query over a window scans at most, if the groups were written to evenly."""
    return round(sum(group.stored_bytes * _part(group, window, now) for group in groups) / _STORED_AT)


def most_cost(groups: Iterable[LogGroup], window: Window, now: datetime, region: str) -> float:
    """Return what a query over a window costs at most, in US dollars, by the same estimate."""
    return estimated_cost(most_scanned(groups, window, now), region)


def _part(group: LogGroup, window: Window, now: datetime) -> float:
    """Return which part of what a group keeps falls into a window, 0 to 1."""
    age = (now - group.created_at).total_seconds()
    kept = min(age, group.retention_days * _SECONDS_OF_DAY) if group.retention_days else age
    if kept <= 0:
        return 1.0
    since = max((now - window.start).total_seconds(), 0)
    until = max((now - window.end).total_seconds(), 0)
    return (min(since, kept) - min(until, kept)) / kept
