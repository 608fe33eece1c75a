"""How a window is cut into slices that are read side by side; pure, times are milliseconds since 1970.

A page of FilterLogEvents ends after 1 MB of events, whether they match or not, and says nothing of how far it came. So
the width of a slice is learnt from how many pages the slices before it had. Each slice wastes half a page on average,
at its end: slices are as few as keep the quota busy, and as narrow as first results need to come first.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

MINUTE_MS: Final = 60_000
# The first slices of a window are no narrower, however many could be read at once.
_NARROWEST_MS: Final = 5 * MINUTE_MS
_WIDENING: Final = 4
_REMEMBERED: Final = 8
_HALF_A_PAGE: Final = 0.5


@dataclass(frozen=True, slots=True)
class Slice:
    """A half-open span of milliseconds."""

    start: int
    end: int

    @property
    def width(self) -> int:
        """Its milliseconds."""
        return self.end - self.start

    def cut(self, parts: int) -> tuple[Slice, ...]:
        """Return equal parts of it, fewer where it has not as many milliseconds."""
        parts = max(1, min(parts, self.width))
        bounds = [self.start + self.width * number // parts for number in range(parts + 1)]
        return tuple(Slice(start, end) for start, end in pairwise(bounds))


class Density:
    """How many pages a span of time has, learnt from the slices that were read last; several threads may share it."""

    def __init__(self) -> None:
        self._read: deque[tuple[float, int]] = deque(maxlen=_REMEMBERED)

    def learn(self, width: int, pages: int) -> None:
        """Take note of a slice that was read to its end."""
        self._read.append((pages - _HALF_A_PAGE, width))

    @property
    def known(self) -> bool:
        """Whether anything was learnt."""
        return bool(self._read)

    @property
    def widest(self) -> int:
        """The widest slice that was learnt from."""
        return max(width for _, width in list(self._read))

    @property
    def pages_per_ms(self) -> float:
        """The pages of a millisecond."""
        read = list(self._read)
        return sum(pages for pages, _ in read) / sum(width for _, width in read)


class SlicePlan:
    """The slices of one window, cut off from its front one after the other as they are asked for.

    `burst` is how many of them are read at once at the beginning. Where nothing is known they cover the window.
    """

    def __init__(self, window: Slice, burst: int, density: Density) -> None:
        self._left = window
        self._density = density
        slices = max(1, min(burst, window.width // _NARROWEST_MS))
        self._first_width = max(1, -(-window.width // slices))
        # the first burst goes by what was known before it, however soon its first answer comes
        self._first = 0 if density.known else slices

    @property
    def exhausted(self) -> bool:
        """Whether the whole window was handed out."""
        return self._left.width <= 0

    def end(self) -> None:
        """Hand out nothing more."""
        self._left = Slice(self._left.end, self._left.end)

    def next(self, pages: float, chains: int) -> Slice:
        """Return the next slice, of about so many pages, where so many chains of pages are needed side by side."""
        width = min(self._first_width, self._left.width) if self._first else self._width(pages, chains)
        self._first -= self._first > 0
        cut = Slice(self._left.start, min(self._left.start + width, self._left.end))
        self._left = Slice(cut.end, self._left.end)
        return cut

    def _width(self, pages: float, chains: int) -> int:
        per_ms, left = self._density.pages_per_ms, self._left.width
        # towards the end no chain is to be left alone with much
        fair = max(left / chains, min(pages, 1.5) / per_ms)
        width = min(pages / per_ms, fair, self._density.widest * _WIDENING)
        return self._rounded(int(max(width, 1)))

    def _rounded(self, width: int) -> int:
        """Leave no remainder that is much narrower than a slice."""
        left = self._left.width
        return left if left <= width * (1 + _HALF_A_PAGE) else width
