from __future__ import annotations

import json
import os
import stat
import tempfile
from contextlib import redirect_stdout
from datetime import UTC, datetime
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given

from asayer_cli.errors import UsageError
from asayer_cli.exit_codes import ExitCode
from asayer_cli.output import github, junit, show, text_verification
from asayer_cli.output.console import Console
from asayer_cli.output.report_file import append_summary, write_report
from asayer_cli.result import Failure, Result
from asayer_cli.secret import MASK, Secret
from asayer_cli.tag import Reason
from asayer_cli.verification.model import Check, JudgedEntry, NearMiss, SourceReport, Status, Verification
from tests.output.hostile import TEXTS, begins_command, harmful

NOW = datetime(2026, 11, 22, tzinfo=UTC)
SAMPLE = "planted log message"


def verification(text: str = "what was found", sample: str = SAMPLE) -> Verification:
    checks = tuple(
        Check(f"aws.{status.value}", "aws", status, f"{text} {status.value}", f"do {text}", sample) for status in Status
    )
    misses = (NearMiss(Reason.NO_ERROR_WORD, 1, sample, "log the word"),)
    entry = JudgedEntry(NOW, "/ecs/shop", None, collectible=False, reason=Reason.NO_ERROR_WORD, message=sample)
    return Verification(
        checks,
        (SourceReport("aws", NOW, NOW, True, 3, 2, {Reason.NO_ERROR_WORD: 1}, misses, (entry,)),),
    )


def cases(text: str) -> dict[str, ET.Element]:
    return {case.attrib["name"]: case for case in ET.fromstring(text).iter("testcase")}


def test_junit() -> None:
    text = junit.write(verification())
    root = ET.fromstring(text)
    assert text.startswith('<?xml version="1.0" encoding="UTF-8"?>')
    for element in (root, root[0]):
        assert [element.attrib[name] for name in ("tests", "failures", "skipped", "errors")] == ["4", "1", "1", "0"]
    found = cases(text)
    assert {case.attrib["classname"] for case in found.values()} == {"asayer.aws"}
    failure = found["aws.fail"].find("failure")
    assert failure is not None
    assert failure.attrib["message"] == "what was found fail"
    assert failure.text == "what was found fail\ndo what was found"
    assert found["aws.skip"].find("skipped") is not None
    assert [child.tag for child in found["aws.pass"]] == ["system-out"]


@given(TEXTS)
def test_junit_survives_strangers(text: str) -> None:
    written = junit.write(verification(text, text), show_messages=True)
    assert not harmful(written)
    assert not any(begins_command(line) for line in written.split("\n"))
    assert len(cases(written)) == 4
    assert {element.tag for element in ET.fromstring(written).iter()} == {
        "testsuites",
        "testsuite",
        "testcase",
        "failure",
        "skipped",
        "system-out",
    }


def test_github() -> None:
    passed, warning, failure, skipped = github.write(verification()).split("\n")
    assert passed == "pass: aws.pass: what was found pass"
    assert warning == "::warning title=asayer aws.warn::what was found warn%0Ado what was found"
    assert failure == "::error title=asayer aws.fail::what was found fail%0Ado what was found"
    assert skipped == "skip: aws.skip: what was found skip"


@given(TEXTS)
def test_github_takes_no_commands_from_strangers(text: str) -> None:
    lines = github.write(verification(text, text), show_messages=True).split("\n")
    assert len(lines) == 4
    assert [line.partition(" ")[0] for line in lines] == ["pass:", "::warning", "::error", "skip:"]
    assert not begins_command(lines[0])
    assert not begins_command(lines[3])
    for line in lines:
        assert not harmful(line)
        assert len(line.splitlines()) == 1


def test_the_job_summary() -> None:
    text = github.summary(verification())
    assert "| ❌ | aws\\.fail | what was found fail<br>do what was found |" in text
    assert "| aws | 3 | 2 | 1 |" in text


@given(TEXTS)
def test_the_job_summary_keeps_its_shape(text: str) -> None:
    lines = github.summary(verification(text, text), show_messages=True).split("\n")
    assert len(lines) == len(github.summary(verification()).split("\n"))
    assert not any(harmful(line) or begins_command(line) for line in lines)


