"""How fast a file of a million lines is read, beside a Python loop over its lines and `grep -c`."""

from __future__ import annotations

import shutil
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from asayer_cli.entries import milliseconds, moment, rfc3339
from asayer_cli.sandbox.supervisor import cleaned
from asayer_cli.session_id import SessionId
from asayer_cli.tag import ASAYER
from tests.benchmarks.measure import Program, in_turns, run
from tests.benchmarks.startup import clean_environ, own_program
from tests.benchmarks.table import Row

if TYPE_CHECKING:
    from collections.abc import Iterator

LINES: Final = 1_000_000
LINE_BYTES: Final = 160
TAGGED_EVERY: Final = 100
_ROUNDS: Final = 3
_LOOP: Final = """
import sys
count = 0
with open(sys.argv[1]) as lines:
    for line in lines:
        if "asayer_session_id=" in line:
            count += 1
print(count)
"""


def write_lines(path: Path, lines: int, *, tagged_every: int = TAGGED_EVERY) -> SessionId:
    """Write a file of lines of the last hour, and return the id of the session that every tagged one is of."""
    start = milliseconds(datetime.now(UTC)) // 1000 * 1000 - 3_600_000
    session_id = SessionId.starting_at(moment(start), 7)
    seconds = [rfc3339(moment(start + second * 1000))[:-5] for second in range(3600)]
    with path.open("w", encoding="ascii", buffering=1 << 20) as file:
        for number in range(lines):
            second, ms = divmod(number * 3_600_000 // lines, 1000)
            time = f"{seconds[second]}.{ms:03d}Z"
            if number % tagged_every:
                text = f"{time} INFO shop.web request {number:08d} GET /products/{number % 977} 200"
            else:
                text = f"{time} ERROR [asayer_session_id={session_id}] shop.checkout order {number:08d} was not paid"
            file.write(f"{text.ljust(LINE_BYTES - 1, '-')}\n")
    return session_id


def environment(folder: Path) -> dict[str, str]:
    """Return an environment without any integration, all in UTC."""
    names = {"CONFIG": "config", "STATE": "state", "CACHE": "cache"}
    folders = {f"ASAYER_{name}_DIR": str(folder / value) for name, value in names.items()}
    return {**cleaned(clean_environ()), **folders, "ASAYER_SECRET_STORE": "environment", "TZ": "UTC"}


def rows() -> Iterator[Row]:
    """Measure, and yield the lines."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "app.log")
        write_lines(path, LINES)
        environ = environment(Path(folder))
        ours = Program("ours", verify(path), environ)
        loop = Program("loop", [sys.executable, "-c", _LOOP, str(path)], environ)
        grep = Program("grep", [shutil.which("grep") or "grep", "-c", f"{ASAYER.tag_name}=", str(path)], environ)
        tagged = LINES // TAGGED_EVERY
        assert [int(run(peer).output) for peer in (loop, grep)] == [tagged, tagged]
        assert f'"tagged": {tagged}'.encode() in run(ours).output.replace(b'":', b'": ').replace(b":  ", b": ")
        taken = in_turns([ours, loop, grep], _ROUNDS)
    yield Row(
        f"{LINES:,} lines of {LINE_BYTES} bytes in a file, tagged 1%, near misses looked for",
        f"{taken['ours']:.2f} s; a Python loop {taken['loop']:.2f} s ({taken['loop'] / taken['ours']:.2f} x), "
        f"grep -c {taken['grep']:.2f} s ({taken['ours'] / taken['grep']:.1f} times grep's)",
        "faster than the loop",
        taken["ours"] < taken["loop"],
    )


def verify(path: Path) -> list[str]:
    """Return the command that judges every tagged line of a file and looks for near misses."""
    return [own_program(), "verify", "--file", str(path), "--since", "24h", "--output", "json"]
