"""How a reading ended: what each source had, whether all of it was read, and why there may be nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from asayer_cli.entries import rfc3339
from asayer_cli.exit_codes import ExitCode, first_of
from asayer_cli.profile_option import led_to
from asayer_cli.result import Failure
from asayer_cli.timeline.model import Completeness, SourceReading
from asayer_cli.times import format_duration

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from asayer_cli.entries import Window
    from asayer_cli.sources import Reading
    from asayer_cli.tag import TagConvention
    from asayer_cli.timeline.asked import Asked
    from asayer_cli.timeline.error_kinds import ErrorCounts
    from asayer_cli.timeline.side_by_side import Reader

# no store says how long an entry takes until it can be found; minutes are usual
ARRIVES_WITHIN: Final = timedelta(minutes=5)
_OLD: Final = timedelta(days=7)
_INTERRUPTED: Final = "reading was interrupted before its end"


def completeness(
    readers: Sequence[Reader], asked: Asked, convention: TagConvention, entries: int, counts: ErrorCounts, now: datetime
) -> tuple[Completeness, ExitCode]:
    """Return the end of a timeline of so many entries, and the exit code that it adds up to."""
    readings = tuple(source_reading(reader, asked, now) for reader in readers if reader.configured)
    complete = all(reading.complete for reading in readings)
    explained = bool(entries) or all(reading.failure for reading in readings)
    told = Completeness(
        entries=entries,
        errors=counts.errors,
        error_kinds=counts.kinds(),
        readings=readings,
        complete=complete,
        may_grow=any(reading.may_grow for reading in readings),
        likely_reasons=() if explained else tuple(likely_reasons(readings, asked, convention, now)),
    )
    return told, exit_code(readers, told)


def led_to_profile(told: Completeness, profile: str) -> Completeness:
    """Let the commands in what is advised lead to the profile."""
    return replace(
        told,
        likely_reasons=tuple(led_to(profile, reason) for reason in told.likely_reasons),
        readings=tuple(
            replace(reading, failure=replace(reading.failure, hint=led_to(profile, reading.failure.hint)))
            if reading.failure
            else reading
            for reading in told.readings
        ),
    )


def exit_code(readers: Sequence[Reader], told: Completeness) -> ExitCode:
    """Return the code of the worst failure, of an interrupt, or of "unreachable" where something is missing."""
    codes = [reader.error.exit_code for reader in readers if reader.error]
    if codes:
        return first_of(codes)
    if not all(reader.found_all for reader in readers if reader.configured):
        return ExitCode.INTERRUPTED
    if not told.complete:
        return ExitCode.UNREACHABLE
    return ExitCode.OK if told.entries else ExitCode.CHECK_FAILED


def window_of(asked: Asked) -> tuple[datetime, datetime]:
    """Return the begin of the first span and the end of the last one."""
    return asked.spans[0].window.start, max(span.window.end for span in asked.spans)


def source_reading(reader: Reader, asked: Asked, now: datetime) -> SourceReading:
    """Return what a reader tells of its source."""
    start, end = window_of(asked)
    reading: Reading | None = reader.reading
    notes = reading.notes if reading else ()
    if not reader.error and not reader.found_all:
        notes = (*notes, _INTERRUPTED)
    return SourceReading(
        source=reader.name,
        place=reader.place,
        searched_from=start,
        searched_to=end,
        engine=reading.engine if reading else "",
        entries=reader.count,
        complete=not reader.error and not notes,
        notes=notes,
        remarks=reading.remarks if reading else (),
        newest=reading.newest if reading else None,
        newest_ingestion=reading.newest_ingestion if reading else None,
        may_grow=end + ARRIVES_WITHIN > now,
        failure=Failure.of(reader.error) if reader.error else None,
    )


def likely_reasons(
    readings: Sequence[SourceReading], asked: Asked, convention: TagConvention, now: datetime
) -> Iterator[str]:
    """Yield why nothing may have been found, the likeliest first, each with the check that would tell."""
    yield from _about_ids(asked, now)
    yield from _about_places(readings)
    window = asked.spans[-1].window
    yield (
        f"The application may not write the tag {convention.write(asked.session_ids[0])} into its log entries. What is "
        f"tagged at all: {_verify(window, readings, now)}"
    )
    yield from _about_window(asked, window, now)
    if any(reading.source == "aws" for reading in readings):
        yield ("The entries may be in another log group or region. The log groups there are: asayer-cli aws log-groups")
    if any(reading.source == "elastic" for reading in readings):
        yield "The entries may be in indices that the profile does not name: asayer-cli elastic status"


def _about_ids(asked: Asked, now: datetime) -> Iterator[str]:
    for session_id in asked.session_ids:
        age = now - session_id.started_at
        if not session_id.may_be_real(now):
            yield f"{session_id} may be no session id: the product would not have made it. Copy it from the replay."
        elif age < ARRIVES_WITHIN:
            yield (
                f"The session began only {format_duration(age)} ago, and entries take a moment to arrive. Wait for "
                f"them: asayer-cli session {session_id} --follow"
            )


def _about_places(readings: Sequence[SourceReading]) -> Iterator[str]:
    for reading in readings:
        if reading.failure is None and reading.newest is None and reading.complete and reading.source != "file":
            check = "asayer-cli aws log-groups" if reading.source == "aws" else "asayer-cli elastic status"
            yield (
                f"No entry of any kind is known in the window in {reading.place}: the logs may go elsewhere, or are "
                f"kept for a shorter time. What is there: {check}"
            )


def _about_window(asked: Asked, window: Window, now: datetime) -> Iterator[str]:
    first = asked.session_ids[0]
    if first.may_be_real(now) and window.end < now:
        yield (
            f"The session may have lasted longer than the window, which ends at {rfc3339(window.end)}: "
            f"asayer-cli session {first} --max-duration 12h"
        )
    if now - window.end > _OLD:
        age = format_duration(now - window.end)
        yield f"The window ended {age} ago: log stores drop entries when their retention is over."


def _verify(window: Window, readings: Sequence[SourceReading], now: datetime) -> str:
    if all(reading.source == "file" for reading in readings):
        return "asayer-cli coverage --file PATH"
    until = "" if window.end >= now else f" --until {window.end:%Y-%m-%dT%H:%M:%SZ}"
    return f"asayer-cli verify --since {window.start:%Y-%m-%dT%H:%M:%SZ}{until}"
