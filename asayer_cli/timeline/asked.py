"""What was typed becomes session ids, and those become the spans of time that are worth searching."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from asayer_cli.entries import EARLIEST, LATEST, Window
from asayer_cli.errors import UsageError
from asayer_cli.session_id import OutOfRangeError, SessionId
from asayer_cli.sources import Span
from asayer_cli.tag import CONVENTIONS

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

BEFORE_SESSION: Final = timedelta(minutes=1)
LONGEST_SESSION: Final = timedelta(hours=2)
WITHOUT_START: Final = timedelta(hours=24)
# how far the clocks of those who log may be ahead of ours
CLOCKS_AHEAD: Final = timedelta(minutes=5)
MOST_IDS: Final = 100
_DAY: Final = timedelta(days=1)
_TOKEN: Final = re.compile(r"(?=[^.]*[a-z]|.*\.[^.]*[a-z])[0-9a-z]+(?:\.[0-9a-z]+)+", re.ASCII)
_NUMBER: Final = re.compile(r"(?<![0-9.])[0-9]{1,40}(?![0-9.])", re.ASCII)
_WHERE_THE_ID_IS: Final = (
    "Give the session id, a decimal number such as 4113219715072001793: it stands in the replay's URL, in the tags of "
    "log entries, and window.asayer.sessionID() gives it in the browser."
)


@dataclass(frozen=True, slots=True)
class Asked:
    """The sessions in the order in which they were asked for, the spans to search, and what is doubtful about them."""

    session_ids: tuple[SessionId, ...]
    spans: tuple[Span, ...]
    doubts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Bounds:
    """What the user said about the window; what is None follows from the sessions."""

    since: datetime | None = None
    until: datetime | None = None
    max_duration: timedelta = LONGEST_SESSION
    follow: bool = False


def ask(texts: Iterable[str], bounds: Bounds, now: datetime) -> Asked:
    """Read what was typed and tell where to search; UsageError for what is no session, or a window without time."""
    ids = tuple(dict.fromkeys(parse_session(text, now) for text in texts))
    if not ids:
        raise UsageError("No session id was given.", hint=_WHERE_THE_ID_IS, code="no_session_id")
    if len(ids) > MOST_IDS:
        raise UsageError(f"{len(ids)} sessions are too many at once: at most {MOST_IDS}.", code="too_many_sessions")
    try:
        spans = _joined([Span(_window(session_id, bounds, now), frozenset({session_id})) for session_id in ids])
    except OverflowError as error:
        raise UsageError("The window lies outside the calendar.", code="bad_window") from error
    doubts = tuple(_doubt(session_id, bounds, now) for session_id in ids if not session_id.may_be_real(now))
    return Asked(ids, spans, doubts)


def parse_session(text: str, now: datetime) -> SessionId:
    """Read an id, a tag, or a replay's URL; UsageError, with where to find the id, for anything else."""
    cleaned = text.strip()
    if cleaned.isascii() and cleaned.isdecimal():
        return _parse_digits(cleaned)
    for convention in CONVENTIONS.values():
        if match := convention.patterns.any_id.search(cleaned):
            return _parse_digits(match[1])
    value = cleaned.rpartition("=")[2].strip("[] ") if "://" not in cleaned else ""
    if _TOKEN.fullmatch(value):
        raise UsageError(
            f"{value!r} is a session token, not a session id.", hint=_WHERE_THE_ID_IS, code="session_token"
        )
    if "/" in cleaned or "?" in cleaned or "#" in cleaned:
        return _in_url(cleaned, now)
    raise UsageError(f"{_shortened(text)!r} is no session id.", hint=_WHERE_THE_ID_IS, code="malformed_session_id")


def _parse_digits(digits: str) -> SessionId:
    try:
        return SessionId.parse(digits)
    except OutOfRangeError as error:
        raise UsageError(
            f"{_shortened(digits)} is no session id: it does not fit an unsigned 64-bit integer.",
            hint=_WHERE_THE_ID_IS,
            code="malformed_session_id",
        ) from error


def _in_url(url: str, now: datetime) -> SessionId:
    from urllib.parse import unquote  # noqa: PLC0415 - only for a URL, for a fast start

    found = dict.fromkeys(session_id for digits in _NUMBER.findall(unquote(url)) if (session_id := _real(digits, now)))
    if len(found) == 1:
        return next(iter(found))
    several = ", ".join(map(str, found))
    raise UsageError(
        f"The URL holds several numbers that may be a session id: {several}."
        if found
        else f"There is no session id in {_shortened(url)!r}.",
        hint="Give the one that is the session's alone." if found else _WHERE_THE_ID_IS,
        code="ambiguous_url" if found else "malformed_session_id",
    )


def _real(digits: str, now: datetime) -> SessionId | None:
    try:
        session_id = SessionId.parse(digits)
    except ValueError:
        return None
    return session_id if session_id.may_be_real(now) else None


def _window(session_id: SessionId, bounds: Bounds, now: datetime) -> Window:
    real = session_id.may_be_real(now)
    latest = now + (bounds.max_duration if bounds.follow else CLOCKS_AHEAD)
    if real and bounds.since is None:
        begun = session_id.started_at + bounds.max_duration
        latest = begun if bounds.follow else min(begun, latest)
    end = bounds.until or latest
    start = bounds.since or (session_id.started_at - BEFORE_SESSION if real else min(end, now) - WITHOUT_START)
    # so far inside the calendar that every zone can show it
    start, end = max(start, EARLIEST + _DAY), min(end, LATEST - _DAY)
    if end <= start:
        raise UsageError(
            f"The window is empty: it begins at {start:%Y-%m-%dT%H:%M:%SZ} and ends at {end:%Y-%m-%dT%H:%M:%SZ}.",
            hint="Let --since lie before --until, and before now.",
            code="empty_window",
        )
    return Window(start, end)


def _joined(spans: list[Span]) -> tuple[Span, ...]:
    joined: list[Span] = []
    for span in sorted(spans, key=lambda span: (span.window.start, span.window.end)):
        last = joined[-1] if joined else None
        if last and span.window.start <= last.window.end:
            window = Window(last.window.start, max(last.window.end, span.window.end))
            joined[-1] = Span(window, last.session_ids | span.session_ids)
        else:
            joined.append(span)
    return tuple(joined)


def _doubt(session_id: SessionId, bounds: Bounds, now: datetime) -> str:
    began = f"{session_id.started_at:%Y-%m-%d %H:%M} UTC"
    why = (
        f"will begin at {began}" if session_id.started_at > now else f"would have begun at {began}, before the product"
    )
    searched = "" if bounds.since or bounds.until else " The last 24 hours are searched; --since and --until change it."
    return f"Session id {session_id} was not made by the product: its session {why}.{searched}"


def _shortened(text: str) -> str:
    return text if len(text) <= 80 else f"{text[:80]}…"  # noqa: PLR2004 - what fits a line
