"""Put programs under load and judge what they put out."""

from __future__ import annotations

import contextlib
import json
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import redis as redis_client

from asayer_cli.vendoring import vendored_module
from tests.programs import judge, plan, processes
from tests.programs.client import ask_all

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from tests.programs.plan import Request
    from tests.programs.processes import Started
    from tests.programs.programs import Program

ALL: Final = 100_000
WORKED_OFF_WITHIN_S: Final = 120.0
_FAILING: Final = {"fail": 500, "talk": 1000}
_ANSWERED: Final = 200


@dataclass(frozen=True, slots=True)
class Row:
    """What became of one program's requests; `lines` are its output."""

    program: str
    requests: int
    verdict: judge.Verdict
    wrong_answers: dict[str, int]
    seconds: float
    lines: Sequence[str]

    @property
    def errors(self) -> int:
        """How many answers were wrong and how many lines are missing."""
        return sum(self.wrong_answers.values()) + len(self.verdict.missing)


def run(program: Program, count: int, folder: Path, broker: str = "") -> Row:
    """Start a program, ask it so many requests, end it, and judge its output."""
    begun, first = time.monotonic(), plan.first_id()
    requests = plan.plan(program.kinds, count, first)
    answered = _serve(program, requests, folder, broker) if program.is_server else _let_run(program, requests, folder)
    seconds = time.monotonic() - begun
    lines = [line for output in processes.outputs_in(folder) for line in processes.lines_of(output)]
    verdict = judge.judge(lines, requests, program.least)
    return Row(program.name, count, verdict, answered, seconds, lines)


def _serve(program: Program, requests: list[Request], folder: Path, broker: str) -> dict[str, int]:
    port = processes.free_port()
    command = processes.filled(program.command, port=port)
    env = {"BROKER_URL": broker}
    if program.vendored:
        (folder / "asayer_session.py").write_text(vendored_module())
        env["PYTHONPATH"] = str(folder)
    with _worker(program, folder, env), processes.started(command, folder / "app.out", port=port, env=env):
        statuses = ask_all(port, requests)
        if program.worker:
            _wait_until_worked_off(broker)
        processes.wait_until_quiet(folder)
    return _wrong(statuses)


def _wrong(statuses: Counter[str]) -> dict[str, int]:
    """Return the answers that are not as the applications give them; a broken stream may end in any way."""
    expected = {f"{kind} {status}" for kind, status in _FAILING.items()}
    return {
        answer: count
        for answer, count in statuses.items()
        if answer not in expected and not answer.startswith("broken ") and not _answered(answer)
    }


def _answered(answer: str) -> bool:
    kind, _, status = answer.partition(" ")
    return kind not in _FAILING and status == str(_ANSWERED)


@contextlib.contextmanager
def _worker(program: Program, folder: Path, env: dict[str, str]) -> Iterator[Started | None]:
    if not program.worker:
        yield None
        return
    command = processes.filled(program.worker)
    with processes.started(command, folder / "worker.out", env=env, ready=_is_ready) as worker:
        yield worker


def _is_ready(worker: Started) -> bool:
    return any(line.endswith(" ready.") for line in worker.lines())


def _wait_until_worked_off(broker: str) -> None:
    """Wait until the broker has neither waiting nor unacknowledged tasks."""
    deadline = time.monotonic() + WORKED_OFF_WITHIN_S
    with redis_client.Redis.from_url(broker) as client:
        while (client.llen("celery") or client.hlen("unacked")) and time.monotonic() < deadline:
            time.sleep(0.1)


def _let_run(program: Program, requests: list[Request], folder: Path) -> dict[str, int]:
    """Run a program that takes its requests from a file and ends by itself."""
    written = folder / "requests.json"
    written.write_text(json.dumps([[asked.kind, asked.number, asked.header] for asked in requests]))
    command = processes.filled(program.command, requests=written)
    with processes.started(command, folder / "app.out") as started:
        code = started.process.wait(WORKED_OFF_WITHIN_S)
    return {f"exit code {code}": 1} if code else {}
