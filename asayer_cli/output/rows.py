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
from asayer_cli.secret import redact

if TYPE_CHECKING:
    from asayer_cli.output.console import Console
    from asayer_cli.result import Column, RowStream


def print_rows(stream: RowStream, output: str, console: Console) -> int:
    """Print every row in the wanted form as it arrives and return how many there were; CSV has its heading always."""
    count = 0
    columns = (stream.text_columns if output == "text" else ()) or stream.columns
    for row in stream.rows:
        if not count:
            _print_header(columns, output, console)
        _print_row(row, columns, output, console)
        console.flush()
        count += 1
    if not count and output == "csv":
        _print_header(columns, output, console)
    return count


def _print_row(row: object, columns: tuple[Column, ...], output: str, console: Console) -> None:
    values = [getattr(row, column.name) for column in columns]
    if output == "text":
        style = "" if getattr(row, "collectible", True) else "dim"
        cells = [_cell(value, column) for value, column in zip(values, columns, strict=True)]
        console.show(Text(_aligned(cells, columns, console.width), style=style), wrap=False)
    else:
        console.write(_separated([_exact(value) for value in values], output))


def _print_header(columns: tuple[Column, ...], output: str, console: Console) -> None:
    if output == "csv":
        console.write(_separated([column.name for column in columns], output))
    elif output == "text":
        titles = [column.title for column in columns]
        console.show(Text(_aligned(titles, columns, console.width), style="bold"), wrap=False)


def _cell(value: object, column: Column) -> str:
    return one_line(column.shown(value)) if column.shown else _shown(value)


def _aligned(cells: list[str], columns: tuple[Column, ...], width: int) -> str:
    """Return a row in one line, or where it is too long in several: cells stay whole, below the second column."""
    lines = [""]
    for number, (cell, column) in enumerate(zip(cells, columns, strict=True)):
        part = _fit(cell, column)
        joined = f"{lines[-1]}  {part}" if number else part
        if number > 1 and cell_len(joined.rstrip()) > width:
            lines.append(" " * (columns[0].width + 2) + part)
        else:
            lines[-1] = joined
    return "\n".join(line.rstrip() for line in lines)


def _fit(cell: str, column: Column) -> str:
    if not column.width or cell_len(cell) > column.width:
        return cell
    return cell.rjust(column.width) if column.right else set_cell_size(cell, column.width)


def _separated(cells: list[str], output: str) -> str:
    cells = [one_line(redact(cell)) for cell in cells]
    if output == "plain":
        return "\t".join(cells)
    buffer = StringIO()
    csv.writer(buffer, lineterminator="").writerow(cells)
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
