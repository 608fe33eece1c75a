"""What ten times the entries take in memory: the peak of the whole process, for each kind of source."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tests.benchmarks import elastic, files, reading
from tests.benchmarks.cloudwatch import model
from tests.benchmarks.conduct import Conduct
from tests.benchmarks.log_events import GroupSpec
from tests.benchmarks.measure import Program, run
from tests.benchmarks.table import Row

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

TIMES: Final = 10
MOST: Final = 1.1
_ROUNDS: Final = 2
_EVENTS: Final = 60_000
_DOCUMENTS: Final = 3_000
_LINES: Final = 100_000
_QUICK: Final = Conduct(latency=0.02, quota=1000)


def rows() -> Iterator[Row]:
    """Measure each source, and yield its line."""
    yield _files()
    yield _cloudwatch()
    yield _elastic()


def _cloudwatch() -> Row:
    """Read as many entries as fill the engine's buffers, and ten times as many."""
    now = int(time.time() * 1000)
    specs = [GroupSpec(f"/bench/{count}", now, count, tagged_every=1) for count in (_EVENTS, _EVENTS * TIMES)]
    with model(*specs, conduct=_QUICK) as cloudwatch, reading.environment(cloudwatch, "") as environ:
        peaks = [min(run(reading.all_tagged(spec, environ)).peak_kib for _ in range(_ROUNDS)) for spec in specs]
    return _row(f"{_EVENTS:,} tagged entries in CloudWatch", peaks)


def _elastic() -> Row:
    kinds = [elastic.documents(str(count), count, 1) for count in (_DOCUMENTS, _DOCUMENTS * TIMES)]
    with elastic.cluster(*kinds) as there:
        peaks = [min(run(elastic.session(made, there.environ)).peak_kib for _ in range(_ROUNDS)) for made in kinds]
    return _row(f"a session of {_DOCUMENTS:,} entries in Elasticsearch", peaks)


def _files() -> Row:
    peaks = []
    with tempfile.TemporaryDirectory() as folder:
        for lines in (_LINES, _LINES * TIMES):
            path = Path(folder, f"{lines}.log")
            files.write_lines(path, lines)
            program = Program("verify", files.verify(path), files.environment(Path(folder)))
            peaks.append(min(run(program).peak_kib for _ in range(_ROUNDS)))
    return _row(f"a file of {_LINES:,} lines, 1% tagged", peaks)


def _row(work: str, peaks: Sequence[int]) -> Row:
    few, many = (peak / 1024 for peak in peaks)
    return Row(
        f"memory for {work}, and for {TIMES} times as many",
        f"{few:.1f} MiB, {many:.1f} MiB ({many / few - 1:+.1%})",
        f"within {MOST - 1:.0%}",
        many <= few * MOST,
    )
