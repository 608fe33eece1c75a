from __future__ import annotations

import csv
import io
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from asayer_cli.audit import Outcome, Wanted, read, stream
from asayer_cli.entries import rfc3339
from asayer_cli.journal import Journal
from tests.cli.conftest import AWS_SECRET, ELASTIC_SECRET

if TYPE_CHECKING:
    from tests.cli.conftest import Machine
    from tests.conftest import Cli

ACCOUNT = "123456789012"
CLUSTER = "https://elastic.example.com:9243"


@pytest.fixture
def journal(bare_environ: dict[str, str]) -> Journal:
    """A journal with one change of each outcome."""
    journal = Journal(Path(bare_environ["ASAYER_STATE_DIR"]) / "journal.jsonl")
    journal.done(journal.begin(ACCOUNT, "iam:CreateUser", "user/asayer_cw"))
    key = journal.begin(ACCOUNT, "iam:CreateAccessKey", "user/asayer_cw", ("AKIA0",))
    denied = journal.begin(ACCOUNT, "iam:AttachUserPolicy", "user/asayer_cw")
    journal.failed(denied, "permission_denied")
    journal.failed(key, "undone", "AKIA1")
    journal.begin(CLUSTER, "elastic.create_api_key", "api-key/asayer")
    return journal


def changes(run: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = run.data["changes"]
    return found


def test_every_outcome(bare: Cli, journal: Journal) -> None:
    run = bare("audit", "-o", "json")
    found = changes(run)
    assert [(one["action"], one["outcome"], one["made"], one["why"]) for one in found] == [
        ("iam:CreateUser", "done", "", ""),
        ("iam:CreateAccessKey", "undone", "AKIA1", "undone"),
        ("iam:AttachUserPolicy", "failed", "", "permission_denied"),
        ("elastic.create_api_key", "unknown", "", ""),
    ]
    assert found[1]["before"] == ["AKIA0"]
    assert (found[1]["account"], found[1]["object"]) == (ACCOUNT, "user/asayer_cw")
    assert (found[3]["account"], found[3]["ended_at"]) == (CLUSTER, None)
    assert [one["time"] for one in found] == sorted(one["time"] for one in found)
    assert all(one["ended_at"] >= one["time"] for one in found[:3])
    assert run.code == 0
    assert "1 change has an unknown outcome" in run.json["messages"][0]["text"]


def test_the_other_forms(bare: Cli, journal: Journal) -> None:
    text = bare("audit")
    assert text.out.splitlines()[0].split()[:3] == ["time", "(UTC)", "outcome"]
    assert [line.split()[1:3] for line in text.out.splitlines()[1:]] == [
        ["done", "iam:CreateUser"],
        ["undone", "iam:CreateAccessKey"],
        ["failed", "iam:AttachUserPolicy"],
        ["unknown", "elastic.create_api_key"],
    ]
    assert "warning: 1 change has an unknown outcome" in text.err
    rows = list(csv.DictReader(io.StringIO(bare("audit", "-o", "csv").out)))
    assert [row["outcome"] for row in rows] == [one["outcome"] for one in changes(bare("audit", "-o", "json"))]
    plain = bare("audit", "-o", "plain").out.splitlines()
    assert [line.split("\t")[3] for line in plain] == [row["action"] for row in rows]


@pytest.mark.parametrize(
    ("arguments", "count"),
    [
        (["--account", ACCOUNT], 3),
        (["--account", "999999999999"], 0),
        (["--action", "iam:CreateUser"], 1),
        (["--action", "iam:*", "--action", "elastic.*"], 4),
        (["--since", "1h"], 4),
        (["--since", "2035-01-01T00:00:00Z"], 0),
    ],
)
def test_filters(bare: Cli, journal: Journal, arguments: list[str], count: int) -> None:
    run = bare("audit", *arguments)
    assert len(run.out.splitlines()) == (count + 1 if count else 0)
    assert ("note: No such change" in run.err) == (not count)


def test_nothing_was_changed_yet(bare: Cli) -> None:
    run = bare("audit")
    assert (run.code, run.out) == (0, "")
    assert "note: No change was made from this machine" in run.err
    assert changes(bare("audit", "-o", "json")) == []
    assert bare("audit", "-o", "csv").out.startswith("time,outcome,account,")


def test_torn_and_foreign_lines_are_counted(bare: Cli, journal: Journal) -> None:
    first = json.loads(journal.path.read_text().splitlines()[0])
    foreign = (
        "[]",
        '"text"',
        "17",
        "not json",
        json.dumps({**first, "time": None}),
        json.dumps({**first, "before": [1]}),
        json.dumps({**first, "time": "2026-11-22"}),
        json.dumps({**first, "time": "0001-01-01T00:00:00+14:00"}),
        json.dumps({**first, "change": ["x"]}),
        json.dumps({**first, "change": ""}),
        json.dumps({**first, "state": "dreamt"}),
        '{"change": "x", "time": "2026-11',
    )
    with journal.path.open("a") as file:
        file.write("\n".join(foreign))
    run = bare("audit", "-o", "json")
    assert (run.code, len(changes(run))) == (0, 4)
    assert f"{len(foreign)} lines are torn or none of asayer-cli's" in run.json["messages"][-1]["text"]
    assert "warning: 12 lines are torn" in bare("audit").err


def test_strangers_text_in_the_journal_is_harmless(bare: Cli, journal: Journal) -> None:
    journal.begin("\x1b[31mred", "a\tb\nc", "::error::x\u202e")
    run = bare("audit")
    assert len(run.out.splitlines()) == 6
    assert not {"\x1b", "\u202e", "\t"} & set(run.out)
    assert len(bare("audit", "-o", "plain").out.splitlines()[-1].split("\t")) == 9


def test_a_journal_that_cannot_be_read(bare: Cli, bare_environ: dict[str, str]) -> None:
    Path(bare_environ["ASAYER_STATE_DIR"], "journal.jsonl").mkdir(parents=True)
    run = bare("audit", "-o", "json")
    assert (run.code, run.json["data"]) == (3, None)
    assert "journal.jsonl cannot be read" in run.json["errors"][0]["message"]
    assert run.json["errors"][0]["hint"]


def test_what_is_forgotten_is_a_change_too(bare: Cli, configured: Machine, bare_environ: dict[str, str]) -> None:
    assert bare("integrations", "remove", "--only", "aws", "-y").code == 0
    (change,) = changes(bare("audit", "-o", "json"))
    assert (change["action"], change["object"], change["outcome"]) == ("local.forget", "profile/default/aws", "done")
    assert change["account"] == ""
    assert {"default/aws/AKIA1", "aws.region"} <= set(change["before"])
    assert "this machine" in bare("audit").out
    everything = bare("audit").out + Path(bare_environ["ASAYER_STATE_DIR"], "journal.jsonl").read_text()
    assert AWS_SECRET not in everything
    assert ELASTIC_SECRET not in everything


def test_a_removal_that_fails_or_is_cut_off(bare: Cli, configured: Machine, bare_environ: dict[str, str]) -> None:
    journal = Journal(Path(bare_environ["ASAYER_STATE_DIR"]) / "journal.jsonl")
    lock = configured.folder / ".secrets.json.lock"
    lock.unlink()
    lock.mkdir()
    assert bare("integrations", "remove", "--only", "aws", "-y").code == 3
    lock.rmdir()
    journal.begin("", "local.forget", "profile/default/aws", ("default/aws/AKIA1",))
    assert changes(bare("audit", "-o", "json"))[-1]["outcome"] == "unknown"
    assert bare("integrations", "remove", "--only", "aws", "-y").code == 0
    found = changes(bare("audit", "-o", "json"))
    assert [(one["outcome"], one["why"]) for one in found] == [
        ("failed", "secret_store_broken"),
        ("done", ""),
        ("done", ""),
    ]


def test_the_journal_is_written_before_anything_is_forgotten(
    bare: Cli, configured: Machine, bare_environ: dict[str, str]
) -> None:
    journal = Path(bare_environ["ASAYER_STATE_DIR"]) / "journal.jsonl"
    journal.parent.mkdir()
    journal.symlink_to("/proc/nowhere/journal.jsonl")
    run = bare("integrations", "remove", "-y")
    assert (run.code, run.out) == (3, "")
    assert "The journal" in run.err
    assert configured.kept("aws", "AKIA1")


TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
VALUES = st.one_of(st.none(), st.integers(), TEXTS, st.lists(st.one_of(st.integers(), TEXTS), max_size=2))
NAMES = ("change", "time", "state", "account", "action", "target", "before", "made", "outcome", "other")
STATES = st.sampled_from(["begun", "done", "failed", "?"])
TIMES = st.one_of(TEXTS, st.datetimes(timezones=st.just(UTC)).map(rfc3339))
LINES = st.one_of(
    st.dictionaries(st.sampled_from(NAMES), VALUES).map(json.dumps),
    st.fixed_dictionaries(
        {"change": TEXTS, "time": TIMES, "state": STATES, "account": TEXTS, "action": TEXTS, "target": TEXTS}
    ).map(json.dumps),
    TEXTS.map(lambda text: text.replace("\n", "").replace("\r", "")),
)


@given(lines=st.lists(LINES, max_size=6))
@settings(max_examples=80)
def test_any_journal_is_read(tmp_path_factory: pytest.TempPathFactory, lines: list[str]) -> None:
    journal = Journal(tmp_path_factory.mktemp("any") / "journal.jsonl")
    journal.path.write_text("\n".join(lines), encoding="utf-8")
    reading = read(journal)
    whole = sum(1 for line in lines if line.strip())
    assert len(reading.changes) + reading.unreadable <= whole
    assert all(one.outcome in Outcome for one in reading.changes)
    assert all(one.time.tzinfo is UTC for one in reading.changes)
    shown = stream(journal, Wanted(since=datetime.now(UTC) - timedelta(days=1)))
    assert len(list(shown.rows)) <= len(reading.changes)
    assert shown.finish().exit_code == 0
