from __future__ import annotations

import json
import stat
import subprocess
import sys
from dataclasses import asdict
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asayer_cli.errors import NotConfiguredError
from asayer_cli.journal import Journal

if TYPE_CHECKING:
    from pathlib import Path

ACCOUNT = "123456789012"


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    return Journal(tmp_path / "state" / "journal.jsonl")


def test_a_change_that_was_made(journal: Journal) -> None:
    begun = journal.begin(ACCOUNT, "create_key", "user/asayer_cw", before=("AKIA1",))
    assert journal.open_changes(ACCOUNT, "create_key", "user/asayer_cw") == [begun]
    journal.done(begun, made="AKIA2")
    assert journal.open_changes(ACCOUNT, "create_key", "user/asayer_cw") == []
    first, last = journal.records()
    assert first == begun
    assert (last.change, last.state, last.made) == (begun.change, "done", "AKIA2")
    assert first.time.endswith("Z")


def test_a_change_that_was_not_made(journal: Journal) -> None:
    begun = journal.begin(ACCOUNT, "create_key", "user/asayer_cw")
    journal.failed(begun, "access denied")
    assert journal.open_changes(ACCOUNT, "create_key", "user/asayer_cw") == []
    assert [record.outcome for record in journal.records()] == ["", "access denied"]


def test_only_changes_of_the_same_kind_are_open(journal: Journal) -> None:
    mine = journal.begin(ACCOUNT, "create_key", "user/asayer_cw")
    journal.begin("999999999999", "create_key", "user/asayer_cw")
    journal.begin(ACCOUNT, "attach_policy", "user/asayer_cw")
    journal.begin(ACCOUNT, "create_key", "user/other")
    again = journal.begin(ACCOUNT, "create_key", "user/asayer_cw")
    assert journal.open_changes(ACCOUNT, "create_key", "user/asayer_cw") == [mine, again]


def test_nothing_was_ever_changed(journal: Journal, tmp_path: Path) -> None:
    assert list(journal.records()) == []
    (tmp_path / "file").touch()
    assert list(Journal(tmp_path / "file" / "journal.jsonl").records()) == []


def test_only_its_owner_reads_it(journal: Journal) -> None:
    journal.begin(ACCOUNT, "create_key", "user/asayer_cw")
    assert stat.S_IMODE(journal.path.stat().st_mode) == 0o600
    assert stat.S_IMODE(journal.path.parent.stat().st_mode) == 0o700


def test_a_torn_last_line_is_passed_over_and_does_not_spoil_the_next(journal: Journal) -> None:
    begun = journal.begin(ACCOUNT, "create_key", "user/asayer_cw")
    with journal.path.open("a") as file:
        file.write('{"change": "torn", "sta')
    after = journal.begin(ACCOUNT, "create_key", "user/asayer_cw")
    assert list(journal.records()) == [begun, after]


@given(st.binary())
def test_any_garbage_is_passed_over(tmp_path_factory: pytest.TempPathFactory, garbage: bytes) -> None:
    path = tmp_path_factory.mktemp("garbage") / "journal.jsonl"
    journal = Journal(path)
    begun = journal.begin(ACCOUNT, "create_key", "user/asayer_cw")
    with path.open("ab") as file:
        file.write(garbage)
    after = journal.begin(ACCOUNT, "create_key", "user/asayer_cw")
    assert journal.open_changes(ACCOUNT, "create_key", "user/asayer_cw") == [begun, after]


def damaged(**values: object) -> str:
    sound = {"change": "c", "time": "2026-11-22T05:00:00Z", "state": "begun", "account": "", "action": "", "target": ""}
    return json.dumps({**sound, **values})


@pytest.mark.parametrize(
    "line",
    [
        *("null", "[]", "5", '"text"', '{"change": 1}', '{"before": null}', "{" * 500, "[" * 100_000),
        *(damaged(time="nonsense"), damaged(time="2026-11-22"), damaged(time="0001-01-01T00:00:00+14:00")),
        *(damaged(before=[1]), damaged(change=""), damaged(state="dreamt"), damaged(target=None)),
    ],
    ids=range(15),
)
def test_json_that_is_no_record_is_passed_over(journal: Journal, line: str) -> None:
    begun = journal.begin(ACCOUNT, "create_key", "user/asayer_cw")
    with journal.path.open("a") as file:
        file.write(line + "\n")
    assert list(journal.records()) == [begun]


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(NotConfiguredError, match="cannot be written") as refused:
        Journal(tmp_path / "file" / "journal.jsonl").begin(ACCOUNT, "create_key", "user/asayer_cw")
    assert refused.value.code == "journal_unwritable"
    assert "ASAYER_STATE_DIR" in refused.value.hint


def test_a_full_disk(tmp_path: Path) -> None:
    (tmp_path / "journal.jsonl").symlink_to("/dev/full")
    with pytest.raises(NotConfiguredError, match="No space left on device"):
        Journal(tmp_path / "journal.jsonl").begin(ACCOUNT, "create_key", "user/asayer_cw")


def test_a_journal_that_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "journal.jsonl").mkdir()
    with pytest.raises(NotConfiguredError, match="cannot be read: Is a directory"):
        list(Journal(tmp_path / "journal.jsonl").records())


def test_processes_that_write_at_once_lose_nothing(journal: Journal) -> None:
    program = (
        "import sys; from pathlib import Path; from asayer_cli.journal import Journal\n"
        "for number in range(50): Journal(Path(sys.argv[1])).begin('a', 'b', 'c' * 500, (str(number),))"
    )
    writers = [subprocess.Popen([sys.executable, "-c", program, str(journal.path)]) for _ in range(4)]
    assert [writer.wait(60) for writer in writers] == [0] * 4
    assert len(journal.open_changes("a", "b", "c" * 500)) == 200


def test_each_line_is_json_by_itself(journal: Journal) -> None:
    begun = journal.begin("https://x:9200", "create_key", "line\nbreak\u2028", before=("é",))
    (line,) = journal.path.read_text().splitlines()
    assert json.loads(line) == {**asdict(begun), "before": ["é"]}
    assert list(journal.records()) == [begun]
