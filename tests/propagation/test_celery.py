from __future__ import annotations

import subprocess
import time
from collections import Counter
from typing import TYPE_CHECKING

import pytest

from tests.propagation.launched import LAUNCHER, PATIENCE_SECONDS, environ, run, script

if TYPE_CHECKING:
    from pathlib import Path

FIRST, SECOND = "4113219715072001793", "77"
# The broker is a folder, and so needs no server.
TASKS = """
    import logging, os
    from celery import Celery, chain, group

    app = Celery("tasks")
    app.conf.update(
        broker_url="filesystem://",
        broker_transport_options={
            "data_folder_in": os.environ["BROKER"], "data_folder_out": os.environ["BROKER"], "polling_interval": 0.05
        },
        task_ignore_result=True,
        broker_connection_retry_on_startup=False,
        task_always_eager="EAGER" in os.environ,
        worker_hijack_root_logger=False,
    )
    log = logging.getLogger("tasks")

    @app.task
    def work(mark):
        log.error("work %s", mark)
        print("printed", mark)

    @app.task(bind=True, max_retries=1)
    def retried(self, mark):
        log.error("retried %s", mark)
        raise self.retry(exc=ValueError("gives up " + mark), countdown=0)

    @app.task
    def starts(mark):
        chain(work.si(mark + "-a"), work.si(mark + "-b")).delay()
        group(work.si(mark + "-c"), work.si(mark + "-d")).delay()

    @app.task(time_limit=1)
    def late(mark):
        import time
        time.sleep(30)

    def send(*names):
        for task in (work, retried, starts, *(app.tasks["tasks." + name] for name in names)):
            task.delay(mark=names_of[task.name])

    names_of = {"tasks.work": "w", "tasks.retried": "r", "tasks.starts": "s", "tasks.late": "l"}
"""
SENDER = """
    import sys
    from asayer_cli.propagation import current_session_id, session_context
    import tasks

    def send(prefix, *more):
        tasks.names_of.update({name: prefix + name[6] for name in tasks.names_of})
        tasks.send(*more)

    with session_context(%r):
        send("first-", *sys.argv[1:])
        assert current_session_id() == %r
    with session_context(%r):
        send("second-")
    send("none-")
    assert current_session_id() is None
"""
ENDS = [f"{prefix}s-{part}" for prefix in ("first-", "second-", "none-") for part in "abcd"]


@pytest.mark.parametrize("pool", ["prefork", "gevent"])
def test_a_task_runs_under_the_id_of_its_sender(tmp_path: Path, pool: str) -> None:
    script(tmp_path, TASKS, "tasks.py")
    sender = script(tmp_path, SENDER % (FIRST, FIRST, SECOND))
    added = {"BROKER": str(tmp_path)}
    more = ["late"] if pool == "prefork" else []
    run(*LAUNCHER, "--", "python", sender, *more, folder=tmp_path, added=added)
    output = _worker_output(tmp_path, pool, added, ends=[*ENDS, *(["Hard time limit"] if more else [])])
    assert [line for line in output if "first-" in line and not line.startswith(f"[asayer_session_id={FIRST}]")] == []
    assert [line for line in output if "second-" in line and not line.startswith(f"[asayer_session_id={SECOND}]")] == []
    assert [line for line in output if "none-" in line and "asayer_session_id" in line] == []
    marks = Counter(word for line in output for word in line.split() if word[:6] in ("first-", "second", "none-s"))
    assert all(marks[f"first-s-{part}"] == marks[f"second-s-{part}"] == 2 for part in "abcd")
    assert marks["first-r"] >= 3
    late = [line for line in output if "Hard time limit" in line]
    assert all(line.startswith(f"[asayer_session_id={FIRST}]") for line in late)
    assert len(late) == len(more)


def test_an_eager_task_keeps_the_id_of_its_caller(tmp_path: Path) -> None:
    script(tmp_path, TASKS, "tasks.py")
    sender = script(tmp_path, SENDER % (FIRST, FIRST, SECOND))
    ended = run(*LAUNCHER, "--", "python", sender, folder=tmp_path, added={"BROKER": str(tmp_path), "EAGER": "1"})
    output = ended.stdout.splitlines()
    assert [line for line in output if "first-" in line and not line.startswith(f"[asayer_session_id={FIRST}]")] == []
    assert [line for line in output if "none-" in line and "asayer_session_id" in line] == []
    assert len(output) == 15


def _worker_output(folder: Path, pool: str, added: dict[str, str], ends: list[str]) -> list[str]:
    """Let a worker work until its output has all of `ends`."""
    command = ("celery", "-A", "tasks", "worker", "--pool", pool, "-c", "2", "-l", "WARNING")
    with (folder / "out").open("wb") as out:
        process = subprocess.Popen(
            [*LAUNCHER, "--", *command, "--without-mingle", "--without-gossip", "--without-heartbeat"],
            cwd=folder,
            env=environ(**added) | {"PYTHONWARNINGS": ""},
            stdout=out,
            stderr=subprocess.STDOUT,
        )
    try:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline and process.poll() is None:
            text = (folder / "out").read_text(encoding="utf-8")
            if all(end in text for end in ends):
                break
            time.sleep(0.1)
    finally:
        process.terminate()
        process.wait(PATIENCE_SECONDS)
    return (folder / "out").read_text(encoding="utf-8").splitlines()
