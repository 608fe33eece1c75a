"""The answer of `coverage` for people: each place with a bar, what is dropped and why, and the share over time."""

from __future__ import annotations

from functools import singledispatch
from typing import TYPE_CHECKING, Final

from rich.padding import Padding
from rich.text import Text

from asayer_cli.coverage.model import Coverage, GroupCoverage, Rejection, SourceCoverage
from asayer_cli.entries import rfc3339
from asayer_cli.output.sanitise import one_line
from asayer_cli.output.text_verification import number
from asayer_cli.secret import redact
from asayer_cli.sizes import human_size
from asayer_cli.times import format_duration

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rich.console import RenderableType

    from asayer_cli.coverage.model import Point

SOURCE_NAMES: Final = {"aws": "CloudWatch Logs", "elastic": "Elasticsearch", "file": "Files"}
_WORDS: Final = {"group": "log group", "stream": "stream prefix", "index": "index", "service": "service"}
_BAR: Final = 10
_LEVELS: Final = "▁▂▃▄▅▆▇█"
_NOTHING: Final = "·"
_LONGEST_SAMPLE: Final = 300
_FINE: Final = 90.0
_POOR: Final = 50.0
_CENT: Final = 0.01


@singledispatch
def render(data: object) -> Iterator[RenderableType]:
    """Yield what to print for a result's data."""
    raise TypeError(f"{type(data).__name__} has no text form")


@render.register(Coverage)
def _(data: Coverage) -> Iterator[RenderableType]:
    for source in data.sources:
        yield Text(f"{SOURCE_NAMES[source.source]}: {one_line(redact(source.place))}", style="bold")
        yield Text(f"  {_searched(source)}", style="dim")
        yield from _source_lines(source)
        yield Text()
    yield _verdict(data)


def _searched(source: SourceCoverage) -> str:
    by = "file" if source.source == "file" and source.by == "group" else _WORDS[source.by]
    return f"errors by {by}, {rfc3339(source.searched_from)} to {rfc3339(source.searched_to)}"


def _source_lines(source: SourceCoverage) -> Iterator[RenderableType]:
    if source.failure:
        yield Text(f"  ✗ could not be read: {one_line(redact(source.failure.message))}", style="bold red")
        return
    if not any(group.errors for group in source.groups):
        yield Text("  No errors in this window.")
    widths = _widths(source.groups)
    told: set[str] = set()
    for group in source.groups:
        yield _line(group, widths, complete=source.complete)
        yield from _details(group, source, told)
    yield from _ending(source)


def _widths(groups: Sequence[GroupCoverage]) -> tuple[int, int, int]:
    """Return how wide the counts are: collectible, errors, tagged."""
    counts = [(group.collectible, group.errors, group.tagged) for group in groups] or [(0, 0, 0)]
    collectible, errors, tagged = (max(len(f"{count:,}") for count in column) for column in zip(*counts, strict=True))
    return collectible, errors, tagged


def _line(group: GroupCoverage, widths: tuple[int, int, int], *, complete: bool) -> Text:
    """Return a place's own line, its name last, for that is as long as it likes."""
    counts = (
        f"{group.collectible:>{widths[0]},} of {group.errors:>{widths[1]},} collectible, "
        f"{group.tagged:>{widths[2]},} tagged"
    )
    told = ("" if group.exact else " (about)") + ("" if complete else " (at least)")
    mark = "" if group.passed else "  ✗"
    return Text.assemble(
        "  ",
        (_bar(group.share), _style(group)),
        f" {_percent(group.share):>6}  {counts}{told}  ",
        (one_line(redact(group.name)), "bold"),
        ("" if group.collected else "  (searched only, not collected)", "dim"),
        (mark, "bold red"),
    )


def _bar(share: float | None) -> str:
    filled = 0 if share is None else int(share * _BAR / 100)
    return "█" * filled + "░" * (_BAR - filled)


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{share:.1f}%"


