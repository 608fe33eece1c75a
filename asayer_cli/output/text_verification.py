"""The answer of `verify` for people: each check with a mark, what to do about it, and the counts."""

from __future__ import annotations

from functools import singledispatch
from typing import TYPE_CHECKING, Final

from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from asayer_cli.entries import rfc3339
from asayer_cli.output.sanitise import one_line
from asayer_cli.verification.model import Check, JudgedEntry, SourceReport, Status, Verification

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import RenderableType

_MARKS: Final = {
    Status.PASS: ("✓", "green"),
    Status.WARN: ("!", "bold yellow"),
    Status.FAIL: ("✗", "bold red"),
    Status.SKIP: ("-", "dim"),
}
SOURCE_NAMES: Final = {"aws": "CloudWatch Logs", "elastic": "Elasticsearch"}
_INDENT: Final = 4


@singledispatch
def render(data: object) -> Iterator[RenderableType]:
    """Yield what to print for a result's data."""
    raise TypeError(f"{type(data).__name__} has no text form")


@render.register(Verification)
def _(data: Verification) -> Iterator[RenderableType]:
    for source in data.sources:
        yield Text(SOURCE_NAMES[source.name], style="bold")
        for check in data.checks:
            if check.source == source.name:
                yield from _check(check)
        yield Text(_counts(source), style="dim")
        if source.entries is not None:
            yield from _entries(source.entries)
        yield Text()
    yield _verdict(data.checks)


def _check(check: Check) -> Iterator[RenderableType]:
    mark, style = _MARKS[check.status]
    yield Text.assemble("  ", (mark, style), " ", (f"{check.id:<21} ", "dim"), check.summary)
    if check.sample:
        yield Padding(Text(one_line(check.sample), style="dim", overflow="ellipsis", no_wrap=True), (0, 0, 0, _INDENT))
    if check.remedy and check.status in (Status.WARN, Status.FAIL):
        yield Padding(Text.assemble(("→ ", "bold"), check.remedy), (0, 0, 0, _INDENT))


def _counts(source: SourceReport) -> str:
    rejected = sum(source.rejected.values())
    complete = "" if source.complete else ", not read to the end"
    return (
        f"  searched {rfc3339(source.searched_from)} to {rfc3339(source.searched_to)}{complete}: "
        f"{source.tagged} tagged, {source.collectible} collectible, {rejected} dropped"
    )


def _entries(entries: tuple[JudgedEntry, ...]) -> Iterator[RenderableType]:
    if not entries:
        return
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for title in ("time", "session id", "verdict"):
        table.add_column(title, no_wrap=True)
    table.add_column("message", overflow="fold")
    for entry in entries:
        verdict = Text("collectible", "green") if entry.reason is None else Text(entry.reason.value, "yellow")
        when = rfc3339(entry.time) if entry.time else "no time"
        table.add_row(when, str(entry.session_id or "-"), verdict, Text(one_line(entry.message)))
    yield Padding(table, (0, 0, 0, 2))


def _verdict(checks: tuple[Check, ...]) -> Text:
    failures = sum(check.status is Status.FAIL for check in checks)
    warnings = sum(check.status is Status.WARN for check in checks)
    noted = f", {_number(warnings, 'warning')}" if warnings else ""
    if failures:
        return Text(f"{_number(failures, 'check')} failed{noted}.", style="bold red")
    return Text(f"Verified: tagged entries reach the collector{noted}.", style="bold green")


def _number(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"
