"""The end of a timeline for people: the kinds of errors, what was searched, and whether anything may be missing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rich.text import Text

from asayer_cli.output.sanitise import one_line
from asayer_cli.output.text_timeline import TIMES, clock, moment_text, offset_text, zone_text
from asayer_cli.output.text_verification import number
from asayer_cli.secret import redact

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime, tzinfo

    from asayer_cli.timeline.model import Completeness, ErrorKind, Session, SourceReading, Timeline

_MOST_KINDS: Final = 10
_MOST_NOTES: Final = 5
_LONGEST_KIND: Final = 120


def header_lines(timeline: Timeline, zone: tzinfo) -> Iterator[Text]:
    """Yield what is shown, when it began, and where its replay is."""
    several = len(timeline.sessions) > 1
    for position, session in enumerate(timeline.sessions, 1):
        mark = f"#{position} " if several else ""
        yield Text.assemble((f"{mark}Session {session.id}", "bold"), f"  began {moment_text(session.started_at, zone)}")
        if session.replay_url:
            yield Text(f"  replay  {one_line(session.replay_url)}")
    yield Text(f"  times in {zone_text(zone, timeline.sessions[0].started_at)}", style="dim")
    yield Text()


def end_lines(told: Completeness, sessions: tuple[Session, ...], zone: tzinfo, *, full: bool) -> Iterator[Text]:
    """Yield the end of a timeline."""
    yield Text()
    if told.error_kinds:
        yield from _kinds(told, sessions[0].started_at if len(sessions) == 1 else None, zone, full=full)
    yield from _searched(told, zone)
    if told.likely_reasons:
        yield Text("Why there may be nothing", style="bold")
        yield from (Text(f"  • {redact(reason)}") for reason in told.likely_reasons)
    yield _verdict(told)


def _kinds(told: Completeness, began: datetime | None, zone: tzinfo, *, full: bool) -> Iterator[Text]:
    kinds = told.error_kinds if full else told.error_kinds[:_MOST_KINDS]
    yield Text(f"{number(told.errors, 'error')} of {number(len(told.error_kinds), 'kind')}", style="bold")
    width = max(len(f"{kind.count:,}") for kind in kinds)
    for kind in kinds:
        message = one_line(redact(kind.message)).strip() or "(no message)"
        message = message if len(message) <= _LONGEST_KIND else f"{message[:_LONGEST_KIND]}…"
        when = _when(kind, began, zone)
        yield Text.assemble(f"  {kind.count:>{width},}{TIMES}  ", message, (f"  {when}", "dim"))
    if left := len(told.error_kinds) - len(kinds):
        yield Text(f"  and {number(left, 'more kind')}; --full shows them", style="dim")
    yield Text()


def _when(kind: ErrorKind, began: datetime | None, zone: tzinfo) -> str:
    def said(when: datetime) -> str:
        return offset_text(when - began) if began else clock(when, zone, "%H:%M:%S")

    if kind.first is None:
        return ""
    first = said(kind.first)
    last = said(kind.last) if kind.last else first
    return first if first == last else f"{first} to {last}"


def _searched(told: Completeness, zone: tzinfo) -> Iterator[Text]:
    spans = {(reading.searched_from, reading.searched_to) for reading in told.readings}
    for start, end in sorted(spans):
        yield Text.assemble(("Searched", "bold"), f" {moment_text(start, zone)} to {moment_text(end, zone)}")
        for reading in told.readings:
            if (reading.searched_from, reading.searched_to) == (start, end):
                yield from _reading(reading, zone)
    yield Text()


def _reading(reading: SourceReading, zone: tzinfo) -> Iterator[Text]:
    mark, style = ("✗", "bold red") if reading.failure else ("✓", "green") if reading.complete else ("!", "bold yellow")
    engine = f" ({reading.engine})" if reading.engine else ""
    counted = f"{reading.entries:,} {'entry' if reading.entries == 1 else 'entries'}"
    facts = [counted, *_newest(reading, zone)]
    yield Text.assemble("  ", (mark, style), f" {one_line(redact(reading.place))}{engine}: {'; '.join(facts)}")
    if reading.failure:
        yield Text(f"      {one_line(redact(reading.failure.message))}", style="red")
        if reading.failure.hint:
            yield Text(f"      → {one_line(redact(reading.failure.hint))}")
    for note in _some(reading.notes):
        yield Text(f"      {one_line(redact(note))}", style="yellow")
    for remark in _some(reading.remarks):
        yield Text(f"      {one_line(redact(remark))}", style="dim")


def _some(texts: tuple[str, ...]) -> tuple[str, ...]:
    left = len(texts) - _MOST_NOTES
    return texts if left <= 0 else (*texts[:_MOST_NOTES], f"and {left} more; --output json shows them")


def _newest(reading: SourceReading, zone: tzinfo) -> Iterator[str]:
    if reading.newest:
        yield f"newest of any kind {moment_text(reading.newest, zone)}"
    if reading.newest_ingestion:
        yield f"the last one taken in at {moment_text(reading.newest_ingestion, zone)}"


def _verdict(told: Completeness) -> Text:
    found = f"{told.entries:,} {'entry' if told.entries == 1 else 'entries'}" if told.entries else "Nothing was found"
    more = "; more may still arrive" if told.may_grow else ""
    if not told.readings:
        return Text(f"{found}.", style="bold yellow")
    if told.complete:
        read = "and all was read" if told.entries else "though all was read"
        return Text(f"{found}, {read}{more}.", style="bold green" if told.entries else "bold yellow")
    failed = sum(reading.failure is not None for reading in told.readings)
    what = f"{failed} of {number(len(told.readings), 'source')} could not be read" if failed else "not all was read"
    return Text(f"{found}, and {what}: there may be more{more}.", style="bold yellow")