@pytest.mark.parametrize("write", [junit.write, github.write, github.summary])
def test_log_messages_are_left_out_unless_asked_for(write: object) -> None:
    assert callable(write)
    assert SAMPLE not in write(verification())
    assert SAMPLE in write(verification(), show_messages=True)


def test_secrets_are_masked_in_reports() -> None:
    Secret("planted<&>secret")
    data = verification("with planted<&>secret inside")
    for text in (junit.write(data), github.write(data), github.summary(data)):
        assert "&gt;secret" not in text
        assert MASK in text.replace("\\", "")


def test_only_its_owner_reads_a_report(tmp_path: Path) -> None:
    path = tmp_path / "report.xml"
    path.write_text("an old and longer report")
    path.chmod(0o644)
    write_report(path, "new")
    assert path.read_text() == "new\n"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    write_report(tmp_path / "fresh.xml", "text\n")
    assert stat.S_IMODE((tmp_path / "fresh.xml").stat().st_mode) == 0o600
    assert (tmp_path / "fresh.xml").read_text() == "text\n"


def test_a_summary_is_appended_and_its_mode_left(tmp_path: Path) -> None:
    path = tmp_path / "summary.md"
    path.write_text("before\n")
    path.chmod(0o644)
    append_summary(path, "after")
    assert path.read_text() == "before\nafter\n"
    assert stat.S_IMODE(path.stat().st_mode) == 0o644


@pytest.mark.parametrize("place", ["no/such/folder/report.xml", ".", "full"])
def test_a_report_that_cannot_be_written(tmp_path: Path, place: str) -> None:
    (tmp_path / "full").symlink_to("/dev/full")
    with pytest.raises(UsageError, match="cannot be written") as refused:
        write_report(tmp_path / place, "text")
    assert refused.value.code == "report_unwritable"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can act as another user")
@pytest.mark.parametrize(("mode", "left"), [(0o666, "an old report"), (0o602, "an old report")])
def test_a_report_of_another_user_is_not_emptied(mode: int, left: str) -> None:
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        path = Path(name, "report.xml")
        path.write_text("an old report")
        os.chown(path, 4321, 4321)
        path.chmod(mode)
        os.seteuid(65534)
        try:
            with pytest.raises(UsageError, match="cannot be written: Operation not permitted"):
                write_report(path, "new")
        finally:
            os.seteuid(0)
        assert path.read_text() == left


