"""A log group as a source of sessions: whole, in order, with traces, over either engine, and followed."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from asayer_cli.aws.session_source import CloudWatchSource, cloudwatch_sources
from asayer_cli.entries import Window, milliseconds
from asayer_cli.errors import CredentialsRejectedError, UnreachableError, UsageError
from asayer_cli.integrations import AwsIntegration, AwsKey
from asayer_cli.reporting import Silent
from asayer_cli.sandbox.faults import Fault
from asayer_cli.secret import Secret
from asayer_cli.session_id import SessionId
from asayer_cli.sources import SessionSearch, Span
from asayer_cli.tag import ASAYER
from tests.aws.conftest import REGION, Account

if TYPE_CHECKING:
    from collections.abc import Iterator

    from asayer_cli.entries import LogEntry
    from asayer_cli.sandbox.control import Control

NOW = datetime.now(UTC).replace(microsecond=0)
MINE = SessionId.starting_at(NOW - timedelta(minutes=50), 7)
OTHER = SessionId.starting_at(NOW - timedelta(minutes=50), 8)
TAG = ASAYER.write(MINE)
HOUR = Window(NOW - timedelta(hours=1), NOW + timedelta(hours=1))
SEARCH = SessionSearch(ASAYER, (Span(HOUR, frozenset({MINE})),))
Log = Callable[..., None]


class Heard(Silent):
    """Keeps the details that it is told."""

    def __init__(self) -> None:
        self.details: list[str] = []
        self.warnings: list[str] = []

    def warn(self, text: str) -> None:
        self.warnings.append(text)

    def detail(self, text: str) -> None:
        self.details.append(text)


@pytest.fixture
def heard() -> Heard:
    return Heard()


@pytest.fixture
def open_source(account: Account, heard: Heard) -> Iterator[Callable[..., CloudWatchSource]]:
    key_id, secret = account.make_user("CloudWatchReadOnlyAccess")
    opened: list[CloudWatchSource] = []

    def open_(group: str, engine: str = "auto") -> CloudWatchSource:
        integration = AwsIntegration(AwsKey(key_id, Secret(secret)), REGION, (group,))
        opened.extend(cloudwatch_sources(integration, engine, heard))
        return opened[-1]

    yield open_
    for source in opened:
        source.close()


@pytest.fixture
def make_group(account: Account) -> Callable[[str], str]:
    def make(log_class: str = "STANDARD") -> str:
        name = f"/test/{uuid.uuid4().hex}"
        account.client("logs").create_log_group(logGroupName=name, logGroupClass=log_class)
        account.client("logs").create_log_stream(logGroupName=name, logStreamName="one")
        return name

    return make


@pytest.fixture
def log(account: Account) -> Log:
    def put(group: str, *messages: str, at: datetime, step_ms: int = 0) -> None:
        start = milliseconds(at)
        batch = [{"timestamp": start + n * step_ms, "message": text} for n, text in enumerate(messages)]
        account.client("logs").put_log_events(logGroupName=group, logStreamName="one", logEvents=batch)

    return put


def test_finds_every_way_to_write_the_id_and_nothing_else(
    open_source: Callable[..., CloudWatchSource], make_group: Callable[..., str], log: Log, aws: Control, heard: Heard
) -> None:
    group = make_group()
    ways = (
        f"ERROR {TAG} one",
        f'{{"asayer_session_id": "{MINE}"}}',
        f"x asayer_session_id\\u003d{MINE}",
        f"{TAG} four",
    )
    others = (f"ERROR {ASAYER.write(OTHER)}", f"order {MINE}", f"[asayer_session_id={MINE}1]")
    for number, way in enumerate(ways):
        log(group, others[number % 3], way, at=NOW - timedelta(minutes=40 - 9 * number))
    aws.order(
        Fault("logs", "FilterLogEvents", "throttle", times=2, after=2), Fault("logs", "FilterLogEvents", "cut_after")
    )
    source = open_source(group)
    found = list(source.find(SEARCH))
    assert [one.entry.message for one in found] == list(ways)
    assert {one.session_id for one in found} == {MINE}
    assert all(one.entry.stream == "one" and one.entry.ingested_at for one in found)
    reading = source.reading()
    assert (reading.engine, reading.notes, reading.remarks) == ("filter", (), ())
    assert reading.newest == found[-1].time
    assert reading.newest_ingestion is not None
    assert any("read by FilterLogEvents" in detail for detail in heard.details)


def test_lines_of_a_trace_and_context_come_from_the_stream(
    open_source: Callable[..., CloudWatchSource], make_group: Callable[..., str], log: Log
) -> None:
    group = make_group()
    trace = ("Traceback (most recent call last):", '  File "a.py", line 1, in f', "ValueError: boom")
    log(group, "GET /", f"ERROR {TAG} failed", *trace, "GET /next", at=NOW - timedelta(minutes=30), step_ms=1)
    (found,) = open_source(group).find(SEARCH)
    assert [line.message for line in found.trace] == list(trace)
    assert found.before == found.after == ()
    near = SessionSearch(ASAYER, SEARCH.spans, context=2)
    (found,) = open_source(group).find(near)
    assert [line.message for line in found.trace] == list(trace)
    assert [line.message for line in found.before] == ["GET /"]
    assert [line.message for line in found.after] == ["GET /next"]


def test_a_class_without_filter_log_events_is_read_by_insights(
    open_source: Callable[..., CloudWatchSource], make_group: Callable[..., str], log: Log, heard: Heard
) -> None:
    group = make_group("INFREQUENT_ACCESS")
    log(group, f"ERROR {TAG} one", "GET /", f"INFO {TAG} two", at=NOW - timedelta(minutes=30), step_ms=1000)
    source = open_source(group)
    assert [one.entry.message for one in source.find(SEARCH)] == [f"ERROR {TAG} one", f"INFO {TAG} two"]
    reading = source.reading()
    assert reading.engine == "insights"
    assert any("Logs Insights" in remark for remark in reading.remarks)
    assert any("stack traces" in remark for remark in reading.remarks)
    assert any("read by Logs Insights" in detail for detail in heard.details)
    with pytest.raises(UsageError) as refused:
        list(open_source(group, "filter").find(SEARCH))
    assert refused.value.code == "log_class_refused"
    assert "insights" in refused.value.hint


def test_a_group_that_is_deleted_and_a_service_that_stays_down_are_told(
    open_source: Callable[..., CloudWatchSource], make_group: Callable[..., str], account: Account, aws: Control
) -> None:
    group = make_group()
    source = open_source(group)
    assert list(source.find(SEARCH)) == []
    aws.order(Fault("logs", "FilterLogEvents", "error_500", times=1000))
    with pytest.raises(UnreachableError):
        list(source.find(SEARCH))
    aws.order()
    account.client("logs").delete_log_group(logGroupName=group)
    with pytest.raises(UsageError) as gone:
        list(source.find(SEARCH))
    assert gone.value.code == "log_group_not_found"


def test_a_key_that_is_deactivated_is_told_with_where_to_look(
    open_source: Callable[..., CloudWatchSource], make_group: Callable[..., str], account: Account
) -> None:
    source = open_source(make_group())
    assert list(source.find(SEARCH)) == []
    (key_id,) = account.key_ids()
    account.iam.update_access_key(UserName=account.user, AccessKeyId=key_id, Status="Inactive")
    with pytest.raises(CredentialsRejectedError) as rejected:
        list(source.find(SEARCH))
    assert "aws status" in rejected.value.hint


def test_following_goes_on_where_finding_ended(
    open_source: Callable[..., CloudWatchSource], make_group: Callable[..., str], log: Log
) -> None:
    group = make_group()
    log(group, f"INFO {TAG} found", at=datetime.now(UTC))
    source = open_source(group)
    assert [one.entry.message for one in source.find(SEARCH)] == [f"INFO {TAG} found"]
    log(group, f"INFO {TAG} between", at=datetime.now(UTC) - timedelta(seconds=30))
    stopped = threading.Event()
    came: list[str] = []

    def follow() -> None:
        came.extend(one.entry.message for one in source.follow(SEARCH, stopped))

    follower = threading.Thread(target=follow, daemon=True)
    follower.start()
    wait_for(lambda: f"INFO {TAG} between" in came)
    twice = datetime.now(UTC)
    log(group, f"INFO {TAG} twice", f"INFO {TAG} twice", at=twice)
    wait_for(lambda: came.count(f"INFO {TAG} twice") == 2)
    time.sleep(1)
    stopped.set()
    follower.join(10)
    assert sorted(came) == sorted([f"INFO {TAG} between", *[f"INFO {TAG} twice"] * 2])
    newest = source.reading().newest
    assert newest is not None
    assert abs(newest - twice) < timedelta(seconds=0.1)


def test_nothing_is_lost_or_told_twice_from_finding_to_following(
    open_source: Callable[..., CloudWatchSource], make_group: Callable[..., str], log: Log, aws: Control, heard: Heard
) -> None:
    aws.change(live_tail_s=2.5)
    group = make_group()
    with followed(open_source(group), lambda: keep_writing(log, group)) as (came, written):
        wait_for(lambda: len(written) == 36 == len(came))
    assert sorted(one.message for one in came) == sorted(written)
    assert any(one.entry_id.startswith("live-tail/") for one in came)
    assert not [detail for detail in heard.details if "Live Tail" in detail]


def test_following_by_reading_outlasts_an_outage(
    open_source: Callable[..., CloudWatchSource], make_group: Callable[..., str], log: Log, aws: Control, heard: Heard
) -> None:
    aws.order(Fault("logs", "StartLiveTail", "denied"))
    group = make_group()
    with followed(open_source(group), lambda: keep_writing(log, group)) as (came, written):
        wait_for(lambda: any("Live Tail cannot be used" in detail for detail in heard.details))
        # more than one reading is patient with
        aws.order(Fault("logs", "FilterLogEvents", "error_500", times=7))
        wait_for(lambda: len(written) == 36 == len(came))
    assert sorted(one.message for one in came) == sorted(written)
    assert not [one for one in came if one.entry_id.startswith("live-tail/")]
    assert len(heard.warnings) == 1


def keep_writing(log: Log, group: str) -> Iterator[str]:
    """Write 36 entries in some seconds, every second one twice, some late, and yield each."""
    for number in range(24):
        twins = [f"INFO {TAG} {number}"] * (1 + number % 2)
        log(group, *twins, at=datetime.now(UTC) - timedelta(seconds=20 if number % 5 == 0 else 0))
        yield from twins
        time.sleep(0.2)


@contextmanager
def followed(
    source: CloudWatchSource, write: Callable[[], Iterator[str]]
) -> Iterator[tuple[list[LogEntry], list[str]]]:
    """Find and follow while something is written; yield what came and what was written so far."""
    came: list[LogEntry] = []
    written: list[str] = []
    stopped = threading.Event()

    def read() -> None:
        came.extend(one.entry for one in source.find(SEARCH))
        came.extend(one.entry for one in source.follow(SEARCH, stopped))

    threads = [threading.Thread(target=work, daemon=True) for work in (lambda: written.extend(write()), read)]
    for thread in threads:
        thread.start()
    try:
        yield came, written
        time.sleep(1)
    finally:
        stopped.set()
        threads[1].join(10)


def wait_for(holds: Callable[[], bool]) -> None:
    until = time.monotonic() + 30
    while not holds():
        assert time.monotonic() < until
        time.sleep(0.1)
