"""Logs Insights through the local AWS: exact windows, whole answers, and nothing left running."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asayer_cli.aws.insights import Insights, estimated_cost, price_per_gb
from asayer_cli.aws.insights_search import conditions, entries, literal
from asayer_cli.aws.session import collector_session
from asayer_cli.entries import Window, milliseconds
from asayer_cli.errors import AsayerError, CredentialsRejectedError, PermissionDeniedError, UnreachableError, UsageError
from asayer_cli.integrations import AwsKey
from asayer_cli.sandbox.aws.insights_events import Row
from asayer_cli.sandbox.aws.insights_query import matched, parse
from asayer_cli.sandbox.aws.insights_tokens import tokens
from asayer_cli.sandbox.faults import Fault, Kind
from asayer_cli.secret import Secret
from tests.aws.conftest import REGION, Account

if TYPE_CHECKING:
    from collections.abc import Iterator

    from asayer_cli.sandbox.control import Control

NOW = datetime.now(UTC).replace(microsecond=0)
START = NOW - timedelta(hours=1)
HOUR = Window(START, NOW)
SETTINGS: dict[str, Any] = {
    "insights_polls": 1,
    "insights_end": "Complete",
    "insights_default_limit": 10_000,
    "insights_page": 10_000,
    "insights_concurrent": 100,
}
COUNT = "stats count(*) as entries by @logStream"
Group = Callable[..., str]


@pytest.fixture(autouse=True)
def _insights_settings(aws: Control) -> Iterator[None]:
    aws.change(**SETTINGS)
    yield
    aws.change(**SETTINGS)


@pytest.fixture
def key(account: Account) -> AwsKey:
    key_id, secret = account.make_user("CloudWatchReadOnlyAccess")
    return AwsKey(key_id, Secret(secret))


@pytest.fixture
def insights(key: AwsKey) -> Iterator[Insights]:
    insights = Insights(collector_session(key, REGION))
    yield insights
    insights.close()


@pytest.fixture
def group(account: Account) -> Group:
    """`group({"stream": [(seconds after START, message), ...]}, log_class)`: a new group's name."""

    def make(streams: dict[str, list[tuple[float, str]]], log_class: str = "STANDARD") -> str:
        name, logs = f"/test/{uuid.uuid4().hex}", account.client("logs")
        logs.create_log_group(logGroupName=name, logGroupClass=log_class)
        for stream, events in streams.items():
            logs.create_log_stream(logGroupName=name, logStreamName=stream)
            batch = [{"timestamp": milliseconds(at(seconds)), "message": message} for seconds, message in events]
            logs.put_log_events(logGroupName=name, logStreamName=stream, logEvents=batch)
        return name

    return make


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def calls(aws: Control, operation: str) -> int:
    return sum(call["operation"] == operation for call in aws.requests())


def test_a_query_answers_for_exactly_its_window(insights: Insights, group: Group) -> None:
    times = (-0.001, 0.0, 1.0, 3599.999, 3600.0, 3600.5)
    name = group({"one": [(seconds, f"event at {seconds}") for seconds in times]})
    answer = insights.run([name], "fields @message | sort @timestamp asc", HOUR)
    assert [row["@message"] for row in answer.rows] == ["event at 0.0", "event at 1.0", "event at 3599.999"]
    assert all(row["@ptr"] for row in answer.rows)
    assert (answer.records_matched, answer.status) == (3, "Complete")
    assert answer.records_scanned >= 3
    assert answer.bytes_scanned >= sum(len(row["@message"]) for row in answer.rows)
    middle = Window(at(0.5), at(3599.999))
    assert insights.run([name], COUNT, middle).rows == [{"@logStream": "one", "entries": "1"}]


def test_groups_that_aws_does_not_query_together_are_asked_apart(
    insights: Insights, group: Group, account: Account, aws: Control
) -> None:
    alike, kept = group({"one": [(1, "a"), (2, "b")]}), group({"one": [(1, "d")]})
    archive = group({"two": [(3, "c")]}, "INFREQUENT_ACCESS")
    query = "stats count(*) as entries by @log | sort entries desc"
    answer = insights.run([alike, archive, kept], query, HOUR)
    assert {row["@log"]: row["entries"] for row in answer.rows} == {
        f"123456789012:{alike}": "2",
        f"123456789012:{archive}": "1",
        f"123456789012:{kept}": "1",
    }
    assert (answer.records_matched, insights.scanned_bytes) == (4, answer.bytes_scanned)
    aws.forget_requests()
    assert len(insights.run([alike, kept], query, HOUR).rows) == 2
    assert calls(aws, "StartQuery") == 1
    # one of them keeps nothing that old: the other may all the same
    account.client("logs").put_retention_policy(logGroupName=kept, retentionInDays=7)
    long_ago = Window(NOW - timedelta(days=30), NOW - timedelta(days=29))
    aws.forget_requests()
    assert insights.run([alike, kept], query, long_ago).rows == []
    assert (calls(aws, "StartQuery"), calls(aws, "GetQueryResults")) == (3, 2)


