"""Names with their values, in two columns: a value that does not fit goes on below itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from collections.abc import Iterable


def fact_grid(facts: Iterable[tuple[str, str | Text]], name_width: int = 0) -> Table:
    """Return the facts as a grid; `name_width` is the least width of a name, in columns."""
    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="dim", no_wrap=True, min_width=name_width + 2)
    grid.add_column(overflow="fold")
    for name, value in facts:
        grid.add_row(Text(f"  {name}"), Text(value) if isinstance(value, str) else value)
    return grid
