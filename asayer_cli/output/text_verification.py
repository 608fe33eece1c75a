"""The answer of `verify` for people: each check with a mark, what to do about it, and the counts."""

from __future__ import annotations

from functools import partial, singledispatch
from typing import TYPE_CHECKING, Final

from rich.padding import Padding
from rich.segment import Segment
from rich.table import Table
from rich.text import Text

from asayer_cli.entries import rfc3339
from asayer_cli.output.sanitise import one_line
from asayer_cli.secret import redact
from asayer_cli.verification.model import Check, JudgedEntry, NearMiss, SourceReport, Status, Verification

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from rich.console import Console, ConsoleOptions, RenderableType, RenderResult

_MARKS: Final = {
    Status.PASS: ("✓", "green"),
    Status.WARN: ("!", "bold yellow"),
    Status.FAIL: ("✗", "bold red"),
    Status.SKIP: ("-", "dim"),
}
SOURCE_NAMES: Final = {"aws": "CloudWatch Logs", "elastic": "Elasticsearch", "file": "Files"}
INDENTED: Final = (0, 0, 0, 2)
_WIDE: Final = 116
_LONGEST_MESSAGE: Final = 2_000


@singledispatch
def render(data: object) -> Iterator[RenderableType]:
    """Yield what to print for a result's data."""
    raise TypeError(f"{type(data).__name__} has no text form")


@render.register(Verification)
def _(data: Verification) -> Iterator[RenderableType]:
    for source in data.sources:
        yield Text(SOURCE_NAMES[source.name], style="bold")
        checks = [check for check in data.checks if check.source == source.name]
        yield check_grid(checks, partial(_below, near_misses=source.near_misses))
        yield Padding(Text(_counts(source), style="dim"), INDENTED, expand=False)
        if source.entries is not None:
            yield from entry_table(source.entries)
        if source.unlisted:
            yield Padding(Text(f"and {source.unlisted:,} more entries", style="dim"), INDENTED, expand=False)
        yield Text()
    yield _verdict(data)


def check_grid(checks: Iterable[Check], below: Callable[[Check], Iterable[Text]]) -> Padding:
    """Return checks with their marks; `below` gives the lines under one that warns or fails."""
    grid = Table.grid(padding=(0, 1, 0, 0))
    grid.add_column(no_wrap=True)
    grid.add_column(no_wrap=True, style="dim")
    grid.add_column(overflow="fold")
    for check in checks:
        mark, style = _MARKS[check.status]
        grid.add_row(Text(mark, style), Text(check.id), Text(one_line(redact(check.summary))))
        if check.status not in (Status.WARN, Status.FAIL):
            continue
        for line in below(check):
            grid.add_row("", "", line)
    return Padding(grid, INDENTED, expand=False)


def _below(check: Check, near_misses: tuple[NearMiss, ...]) -> Iterable[Text]:
    return _near_miss_lines(near_misses) if check.sample else [advice(check.remedy)]


def _near_miss_lines(near_misses: tuple[NearMiss, ...]) -> Iterator[Text]:
    for miss in near_misses:
        sample = Text(one_line(redact(miss.sample)), style="dim", overflow="ellipsis", no_wrap=True)
        yield Text.assemble((f"{miss.reason.value}: ", "yellow"), sample, overflow="ellipsis", no_wrap=True)
        yield advice(miss.remedy)


def advice(remedy: str) -> Text:
    """Return what to do, as a line."""
    return Text.assemble(("→ ", "bold"), redact(remedy)) if remedy else Text()


def _counts(source: SourceReport) -> str:
    dropped = source.tagged - source.collectible
    unreadable = sum(source.rejected.values()) - dropped
    complete = "" if source.complete else ", not read to the end"
    more = f"; {unreadable} more meant to be tagged" if unreadable else ""
    return (
        f"searched {_span(source)}{complete}: "
        f"{source.tagged} tagged: {source.collectible} collectible, {dropped} dropped{more}"
    )


def _span(source: SourceReport) -> str:
    if source.searched_from and source.searched_to:
        return f"{rfc3339(source.searched_from)} to {rfc3339(source.searched_to)}"
    if source.searched_from or source.searched_to:
        ends = (("from", source.searched_from), ("to", source.searched_to))
        return " ".join(f"{word} {rfc3339(end)}" for word, end in ends if end)
    return "every line"


def entry_table(entries: tuple[JudgedEntry, ...]) -> Iterator[RenderableType]:
    """Yield a table of entries with their verdicts, nothing for none."""
    if not entries:
        return
    yield Padding(_Entries(entries), INDENTED, expand=False)


class _Entries:
    """Renders entries as a table; in a narrow terminal each message stands below its entry, with room of its own."""

    def __init__(self, entries: tuple[JudgedEntry, ...]) -> None:
        self._entries = entries

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        if options.max_width >= _WIDE:
            table = _columns("message")
            for entry in self._entries:
                table.add_row(*_judged(entry), Text(_shown(entry.message)))
            yield table
            return
        table = _columns()
        for entry in self._entries:
            table.add_row(*_judged(entry))
        head, *lines = console.render_lines(table, options, pad=False)
        yield from head
        yield Segment.line()
        for entry, line in zip(self._entries, lines, strict=True):
            yield from line
            yield Segment.line()
            yield Padding(Text(_shown(entry.message), overflow="fold"), INDENTED, expand=False)


def _shown(message: str) -> str:
    """Return a message for people: masked before it is wrapped or cut, for half a secret is none that is known."""
    text = one_line(redact(message))
    if len(text) <= _LONGEST_MESSAGE:
        return text
    return f"{text[:_LONGEST_MESSAGE]}… ({len(text):,} characters in all; --output json shows them)"


def _columns(*more: str) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for title in ("time", "session id", "verdict"):
        table.add_column(title, no_wrap=True)
    for title in more:
        table.add_column(title, overflow="fold")
    return table


def _judged(entry: JudgedEntry) -> tuple[str, str, Text]:
    verdict = Text("collectible", "green") if entry.reason is None else Text(entry.reason.value, "yellow")
    return rfc3339(entry.time) if entry.time else "no time", str(entry.session_id or "-"), verdict


def _verdict(data: Verification) -> Text:
    failures = sum(check.status is Status.FAIL for check in data.checks)
    warnings = sum(check.status is Status.WARN for check in data.checks)
    noted = f", {number(warnings, 'warning')}" if warnings else ""
    if failures:
        return Text(f"{number(failures, 'check')} failed{noted}.", style="bold red")
    if not all(source.collectible for source in data.sources):
        return Text(f"Nothing failed, and not every source has an entry to prove it with{noted}.", style="bold yellow")
    return Text(f"Verified: tagged entries reach the collector{noted}.", style="bold green")


def number(count: int, noun: str) -> str:
    """Return a number with its noun."""
    return f"{count} {noun}{'' if count == 1 else 's'}"
