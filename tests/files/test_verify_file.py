"""`verify --file`, by the real program."""

from __future__ import annotations

import gzip
import json
import os
import resource
import subprocess
import sys
import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

import pytest

from asayer_cli.entries import EARLIEST, LATEST
from asayer_cli.tag import ASAYER
from asayer_cli.verification.file_source import FileSource
from asayer_cli.verification.tally import MOST_LISTED
from asayer_cli.verification.wishes import Wishes
from tests.files.conftest import SESSION, TAG

if TYPE_CHECKING:
    from tests.conftest import Cli, Run
    from tests.files.conftest import Write

NEAR_MISSES = {
    "case_mismatch": "[Asayer_Session_Id=4113219715072001793] ERROR boom",
    "wrong_tag_name": "[asayerSessionId=42] ERROR boom",
    "malformed_tag": "[asayer_session_id\\u003d42] ERROR boom",
    "id_not_numeric": "[asayer_session_id=k3j2.1x.9z] ERROR boom",
    "id_out_of_range": "[asayer_session_id=18446744073709551616] ERROR boom",
    "no_error_word": "[asayer_session_id=42] CRITICAL db is gone",
    "unsearchable_field": "xasayer_session_id=42 ERROR boom",
}


def statuses(run: Run) -> dict[str, str]:
    return {check["id"]: check["status"] for check in run.data["checks"]}


def report(run: Run) -> dict[str, Any]:
    found: dict[str, Any] = run.data["sources"][0]
    return found


def test_every_verdict(bare: Cli, write: Write) -> None:
    lines = [f"2026-11-22T09:30:00Z {TAG} ERROR boom", "untagged", f"{TAG} INFO fine", *NEAR_MISSES.values()]
    path = write("\n".join(lines))
    run = bare("verify", "--file", str(path), "-o", "json", "--explain")
    assert run.code == 0, run.out
    assert statuses(run) == {
        "file.readable": "pass", "file.queryable": "pass", "file.collectible": "pass", "file.near_misses": "warn",
    }  # fmt: skip
    found = report(run)
    assert (found["name"], found["complete"], found["collectible"]) == ("file", True, 1)
    assert (found["searched_from"], found["searched_to"]) == (None, None)
    assert found["rejected"] == {**dict.fromkeys(NEAR_MISSES, 1), "no_error_word": 2}
    assert {miss["reason"]: miss["sample"] for miss in found["near_misses"]} == NEAR_MISSES
    assert len(found["entries"]) == 9
    assert {entry["place"] for entry in found["entries"]} == {str(path)}
    strict = bare("verify", "--file", str(path), "--strict", "-o", "junit")
    assert strict.code == 1
    suite = ET.fromstring(strict.out).find("testsuite")
    assert suite is not None
    assert suite.get("name") == "asayer.file"
    text = bare("verify", "--file", str(path)).out
    assert "Files" in text
    assert "searched every line: 5 tagged: 1 collectible" in text


def test_standard_input_and_pipes(bare: Cli, tmp_path: Path) -> None:
    line = f"{TAG} ERROR boom\n"
    run = bare("verify", "--file", "-", "-o", "json", stdin=line)
    assert (run.code, report(run)["collectible"]) == (0, 1)
    assert "of standard input" in run.data["checks"][0]["summary"]
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=lambda: pipe.write_bytes(gzip.compress(line.encode() * 3)))
    writer.start()
    run = bare("verify", "--file", str(pipe), "-o", "json")
    writer.join()
    assert (run.code, report(run)["collectible"]) == (0, 3)
    assert bare("verify", "--file", "-", "--wait", "1s").code == 2


def test_the_window(bare: Cli, write: Write) -> None:
    path = write(f"{TAG} ERROR untimed\n" + "".join(f"2026-11-22T09:3{n}:00Z {TAG} ERROR {n}\n" for n in range(5)))
    window = ("--since", "2026-11-22T09:31:00Z", "--until", "2026-11-22T09:33:00Z")
    run = bare("verify", "--file", str(path), "-o", "json", *window, "--min-entries", "3")
    assert (run.code, report(run)["tagged"]) == (0, 3)
    assert report(run)["searched_from"] == "2026-11-22T09:31:00.000Z"
    other = bare("verify", "--file", str(path), "--session", "42", "-o", "json")
    assert (other.code, report(other)["tagged"]) == (1, 0)


