"""Which page of which slice is asked for next, and what is ready to be handed out; no I/O, no clock of its own.

A chain is the pages of one slice, one behind the other. Chains stand in the order of time; the one at the front comes
first whenever a call may go out, and alone goes on when enough waits behind it.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from asayer_cli.aws.event_order import EventOrder, bytes_of
from asayer_cli.aws.slices import Density, Slice, SlicePlan
from asayer_cli.entries import milliseconds

if TYPE_CHECKING:
    from collections.abc import Sequence

    from asayer_cli.entries import LogEntry

MOST_WAITING_ENTRIES: Final = 12_000
MOST_WAITING_BYTES: Final = 16 * 1024 * 1024
# What the front has beyond this is taken as a whole before it reads on, while the last it gave is still in use.
_MOST_AT_FRONT: Final = 1_000
MOST_IN_FLIGHT: Final = 40
PAGES_OF_A_SLICE: Final = 5.0
# A slice that has more pages may be split.
_SPLIT_AFTER: Final = 3
# Side by side, pages are read about three times as fast as one behind the other.
_WORTH: Final = 0.6
# When a slice has more pages than its neighbours let expect, and so many that it is read by more chains at once.
_LONGER: Final = 1.2
_DENSER: Final = 4
_DENSE_PAGES: Final = 12
_LEFT_OVER: Final = 2
_PARTS: Final = 4
_SMOOTHING: Final = 0.2


@dataclass(slots=True, eq=False)
class Chain:
    """The pages of one slice: `token` leads to the next one; `unsure` counts those since the last one with an event.

    `throttled` and `failures` count how often the next page was asked for in vain.
    """

    slice: Slice
    order: EventOrder = field(default_factory=EventOrder)
    token: str = ""
    pages: int = 0
    unsure: int = 0
    in_flight: bool = False
    done: bool = False
    not_before: float = -math.inf
    throttled: int = 0
    failures: int = 0
    error: Exception | None = None

    @property
    def ended(self) -> bool:
        """Whether no further page comes."""
        return self.done or self.error is not None


@dataclass(frozen=True, slots=True)
class Page:
    """What a call answered; `token` is empty where nothing follows, `seconds` how long it took."""

    entries: Sequence[LogEntry]
    token: str
    seconds: float


class Schedule:
    """The chains of one search; to be used by one thread at a time."""

    def __init__(self, window: Slice, most_calls: int, burst: int, density: Density) -> None:
        self._plan = SlicePlan(window, burst, density)
        self._density = density
        self._most_calls = most_calls
        self._chains: deque[Chain] = deque()
        self._in_flight = 0
        self._latency = 0.0
        self._entries_per_page = 0.0

    @property
    def ended(self) -> bool:
        """Whether no further call is needed."""
        return self._plan.exhausted and all(chain.ended for chain in self._chains)

    @property
    def waiting(self) -> int:
        """The entries that were read and not taken."""
        return sum(chain.order.entries for chain in self._chains)

    @property
    def _waiting_bytes(self) -> int:
        return sum(chain.order.bytes for chain in self._chains)

    def has_work(self, now: float) -> bool:
        """Tell whether a call can go out now."""
        return self._ready(now) is not None or self._may_open()

    def sleeps_until(self, now: float) -> float:
        """Return when a chain that waits before it is asked for again is ready; infinite when there is none."""
        return min((c.not_before for c in self._chains if not c.ended and c.not_before > now), default=math.inf)

    def start(self, now: float) -> Chain | None:
        """Choose the page that is asked for now, None when there is none; its call counts as on the way."""
        chain = self._ready(now) or (self._open() if self._may_open() else None)
        if chain:
            chain.in_flight = True
            self._in_flight += 1
        return chain

    def answered(self, chain: Chain, page: Page, free_calls: int) -> None:
        """Take the page of a chain; `free_calls` could go out now."""
        self._returned(chain)
        if chain.ended:
            return
        self._latency = _smoothed(self._latency, page.seconds)
        self._entries_per_page = _smoothed(self._entries_per_page, len(page.entries))
        chain.throttled = chain.failures = 0
        inside = [entry for entry in page.entries if _is_in(chain.slice, entry)]
        if not self._can_keep(chain, inside):
            return
        chain.pages += 1
        chain.order.add(inside)
        chain.unsure = 0 if inside else chain.unsure + 1
        # a token that comes back would lead here again, for ever
        if page.token in ("", chain.token):
            self._density.learn(chain.slice.width, chain.pages)
            chain.order.finish()
            chain.done = True
            self._drop_spent()
            return
        chain.token = page.token
        if self._is_worth_splitting(chain, free_calls):
            self._split(chain, _PARTS)

    def postponed(self, chain: Chain, until: float) -> None:
        """Take note that the call of a chain failed, and is made again from then on."""
        self._returned(chain)
        chain.not_before = until

    def failed(self, chain: Chain, error: Exception) -> None:
        """Take note that a chain cannot be read on: what lies behind it will never be handed out."""
        self._returned(chain)
        chain.error = error
        self._plan.end()
        if chain in self._chains:
            while self._chains[-1] is not chain:
                self._chains.pop().error = error

    def take(self) -> list[LogEntry]:
        """Return the entries that come next, empty when none is known yet; raises what ended the reading there."""
        self._drop_spent()
        if not self._chains:
            return []
        front = self._chains[0]
        if front.error and not front.order.has_settled:
            raise front.error
        taken = front.order.take()
        self._drop_spent()
        return taken

    @property
    def can_take(self) -> bool:
        """Whether `take` has something to tell, be it the end."""
        for chain in self._chains:
            if chain.order.has_settled or chain.error:
                return True
            if not chain.done:
                return False
        return self._plan.exhausted

    def _drop_spent(self) -> None:
        """Let the first chain that has not ended stand at the front, which reads on however much waits behind it."""
        while self._chains and self._chains[0].done and not self._chains[0].order.has_settled:
            self._chains.popleft()

    def _ready(self, now: float) -> Chain | None:
        if self._in_flight >= MOST_IN_FLIGHT:
            return None
        for number, chain in enumerate(self._chains):
            if not chain.ended and not chain.in_flight and chain.not_before <= now and self._has_room(number):
                return chain
        return None

    def _has_room(self, number: int) -> bool:
        """Tell whether the chain at a place may read on; that at the front needs only what it read before taken."""
        coming = self._in_flight * self._entries_per_page
        if number == 0 and self._chains:
            order = self._chains[0].order
            return not order.has_settled or order.entries <= _MOST_AT_FRONT
        return self.waiting + coming < MOST_WAITING_ENTRIES and self._waiting_bytes < MOST_WAITING_BYTES

    def _can_keep(self, chain: Chain, entries: Sequence[LogEntry]) -> bool:
        """Tell whether a page may wait for the front; one that may not is asked for again when there is room."""
        if not entries or chain is self._chains[0]:
            return True
        new_bytes = sum(map(bytes_of, entries))
        return (
            self.waiting + len(entries) <= MOST_WAITING_ENTRIES
            and self._waiting_bytes + new_bytes <= MOST_WAITING_BYTES
        )

    def _may_open(self) -> bool:
        return not self._plan.exhausted and self._in_flight < MOST_IN_FLIGHT and self._has_room(len(self._chains))

    def _open(self) -> Chain:
        self._chains.append(Chain(self._plan.next(self._pages_of_a_slice(), self._chains_needed())))
        return self._chains[-1]

    def _chains_needed(self) -> int:
        return max(2, math.ceil(self._most_calls * self._latency))

    def _pages_of_a_slice(self) -> float:
        """Return how many pages a slice shall have: fewer where many entries of it would wait for the front."""
        waiting = self._entries_per_page * self._chains_needed()
        return min(PAGES_OF_A_SLICE, max(MOST_WAITING_ENTRIES / waiting, 1.0)) if waiting else PAGES_OF_A_SLICE

    def _is_worth_splitting(self, chain: Chain, free_calls: int) -> bool:
        """Tell whether the rest of a slice is read sooner side by side, though what is unsure is read again for it."""
        if not self._plan.exhausted or chain.pages < _SPLIT_AFTER or chain.slice.width < _LEFT_OVER:
            return False
        expected = self._density.pages_per_ms * chain.slice.width if self._density.known else 0.0
        is_dense = chain.pages > _DENSER * expected + _DENSE_PAGES
        if free_calls < _LEFT_OVER or self._others_wait(chain):
            return is_dense and self._density.known
        # what has gone on for long is likely to go on for as long again
        left = chain.pages if chain.pages > _LONGER * expected else max(expected - chain.pages, 0.0)
        return left > _WORTH * chain.unsure + 1

    def _others_wait(self, chain: Chain) -> bool:
        return any(not other.ended and not other.in_flight and other is not chain for other in self._chains)

    def _split(self, chain: Chain, parts: int) -> None:
        """Read the rest of a slice side by side, from the last time on that it is known to have come to."""
        reached = chain.order.reached()
        start = chain.slice.start if reached is None else milliseconds(reached)
        chain.done = True
        place = self._chains.index(chain)
        for number, part in enumerate(Slice(start, chain.slice.end).cut(parts)):
            self._chains.insert(place + 1 + number, Chain(part))
        self._drop_spent()

    def _returned(self, chain: Chain) -> None:
        chain.in_flight = False
        self._in_flight -= 1


def _is_in(span: Slice, entry: LogEntry) -> bool:
    return entry.time is not None and span.start <= milliseconds(entry.time) < span.end


def _smoothed(known: float, new: float) -> float:
    return new if not known else known + _SMOOTHING * (new - known)
