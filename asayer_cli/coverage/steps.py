"""The equal steps of time that a window is counted in."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from asayer_cli.entries import Window

_MOST: Final = 26
_UNIX_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_DAY: Final = timedelta(days=1)
# The services cut time at multiples of these since 1970, in UTC, and so does `begin_of`.
_STEPS: Final = tuple(
    timedelta(minutes=minutes) for minutes in (1, 2, 5, 10, 15, 30, 60, 120, 180, 360, 720, 1440, 2880, 10080, 20160)
)


def step_for(window: Window) -> timedelta:
    """Return the shortest step that cuts a window into at most 26 pieces; whole days where it is longer than a day."""
    length = window.end - window.start
    return next((step for step in _STEPS if length <= (_MOST - 1) * step), -(-length // ((_MOST - 1) * _DAY)) * _DAY)


def begin_of(when: datetime, step: timedelta) -> datetime:
    """Return when the step began that a moment lies in."""
    return when - (when - _UNIX_EPOCH) % step


def steps_of(window: Window, step: timedelta) -> list[datetime]:
    """Return when each step of a window begins, oldest first; the first one may begin before the window."""
    first = begin_of(window.start, step)
    return [first + number * step for number in range(-(-(window.end - first) // step))]