def test_a_report_into_a_file_and_text_on_the_screen(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for output in ("junit", "json", "github", "text"):
        path = tmp_path / output
        show(Result(verification(), report_file=path), "verify", output, Console(environ={}))
        assert "1 check failed" in capsys.readouterr().out
    assert len(cases((tmp_path / "junit").read_text())) == 4
    assert json.loads((tmp_path / "json").read_text())["command"] == "verify"
    assert "::error" in (tmp_path / "github").read_text()
    assert "1 check failed" in (tmp_path / "text").read_text()


def test_what_was_found_is_shown_though_the_report_cannot_be_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    result = Result(verification(), report_file=tmp_path / "no" / "folder.xml")
    with pytest.raises(UsageError):
        show(result, "verify", "junit", Console(environ={}))
    assert "1 check failed" in capsys.readouterr().out


FAILURE = Failure("not_configured", "nothing to verify\n::error::forged | `x`", "do this\x1b[2J")


def test_reports_are_written_though_nobody_reads_the_screen(tmp_path: Path) -> None:
    result = Result(verification(), report_file=tmp_path / "r.xml", summary_file=tmp_path / "summary.md")
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(os.dup(writing), "w") as closed:
        os.close(writing)
        with redirect_stdout(closed), pytest.raises(BrokenPipeError):
            show(result, "verify", "junit", Console(environ={}))
        os.dup2(os.open(os.devnull, os.O_WRONLY), closed.fileno())
    assert len(cases((tmp_path / "r.xml").read_text())) == 4
    assert "asayer-cli verify" in (tmp_path / "summary.md").read_text()


@pytest.mark.parametrize("output", ["text", "github", "junit"])
def test_an_error_instead_of_findings(tmp_path: Path, capsys: pytest.CaptureFixture[str], output: str) -> None:
    result = Result(errors=(FAILURE,), exit_code=ExitCode.NOT_CONFIGURED, summary_file=tmp_path / "summary.md")
    show(result, "verify", output, Console(environ={}))
    shown = capsys.readouterr()
    assert "error: nothing to verify" in shown.err
    assert not any(harmful(part) for part in (shown.out, shown.err))
    lines = shown.out.splitlines()
    if output == "github":
        assert lines == ["::error title=asayer-cli::nothing to verify%0A: :error::forged | `x`%0Ado this\u241b[2J"]
    assert not any(begins_command(line) for line in lines if output != "github")
    if output == "junit":
        (error,) = ET.fromstring(shown.out).iter("error")
        assert error.get("type") == "not_configured"
    (told,) = [line for line in (tmp_path / "summary.md").read_text().splitlines() if "nothing" in line]
    assert "\\|" in told
    assert not begins_command(told)


def test_an_error_in_a_report_file_of_each_form(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for output in ("junit", "json", "github", "text"):
        path = tmp_path / output
        show(Result(errors=(FAILURE,), report_file=path), "verify", output, Console(environ={}))
        assert "nothing to verify" in path.read_text()
        captured = capsys.readouterr()
        assert captured.out == ""
        assert "nothing to verify" in captured.err


def test_a_job_summary_that_cannot_be_written_is_a_warning(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    result = Result(verification(), exit_code=ExitCode.CHECK_FAILED, summary_file=tmp_path / "no" / "summary.md")
    assert show(result, "verify", "json", Console(environ={})).exit_code is ExitCode.CHECK_FAILED
    captured = capsys.readouterr()
    assert "cannot be written" in json.loads(captured.out)["messages"][0]["text"]
    assert "warning:" in captured.err


def test_text_shows_samples_harmlessly(capsys: pytest.CaptureFixture[str]) -> None:
    show(Result(verification(sample="x\n::error::y\x1b[2J ##[group]z")), "verify", "text", Console(environ={}))
    assert "no_error_word: x ::error::y\u241b[2J # #[group]z" in capsys.readouterr().out


def test_entries_in_a_narrow_and_in_a_wide_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    sample = "a message of many words " * 4
    for columns in ("60", "80", "200", ""):
        show(Result(verification(sample=sample)), "verify", "text", Console(environ={"COLUMNS": columns}))
        lines = capsys.readouterr().out.splitlines()
        assert [line for line in lines if line.endswith(" ")] == []
        (entry,) = [number for number, line in enumerate(lines) if line.startswith("  2026-11-22T00:00:00.000Z  -")]
        assert "1 dropped" in " ".join(" ".join(lines[:entry]).split())
        if columns in ("60", "80"):
            assert lines[entry].split() == ["2026-11-22T00:00:00.000Z", "-", "no_error_word"]
            assert lines[entry + 1].startswith("    a message of many words a message")
            assert max(map(len, lines[entry - 1 : -1])) <= int(columns)
        else:
            assert lines[entry].endswith(f"no_error_word  {sample}".rstrip())


def test_entries_are_masked_and_cut_for_people(capsys: pytest.CaptureFixture[str]) -> None:
    secret = Secret("correct-horse-battery-staple-" * 3)
    for columns in ("80", "120"):
        console = Console(environ={"COLUMNS": columns})
        show(Result(verification(sample=f"{secret.reveal()} {'words ' * 50_000}")), "verify", "text", console)
        out = capsys.readouterr().out
        assert "battery" not in out
        assert len(out) < 10_000
        assert "300,009characters" in "".join(out.split())


@given(TEXTS)
def test_text_takes_no_commands_from_strangers(text: str) -> None:
    console = Console(environ={})
    out = console.capture(text_verification.render(verification(text, text)))
    assert not harmful(out)
    assert not any(begins_command(line) for line in out.split("\n"))
