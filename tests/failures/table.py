"""The table of outcomes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.failures.plan import KINDS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from tests.failures.plan import Outcome

COLUMNS = (
    "failure",
    "cases",
    "ended well",
    "ended with a message",
    "right after one more run",
    "keys of nobody",
    "secrets shown",
)


def lines(outcomes: Sequence[Outcome]) -> Iterator[str]:
    """Yield a Markdown table: a row for each kind of failure, and the sums."""
    yield "| " + " | ".join(COLUMNS) + " |"
    yield "| --- |" + " ---: |" * (len(COLUMNS) - 1)
    for kind in KINDS:
        yield _row(kind, [outcome for outcome in outcomes if outcome.case.kind == kind])
    yield _row("all", outcomes)


def _row(name: str, outcomes: Sequence[Outcome]) -> str:
    cells = (
        len(outcomes),
        sum(outcome.code == 0 for outcome in outcomes),
        sum(outcome.code > 0 for outcome in outcomes),
        sum(not outcome.problems for outcome in outcomes),
        _sum(outcome.unheld for outcome in outcomes),
        _sum(outcome.leaks for outcome in outcomes),
    )
    return f"| {name} | " + " | ".join(map(str, cells)) + " |"


def _sum(numbers: Iterable[int]) -> int:
    return sum(numbers)
