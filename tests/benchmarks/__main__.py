"""Measure the program's speed and print a table: `python -m tests.benchmarks`. Nothing is asserted here."""

from __future__ import annotations

import argparse
import os
import platform
import sys
from typing import TYPE_CHECKING

from tests.benchmarks import propagation, services, startup

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tests.benchmarks.measure import Figure


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("--rounds", type=int, default=40, help="runs of each program and each call (default 40)")
    parser.add_argument("--only", choices=("startup", "propagation", "services"), help="measure only these")
    asked = parser.parse_args()
    sys.stdout.write(
        f"Python {platform.python_version()}, {os.cpu_count()} processors, load {os.getloadavg()[0]:.1f}\n"
    )
    if asked.only in (None, "startup"):
        sys.stdout.write(f"\nprocessor time, median of {asked.rounds} runs in turns\n")
        _print(startup.figures(asked.rounds))
    if asked.only in (None, "propagation"):
        sys.stdout.write(f"\nprocessor time of one call, least of {asked.rounds} rounds in turns\n")
        _print(propagation.figures(asked.rounds))
    if asked.only in (None, "services"):
        sys.stdout.write("\ntime from start to end, in the sandbox, median of 5 runs\n")
        _print(services.figures(5))


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