def _style(group: GroupCoverage) -> str:
    if group.share is None or not group.collected:
        return "dim"
    return "green" if group.share >= _FINE else "yellow" if group.share >= _POOR else "red"


def _details(group: GroupCoverage, source: SourceCoverage, told: set[str]) -> Iterator[RenderableType]:
    """Yield the chart and the reasons of a place; the fix of each reason where it is `told` for the first time."""
    if not group.errors:
        return
    yield Text(f"    {_chart('share', _shares(group.series))}  each {format_duration(source.interval)}")
    yield Text(f"    {_chart('errors', _volumes(group.series))}")
    for rejection in group.rejected:
        yield _rejection(rejection)
        if rejection.reason not in told:
            yield Text.assemble("      ", ("→ ", "bold"), redact(rejection.remedy))
            told.add(rejection.reason)
    if group.timeless:
        yield Text(f"    {number(group.timeless, 'error')} without a time, in no column above", style="dim")


def _chart(name: str, levels: Iterator[float | None]) -> str:
    return f"{name:<6} {''.join(_NOTHING if level is None else _level(level) for level in levels)}"


def _level(level: float) -> str:
    return _LEVELS[min(int(level * len(_LEVELS)), len(_LEVELS) - 1)]


def _shares(series: Sequence[Point]) -> Iterator[float | None]:
    return (point.collectible / point.errors if point.errors else None for point in series)


def _volumes(series: Sequence[Point]) -> Iterator[float | None]:
    most = max((point.errors for point in series), default=0)
    return (point.errors / most if point.errors else None for point in series)


def _rejection(rejection: Rejection) -> Padding:
    sample = one_line(redact(rejection.sample))[:_LONGEST_SAMPLE]
    line = Text.assemble(
        f"{rejection.count:,} ", (rejection.reason, "yellow"), f"{': ' if sample else ''}", (sample, "dim")
    )
    line.overflow, line.no_wrap = "ellipsis", True
    return Padding(line, (0, 0, 0, 4), expand=False)


def _ending(source: SourceCoverage) -> Iterator[RenderableType]:
    if sum(group.collected for group in source.groups) > 1:
        yield Text(f"  in all {_percent(source.share)}: {source.collectible:,} of {number(source.errors, 'error')}")
    if source.scanned_bytes is not None:
        cost = "" if source.cost is None else f", which costs {_dollars(source.cost)}"
        yield Text(f"  Logs Insights scanned {human_size(source.scanned_bytes)}{cost}", style="dim")
    for remark in source.remarks:
        yield Text(f"  - {redact(one_line(remark))}", style="dim")
    for note in source.notes:
        yield Text(f"  ! {redact(one_line(note))}", style="yellow")


def _dollars(cost: float) -> str:
    return f"about ${cost:,.2f}" if cost >= _CENT else "less than a cent"


def _verdict(data: Coverage) -> Text:
    failed = [group.name for source in data.sources for group in source.groups if not group.passed]
    if failed:
        names = ", ".join(one_line(redact(name)) for name in failed[:5]) + (", …" if len(failed) > 5 else "")  # noqa: PLR2004
        return Text(f"Under {data.fail_under:g}%: {names}.", style="bold red")
    if not data.complete:
        return Text("Not everything could be read; there may be more errors than these.", style="bold yellow")
    if not any(group.collected for source in data.sources for group in source.groups) and _any_group(data):
        return Text(
            "None of these places is collected, so none of their errors can reach a replay.", style="bold yellow"
        )
    if not data.errors:
        return Text("No errors in what is collected, so none had to reach a replay.", style="bold green")
    reached = f"{_percent(data.share)} of {number(data.errors, 'error')} can reach a replay"
    wanted = "" if data.fail_under is None else f"; every place has {data.fail_under:g}% or more"
    fine = data.fail_under is not None or (data.share or 0) >= _FINE
    return Text(f"{reached}{wanted}.", style="bold green" if fine else "bold yellow")


def _any_group(data: Coverage) -> bool:
    return any(source.groups for source in data.sources)
