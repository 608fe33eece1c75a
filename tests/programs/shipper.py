"""What stands between a program's output and the log stores: each line an event, and a document."""

from __future__ import annotations

import json
import re
import threading
import uuid
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from asayer_cli.entries import milliseconds, rfc3339

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from tests.verification.conftest import Admin, Doc

_EVERY_S: Final = 0.2
_EVENTS_AT_ONCE: Final = 5_000
# as a pipeline does that knows levels, and what Python prints of exceptions
_ERROR: Final = re.compile(r"\b(?:ERROR|CRITICAL)\b|^(?:\[[^\]]*\] )?(?:Traceback|[A-Za-z.]*(?:Error|Exception)\b)")


@dataclass(frozen=True)
class Stores:
    """A log group with one stream, and an index, of one program's own."""

    admin: Admin
    logs: Any
    group: str
    index: str

    def take(self, lines: Sequence[str]) -> None:
        """Take lines as they come, all with the time that it is now."""
        for begin in range(0, len(lines), _EVENTS_AT_ONCE):
            self._take(lines[begin : begin + _EVENTS_AT_ONCE])

    def _take(self, lines: Sequence[str]) -> None:
        now = datetime.now(UTC)
        events = [{"timestamp": milliseconds(now), "message": line} for line in lines if line]
        self.logs.put_log_events(logGroupName=self.group, logStreamName="out", logEvents=events)
        action = {"index": {"_index": self.index}}
        written = [part for line in lines if line for part in (action, document(line, now))]
        answer = self.admin.elastic("POST", "/_bulk?refresh=true", written)
        assert not answer["errors"], answer


def stores(admin: Admin) -> Stores:
    """Make a log group and an index."""
    logs, group = admin.aws("logs"), f"/programs/{uuid.uuid4().hex}"
    logs.create_log_group(logGroupName=group)
    logs.create_log_stream(logGroupName=group, logStreamName="out")
    return Stores(admin, logs, group, admin.index([]))


def document(line: str, now: datetime) -> Doc:
    """Return what a shipper makes of a line: of a JSON object that object, of text its message, time and tags."""
    if line.startswith("{"):
        entry: Doc = json.loads(line)
        return entry
    when = rfc3339(now)
    tags = ["error"] if is_error(line) else []
    return {"message": line, "@timestamp": when, "utc_time": when, "tags": tags}


def is_error(line: str) -> bool:
    """Tell whether a line of text is an error's."""
    return bool(_ERROR.search(line))


@contextmanager
def shipping(outputs: Sequence[Path], to: Stores) -> Iterator[None]:
    """Follow files and pass on each whole line while the block lasts."""
    over = threading.Event()
    followers = [threading.Thread(target=_follow, args=(output, to, over)) for output in outputs]
    for follower in followers:
        follower.start()
    try:
        yield
    finally:
        over.set()
        for follower in followers:
            follower.join()


def _follow(output: Path, to: Stores, over: threading.Event) -> None:
    with output.open(errors="surrogateescape") as source:
        begun = ""
        while not over.wait(_EVERY_S):
            *lines, begun = (begun + source.read()).split("\n")
            if lines:
                to.take(lines)
