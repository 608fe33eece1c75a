"""The session id: an unsigned 64-bit integer that tells when its session began.

Bits 63..24 are milliseconds since 2019-02-12T19:33:20Z, bits 23..8 a shard, bits 7..0 a sequence
(the product's collectors, public history of openreplay/openreplay).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final, Self

EPOCH_MS: Final = 1_550_000_000_000
MAXIMUM: Final = 2**64 - 1
_TIME_SHIFT: Final = 24
_FIRST_DAY_MS: Final = 86_400_000
_DIGITS: Final = re.compile(r"[0-9]+", re.ASCII)
_MOST_DIGITS: Final = 20
_UNIX_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class OutOfRangeError(ValueError):
    """The digits do not fit an unsigned 64-bit integer."""


@dataclass(frozen=True, slots=True, order=True)
class SessionId:
    """One session's id, 0 to 2^64-1; `str` gives the decimal form in which it travels."""

    value: int

    def __post_init__(self) -> None:
        if not 0 <= self.value <= MAXIMUM:
            raise OutOfRangeError("a session id is an unsigned 64-bit integer")

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a decimal id; ValueError when it is none, OutOfRangeError when it does not fit 64 bits."""
        if not _DIGITS.fullmatch(text):
            raise ValueError("a session id is written in decimal digits")
        significant = text.lstrip("0")
        if len(significant) > _MOST_DIGITS:
            raise OutOfRangeError("a session id is an unsigned 64-bit integer")
        return cls(int(significant or "0"))

    @classmethod
    def starting_at(cls, started_at: datetime, low_bits: int = 0) -> Self:
        """Make the id of a session that began at `started_at` (aware), with 24 `low_bits` of shard and sequence."""
        ms = (started_at - _UNIX_EPOCH) // timedelta(milliseconds=1) - EPOCH_MS
        return cls((ms << _TIME_SHIFT) | (low_bits & (2**_TIME_SHIFT - 1)))

    @property
    def started_at(self) -> datetime:
        """When the session began, in UTC, to the millisecond."""
        return _UNIX_EPOCH + timedelta(milliseconds=(self.value >> _TIME_SHIFT) + EPOCH_MS)

    def may_be_real(self, now: datetime) -> bool:
        """Tell whether the product can have made this id: its session began before `now`, and not on its first day.

        Small numbers, such as a user's id taken for a session's, all lie in the milliseconds after 2019-02-12.
        """
        return self.value >> _TIME_SHIFT >= _FIRST_DAY_MS and self.started_at <= now

    def __str__(self) -> str:
        return str(self.value)
