"""The table of what reading costs: printed, and kept between two marks in the README."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import asayer_cli

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

README: Final = Path(asayer_cli.__file__).parents[1] / "README.md"
HEAD: Final = ("work", "measured", "target", "holds")
_BEGIN: Final = "<!-- how fast: begin, written by python -m tests.benchmarks --write -->"
_END: Final = "<!-- how fast: end -->"
_HOLDS: Final = {True: "yes", False: "NO", None: ""}


@dataclass(frozen=True, slots=True)
class Row:
    """One line: the work, what was measured, what it is to be, and whether it is; `holds` None without a target."""

    work: str
    measured: str
    target: str = ""
    holds: bool | None = None

    @property
    def cells(self) -> tuple[str, ...]:
        """The line's texts in the order of HEAD."""
        return self.work, self.measured, self.target, _HOLDS[self.holds]


def in_markdown(rows: Iterable[Row]) -> str:
    """Return the table as Markdown."""
    lines = [HEAD, ("---",) * len(HEAD), *(row.cells for row in rows)]
    return "".join(f"| {' | '.join(cells)} |\n" for cells in lines)


def write(rows: Sequence[Row], readme: Path = README) -> None:
    """Put the table where the README has its marks; ValueError when it has none."""
    text = readme.read_text(encoding="utf-8")
    marked = re.compile(f"({re.escape(_BEGIN)}\n).*?({re.escape(_END)})", re.DOTALL)
    written, found = marked.subn(lambda match: f"{match[1]}{in_markdown(rows)}{match[2]}", text)
    if not found:
        raise ValueError(f"{readme} has no marks for the table")
    readme.write_text(written, encoding="utf-8")
