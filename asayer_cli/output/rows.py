"""Print rows as they arrive: aligned columns for people, CSV, or tab-separated fields for `cut` and `awk`."""

from __future__ import annotations

import csv
from datetime import datetime
from io import StringIO
from typing import TYPE_CHECKING

from rich.cells import cell_len, set_cell_size
from rich.text import Text

from asayer_cli.entries import rfc3339
from asayer_cli.output.sanitise import one_line

if TYPE_CHECKING:
    from asayer_cli.output.console import Console
    from asayer_cli.result import Column, RowStream


def print_rows(stream: RowStream, output: str, console: Console) -> int:
    """Print every row in the wanted form as it arrives and return how many there were."""
    count = 0
    for row in stream.rows:
        if not count and output != "plain":
            _print_header(stream.columns, output, console)
        values = [getattr(row, column.name) for column in stream.columns]
        if output == "text":
            style = "" if getattr(row, "collectible", True) else "dim"
            console.show(Text(_aligned([_shown(value) for value in values], stream.columns), style=style))
        else:
            console.write(_separated([_exact(value) for value in values], output))
        count += 1
    return count


def _print_header(columns: tuple[Column, ...], output: str, console: Console) -> None:
    if output == "csv":
        console.write(_separated([column.name for column in columns], output))
    else:
        console.show(Text(_aligned([column.title for column in columns], columns), style="bold"))


def _aligned(cells: list[str], columns: tuple[Column, ...]) -> str:
    parts = [_fit(cell, column) for cell, column in zip(cells, columns, strict=True)]
    return "  ".join(parts).rstrip()


def _fit(cell: str, column: Column) -> str:
    if not column.width or cell_len(cell) > column.width:
        return cell
    return cell.rjust(column.width) if column.right else set_cell_size(cell, column.width)


def _separated(cells: list[str], output: str) -> str:
    if output == "plain":
        return "\t".join(one_line(cell) for cell in cells)
    buffer = StringIO()
    csv.writer(buffer, lineterminator="").writerow([one_line(cell) for cell in cells])
    return buffer.getvalue()


def _shown(value: object) -> str:
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d")
    if value is None:
        return "-"
    return one_line(str(value))


def _exact(value: object) -> str:
    if isinstance(value, datetime):
        return rfc3339(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)
