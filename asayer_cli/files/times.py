"""The time that a log line carries: the forms that loggers and servers write."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone
from typing import Final

UTC_ASSUMED: Final = "times without a zone were taken for UTC"
YEAR_ASSUMED: Final = "times without a year were taken for the newest that is not in the future"
_UNIX_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MONTHS: Final = {
    name: number
    for number, name in enumerate(b"Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(), start=1)
}  # fmt: skip
_MONTH: Final = rb"(Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)"
_CLOCK: Final = rb"(\d\d):(\d\d):(\d\d)"
_FRACTION: Final = rb"(?:[.,](\d{1,9}))?"
# hours alone only where no blank stands between
_ZONE: Final = rb"(?: ?(Z\b|UTC|GMT|[+-]\d\d:?\d\d|(?<=\d)[+-]\d\d)\b)?"
# before the time stands a level, a host or a bracket, but no quotation
_BEFORE: Final = rb"[\w.:/<>|()\[\]\t -]{0,40}?"
# Epochs from 2001 on: seconds, milliseconds, microseconds and nanoseconds tell themselves apart by their digits.
_DIGITS_OF: Final = {10: 1, 13: 1_000, 16: 1_000_000, 19: 1_000_000_000}
_SEARCHED: Final = 256
_AHEAD: Final = timedelta(days=2)

_ISO: Final = re.compile(_BEFORE + rb"(?<!\d)(\d{4})-(\d\d)-(\d\d)[T ]" + _CLOCK + _FRACTION + _ZONE)
_SLASHED: Final = re.compile(_BEFORE + rb"(?<!\d)(\d{4})/(\d\d)/(\d\d) " + _CLOCK + _FRACTION + _ZONE)
_APACHE: Final = re.compile(
    rb"[^\[]{0,120}\[(\d\d)/" + _MONTH + rb"/(\d{4}):" + _CLOCK + _FRACTION + rb" ([+-]\d{4})\]"
)
_TOMCAT: Final = re.compile(_BEFORE + rb"(?<!\d)(\d{1,2})[ -]" + _MONTH + rb"[ -](\d{4}) " + _CLOCK + _FRACTION + _ZONE)
_ASCTIME: Final = re.compile(
    _BEFORE + _MONTH + rb" +(\d{1,2}) " + _CLOCK + _FRACTION + rb"(?: (UTC|GMT|[+-]\d{4}))? (\d{4})\b"
)
_SYSLOG: Final = re.compile(rb"(?:<\d{1,3}>)?" + _MONTH + rb" +(\d{1,2}) " + _CLOCK + _FRACTION + rb"\b")
_KLOG: Final = re.compile(rb"[IWEF](\d\d)(\d\d) " + _CLOCK + _FRACTION + rb"\b")
_EPOCH: Final = re.compile(rb"\[?(1\d{18}|1\d{15}|1\d{12}|1\d{9})(?:\.(\d{1,9}))?(?![\w.])")
# what most lines begin with, and the standard library reads fastest
_COMMON: Final = re.compile(rb"(\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d{3,9})?(?:Z|[+-]\d\d:\d\d))(?!\S)")
# logfmt: level=error ts=
_KEY: Final = re.compile(rb'(?:[\w.]+=[\w./:-]* ){0,3}(?:time|ts|t|timestamp|datetime|date|asctime|at)="?')
# what the launcher of propagation sets before each line
_TAG: Final = re.compile(rb"\[[\w.]{1,80}=\d{1,20}\] ?")
_HAS_CLOCK: Final = re.compile(rb"\d\d:\d\d:\d\d")


class Clock:
    """Reads times; `assumed_utc` and `assumed_year` tell whether any of them lacked its zone or its year.

    A time without a zone is taken for UTC; one without a year for the newest that is not in the future of `now`.
    """

    def __init__(self, now: datetime | None = None) -> None:
        self.assumed_utc = False
        self.assumed_year = False
        self._now = now or datetime.now(UTC)

    def of_line(self, line: bytes) -> datetime | None:
        """Return the time that stands at the head of a line, None where there is none."""
        head = line[:_SEARCHED]
        if head[:1] == b"[" and (tag := _TAG.match(head)):
            head = head[tag.end() :]
        if not head[:1].strip():
            return None
        try:
            if match := _COMMON.match(head):
                return datetime.fromisoformat(match[1].decode()).astimezone(UTC)
            if key := _KEY.match(head):
                head = head[key.end() :]
            return (self._by_clock(head) if _HAS_CLOCK.search(head) else None) or self._by_epoch(head)
        except (ValueError, OverflowError):
            return None

    def of_value(self, value: object) -> datetime | None:
        """Return the time that a field of JSON says: text in any of the forms, or a number since 1970."""
        try:
            if isinstance(value, str):
                return _moment_of_digits(value) or self._text(value.strip().encode())
            if isinstance(value, int | float) and not isinstance(value, bool):
                return _since_epoch(value)
        except (ValueError, OverflowError):
            pass
        return None

    def _text(self, text: bytes) -> datetime | None:
        return self.of_line(text) or self._by_epoch(text)

    def _by_clock(self, head: bytes) -> datetime | None:
        for pattern, read in self._forms:
            if match := pattern.match(head):
                return read(self, match)
        return None

    def _by_epoch(self, head: bytes) -> datetime | None:
        match = _EPOCH.match(head)
        return None if match is None else _of_digits(match[1], match[2])

    def _iso(self, match: re.Match[bytes]) -> datetime:
        year, month, day, *clock, fraction, zone = match.groups()
        return self._at(int(year), int(month), int(day), clock, fraction, zone)

    def _apache(self, match: re.Match[bytes]) -> datetime:
        day, month, year, *clock, fraction, zone = match.groups()
        return self._at(int(year), _MONTHS[month], int(day), clock, fraction, zone)

    def _asctime(self, match: re.Match[bytes]) -> datetime:
        month, day, *clock, fraction, zone, year = match.groups()
        return self._at(int(year), _MONTHS[month], int(day), clock, fraction, zone)

    def _syslog(self, match: re.Match[bytes]) -> datetime:
        month, day, *clock, fraction = match.groups()
        return self._of_this_year(_MONTHS[month], int(day), clock, fraction)

    def _klog(self, match: re.Match[bytes]) -> datetime:
        month, day, *clock, fraction = match.groups()
        return self._of_this_year(int(month), int(day), clock, fraction)

    def _of_this_year(self, month: int, day: int, clock: list[bytes], fraction: bytes | None) -> datetime:
        self.assumed_year = True
        for year in range(self._now.year + 1, self._now.year - 8, -1):
            try:
                found = self._at(year, month, day, clock, fraction, None)
            except ValueError:  # the 29th of February
                continue
            if found <= self._now + _AHEAD:
                return found
        raise ValueError("no year has this day")

    def _at(
        self, year: int, month: int, day: int, clock: list[bytes], fraction: bytes | None, zone: bytes | None
    ) -> datetime:
        hour, minute, second = map(int, clock)
        micro = int((fraction or b"0")[:6].ljust(6, b"0"))
        # a leap second is shown as the one before it
        found = datetime(year, month, day, hour, minute, min(second, 59), micro, tzinfo=_zone(zone))
        self.assumed_utc = self.assumed_utc or zone is None
        return found.astimezone(UTC)

    _forms = (
        (_ISO, _iso),
        (_APACHE, _apache),
        (_SLASHED, _iso),
        (_ASCTIME, _asctime),
        (_TOMCAT, _apache),
        (_SYSLOG, _syslog),
        (_KLOG, _klog),
    )


def _zone(text: bytes | None) -> timezone:
    if text is None or text in (b"Z", b"UTC", b"GMT"):
        return UTC
    digits = text[1:].replace(b":", b"")
    offset = timedelta(hours=int(digits[:2]), minutes=int(digits[2:] or 0))
    return timezone(-offset if text[:1] == b"-" else offset)


def _since_epoch(value: float) -> datetime | None:
    """Read seconds, or finer units by their size, from 2001 on."""
    for digits, unit in _DIGITS_OF.items():
        if 10 ** (digits - 1) <= value < 10**digits:
            whole, part = divmod(value, unit)
            return _UNIX_EPOCH + timedelta(seconds=int(whole), microseconds=int(part * 1_000_000 // unit))
    return None


def _moment_of_digits(text: str) -> datetime | None:
    match = _EPOCH.fullmatch(text.strip().encode())
    return None if match is None else _of_digits(match[1], match[2])


def _of_digits(digits: bytes, fraction: bytes | None) -> datetime:
    unit = _DIGITS_OF[len(digits)]
    whole, part = divmod(int(digits), unit)
    micro = part * 1_000_000 // unit
    if fraction and unit == 1:
        micro = int(fraction[:6].ljust(6, b"0"))
    return _UNIX_EPOCH + timedelta(seconds=whole, microseconds=micro)
