"""The answer of `verify --canary` for people: the checks hop by hop, and how long each hop took."""

from __future__ import annotations

from functools import singledispatch
from typing import TYPE_CHECKING

from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from asayer_cli.canary.model import Arrival, CanaryReport, CanaryVerification
from asayer_cli.output.sanitise import one_line
from asayer_cli.output.text_verification import INDENTED, SOURCE_NAMES, advice, check_grid, entry_table, number
from asayer_cli.secret import redact
from asayer_cli.verification.model import Check, Status

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import RenderableType

_NOWHERE = "-"


@singledispatch
def render(data: object) -> Iterator[RenderableType]:
    """Yield what to print for a result's data."""
    raise TypeError(f"{type(data).__name__} has no text form")


@render.register(CanaryVerification)
def _(data: CanaryVerification) -> Iterator[RenderableType]:
    yield Text("Canary", style="bold")
    yield check_grid(_of("canary", data), _below)
    yield Text()
    for source in data.sources:
        yield Text(SOURCE_NAMES[source.name], style="bold")
        yield check_grid(_of(source.name, data), _below)
        yield from entry_table(source.entries or ())
        yield Text()
    if data.canaries:
        yield Text("Seconds after its request was sent", style="bold")
        yield Padding(_latencies(data), INDENTED, expand=False)
        yield Text()
    yield _verdict(data)


def _of(source: str, data: CanaryVerification) -> list[Check]:
    return [check for check in data.checks if check.source == source]


def _below(check: Check) -> Iterator[Text]:
    if check.sample:
        yield Text(one_line(redact(check.sample)), style="dim", overflow="ellipsis", no_wrap=True)
    if check.remedy:
        yield advice(check.remedy)


def _latencies(data: CanaryVerification) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    table.add_column("session id", no_wrap=True)
    names = tuple(data.canaries[0].arrivals)
    for title in ("preflight", "answer", *(SOURCE_NAMES[name] for name in names)):
        table.add_column(title, justify="right")
    for canary in data.canaries:
        table.add_row(str(canary.session_id), *_hops(canary, names))
    return table


def _hops(canary: CanaryReport, names: tuple[str, ...]) -> Iterator[str]:
    yield _seconds(canary.preflight_seconds)
    yield _seconds(canary.answer_seconds)
    for name in names:
        yield _arrived(canary.arrivals[name])


def _arrived(arrival: Arrival) -> str:
    if arrival.collectible_seconds is None and arrival.queryable_seconds is not None:
        return f"{_seconds(arrival.queryable_seconds)}, dropped"
    return _seconds(arrival.collectible_seconds)


def _seconds(seconds: float | None) -> str:
    return _NOWHERE if seconds is None else f"{seconds:.3f}" if seconds < 1 else f"{seconds:.1f}"


def _verdict(data: CanaryVerification) -> Text:
    failures = [check for check in data.checks if check.status is Status.FAIL]
    warnings = sum(check.status is Status.WARN for check in data.checks)
    noted = f", {number(warnings, 'warning')}" if warnings else ""
    if failures:
        code = f" ({failures[0].code})" if failures[0].code else ""
        return Text(f"{number(len(failures), 'check')} failed{noted}: first {failures[0].id}{code}.", style="bold red")
    what = "the canary" if data.expected == 1 else f"each of {data.expected} canaries"
    return Text(f"Verified: {what} went all the way to the collector{noted}.", style="bold green")
