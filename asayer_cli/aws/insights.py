"""CloudWatch Logs Insights: a query is started, waited for, and read to its last page; whatever still runs is stopped.

Facts: botocore's model of CloudWatch Logs (StartQuery, GetQueryResults, StopQuery), its quotas page, and "CloudWatch
Logs Insights language query syntax" of its user guide. Times of a query are whole seconds that both belong to it; every
query here begins with a filter by `toMillis(@timestamp)`, so that a window of milliseconds is kept exactly.
"""

from __future__ import annotations

import contextlib
import threading
import time
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from asayer_cli.aws.budget import GET_QUERY_RESULTS, START_QUERY, budget_for
from asayer_cli.aws.connection_errors import BROKEN
from asayer_cli.aws.errors import LIMITED, MISSING, THROTTLED, error_code, service_words, translated
from asayer_cli.aws.identity import who_am_i_anywhere
from asayer_cli.aws.insights_price import estimated_cost, price_per_gb
from asayer_cli.aws.insights_search import MOST_ROWS, ROWS, entries
from asayer_cli.aws.regions import credentials_are_good
from asayer_cli.errors import AsayerError, CredentialsRejectedError, UnreachableError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from asayer_cli.aws.budget import CallBudget
    from asayer_cli.aws.session import AwsSession
    from asayer_cli.entries import LogEntry, Window

__all__ = ["MOST_GROUPS", "MOST_ROWS", "ROWS", "Insights", "InsightsAnswer", "estimated_cost", "price_per_gb"]

MOST_GROUPS: Final = 50
LONGEST_QUERY: Final = 10_000
# Another query's place is waited for this long; AWS allows 100 at once, those of dashboards included.
PATIENCE_SECONDS: Final = 300.0
_FIRST_PAUSE: Final = 0.1
_LONGEST_PAUSE: Final = 5.0
_FIRST_TURN: Final = 0.5
_LONGEST_TURN: Final = 15.0
_MOST_LOST: Final = 2
_GROWTH: Final = 1.6
_WAITING: Final = frozenset({"Scheduled", "Running"})
# What StartQuery says of a window that ends before a log group's creation or retention, and of classes that differ;
# neither has an error code of its own.
_NOT_TOGETHER: Final = ("retention settings", "same log class")


@dataclass(frozen=True, slots=True)
class InsightsAnswer:
    """What a query answered: `rows` by the names of their fields, all values text; what an event has not is left out.

    The counts are those of AWS, for the whole query; `bytes_scanned` is what it bills.
    """

    rows: list[dict[str, str]]
    bytes_scanned: int
    records_scanned: int
    records_matched: int
    status: str


