from __future__ import annotations

import stat
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from asayer_cli.session_id import SessionId
    from tests.verification.conftest import Admin, Verify

HOSTILE = (
    "\x1b]0;owned\x07\n::error::forged\n<script>|`x`[link](http://e)\u202e [asayer_session_id=k3j2] ERROR planted-text"
)


@pytest.fixture
def group(admin: Admin, session_id: SessionId) -> str:
    return admin.log([f"[asayer_session_id={session_id}] ERROR boom", HOSTILE])


def test_text_shows_checks_sample_and_counts(verify: Verify, group: str) -> None:
    run = verify(group=group, output="text")
    assert run.code == 0
    assert "CloudWatch Logs" in run.out
    assert "aws.collectible" in run.out
    assert "1 tagged: 1 collectible, 0 dropped; 1 more meant to be tagged" in run.out
    assert "planted-text" in run.out
    assert "Verified" in run.out
    assert not {"\x1b", "\x07", "\u202e"} & set(run.out)


def test_junit(verify: Verify, group: str) -> None:
    run = verify("--strict", group=group, output="junit")
    assert run.code == 1
    root = ET.fromstring(run.out)
    cases = {case.get("name"): case for case in root.iter("testcase")}
    assert cases["aws.near_misses"].find("failure") is not None
    assert cases["aws.collectible"].find("failure") is None
    assert (root.get("tests"), root.get("failures")) == (str(len(cases)), "1")
    assert "planted-text" not in run.out
    shown = verify("--strict", "--show-messages", group=group, output="junit")
    assert "planted-text" in shown.out
    assert ET.fromstring(shown.out) is not None


def test_github_annotations_cannot_be_forged(verify: Verify, group: str) -> None:
    run = verify(group=group, output="github")
    assert "planted-text" not in run.out
    shown = verify("--show-messages", group=group, output="github")
    commands = [line for line in shown.out.splitlines() if line.startswith("::")]
    assert len(commands) == 1
    assert commands[0].startswith("::warning title=asayer aws.near_misses::")
    assert "planted-text" in commands[0]


def test_job_summary_under_github_actions(verify: Verify, group: str, tmp_path: Path) -> None:
    summary = tmp_path / "summary.md"
    summary.write_text("before\n")
    env = {"GITHUB_ACTIONS": "true", "GITHUB_STEP_SUMMARY": str(summary)}
    verify(group=group, env=env, output="text")
    text = summary.read_text()
    assert text.startswith("before\n## asayer-cli verify")
    assert "aws\\.collectible" in text
    assert "planted-text" not in text
    verify("--show-messages", group=group, env=env, output="text")
    assert "<script>" not in summary.read_text()
    assert "](http" not in summary.read_text()


def test_report_file_is_private_and_the_screen_gets_text(verify: Verify, group: str, tmp_path: Path) -> None:
    report = tmp_path / "report.xml"
    report.touch(mode=0o644)
    run = verify("--report-file", str(report), group=group, output="junit")
    assert run.code == 0
    assert "Verified" in run.out
    assert stat.S_IMODE(report.stat().st_mode) == 0o600
    assert ET.parse(report).getroot().tag == "testsuites"


def test_a_report_that_cannot_be_written(verify: Verify, group: str, tmp_path: Path) -> None:
    run = verify("--report-file", str(tmp_path / "no" / "report.xml"), group=group, output="junit")
    assert run.code == 2
    assert "cannot be written" in run.err


def test_failures_have_no_report_but_a_message(verify: Verify) -> None:
    run = verify(output="junit")
    assert run.code == 3
    assert "has no integration" in run.err