def test_results_are_waited_for_and_read_to_the_last_page(insights: Insights, group: Group, aws: Control) -> None:
    name = group({"one": [(number, f"event {number}") for number in range(25)]})
    aws.change(insights_polls=3, insights_page=10)
    aws.forget_requests()
    answer = insights.run([name], "fields @message | sort @timestamp asc", HOUR, limit=23)
    assert [row["@message"] for row in answer.rows] == [f"event {number}" for number in range(23)]
    assert calls(aws, "GetQueryResults") == 3 + 3
    assert calls(aws, "StopQuery") == 0


@pytest.mark.parametrize(
    ("end", "code"),
    [
        ("Failed", "query_failed"),
        ("Timeout", "query_timeout"),
        ("Unknown", "query_unknown"),
        ("Cancelled", "query_cancelled"),
    ],
)
def test_a_query_that_ends_otherwise_is_told(
    insights: Insights, aws: Control, group: Group, end: str, code: str
) -> None:
    aws.change(insights_end=end, insights_polls=0)
    with pytest.raises(UnreachableError) as caught:
        insights.run([group({})], COUNT, HOUR)
    assert caught.value.code == code
    assert caught.value.hint


def test_a_query_waits_for_its_turn(insights: Insights, aws: Control, group: Group, key: AwsKey) -> None:
    name = group({"one": [(1, "event")]})
    aws.change(insights_concurrent=0)
    hasty = Insights(collector_session(key, REGION), patience_s=0.2)
    with pytest.raises(UnreachableError) as caught:
        hasty.run([name], COUNT, HOUR)
    assert caught.value.code == "too_many_queries"
    timer = threading.Timer(0.3, lambda: aws.change(insights_concurrent=100))
    timer.start()
    assert insights.run([name], COUNT, HOUR).rows == [{"@logStream": "one", "entries": "1"}]
    timer.join()


def test_throttling_and_lost_answers_are_overcome(insights: Insights, aws: Control, group: Group) -> None:
    name = group({"one": [(1, "event")]})
    faults: tuple[tuple[Kind, str], ...] = (
        ("throttle", "StartQuery"),
        ("cut_after", "StartQuery"),
        ("cut_before", "GetQueryResults"),
    )
    for kind, operation in faults:
        aws.order(Fault("logs", operation, kind))
        assert insights.run([name], COUNT, HOUR).rows == [{"@logStream": "one", "entries": "1"}]
    aws.order(Fault("logs", "StartQuery", "cut_before", times=3))
    with pytest.raises(UnreachableError):
        insights.run([name], COUNT, HOUR)


def test_closing_stops_what_runs(insights: Insights, aws: Control, group: Group) -> None:
    name = group({})
    aws.change(insights_polls=1000)
    aws.forget_requests()

    def close_what_runs() -> None:
        while not calls(aws, "GetQueryResults"):
            time.sleep(0.05)
        insights.close()

    closing = threading.Thread(target=close_what_runs)
    closing.start()
    with pytest.raises(UnreachableError) as caught:
        insights.run([name], COUNT, HOUR)
    closing.join()
    assert caught.value.code == "query_stopped"
    assert calls(aws, "StopQuery") >= 1
    with pytest.raises(UnreachableError):
        insights.run([name], COUNT, HOUR)


def test_what_cannot_be_asked_is_told(
    insights: Insights, group: Group, account: Account, environ: dict[str, str]
) -> None:
    with pytest.raises(UsageError) as missing:
        insights.run(["/no/such"], COUNT, HOUR)
    assert missing.value.code == "log_group_not_found"
    with pytest.raises(AsayerError) as malformed:
        insights.run([group({})], "stats median(x)", HOUR)
    assert malformed.value.code == "malformed_query"
    assert "median" in malformed.value.message
    with pytest.raises(UsageError) as delivery:
        insights.run([group({}, "DELIVERY")], COUNT, HOUR)
    assert "not supported for this log class" in delivery.value.message
    with pytest.raises(ValueError, match="51 log groups"):
        insights.run(["x"] * 51, COUNT, HOUR)
    account.iam.detach_user_policy(UserName=account.user, PolicyArn="arn:aws:iam::aws:policy/CloudWatchReadOnlyAccess")
    with pytest.raises(PermissionDeniedError) as denied:
        insights.run(["/no/such"], COUNT, HOUR)
    assert denied.value.action == "logs:StartQuery"
    nobody = AwsKey("AKIAIOSFODNN7EXAMPLE", Secret("nonsense-nonsense"))
    with pytest.raises(CredentialsRejectedError):
        Insights(collector_session(nobody, REGION)).run(["/x"], COUNT, HOUR)