class Insights:
    """Logs Insights of one region, asked with the credentials of a session; safe to use from several threads.

    `account` is what stands for the account whose call quotas are shared, such as an access key's id.
    """

    def __init__(
        self, session: AwsSession, region: str = "", *, account: str = "", patience_s: float = PATIENCE_SECONDS
    ) -> None:
        self.region = region or session.region
        self._starts = budget_for(account, self.region, START_QUERY)
        self._polls = budget_for(account, self.region, GET_QUERY_RESULTS)
        self._session = session
        self._patience_s = patience_s
        self._running: set[str] = set()
        self._lock = threading.Lock()
        self._closed = threading.Event()
        self._scanned_bytes = 0
        self._notes: list[str] = []

    @property
    def scanned_bytes(self) -> int:
        """What the queries so far have scanned, which AWS bills."""
        return self._scanned_bytes

    @property
    def notes(self) -> tuple[str, ...]:
        """Why there may be more than the searches found; empty when they found all."""
        return tuple(dict.fromkeys(self._notes))

    def note(self, text: str) -> None:
        """Keep why there may be more than a search found."""
        self._notes.append(text)

    def run(self, groups: Sequence[str], query: str, window: Window, limit: int = ROWS) -> InsightsAnswer:
        """Return the answer of a query over up to 50 log groups, for the events of exactly this window.

        `query` is in the Logs Insights query language, `limit` counts rows, 100,000 at most. Log groups that AWS does
        not query together (their classes differ, or one keeps nothing that old) are asked apart, and the rows put one
        after the other: a query that counts over several groups must count by `@log`. UsageError for a log group that
        does not exist, UnreachableError when AWS fails, gives up or has too many queries running for too long.
        """
        text = _bounded(query, window)
        if not 0 < len(groups) <= MOST_GROUPS or len(text) > LONGEST_QUERY:
            raise ValueError(f"a query of {len(text)} characters over {len(groups)} log groups")
        return self._together_or_apart(tuple(groups), _request(text, window, limit))

    def search(self, group: str, needles: Sequence[str], window: Window, rows: int = ROWS) -> Iterator[LogEntry]:
        """Yield every event of a group in a window whose message has one of the texts, each once, by time and id.

        The texts are looked for as they are, in this case; whether they mean what they should is the caller's to judge.
        `entry_id` is Insights' own (`@ptr`), another than that of FilterLogEvents. `rows` is how many events a query
        may answer, and so how many are held at a time; where there are more, the window is sliced by time.
        """
        return entries(self, group, needles, window, rows)

    def close(self) -> None:
        """Stop the queries that still run; whoever waits for one gets an error, and no more can be started."""
        self._closed.set()
        with self._lock:
            running = tuple(self._running)
        for query_id in running:
            self._stop(query_id)

    def _together_or_apart(self, groups: tuple[str, ...], request: dict[str, Any]) -> InsightsAnswer:
        try:
            with self._asking("logs:StartQuery", groups):
                query_id = self._start({**request, "logGroupNames": list(groups)})
        except _NotTogetherError:
            middle = len(groups) // 2
            parts = (groups[:middle], groups[middle:]) if middle else ()
            return _joined([self._together_or_apart(part, request) for part in parts])
        answer = self._answer(query_id)
        with self._lock:
            self._scanned_bytes += answer.bytes_scanned
        return answer

    @property
    def _logs(self) -> Any:  # noqa: ANN401 - botocore makes the type
        return self._session.client("logs", self.region)

    def _start(self, request: dict[str, Any]) -> str:
        """Start a query and return its id; `_NotTogetherError` for log groups that AWS does not query so."""
        client = self._session.client("logs", self.region, once=True)
        turns = _Turns(self.region, self._patience_s)
        while True:
            self._check_open(self._starts)
            try:
                query_id = str(client.start_query(**request)["queryId"])
            except (ClientError, *BROKEN) as error:
                if isinstance(error, ClientError) and error_code(error) in THROTTLED:
                    self._starts.throttled()
                _check_query(error)
                self._closed.wait(turns.pause_after(error))
            else:
                self._starts.answered()
                with self._lock:
                    self._running.add(query_id)
                return query_id

    def _answer(self, query_id: str) -> InsightsAnswer:
        try:
            first = self._wait(query_id)
            with self._asking("logs:GetQueryResults"):
                rows = [_row(fields) for page in self._pages(query_id, first) for fields in page.get("results") or ()]
            return _of(first, rows)
        except BaseException:
            self._stop(query_id)
            raise
        finally:
            with self._lock:
                self._running.discard(query_id)

    def _wait(self, query_id: str) -> dict[str, Any]:
        """Return the first page of results of a query that is complete."""
        pause = _FIRST_PAUSE
        while True:
            self._closed.wait(pause)
            page = self._results(query_id)
            status = str(page.get("status"))
            if status == "Complete":
                return page
            if status not in _WAITING:
                self._check_open()
                raise _ended(status, self.region)
            pause = min(pause * _GROWTH, _LONGEST_PAUSE)

    def _pages(self, query_id: str, page: dict[str, Any]) -> Iterator[dict[str, Any]]:
        yield page
        seen = {None, ""}
        while (token := page.get("nextToken")) not in seen:
            seen.add(token)
            page = self._results(query_id, nextToken=str(token))
            yield page

    def _results(self, query_id: str, **more: str) -> dict[str, Any]:
        self._check_open(self._polls)
        with self._asking("logs:GetQueryResults"):
            page: dict[str, Any] = self._logs.get_query_results(queryId=query_id, **more)
        return page

    def _stop(self, query_id: str) -> None:
        # It may have ended by itself, and whatever led here is the error that counts.
        with contextlib.suppress(ClientError, BotoCoreError, AsayerError):
            self._session.client("logs", self.region, once=True).stop_query(queryId=query_id)

    def _check_open(self, budget: CallBudget | None = None) -> None:
        """Raise when this was closed; with a budget, once a call of it may go out."""
        if self._closed.is_set() or (budget and not budget.take(self._closed)):
            raise UnreachableError("The Logs Insights query was stopped.", code="query_stopped")

    @contextlib.contextmanager
    def _asking(self, action: str, groups: tuple[str, ...] = ()) -> Iterator[None]:
        """Translate errors; a rejection is the region's when STS accepts the credentials."""
        try:
            with translated(action, region=self.region, resource=self._arn(groups)):
                try:
                    yield
                except ClientError as error:
                    if groups and error_code(error) in MISSING:
                        raise _group_missing(groups, self.region) from error
                    raise
        except CredentialsRejectedError:
            who_am_i_anywhere(self._session, self.region)
            with credentials_are_good(self.region):
                raise

    def _arn(self, groups: tuple[str, ...]) -> str:
        if len(groups) != 1:
            return "*"
        return f"arn:{self._session.partition_of(self.region)}:logs:{self.region}:*:log-group:{groups[0]}:*"


