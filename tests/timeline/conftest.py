"""The command, reading both services of the sandbox."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from asayer_cli.entries import milliseconds, rfc3339
from asayer_cli.session_id import SessionId
from tests.conftest import run_program
from tests.verification.conftest import admin, aws_key, elastic_key

if TYPE_CHECKING:
    from tests.conftest import Run
    from tests.verification.conftest import Admin

__all__ = ["admin", "aws_key", "elastic_key"]
BEGAN = datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=40)
ID = SessionId.starting_at(BEGAN, 0xA5E)
TAG = f"[asayer_session_id={ID}]"
TRACEBACK = ["Traceback (most recent call last):", '  File "/app/pay.py", line 3', "ValueError: bad card 7"]
# by which the run of a command is told apart, and where what it reads lies
Session = Callable[..., "Run"]


@dataclass(frozen=True)
class World:
    """A log group and an index with entries of one session, and the environment that leads to both."""

    group: str
    index: str
    environ: dict[str, str]
    admin: Admin

    def log(self, seconds: float, *lines: str) -> None:
        """Log lines into the group, each an event of its own, a millisecond apart."""
        begin = milliseconds(BEGAN) + round(seconds * 1000)
        events = [{"timestamp": begin + number, "message": line} for number, line in enumerate(lines)]
        self.admin.aws("logs").put_log_events(logGroupName=self.group, logStreamName="api/1", logEvents=events)

    def document(self, seconds: float, message: str, **fields: object) -> None:
        """Index a document."""
        when = rfc3339(BEGAN + timedelta(seconds=seconds))
        body = {"message": message, "utc_time": when, "@timestamp": when, "tags": ["error"], **fields}
        self.admin.elastic("POST", f"/{self.index}/_doc?refresh=true", body)


@pytest.fixture(scope="module")
def world(admin: Admin, aws_key: dict[str, str], elastic_key: dict[str, str], tmp_path_factory: Any) -> World:
    group, index = admin.log([]), admin.index([])
    admin.aws("logs").create_log_stream(logGroupName=group, logStreamName="api/1")
    folder = tmp_path_factory.mktemp("session")
    environ = {
        "AWS_ENDPOINT_URL": admin.addresses.aws_endpoint_url,
        **aws_key,
        **elastic_key,
        "ASAYER_AWS_LOG_GROUPS": group,
        "ASAYER_ELASTIC_INDEXES": index,
        "ASAYER_CONFIG_DIR": str(folder / "config"),
        "TZ": "Europe/Berlin",
    }
    made = World(group, index, environ, admin)
    made.log(2, f"INFO {TAG} GET /cart 200", f"{TAG} WARN low stock")
    made.log(10, f"{TAG} ERROR payment failed", *TRACEBACK, "INFO GET /healthz 200")
    made.log(20, *[f"{TAG} CRITICAL no answer after {number} s" for number in (5, 5, 5)])
    made.document(5, f"{TAG} ERROR KeyError: 'basket'")
    made.document(15, f"{TAG} ERROR TimeoutError: stock", tags=["checkout"])
    made.document(25, f"{TAG} \x1b[2Jevil\x1b]0;title\x07 \u202e ERROR <script> ::error::x")
    return made


@pytest.fixture
def session(world: World, bare_environ: dict[str, str]) -> Session:
    """Run `session`: `session(str(ID), "-o", "json", env={...})`."""

    def run(*arguments: str, env: Mapping[str, str | None] | None = None, stdin: str = "") -> Run:
        environ = {**bare_environ, **world.environ, **(env or {})}
        chosen = {name: value for name, value in environ.items() if value is not None}
        return run_program("session", *arguments, environ=chosen, stdin=stdin)

    return run
