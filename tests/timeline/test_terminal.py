"""`session` on a terminal: the pager, colours, and following while an application writes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pexpect
import pytest

from asayer_cli.session_id import SessionId
from tests.terminal import finish, screen, start
from tests.timeline.conftest import ID, TAG

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.timeline.conftest import World

BEGAN = datetime.now(UTC) - timedelta(minutes=5)
LONG = SessionId.starting_at(BEGAN, 3)


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """A file with six hundred entries."""
    path = tmp_path / "app.log"
    times = (BEGAN + timedelta(milliseconds=number * 20) for number in range(600))
    lines = (f"{when.isoformat()} ERROR [asayer_session_id={LONG}] no {when:%f}x entry\n" for when in times)
    path.write_text("".join(lines))
    return path


def arguments(log: Path, *more: str) -> list[str]:
    return ["session", str(LONG), "--file", str(log), "--tz", "UTC", *more]


def test_less_shows_it_and_may_be_left_early(bare_environ: dict[str, str], log: Path) -> None:
    child = start(*arguments(log), environ={**bare_environ, "LESS": "R"})
    child.expect("began ")
    child.expect_exact("\x1b[1;31mERROR")
    child.send("G")
    child.expect("600 entries, and all was read")
    child.send("q")
    assert finish(child)[0] == 0
    child = start(*arguments(log), environ={**bare_environ, "LESS": "R"})
    child.expect("began ")
    child.send("q")
    code, rest = finish(child)
    assert code == 0
    assert "error" not in rest.replace("ERROR", "")
    assert "Traceback" not in rest


def test_interrupting_less_does_not_end_it(bare_environ: dict[str, str], log: Path) -> None:
    child = start(*arguments(log), environ={**bare_environ, "LESS": "R"})
    child.expect("began ")
    child.sendintr()
    child.send("G")
    child.expect("entries, and ")
    assert child.isalive()
    child.send("q")
    code, rest = finish(child)
    assert code in (0, 130)
    assert "Interrupted" not in rest


@pytest.mark.parametrize(
    "chosen",
    [{"ASAYER_PAGER": ""}, {"PAGER": "no-such-pager -x"}, {"TERM": "dumb"}],
)
def test_no_pager(bare_environ: dict[str, str], log: Path, chosen: dict[str, str]) -> None:
    log.write_text("".join(log.read_text().splitlines(keepends=True)[:60]))
    code, text = screen(*arguments(log), environ={**bare_environ, **chosen})
    assert code == 0
    assert text.rstrip().endswith("60 entries, and all was read; more may still arrive.\x1b[0m") or "60 entries" in text


def test_the_users_own_pager(bare_environ: dict[str, str], log: Path) -> None:
    environ = {**bare_environ, "ASAYER_PAGER": "sed 's/^/| /'", "PAGER": "false", "NO_COLOR": "1"}
    code, text = screen(*arguments(log), environ=environ)
    assert code == 0
    assert "| 600 entries, and all was read" in text


def test_a_reader_of_a_pipe_that_leaves(bare_environ: dict[str, str], log: Path) -> None:
    command = [sys.executable, "-m", "asayer_cli", *arguments(log)]
    with subprocess.Popen(command, env=bare_environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout
        assert process.stderr
        process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait(30) == -signal.SIGPIPE


@pytest.fixture
def following(world: World, bare_environ: dict[str, str]) -> Iterator[Any]:
    """A run that follows the session as JSON lines."""
    command = [sys.executable, "-m", "asayer_cli", "session", str(ID), "--follow", "-o", "jsonl"]
    environ = {**bare_environ, **world.environ}
    with subprocess.Popen(command, env=environ, stdout=subprocess.PIPE, text=True) as process:
        yield process
        process.kill()


def test_following_while_an_application_writes(world: World, following: Any) -> None:
    lines = (json.loads(line) for line in following.stdout)
    before = 0
    for line in lines:
        before += line["type"] == "entry"
        if before == 7:  # what was there; the next ones come while it follows
            break
    seconds = (datetime.now(UTC) - ID.started_at).total_seconds()
    time.sleep(0.5)
    world.log(seconds, f"{TAG} ERROR logged now")
    world.document(seconds + 0.2, f"{TAG} ERROR indexed now")
    arrived = [next(lines)["message"] for _ in range(2)]
    assert sorted(arrived) == ["ERROR indexed now", "ERROR logged now"]
    os.kill(following.pid, signal.SIGINT)
    end = next(lines)
    assert end["type"] == "end"
    assert (end["complete"], end["exit_code"]) == (True, 0)
    assert following.wait(30) == 0


def test_following_a_file_for_a_while(bare_environ: dict[str, str], log: Path) -> None:
    log.write_text("".join(log.read_text().splitlines(keepends=True)[:3]))
    child = start(*arguments(log, "--follow", "--for", "5s"), environ={**bare_environ, "NO_COLOR": "1"}, columns=160)
    child.expect("no .*x entry")
    with log.open("a") as file:
        file.write(f"{datetime.now(UTC).isoformat()} ERROR [asayer_session_id={LONG}] written now\n")
    child.expect("written now")
    child.expect("4 entries, and all was read", timeout=20)
    assert finish(child)[0] == 0


def test_nothing_to_follow(bare_environ: dict[str, str], log: Path) -> None:
    log.write_text(log.read_text().partition("\n")[0] + "\n")
    code, text = screen(*arguments(log, "--follow", "--max-duration", "1m"), environ=bare_environ)
    assert code == 0
    assert "there is nothing to follow" in text.replace("\n", " ")


def test_an_interrupt_without_a_pager_ends_the_run(bare_environ: dict[str, str], tmp_path: Path) -> None:
    fifo = tmp_path / "pipe"
    os.mkfifo(fifo)
    child = start("session", str(LONG), "--file", str(fifo), environ=bare_environ)
    child.expect("reading ")
    child.sendintr()
    code, rest = finish(child)
    assert code == 130
    assert "Interrupted." in rest
    assert isinstance(child, pexpect.spawn)
