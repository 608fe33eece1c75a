"""Logs Insights of the local AWS: StartQuery, GetQueryResults, StopQuery over moto's events.

Facts: botocore's model of CloudWatch Logs, and "Log classes" of its user guide: Insights reads all but Delivery.
Both ends of the span are whole seconds and belong to it; an end is taken for its first millisecond, so that nothing is
found here that AWS might not find. A query is answered when it starts, and handed out after `insights_polls` requests
for its results; before that they are partial.
"""

from __future__ import annotations

import base64
import threading
import time
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final
from uuid import uuid4

from asayer_cli.sandbox.aws import errors, insights_query
from asayer_cli.sandbox.aws.insights_events import events
from asayer_cli.sandbox.aws.insights_tokens import MalformedQueryError
from asayer_cli.sandbox.wsgi import Reply, json_reply

if TYPE_CHECKING:
    from collections.abc import Callable

    from moto.logs.models import LogGroup

    from asayer_cli.sandbox.aws.call import ApiCall
    from asayer_cli.sandbox.aws.insights_events import Row

MOST_GROUPS: Final = 50
MOST_ROWS: Final = 100_000
LARGEST_PAGE: Final = 10_000
KEPT: Final = 1000
DAY_S: Final = 86_400
RUNS_S: Final = 60
STOPPED: Final = "Cancelled"


@dataclass(slots=True)
class StartedQuery:
    """A query under way or done; `polls_left` requests for its results come too early, `end` is its last status."""

    rows: list[list[dict[str, str]]]
    statistics: dict[str, float]
    polls_left: int
    end: str
    started: float = field(default_factory=time.monotonic)

    @property
    def is_running(self) -> bool:
        """Whether it takes one of the places; one that nobody asks for comes to its end by itself."""
        return self.polls_left > 0 and time.monotonic() - self.started < RUNS_S

    def status(self) -> str:
        """Return the status, of one more request for the results."""
        if self.polls_left <= 0:
            return self.end
        self.polls_left -= 1
        return "Scheduled" if self.polls_left else "Running"