def test_a_region_that_is_not_enabled_is_told_from_a_wrong_key(key: AwsKey) -> None:
    with pytest.raises(UsageError) as caught:
        Insights(collector_session(key, "me-south-1")).run(["/x"], COUNT, HOUR)
    assert caught.value.code == "region_not_enabled"


def test_what_it_costs_is_estimated() -> None:
    assert estimated_cost(1024**3, "us-east-1") == pytest.approx(0.005)
    assert estimated_cost(0, "eu-west-1") == 0
    assert price_per_gb("eu-west-1") > price_per_gb("us-east-1")


def test_a_search_finds_each_event_once_in_order(insights: Insights, group: Group) -> None:
    tag = "[asayer_session_id=42]"
    name = group(
        {
            "two": [(5, f"{tag} fifth"), (9, "[asayer_session_id=421] other"), (11, f"{tag} eleventh")],
            "one": [(1, f"{tag} first"), (5, f"{tag} fifth too"), (7, "[ASAYER_session_id=42] other"), (8, 'say "42"')],
        }
    )
    found = list(insights.search(name, [tag, 'say "42"', "no such \\ thing /"], HOUR))
    assert [entry.message for entry in found if entry.time != at(5)] == [f"{tag} first", 'say "42"', f"{tag} eleventh"]
    assert {entry.message for entry in found if entry.time == at(5)} == {f"{tag} fifth", f"{tag} fifth too"}
    assert [entry.time for entry in found] == [at(1), at(5), at(5), at(8), at(11)]
    first = found[0]
    assert (first.place, first.stream) == (f"{name} one", "one")
    assert first.ingested_at is not None
    assert insights.scanned_bytes > 0
    assert insights.notes == ()


def test_a_search_is_sliced_where_it_hits_the_limit(insights: Insights, group: Group, aws: Control) -> None:
    # three dense places: many events in a second, in a millisecond, and evenly spread ones
    spread = [(number * 30.0, f"spread {number}") for number in range(100)]
    second = [(1000 + number / 100, f"second {number}") for number in range(40)]
    millisecond = [(2000.5, f"millisecond {number}") for number in range(25)]
    name = group({"one": sorted([*spread, *second]), "two": millisecond})
    aws.change(insights_polls=0)
    aws.forget_requests()
    found = list(insights.search(name, ["s"], HOUR, rows=20))
    assert len(found) == len({entry.entry_id for entry in found}) == 165
    assert {entry.message for entry in found} == {message for _, message in [*spread, *second, *millisecond]}
    assert [(entry.time, entry.entry_id) for entry in found] == sorted((entry.time, entry.entry_id) for entry in found)
    assert calls(aws, "StartQuery") < 35
    assert insights.notes == ()


def test_what_no_query_answers_is_noted(insights: Insights, group: Group) -> None:
    name = group({"one": [(1, "s"), *[(2.5, f"s {number}") for number in range(12)], (3, "s")]})
    found = list(entries(insights, name, ["s"], HOUR, rows=5, most=10))
    assert [entry.time for entry in found] == [at(1), *[at(2.5)] * 10, at(3)]
    (note,) = insights.notes
    assert "10 entries or more in the millisecond" in note


def test_many_texts_take_several_queries(insights: Insights, group: Group, aws: Control) -> None:
    needles = [f"[asayer_session_id={10**18 + number}]" for number in range(400)]
    name = group({"one": [(1, needles[0]), (2, needles[399] + needles[0]), (3, needles[200])]})
    aws.forget_requests()
    assert [entry.time for entry in insights.search(name, needles, HOUR)] == [at(1), at(2), at(3)]
    assert 1 < calls(aws, "StartQuery") <= 4


@given(st.text(min_size=1, max_size=20))
def test_no_text_breaks_out_of_its_literal(needle: str) -> None:
    (condition,) = conditions([needle])
    query = parse(f"filter {condition} | limit 1")
    assert [len(matched(query, [Row({"@message": message})])) for message in (f"a{needle}b", "")] == [1, 0]
    found = list(tokens(f"like {literal(needle)}"))
    assert [token.kind for token in found] in (["word", "text"], ["word", "regex"])
