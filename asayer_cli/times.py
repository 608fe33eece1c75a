"""Durations (`90d`, `1h30m`) and moments (ISO 8601 with a zone, or an age such as `2h`)."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Final

_SECONDS: Final = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
_PART: Final = re.compile(r"(\d{1,9})(ms|[smhdw])", re.ASCII)
_WHOLE: Final = re.compile(rf"(?:{_PART.pattern})+", re.ASCII)
_LONGEST: Final = timedelta(days=36_500)


def parse_duration(text: str) -> timedelta:
    """Read a duration such as `90d`, `3m` or `1h30m`; ValueError, with what is wrong, when it is none."""
    cleaned = text.strip().lower()
    if not _WHOLE.fullmatch(cleaned):
        raise ValueError(f"{text!r} is no duration: write a number and a unit, such as 30s, 15m, 2h or 90d")
    seconds = sum(int(amount) * _SECONDS[unit] for amount, unit in _PART.findall(cleaned))
    if not 0 < seconds <= _LONGEST.total_seconds():
        raise ValueError(f"{text!r} is out of range: a duration is more than nothing and at most 100 years")
    return timedelta(seconds=seconds)


def parse_moment(text: str, now: datetime) -> datetime:
    """Read a moment: `now`, an age such as `2h`, or ISO 8601 with a zone; ValueError when it is none of these."""
    cleaned = text.strip()
    if cleaned.lower() == "now":
        return now
    if _WHOLE.fullmatch(cleaned.lower()):
        return now - parse_duration(cleaned)
    return _parse_iso(text, cleaned)


def _parse_iso(text: str, cleaned: str) -> datetime:
    try:
        moment = datetime.fromisoformat(cleaned)
    except ValueError as error:
        raise ValueError(
            f"{text!r} is no time: write an age such as 2h, or ISO 8601 such as 2026-11-22T09:30:00Z"
        ) from error
    if moment.tzinfo is None:
        raise ValueError(f"{text!r} has no zone: append Z for UTC, or an offset such as +02:00")
    try:
        return moment.astimezone(UTC)
    except OverflowError as error:
        raise ValueError(f"{text!r} is out of range") from error


def format_duration(duration: timedelta) -> str:
    """Write a duration in its two largest units: `3m`, `1h 30m`, `12d`."""
    seconds = max(0, round(duration.total_seconds()))
    parts = []
    for unit in ("d", "h", "m", "s"):
        amount, seconds = divmod(seconds, int(_SECONDS[unit]))
        if amount:
            parts.append(f"{amount}{unit}")
    return " ".join(parts[:2]) or "0s"
