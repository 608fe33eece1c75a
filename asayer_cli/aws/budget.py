"""The calls that CloudWatch Logs allows in a second, kept once for the process: for each account, region and operation.

Quotas are those of "CloudWatch Logs quotas" in its user guide; they cannot be raised. Whoever else reads in the account
takes from the same quota, so that fewer calls are made for a while after one was throttled.
"""

from __future__ import annotations

import math
import threading
import time
from collections import deque
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

FILTER_LOG_EVENTS: Final = "FilterLogEvents"
GET_LOG_EVENTS: Final = "GetLogEvents"
START_QUERY: Final = "StartQuery"
GET_QUERY_RESULTS: Final = "GetQueryResults"
# AWS counts calls as they arrive, which is not as evenly as they are sent.
PERIOD_SECONDS: Final = 1.03
_QUOTAS: Final = {
    "us-east-1": 25,
    **dict.fromkeys(("ap-northeast-3", "ap-southeast-3", "ca-west-1", "eu-central-1", "il-central-1"), 5),
}
_QUOTA_ELSEWHERE: Final = 10
# GetLogEvents' quotas differ by region as well, and are not known here: never more than the common one.
_MOST_GET_LOG_EVENTS: Final = 10
# the same in every region
_OF_INSIGHTS: Final = {START_QUERY: 10, GET_QUERY_RESULTS: 10}
_LESS: Final = 0.75
_KEPT: Final = 4
# Behind a first burst, calls go out with at least this part of the even distance between them.
_SPREAD: Final = 0.5


def quota(operation: str, region: str) -> int:
    """Return how many calls of an operation AWS allows in a second in a region."""
    if operation in _OF_INSIGHTS:
        return _OF_INSIGHTS[operation]
    most = _QUOTAS.get(region, _QUOTA_ELSEWHERE)
    return min(most, _MOST_GET_LOG_EVENTS) if operation == GET_LOG_EVENTS else most


class Pace:
    """When calls may go out, so that no second sees more than `limit` of them; pure, times are seconds.

    After a rest as many as a second allows go out at once. `limit` falls at once when a call is throttled, and rises by
    one a second while calls are answered.
    """

    def __init__(self, most: int) -> None:
        self.most = most
        self.limit = float(most)
        # more than are counted, for those that are given back
        self._slots: deque[float] = deque(maxlen=_KEPT * most)
        self._burst = most
        self._reduced_at = -math.inf

    def slot(self, now: float) -> float:
        """Take the next time from `now` on that a call may go out."""
        last = self._slots[-1] if self._slots else -math.inf
        if now - last > 2 * PERIOD_SECONDS:
            self._burst = int(self.limit)
        slot = max(now, self._earliest(last))
        self._burst -= self._burst > 0
        self._slots.append(slot)
        return slot

    def give_back(self, slot: float) -> None:
        """Return a slot at which no call went out."""
        if slot in self._slots:
            self._slots.remove(slot)

    def sent(self, slot: float, now: float) -> None:
        """Take note that the call of a slot goes out only now: a busy computer is late."""
        if slot in self._slots:
            self._slots[self._slots.index(slot)] = now
            self._slots = deque(sorted(self._slots), maxlen=self._slots.maxlen)

    def free(self, now: float) -> int:
        """Return how many calls could go out now."""
        taken = sum(slot > now - PERIOD_SECONDS for slot in self._slots)
        return max(int(self.limit) - taken, 0)

    def throttled(self, now: float) -> None:
        """Take note that a call was throttled; those that went out together with it say the same thing once."""
        if now - self._reduced_at > PERIOD_SECONDS:
            self._reduced_at = now
            self._burst = 0
            self.limit = max(1.0, self.limit * _LESS)

    def answered(self) -> None:
        """Take note that a call was not throttled."""
        self.limit = min(float(self.most), self.limit + 1 / self.limit)

    def _earliest(self, last: float) -> float:
        count = int(self.limit)
        full = self._slots[-count] + PERIOD_SECONDS if len(self._slots) >= count else -math.inf
        spread = 0.0 if self._burst else PERIOD_SECONDS / count * _SPREAD
        return max(full, last + spread)


class CallBudget:
    """The calls of one operation that an account may make in a region; safe to use from several threads.

    They go out in the order in which they were asked for.
    """

    def __init__(self, most: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._pace = Pace(most)
        self._clock = clock
        self._lock = threading.Lock()

    @property
    def most(self) -> int:
        """The calls that AWS allows in a second."""
        return self._pace.most

    def take(self, stopped: threading.Event) -> bool:
        """Wait until a call may go out; False, and at once, when it is not to go out any more."""
        return self.slot(stopped) is not None

    def slot(self, stopped: threading.Event) -> float | None:
        """Wait until a call may go out, and return what to name it by; None when it is not to go out any more."""
        with self._lock:
            now = self._clock()
            slot = self._pace.slot(now)
        if not stopped.wait(slot - now):
            return slot
        with self._lock:
            self._pace.give_back(slot)
        return None

    def give_back(self, slot: float) -> None:
        """Take note that the call of a slot is not made."""
        with self._lock:
            self._pace.give_back(slot)

    def sent(self, slot: float) -> None:
        """Take note that the call of a slot goes out now."""
        with self._lock:
            self._pace.sent(slot, self._clock())

    def free(self) -> int:
        """Return how many calls could go out now."""
        with self._lock:
            return self._pace.free(self._clock())

    def throttled(self) -> None:
        """Take note that AWS threw a call out."""
        with self._lock:
            self._pace.throttled(self._clock())

    def answered(self) -> None:
        """Take note that AWS took a call."""
        with self._lock:
            self._pace.answered()


_budgets: Final[dict[tuple[str, str, str], CallBudget]] = {}
_budgets_lock: Final = threading.Lock()


def budget_for(account: str, region: str, operation: str) -> CallBudget:
    """Return the one budget of an operation; `account` is what stands for the account, such as an access key's id."""
    with _budgets_lock:
        budget = _budgets.get((account, region, operation))
        if budget is None:
            budget = _budgets[account, region, operation] = CallBudget(quota(operation, region))
        return budget