def test_by_the_rules_of_elasticsearch(bare: Cli, write: Write) -> None:
    good = {"message": f"{TAG} boom", "utc_time": "2026-11-22T09:30:00Z", "tags": ["error"]}
    documents = [
        good,
        {**good, "tags": ["Error"], "level": "error"},
        {**good, "utc_time": "soon"},
        {**good, "utc_time": 5},
    ]
    path = write("".join(json.dumps(document) + "\n" for document in documents))
    run = bare("verify", "--file", str(path), "--collector", "elasticsearch", "-o", "json")
    assert report(run)["collectible"] == 1
    assert report(run)["rejected"] == {"bad_utc_time": 2, "missing_error_tag": 1}
    assert run.code == 0
    renamed = write(json.dumps({"message": f"openReplaySession.id={SESSION} boom"}))
    run = bare("verify", "--file", str(renamed), "--convention", "openreplay", "-o", "json")
    assert (run.code, report(run)["collectible"]) == (0, 1)


def test_what_is_incomplete_is_told(bare: Cli, write: Write) -> None:
    whole = gzip.compress(f"{TAG} ERROR boom\n".encode() + os.urandom(20_000).hex().encode())
    run = bare("verify", "--file", str(write(whole[:-3000])), "-o", "json")
    assert (run.code, report(run)["complete"], report(run)["collectible"]) == (0, False, 1)
    assert statuses(run)["file.readable"] == "warn"
    empty = bare("verify", "--file", str(write("")), "-o", "json")
    assert (empty.code, statuses(empty)["file.readable"]) == (1, "warn")


@pytest.mark.parametrize(
    "arguments",
    [
        ("--file", "/nowhere/app.log"),
        ("--file", "/dev/null", "--only", "aws"),
        ("--collector", "cloudwatch"),
        ("--file", "-", "--canary", "https://shop.example.com/"),
    ],
)
def test_wrong_usage(bare: Cli, arguments: tuple[str, ...]) -> None:
    run = bare("verify", *arguments)
    assert run.code == 2
    assert "Traceback" not in run.err


def wishes(**more: Any) -> Wishes:
    return Wishes(ASAYER, since=EARLIEST, until=LATEST, **more)


def test_processes_of_their_own_count_the_same(tmp_path: Path) -> None:
    path = tmp_path / "app.log"
    sure = f"2026-11-22T09:30:00.000Z {TAG} ERROR"
    path.write_text("\n".join((sure, *NEAR_MISSES.values(), "x" * 240_000, "")) * 150)
    source = FileSource([str(path)], "cloudwatch")
    window = wishes().window(datetime.now(UTC))
    alone = source.search(window, wishes())
    source.begin(wishes())
    together = source.search(window, wishes())
    assert alone.collectible == 150
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)
    one_more = max(int(fd.name) for fd in Path("/proc/self/fd").iterdir()) + 1
    resource.setrlimit(resource.RLIMIT_NOFILE, (one_more, limit[1]))
    try:
        source.begin(wishes())  # for which no pipe can be had
        refused = source.search(window, wishes())
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, limit)
    for name in ("tagged", "queryable", "collectible", "rejected", "near_misses", "samples"):
        assert getattr(alone, name) == getattr(together, name) == getattr(refused, name), name


def test_a_process_ends_with_the_one_that_asked() -> None:
    forked = (
        "import os, time; from asayer_cli.files.workers import Worker; Worker(lambda: time.sleep(600)); os._exit(7)"
    )
    # the pipe of its output ends when the last process that has it does
    run = subprocess.run([sys.executable, "-c", forked], stdout=subprocess.PIPE, timeout=60, check=False)
    assert run.returncode == 7


def test_only_so_many_entries_are_listed(write: Write) -> None:
    path = write(f"{TAG} ERROR boom\n" * (MOST_LISTED + 7))
    tally = FileSource([str(path)], "cloudwatch").search(wishes().window(datetime.now(UTC)), wishes(explain=True))
    assert (len(tally.entries), tally.unlisted, tally.collectible) == (MOST_LISTED, 7, MOST_LISTED + 7)
