"""Measure the program's speed and print a table: `python -m tests.benchmarks`. Nothing is asserted here."""

from __future__ import annotations

import argparse
import os
import platform
import sys
from typing import TYPE_CHECKING, Final

from tests.benchmarks import completeness, elastic, files, memory, pages, propagation, reading, services, startup, table

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from tests.benchmarks.measure import Figure
    from tests.benchmarks.table import Row

READING: Final[dict[str, Callable[[], Iterator[Row]]]] = {
    "cloudwatch": reading.rows,
    "files": files.rows,
    "memory": memory.rows,
    "elastic": elastic.rows,
    "completeness": completeness.rows,
    "page": pages.rows,
}
COSTS: Final = ("startup", "propagation", "services")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("--rounds", type=int, default=40, help="runs of each program and each call (default 40)")
    parser.add_argument("--only", choices=(*READING, *COSTS), action="append", help="measure only this; repeatable")
    parser.add_argument("--write", action="store_true", help="put the table of reading into the README")
    asked = parser.parse_args()
    wanted = asked.only or (*READING, *COSTS)
    sys.stdout.write(
        f"Python {platform.python_version()}, {os.cpu_count()} processors, load {os.getloadavg()[0]:.1f}\n"
    )
    rows = _reading([name for name in READING if name in wanted])
    if asked.write:
        table.write(rows)
    if "startup" in wanted:
        sys.stdout.write(f"\nprocessor time, median of {asked.rounds} runs in turns\n")
        _print(startup.figures(asked.rounds))
    if "propagation" in wanted:
        sys.stdout.write(f"\nprocessor time of one call, least of {asked.rounds} rounds in turns\n")
        _print(propagation.figures(asked.rounds))
    if "services" in wanted:
        sys.stdout.write("\ntime from start to end, in the sandbox, median of 5 runs\n")
        _print(services.figures(5))


def _reading(names: Sequence[str]) -> list[Row]:
    """Measure what reading costs, and print each line as soon as it is known."""
    rows = []
    if names:
        sys.stdout.write(f"\n{' | '.join(table.HEAD)}\n")
    for name in names:
        for row in READING[name]():
            sys.stdout.write(f"{' | '.join(row.cells)}\n")
            sys.stdout.flush()
            rows.append(row)
    return rows


def _print(figures: Iterable[Figure]) -> None:
    line = "{:<68} {:>10} {:>7} {:>7}  {}\n"
    sys.stdout.write(line.format("", "measured", "ratio", "budget", ""))
    for figure in figures:
        sys.stdout.write(line.format(*_cells(figure)))
        sys.stdout.flush()


def _cells(figure: Figure) -> tuple[str, ...]:
    digits = {"us": 2, "ms": 1, "s": 2}[figure.unit]
    measured = f"{figure.value:.{digits}f} {figure.unit}"
    ratio = "" if figure.ratio is None else f"{figure.ratio:.2f}"
    budget = "" if figure.budget is None else f"{figure.budget:g}"
    holds = {True: "holds", False: "does not hold", None: ""}[figure.holds]
    return figure.name, measured, ratio, budget, holds


if __name__ == "__main__":
    main()
