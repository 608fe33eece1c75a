from __future__ import annotations

import gzip
import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from asayer_cli.collector import CloudWatchCollector
from asayer_cli.coverage.file_source import FileSource
from asayer_cli.coverage.measure import wishes_of
from asayer_cli.coverage.model import By
from asayer_cli.coverage.rules import class_of
from asayer_cli.files.entries import read_entries
from asayer_cli.tag import ASAYER
from tests.coverage.corpus import COLLECTIBLE, CORPUS, UNTAGGED
from tests.coverage.test_cloudwatch import classes
from tests.verification.conftest import document

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import Cli

TRACE = """\
2026-11-20T09:00:00Z [asayer_session_id=42] ERROR boom
Traceback (most recent call last):
  File "shop.py", line 1, in <module>
    raise ValueError("error")
ValueError: error
2026-11-20T09:10:00Z INFO fine
ValueError: alone
Caused by: java.lang.IllegalStateException: an error
2026-11-22T09:20:00Z [asayer_session_id=42] CRITICAL down
panic: runtime error
2026-11-22T09:20:00Z "GET / HTTP/1.1" 500 Internal Server Error
"""


def test_lines_and_gzip_of_all_times_and_of_a_window(tmp_path: Path, bare: Cli) -> None:
    plain, zipped = tmp_path / "app.log", tmp_path / "old.log.gz"
    plain.write_text(TRACE)
    zipped.write_bytes(gzip.compress(b"2024-01-01T00:00:00Z ERROR\n"))
    run = bare("coverage", "-o", "json", "--file", str(tmp_path))
    assert run.code == 0, run.err
    [source] = run.data["sources"]
    found = {group["name"]: classes(group) for group in source["groups"]}
    assert found == {
        str(plain): {COLLECTIBLE: 1, UNTAGGED: 1, "no_error_word": 1},
        str(zipped): {UNTAGGED: 1},
    }
    assert source["searched_from"] == "2024-01-01T00:00:00.000Z"
    assert all(len(group["series"]) <= 27 for group in source["groups"])
    window = ("--since", "2026-11-20T09:00:00Z", "--until", "2026-11-20T09:00:01Z")
    run = bare("coverage", "-o", "json", "--fail-under", "100", "--file", str(plain), *window)
    assert (run.code, run.data["errors"], run.data["share"]) == (0, 1, 100.0)


def test_the_threshold_is_compared_with_the_share_before_it_is_rounded(tmp_path: Path, bare: Cli) -> None:
    path = tmp_path / "app.log"
    path.write_text("[asayer_session_id=42] ERROR\n" * 2 + "ERROR\n")
    codes = {
        wanted: bare("coverage", "--fail-under", wanted, "--file", str(path)).code for wanted in ("66.66", "66.67")
    }
    assert codes == {"66.66": 0, "66.67": 1}
    run = bare("coverage", "--fail-under", "nan", "--file", str(path))
    assert (run.code, "'nan' is no number" in run.err) == (2, True)


def test_documents_by_service_from_standard_input(bare: Cli) -> None:
    docs = [
        document("[asayer_session_id=42] payment refused", service={"name": "api"}),
        document("[asayer_session_id=42] boom", tags=None, **{"log.level": "error", "service.name": "web"}),
        document("0 errors", tags=None, log={"level": "info"}),
        document("ERROR", tags=None, utc_time=None, **{"@timestamp": None}),
    ]
    lines = "".join(json.dumps(doc) + "\n" for doc in docs)
    options = ("--file", "-", "--collector", "elasticsearch", "--by", "service")
    run = bare("coverage", "-o", "json", *options, stdin=lines)
    assert run.code == 0, run.err
    groups = run.data["sources"][0]["groups"]
    assert {group["name"]: classes(group) for group in groups} == {
        "api": {COLLECTIBLE: 1},
        "web": {"missing_error_tag": 1},
        "(no service.name)": {UNTAGGED: 1},
    }


def test_the_scan_finds_what_reading_every_line_finds(tmp_path: Path) -> None:
    path = tmp_path / "app.log"
    lines = (line for message in CORPUS for line in (message, "INFO in between"))
    path.write_text(TRACE + "\n".join(lines) + TRACE * 3, errors="replace")
    collector = CloudWatchCollector()
    read = [class_of(entry, collector) for entry in read_entries([str(path)])]
    wishes = wishes_of(ASAYER, None, None, None, datetime.now(UTC))
    counted = FileSource([str(path)], "cloudwatch").count(wishes, By.GROUP)
    assert counted.errors == sum(found is not None for found in read) > len(CORPUS) / 2
    assert counted.collectible == sum(found is not None and found.name == COLLECTIBLE for found in read)


def test_counts_of_many_years_stay_small(tmp_path: Path) -> None:
    path = tmp_path / "app.log"
    begin = datetime(2020, 1, 1, tzinfo=UTC)
    times = ((begin + timedelta(days=number)).isoformat() for number in range(2_000))
    path.write_text("".join(f"{time} ERROR\n" for time in times))
    wishes = wishes_of(ASAYER, None, None, None, datetime.now(UTC))
    [group] = FileSource([str(path)], "cloudwatch", most_keys=500).count(wishes, By.GROUP).groups
    assert group.errors == sum(point.errors for point in group.series) == 2_000
    assert 20 <= len(group.series) <= 27


def test_nothing_to_count(tmp_path: Path, bare: Cli) -> None:
    path = tmp_path / "app.log"
    path.write_text("fine\n")
    run = bare("coverage", "--fail-under", "90", "--file", str(path))
    assert run.code == 0
    assert "No errors in what is collected, so none had to reach a replay." in run.out
    assert bare("coverage", "--since", "1h", "--until", "2h", "--file", str(path)).code == 2
    assert bare("coverage").code == 3


@pytest.mark.parametrize("arguments", [["coverage", "-o", "html", "--report-file"], ["session", "42", "--html"]])
def test_what_is_read_is_not_written_over(tmp_path: Path, bare: Cli, arguments: list[str]) -> None:
    path, link = tmp_path / "app.log", tmp_path / "link.html"
    path.write_text("ERROR [asayer_session_id=42] x\n")
    link.symlink_to(path)
    for more in ([], ["--nonsense"]):
        run = bare(*arguments, str(link), "--file", str(path), *more)
        assert run.code == 2
        assert path.read_text() == "ERROR [asayer_session_id=42] x\n"
    run = bare(*arguments, str(link), "--file", str(path))
    assert f"{link} is one of the files to read" in run.err
