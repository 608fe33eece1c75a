"""`session` in the sandbox: both services, what is wrong with one of them, and what is asked for wrongly."""

from __future__ import annotations

import json
import stat
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from asayer_cli.session_id import SessionId
from tests.timeline.conftest import BEGAN, ID, TAG, TRACEBACK

if TYPE_CHECKING:
    from pathlib import Path

    from tests.timeline.conftest import Session, World

ALL = [
    ("aws", "info", "INFO GET /cart 200"),
    ("aws", "warning", "WARN low stock"),
    ("elastic", "error", "ERROR KeyError: 'basket'"),
    ("aws", "error", "ERROR payment failed"),
    ("elastic", "error", "ERROR TimeoutError: stock"),
    ("aws", "error", "CRITICAL no answer after 5 s"),
    ("elastic", "error", "\x1b[2Jevil\x1b]0;title\x07 \u202e ERROR <script> ::error::x"),
]


def test_the_id_alone_finds_everything(session: Session) -> None:
    run = session(str(ID), "-o", "json")
    assert run.code == 0, run.err
    entries = run.data["entries"]
    assert [(entry["source"], entry["level"], entry["message"]) for entry in entries] == ALL
    assert entries[3]["trace"] == TRACEBACK
    assert entries[3]["offset"] == 10.0
    assert [(entry["collected"], entry["reason"]) for entry in entries[2:6]] == [
        (True, None),
        (True, None),
        (True, "missing_error_tag"),
        (True, "no_error_word"),
    ]
    assert entries[5]["repeats"] == 2
    told = run.data["completeness"]
    assert (told["entries"], told["errors"], told["complete"], told["may_grow"]) == (9, 7, True, True)
    assert [kind["count"] for kind in told["error_kinds"]] == [3, 1, 1, 1, 1]
    assert [reading["engine"] for reading in told["readings"]] == ["filter", "search"]
    assert all(reading["newest"] for reading in told["readings"])


def test_the_ends_of_the_calendar(session: Session) -> None:
    ends = ("--since", "0001-01-01T00:00:00Z", "--until", "9999-12-31T23:59:59Z")
    assert session(str(ID), *ends, "-o", "json").data["completeness"]["entries"] == 9
    assert session(str(ID), *ends, "--follow", "--for", "1s").code == 0


def test_json_lines(session: Session) -> None:
    run = session(f"https://asayer.example.com/5/session/{ID}?x=12", "-o", "jsonl", "--tz", "UTC")
    assert run.code == 0, run.err
    lines = [json.loads(line) for line in run.out.splitlines()]
    assert [line["type"] for line in lines] == ["session", *["entry"] * len(ALL), "end"]
    assert (lines[0]["id"], lines[0]["zone"], lines[-1]["exit_code"]) == (str(ID), "UTC", 0)
    assert "\x1b" not in run.out


def test_text(session: Session) -> None:
    run = session(TAG, "--replay-url", "https://asayer.example.com/5/session/{session_id}")
    assert run.code == 0, run.err
    lines = run.out.splitlines()
    assert lines[0].startswith(f"Session {ID}  began ")
    assert lines[1] == f"  replay  https://asayer.example.com/5/session/{ID}"
    assert lines[2].startswith("  times in Europe/Berlin (UTC+0")
    assert not {"\x1b", "\x07", "\u202e"} & set(run.out)
    assert "␛[2Jevil␛]0;title␇" in run.out
    (failed,) = (number for number, line in enumerate(lines) if "payment failed" in line and "+0:10 ERROR" in line)
    assert lines[failed + 1].strip() == "… 3 lines of stack trace, ends with ValueError: bad card 7"
    assert "no answer after 5 s  \u00d73 until " in run.out
    assert "TimeoutError: stock  not in the replay: missing_error_tag" in run.out
    assert "  3\u00d7  no answer after … s" in run.out
    assert lines[-1] == "9 entries, and all was read; more may still arrive."
    assert "\n          ValueError: bad card 7\n" in session(str(ID), "--full").out


def test_context_and_width(session: Session) -> None:
    run = session(str(ID), "--only", "aws", "--context", "1", env={"COLUMNS": "80"})
    assert run.code == 0, run.err
    assert "· INFO GET /healthz 200" in run.out
    assert max(len(line) for line in run.out.splitlines() if line[:1].isdigit()) <= 80


def test_several_sessions_and_standard_input(session: Session, world: World) -> None:
    other = SessionId.starting_at(BEGAN + timedelta(minutes=1), 7)
    world.log(70, f"[asayer_session_id={other}] ERROR of another session")
    run = session("-", "--only", "aws", stdin=f"{ID}\n[asayer_session_id={other}]\n")
    assert run.code == 0, run.err
    assert f"#1 Session {ID}" in run.out
    assert " #2 of another session" in run.out
    only = session(str(other), "-o", "json")
    assert [entry["message"] for entry in only.data["entries"]] == ["ERROR of another session"]


def test_a_page_beside_the_text(session: Session, tmp_path: Path) -> None:
    page = tmp_path / "session.html"
    run = session(str(ID), "--html", str(page))
    assert run.code == 0, run.err
    assert run.out.splitlines()[-1].startswith("9 entries, and all was read")
    assert stat.S_IMODE(page.stat().st_mode) == 0o600
    assert "KeyError" in page.read_text()
    assert "&lt;script>" in page.read_text() or "<script> ::" not in page.read_text()
    run = session(str(ID), "--html", str(tmp_path / "missing" / "page.html"), "-o", "jsonl")
    assert run.code == 2
    assert "cannot be written" in run.err