class _Turns:
    """How long to wait until a query is started again, and when to give up.

    A query whose answer got lost runs, and is billed, all the same: few of those.
    """

    def __init__(self, region: str, patience_s: float) -> None:
        self._region = region
        self._until = time.monotonic() + patience_s
        self._pause = _FIRST_TURN
        self._lost = 0

    def pause_after(self, error: ClientError | BotoCoreError) -> float:
        """Return for how many seconds to wait; raises the error, or ours, when it is not worth it."""
        pause, self._pause = self._pause, min(self._pause * _GROWTH, _LONGEST_TURN)
        if isinstance(error, ClientError) and error_code(error) in LIMITED | THROTTLED:
            if time.monotonic() + pause > self._until:
                raise _crowded(self._region) from error
            return pause
        self._lost += 1
        if self._lost > _MOST_LOST or (isinstance(error, ClientError) and not _is_of_service(error)):
            raise error
        return pause


def _is_of_service(error: ClientError) -> bool:
    return int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)) >= HTTPStatus.INTERNAL_SERVER_ERROR


def _bounded(query: str, window: Window) -> str:
    """Return the query for events of the window alone, its end excluded."""
    within = f"toMillis(@timestamp) >= {window.start_ms} and toMillis(@timestamp) < {window.end_ms}"
    return f"filter {within}\n| {query}"


def _request(text: str, window: Window, limit: int) -> dict[str, Any]:
    return {
        "queryString": text,
        "startTime": max(window.start_ms, 0) // 1000,
        "endTime": max(-(-window.end_ms // 1000), 0),
        "limit": limit,
    }


def _joined(answers: Sequence[InsightsAnswer]) -> InsightsAnswer:
    return InsightsAnswer(
        rows=[row for answer in answers for row in answer.rows],
        bytes_scanned=sum(answer.bytes_scanned for answer in answers),
        records_scanned=sum(answer.records_scanned for answer in answers),
        records_matched=sum(answer.records_matched for answer in answers),
        status="Complete",
    )


def _row(fields: list[dict[str, str]]) -> dict[str, str]:
    return {pair["field"]: pair.get("value", "") for pair in fields}


def _of(page: dict[str, Any], rows: list[dict[str, str]]) -> InsightsAnswer:
    statistics = page.get("statistics") or {}
    scanned, records, matched = (
        int(statistics.get(name) or 0) for name in ("bytesScanned", "recordsScanned", "recordsMatched")
    )
    return InsightsAnswer(rows, scanned, records, matched, str(page["status"]))


class _NotTogetherError(Exception):
    """AWS does not query these log groups together; a single one has nothing that old."""


def _check_query(error: ClientError | BotoCoreError) -> None:
    """Raise `_NotTogetherError` for what AWS says of log groups; what it says of a query is our mistake."""
    if not isinstance(error, ClientError):
        return
    said = service_words(error)
    if any(sign in said.lower() for sign in _NOT_TOGETHER):
        raise _NotTogetherError from error
    if error_code(error) == "MalformedQueryException":
        raise AsayerError(
            f"AWS does not understand a Logs Insights query of asayer-cli: {said}.",
            hint="This is a mistake in asayer-cli: please report it with this message.",
            code="malformed_query",
        ) from error


def _crowded(region: str) -> UnreachableError:
    return UnreachableError(
        f"Too many Logs Insights queries are running in {region} (AWS allows 100 at once, dashboards included).",
        hint="Run it again later, or close dashboards that refresh often.",
        code="too_many_queries",
    )


def _ended(status: str, region: str) -> UnreachableError:
    reasons = {
        "Timeout": ("took longer than the 60 minutes that AWS allows", "Search a shorter time: --since, --until."),
        "Cancelled": ("was cancelled by somebody else", "Run it again."),
        "Failed": ("failed at AWS", "Run it again; see https://health.aws.amazon.com."),
    }
    what, hint = reasons.get(status, (f"ended with the status {status}", "Run it again."))
    return UnreachableError(f"A Logs Insights query in {region} {what}.", hint=hint, code=f"query_{status.lower()}")


def _group_missing(groups: tuple[str, ...], region: str) -> UsageError:
    which = f"no log group {groups[0]}" if len(groups) == 1 else f"not every one of the log groups {', '.join(groups)}"
    return UsageError(
        f"There is {which} in {region}.",
        hint=f"The log groups there are: asayer-cli aws log-groups --region {region}.",
        code="log_group_not_found",
    )
