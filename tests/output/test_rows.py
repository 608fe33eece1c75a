from __future__ import annotations

import csv
import io
import json
import os
import subprocess
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from asayer_cli.exit_codes import ExitCode
from asayer_cli.output import show
from asayer_cli.output.console import Console
from asayer_cli.result import Column, Failure, Level, Message, Result, RowStream
from tests.terminal import screen

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

COLUMNS = (
    Column("name", "NAME", 8),
    Column("size", "SIZE", 6, right=True),
    Column("made", "MADE", 10),
    Column("good", "GOOD"),
)


@dataclass(frozen=True, slots=True)
class Row:
    name: str
    size: int | None = None
    made: datetime | None = None
    good: bool = True


ROWS = (Row("one", 5, datetime(2026, 11, 22, 1, 2, 3, tzinfo=UTC)), Row("漢字", None, None, good=False))
Shown = tuple[Result, str, str]


@pytest.fixture
def shown(capsys: pytest.CaptureFixture[str]) -> Callable[..., Shown]:
    def run(output: str, *rows: Row, end: Result | None = None) -> Shown:
        console = Console(environ={})
        stream = RowStream("rows", COLUMNS, iter(rows), lambda: end or Result())
        result = show(Result(stream), "test rows", output, console)
        captured = capsys.readouterr()
        return result, captured.out, captured.err

    return run


def test_text_is_aligned_by_what_shows(shown: Callable[..., Shown]) -> None:
    assert shown("text", *ROWS)[1].splitlines() == [
        "NAME        SIZE  MADE        GOOD",
        "one            5  2026-11-22  True",
        "漢字           -  -           False",
    ]


def test_plain_is_for_cut(shown: Callable[..., Shown]) -> None:
    assert shown("plain", *ROWS)[1] == "one\t5\t2026-11-22T01:02:03.000Z\ttrue\n漢字\t\t\tfalse\n"


def test_csv_is_read_back(shown: Callable[..., Shown]) -> None:
    _, out, _ = shown("csv", Row('a "quoted", name'), *ROWS)
    assert list(csv.DictReader(io.StringIO(out))) == [
        {"name": 'a "quoted", name', "size": "", "made": "", "good": "true"},
        {"name": "one", "size": "5", "made": "2026-11-22T01:02:03.000Z", "good": "true"},
        {"name": "漢字", "size": "", "made": "", "good": "false"},
    ]


@pytest.mark.parametrize("output", ["text", "plain", "csv"])
def test_a_row_is_one_harmless_line(shown: Callable[..., Shown], output: str) -> None:
    _, out, _ = shown(output, Row("a\nb\tc\x1b[31m\u202e"))
    assert len(out.splitlines()) == (1 if output == "plain" else 2)
    assert "a b c\u241b[31m\ufffd" in out


def test_no_rows(shown: Callable[..., Shown]) -> None:
    assert shown("text")[1] == ""
    assert shown("plain")[1] == ""
    assert shown("csv")[1] == "name,size,made,good\n"
    assert json.loads(shown("json")[1])["data"] == {"rows": []}


def test_what_the_end_says(shown: Callable[..., Shown]) -> None:
    end = Result(
        messages=(Message(Level.NOTE, "a region is not enabled"),),
        errors=(Failure("unreachable", "what", "do"),),
        exit_code=ExitCode.UNREACHABLE,
    )
    for output in ("text", "csv", "plain"):
        result, _, err = shown(output, *ROWS, end=end)
        assert result.exit_code is ExitCode.UNREACHABLE
        assert err.splitlines() == ["note: a region is not enabled", "error: what", "hint: do"]
    result, out, err = shown("json", *ROWS, end=end)
    envelope = json.loads(out)
    assert [row["name"] for row in envelope["data"]["rows"]] == ["one", "漢字"]
    assert (envelope["exit_code"], envelope["ok"], err) == (5, False, "")
    assert [message["text"] for message in envelope["messages"]] == ["a region is not enabled"]
    assert envelope["errors"] == [{"code": "unreachable", "message": "what", "hint": "do"}]


PRODUCER = """if True:
    import os, sys
    from asayer_cli.output import show
    from asayer_cli.output.console import Console
    from asayer_cli.result import Result, RowStream
    from tests.output.test_rows import COLUMNS, Row

    def rows():
        for number in range(3):
            yield Row(f"row-{number}")
            sys.stdin.readline()  # the next row only when the reader has seen this one

    stream = RowStream("rows", COLUMNS, rows(), Result)
    show(Result(stream), "test", sys.argv[1], Console(environ=os.environ))
"""


def lines_as_they_come(process: subprocess.Popen[str], heading: bool) -> Iterator[str]:  # noqa: FBT001
    assert process.stdin is not None
    assert process.stdout is not None
    if heading:
        process.stdout.readline()
    for _ in range(3):
        yield process.stdout.readline()
        process.stdin.write("\n")
        process.stdin.flush()


@pytest.mark.parametrize("output", ["text", "csv", "plain"])
def test_a_row_is_printed_before_the_next_is_made(bare_environ: dict[str, str], output: str) -> None:
    with subprocess.Popen(
        ["timeout", "30", sys.executable, "-c", PRODUCER, output],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**bare_environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    ) as process:
        lines = list(lines_as_they_come(process, heading=output != "plain"))
        assert process.wait() == 0
    assert [line[:5] for line in lines] == ["row-0", "row-1", "row-2"]


NARROW = """if True:
    import os
    from dataclasses import dataclass
    from asayer_cli.output import rows
    from asayer_cli.output.console import Console
    from asayer_cli.result import Column, Result, RowStream
    @dataclass
    class Row:
        time: str = "05:30"
        done: str = "done"
        object: str = "user/a-user-with-a-name"
        made: str = "AKIAX"
    widths = {"time": 5, "done": 6, "object": 23, "made": 0}
    columns = tuple(Column(name, name, width) for name, width in widths.items())
    stream = RowStream("rows", columns, iter([Row(), Row(object="u" * 60)]), lambda: Result())
    rows.print_rows(stream, "text", Console(environ=os.environ))
"""


def test_a_row_that_is_too_long_goes_on_below_with_its_cells_whole(bare_environ: dict[str, str]) -> None:
    _, shown = screen(environ={**bare_environ, "NO_COLOR": "1"}, columns=41, program=("-c", NARROW))
    assert [line.rstrip() for line in shown.splitlines()] == [
        "time   done    object",
        "       made",
        "05:30  done    user/a-user-with-a-name",
        "       AKIAX",
        "05:30  done",
        f"       {'u' * 60}",
        "       AKIAX",
    ]