def test_nothing_is_found(session: Session) -> None:
    unknown = SessionId.starting_at(BEGAN, 1)
    run = session(str(unknown))
    assert run.code == 1
    assert "Nothing was found, though all was read" in run.out
    assert f"[asayer_session_id={unknown}]" in run.out
    assert "asayer-cli verify --since " in run.out
    assert "asayer-cli aws log-groups" in run.out
    young = SessionId.starting_at(datetime.now(UTC) - timedelta(minutes=1), 1)
    assert f"asayer-cli session {young} --follow" in session(str(young), "--max-duration", "2m").out
    assert session("42").code == 1
    assert "was not made by the product" in session("42").err


def test_half_of_the_sources_fail(session: Session) -> None:
    gone = session(str(ID), env={"ASAYER_AWS_LOG_GROUPS": "/gone"})
    assert gone.code == 2, gone.out
    assert "KeyError: 'basket'" in gone.out
    assert "There is no log group /gone" in gone.out
    assert "1 of 2 sources could not be read: there may be more" in gone.out
    refused = session(str(ID), "-o", "json", env={"ASAYER_ELASTIC_API_KEY": "bm9ib2R5Om5vdGhpbmc="})
    assert refused.code == 4
    assert len(refused.data["entries"]) == 4
    assert refused.json["errors"][0]["code"] == "credentials_rejected"
    away = session(str(ID), "-o", "jsonl", "--timeout", "1s", env={"ASAYER_ELASTIC_URL": "http://127.0.0.1:9"})
    assert away.code == 5
    assert json.loads(away.out.splitlines()[-1])["readings"][1]["failure"]["code"] == "connection_refused"
    half = session(str(ID), env={"ASAYER_AWS_REGION": None})
    assert half.code == 3
    assert "CloudWatch is half configured" in half.out


def test_one_group_of_several_is_gone(session: Session, world: World) -> None:
    run = session(str(ID), "--log-group", "/gone", "--log-group", world.group, "-o", "json")
    assert run.code == 2
    assert [reading["complete"] for reading in run.data["completeness"]["readings"]].count(False) == 1
    assert len(run.data["entries"]) == len(ALL)


def test_nothing_is_configured(session: Session) -> None:
    env = {"ASAYER_AWS_ACCESS_KEY_ID": None, "ASAYER_AWS_SECRET_ACCESS_KEY": None, "ASAYER_ELASTIC_API_KEY": None}
    run = session(str(ID), env=env)
    assert run.code == 3
    assert run.out == ""
    assert "--file PATH" in run.err
    assert session(str(ID), "--only", "aws", "-o", "json", env=env).code == 3


def test_files_need_no_account(session: Session, tmp_path: Path) -> None:
    log = tmp_path / "app.log"
    log.write_bytes(
        f"{BEGAN.isoformat()} ERROR {TAG} boom\n".encode()
        + "\n".join(TRACEBACK).encode()
        + f"\n{TAG} \xff\xfe ERROR without a time\n".encode("latin-1")
        + f"{BEGAN.isoformat()} {TAG} ERROR ".encode()
        + b"x" * 1_000_000
        + b"\n"
    )
    run = session(str(ID), "--file", str(log), env={"ASAYER_AWS_ACCESS_KEY_ID": None})
    assert run.code == 0, run.err
    assert "3 lines of stack trace" in run.out
    assert "(1,000,0" in run.out
    assert len(run.out) < 10_000
    assert session(str(ID), "--file", "-", "--no-pager", stdin=log.read_text(errors="replace")).code == 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["k3j2.1x.9z"], "is a session token"),
        ([str(ID), "--tz", "Mars"], "There is no time zone"),
        ([str(ID), "--replay-url", "https://x"], "must have {session_id} in it"),
        ([str(ID), "--file", "x", "--only", "aws"], "--file reads files alone"),
        ([str(ID), "--only", "elastic", "--log-group", "x"], "--log-group is for CloudWatch"),
        ([str(ID), "--since", "1h", "--until", "2h"], "The window is empty"),
        (["-", "--file", "-"], "Standard input cannot be both"),
        ([str(ID), "--file", "x", "--html", ""], "The page . cannot be written: Is a directory"),
        ([], "Missing argument"),
    ],
)
def test_wrong_usage(session: Session, arguments: list[str], said: str) -> None:
    run = session(*arguments)
    assert run.code == 2
    assert said in run.err
    assert run.out == ""


def test_no_secret_of_ours_shows_that_was_logged(session: Session, world: World, tmp_path: Path) -> None:
    key, api_key = world.environ["ASAYER_AWS_SECRET_ACCESS_KEY"], world.environ["ASAYER_ELASTIC_API_KEY"]
    other = SessionId.starting_at(BEGAN + timedelta(minutes=1), 0x5EC)
    tag, page = f"[asayer_session_id={other}]", tmp_path / "page.html"
    world.log(70, f"{tag} ERROR refused {key} {'x' * 460} {key}", *TRACEBACK[:2], f"KeyError: '{key}'")
    world.document(71, f"{tag} ERROR sent {api_key}", error={"stack_trace": f"at x\n  at {api_key}"}, more=[{"k": key}])
    for arguments in (["--full", "--html", str(page)], ["--context", "2", "-o", "jsonl", "--debug"]):
        run = session(str(other), *arguments)
        assert run.code == 0, run.err
        shown = run.out + run.err + (page.read_text() if page.exists() else "")
        assert "refused ********" in shown
        for secret in (key, api_key):
            assert all(part not in shown for part in (secret, secret[:12], secret[-12:]))
