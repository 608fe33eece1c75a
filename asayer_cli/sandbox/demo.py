"""The demo's steps: the program's own commands, and an application that logs."""

from __future__ import annotations

import secrets
import subprocess
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from asayer_cli.sandbox.application import LOG_GROUP, NotTheSandboxError, log_errors
from asayer_cli.session_id import SessionId

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["NotTheSandboxError", "play"]


@dataclass(frozen=True, slots=True)
class _Step:
    word: str
    arguments: tuple[str, ...]


_SETTING_UP: Final = (
    _Step(
        "An IAM user that may read CloudWatch Logs and nothing else, its key proven and kept:",
        ("aws", "setup", "--region", "eu-west-1", "--log-group", LOG_GROUP, "--yes"),
    ),
    _Step("The log groups there are, and which of them the product can collect:", ("aws", "log-groups")),
    _Step(
        "An Elasticsearch API key that may read *log* and nothing else:",
        ("elastic", "create-key", "--yes"),
    ),
    _Step("What to paste under Preferences > Integrations:", ("integrations", "show")),
)


def play(environ: Mapping[str, str], say: Callable[[str], None]) -> str:
    """Play every step and return the one that failed, empty when all did their work."""
    for step in _SETTING_UP:
        if not _run(step, environ, say):
            return f"asayer-cli {' '.join(step.arguments[:2])}"
    session_id = SessionId.starting_at(datetime.now(UTC), secrets.randbits(24))
    count = log_errors(session_id, environ)
    say(f"\nA user's session {session_id} begins, and the application logs {count} errors with its tag.")
    for step in _proving(str(session_id), count):
        if not _run(step, environ, say):
            return f"asayer-cli {step.arguments[0]}"
    return ""


def _proving(session_id: str, count: int) -> tuple[_Step, ...]:
    enough = ("--min-entries", str(count), "--wait", "30s")
    return (
        _Step(
            "The proof that the product's collectors take them:",
            ("verify", "--session", session_id, *enough, "--explain"),
        ),
        _Step(
            "What the back end did during that session, from both stores:",
            ("session", session_id, "--tz", "UTC", "--no-pager"),
        ),
    )


def _run(step: _Step, environ: Mapping[str, str], say: Callable[[str], None]) -> bool:
    say(f"\n{step.word}\n$ asayer-cli {' '.join(step.arguments)}\n")
    command = [sys.executable, "-P", "-m", "asayer_cli", *step.arguments]
    return subprocess.run(command, env=dict(environ), check=False).returncode == 0  # noqa: S603 - our own program
