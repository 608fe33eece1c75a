"""How the model of CloudWatch behaves: how slow it is, what it allows, and which calls meet a fault."""

from __future__ import annotations

import random
import time
from collections import Counter, defaultdict, deque
from dataclasses import dataclass, field
from typing import Any, Final, Literal

_IN_A_ROW: Final = 2
_BURST_SECONDS: Final = 0.3

Fate = Literal["answered", "throttled", "cut", "failed"]


@dataclass(frozen=True, slots=True)
class Conduct:
    """A call takes `latency` seconds, a page scans `page_bytes`, a second takes `quota` calls of an operation.

    `throttle`, `cut` and `failed` are the shares of calls that begin a short burst of throttling, that lose their
    connection in the middle of the answer, and that end with status 500; `partial` and `empty` the shares of pages that
    scan less than they may, and that hold nothing although more follows. With `duplicates` events at the border of a
    page or of a span of time are answered on both sides of it. `seed` decides which calls are met.
    """

    latency: float = 0.3
    quota: int = 10
    page_bytes: int = 1_048_576
    seed: int = 1
    throttle: float = 0.0
    cut: float = 0.0
    failed: float = 0.0
    partial: float = 0.0
    empty: float = 0.0
    duplicates: bool = False

    def chance(self, body: bytes, attempt: int) -> random.Random:
        """Return what decides over one call: the same for the same request of the same attempt."""
        return random.Random(f"{self.seed} {attempt} {body!r}")  # noqa: S311 - the same faults each time


@dataclass
class Ledger:
    """What was asked, and how each call ended; `arrivals` are seconds since the first call of the operation."""

    conduct: Conduct
    _began: dict[str, float] = field(default_factory=dict)
    _arrivals: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    _ends: dict[str, Counter[Fate]] = field(default_factory=lambda: defaultdict(Counter))
    _recent: dict[str, deque[float]] = field(default_factory=lambda: defaultdict(deque))
    _attempts: Counter[bytes] = field(default_factory=Counter)
    _throttled_until: float = 0.0

    def fate(self, operation: str, body: bytes) -> tuple[Fate, random.Random]:
        """Count a call that arrives now, and decide how it ends."""
        now = time.monotonic()
        attempt = self._attempts[body] = self._attempts[body] + 1
        chance = self.conduct.chance(body, attempt)
        fate = self._decide(operation, now, chance, attempt)
        self._ends[operation][fate] += 1
        if fate == "answered":
            began = self._began.setdefault(operation, now)
            self._arrivals[operation].append(round(now - began, 4))
        return fate, chance

    def report(self) -> dict[str, Any]:
        """Return the counts of each operation, when its answered calls arrived, and the most of any one second."""
        return {
            operation: {**ends, "arrivals": self._arrivals[operation], "busiest": _busiest(self._arrivals[operation])}
            for operation, ends in self._ends.items()
        }

    def _decide(self, operation: str, now: float, chance: random.Random, attempt: int) -> Fate:
        recent = self._recent[operation]
        while recent and now - recent[0] >= 1:
            recent.popleft()
        if now < self._throttled_until or len(recent) >= self.conduct.quota:
            return "throttled"
        recent.append(now)
        return "answered" if attempt > _IN_A_ROW else self._met(now, chance)

    def _met(self, now: float, chance: random.Random) -> Fate:
        drawn = chance.random()
        conduct = self.conduct
        if drawn < conduct.throttle:
            self._throttled_until = now + _BURST_SECONDS
            return "throttled"
        if drawn < conduct.throttle + conduct.cut:
            return "cut"
        return "failed" if drawn < conduct.throttle + conduct.cut + conduct.failed else "answered"


def _busiest(arrivals: list[float]) -> int:
    most = first = 0
    for last, arrival in enumerate(arrivals):
        while arrival - arrivals[first] >= 1:
            first += 1
        most = max(most, last - first + 1)
    return most