class Queries:
    """The queries of one region; safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._started: OrderedDict[str, StartedQuery] = OrderedDict()

    def start(self, query: StartedQuery, most_running: int) -> str | None:
        """Keep a query and return its id; None where too many are running."""
        with self._lock:
            if sum(one.is_running for one in self._started.values()) >= most_running:
                return None
            while len(self._started) >= KEPT:
                self._started.popitem(last=False)
            query_id = str(uuid4())
            self._started[query_id] = query
            return query_id

    def poll(self, query_id: str) -> tuple[StartedQuery, str] | None:
        """Return a query and its status; None where there is none of this id."""
        with self._lock:
            query = self._started.get(query_id)
            return (query, query.status()) if query else None

    def stop(self, query_id: str) -> bool | None:
        """Stop a query; False when it had ended, None when there is none of this id."""
        with self._lock:
            query = self._started.get(query_id)
            if query is None or query.polls_left <= 0:
                return None if query is None else False
            query.polls_left, query.end = 0, STOPPED
            return True


_QUERIES: dict[str, Queries] = {}
_QUERIES_LOCK = threading.Lock()


def _queries(region: str) -> Queries:
    with _QUERIES_LOCK:
        return _QUERIES.setdefault(region, Queries())


def _invalid(message: str) -> Reply:
    return errors.refuse("logs", "InvalidParameterException", message)


def identifiers(parameters: Any) -> list[str]:  # noqa: ANN401 - from JSON
    """Return the groups that a StartQuery names, by name or ARN."""
    names = [parameters.get("logGroupName"), *(parameters.get("logGroupNames") or ())]
    return [str(name) for name in (*names, *(parameters.get("logGroupIdentifiers") or ())) if name]


def start_query(call: ApiCall, find_group: Callable[[str, str], LogGroup | None]) -> Reply:
    """Answer StartQuery."""
    parameters = call.request.parameters
    if problem := _problem(parameters):
        return _invalid(problem)
    named = identifiers(parameters)
    groups = [find_group(name, call.request.region) for name in named]
    if None in groups:
        return errors.refuse(
            "logs", "ResourceNotFoundException", f"Log group '{named[groups.index(None)]}' does not exist"
        )
    try:
        started = _answered(call, [group for group in groups if group])
    except MalformedQueryError as error:
        return malformed(str(error), error.at)
    query_id = _queries(call.request.region).start(started, call.settings.insights_concurrent)
    if query_id is None:
        return errors.refuse("logs", "LimitExceededException", "Account maximum query concurrency limit reached.")
    return json_reply(200, {"queryId": query_id})


def malformed(why: str, at: int = 0) -> Reply:
    """Refuse a query."""
    location = {"startCharOffset": at, "endCharOffset": at}
    body = {
        "__type": "MalformedQueryException",
        "message": why,
        "queryCompileError": {"location": location, "message": why},
    }
    return json_reply(400, body)


def _problem(parameters: Any) -> str:  # noqa: ANN401 - from JSON
    """Say which parameter AWS would refuse; empty when it takes them all."""
    given = [name for name in ("logGroupName", "logGroupNames", "logGroupIdentifiers") if parameters.get(name)]
    named = identifiers(parameters)
    start, end, limit = (parameters.get(name) for name in ("startTime", "endTime", "limit"))
    if len(given) != 1:
        return "Exactly one of logGroupName, logGroupNames and logGroupIdentifiers must be given."
    if len(named) > MOST_GROUPS:
        return f"At most {MOST_GROUPS} log groups can be queried at once."
    if any(name.endswith("*") for name in named):
        return "The ARN of a log group must not end with an asterisk."
    if not isinstance(start, int) or not isinstance(end, int) or start < 0 or start > end:
        return "The start time and the end time are whole seconds, and the end is not before the start."
    if limit is not None and not (isinstance(limit, int) and 1 <= limit <= MOST_ROWS):
        return (
            f"Value '{limit}' at 'limit' failed to satisfy constraint: Member must have value between 1 and {MOST_ROWS}"
        )
    return ""


def _answered(call: ApiCall, groups: list[LogGroup]) -> StartedQuery:
    parameters, settings = call.request.parameters, call.settings
    query = insights_query.parse(call.request.text("queryString"))
    _check_retention(groups, parameters["endTime"])
    first_ms, last_ms = parameters["startTime"] * 1000, parameters["endTime"] * 1000
    scanned = [row for group in groups for row in events(group, first_ms, last_ms)]
    scanned.sort(key=_by_time)
    matched = insights_query.matched(query, scanned)
    rows = insights_query.answered(query, matched, parameters.get("limit") or settings.insights_default_limit)
    return StartedQuery(
        rows=[insights_query.shown_row(query, row) for row in rows],
        statistics=_statistics(scanned, len(matched), len(groups)) | {"resultCount": float(len(rows))},
        polls_left=settings.insights_polls,
        end=settings.insights_end,
    )


def _check_retention(groups: list[LogGroup], end_s: int) -> None:
    """Refuse a span that a group can have no events in; AWS says it with this exception."""
    kept = [int(group.retention_in_days) * DAY_S if group.retention_in_days else None for group in groups]
    if any(seconds is not None and end_s < time.time() - seconds for seconds in kept):
        raise MalformedQueryError(
            "Query's end date and time is either before the log groups creation time or exceeds the log groups log "
            "retention settings"
        )


def _by_time(row: Row) -> Any:  # noqa: ANN401 - a time, which every event has
    return row.get("@timestamp")


def _statistics(scanned: list[Row], matched: int, groups: int) -> dict[str, float]:
    return {
        "recordsMatched": float(matched),
        "recordsScanned": float(len(scanned)),
        "estimatedRecordsSkipped": 0.0,
        "bytesScanned": float(sum(len(str(row.get("@message")).encode()) for row in scanned)),
        "estimatedBytesSkipped": 0.0,
        "logGroupsScanned": float(groups),
    }


def get_query_results(call: ApiCall) -> Reply:
    """Answer GetQueryResults: a page of rows, which are not all of them before the query is complete."""
    found = _queries(call.request.region).poll(call.request.text("queryId"))
    if found is None:
        return _no_query()
    query, status = found
    first = _first(call.request.text("nextToken"))
    if first is None:
        return _invalid("The specified nextToken is invalid.")
    size = min(call.request.parameters.get("maxItems") or LARGEST_PAGE, call.settings.insights_page)
    rows = query.rows if status == "Complete" else query.rows[: len(query.rows) // 2] if status == "Running" else []
    answer: dict[str, Any] = {
        "queryLanguage": "CWLI",
        "results": rows[first : first + size],
        "statistics": query.statistics,
        "status": status,
    }
    if status == "Complete" and first + size < len(rows):
        answer["nextToken"] = base64.b64encode(str(first + size).encode()).decode()
    return json_reply(200, answer)


def _first(token: str) -> int | None:
    """Return the number of a page's first row, None for a token that is none of ours."""
    try:
        return int(base64.b64decode(token, validate=True)) if token else 0
    except ValueError:
        return None


def stop_query(call: ApiCall) -> Reply:
    """Answer StopQuery."""
    stopped = _queries(call.request.region).stop(call.request.text("queryId"))
    if stopped is None:
        return _no_query()
    if not stopped:
        return _invalid("The specified query is not running.")
    return json_reply(200, {"success": True})


def _no_query() -> Reply:
    return errors.refuse("logs", "ResourceNotFoundException", "The specified query does not exist.")
