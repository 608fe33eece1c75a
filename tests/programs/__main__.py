"""Put all programs under load and print a table: `python -m tests.programs`, 100,000 requests."""

from __future__ import annotations

import argparse
import contextlib
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tests.programs import load, processes
from tests.programs.programs import PROGRAMS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tests.programs.load import Row
    from tests.programs.programs import Program

_LINE: Final = "{:<32} {:>9} {:>9} {:>9} {:>12} {:>9} {:>7} {:>8}\n"
_HEAD: Final = ("program", "requests", "entries", "tagged", "another's id", "no id", "errors", "seconds")


def main() -> None:
    """Ask, judge, print; the exit code is 1 when anything was wrong."""
    parser = argparse.ArgumentParser(prog="python -m tests.programs", description=__doc__)
    parser.add_argument("--part", type=int, default=1, help="ask only one of so many requests (default 1: all)")
    parser.add_argument("--only", default="", help="only programs with this in their names")
    asked = parser.parse_args()
    sys.stdout.write(_LINE.format(*_HEAD))
    rows = []
    for program in PROGRAMS:
        if asked.only in program.name:
            rows.append(_run(program, program.share // asked.part))
            _print(rows[-1])
    sys.stdout.write(_LINE.format("all", *_sums(rows)))
    sys.exit(any(row.verdict.wrong or row.errors for row in rows))


def _run(program: Program, count: int) -> Row:
    with tempfile.TemporaryDirectory() as folder, _broker(program, Path(folder)) as broker:
        return load.run(program, count, Path(folder), broker)


@contextlib.contextmanager
def _broker(program: Program, folder: Path) -> Iterator[str]:
    if not program.worker:
        yield ""
        return
    own = folder / "redis"
    own.mkdir()
    with processes.redis(own) as url:
        yield url


def _figures(row: Row) -> tuple[int, int, int, int, int, int, float]:
    found = row.verdict
    wrong = (len(found.of_another), len(found.of_none), row.errors)
    return row.requests, found.lines, found.tagged, *wrong, round(row.seconds, 1)


def _sums(rows: Sequence[Row]) -> tuple[float, ...]:
    return tuple(round(sum(column), 1) for column in zip(*map(_figures, rows), strict=True))


def _print(row: Row) -> None:
    sys.stdout.write(_LINE.format(row.program, *_figures(row)))
    for text in [*row.verdict.wrong, *map(str, row.wrong_answers.items())]:
        sys.stdout.write(f"    {text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
