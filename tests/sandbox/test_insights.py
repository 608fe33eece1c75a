"""Logs Insights and Live Tail of the local AWS, as any client of AWS sees them."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.config import Config
from botocore.eventstream import EventStreamBuffer

from asayer_cli.sandbox.aws import event_stream
from tests.sandbox.test_aws_logs import error_of
from tests.service_model import problems

if TYPE_CHECKING:
    from collections.abc import Iterator

    from asayer_cli.sandbox.control import Control
    from asayer_cli.sandbox.supervisor import Addresses

Client = Callable[..., Any]
MakeUser = Callable[..., tuple[str, tuple[str, str]]]
MakeGroup = Callable[..., str]
NOW = int(time.time()) * 1000
SPAN = {"startTime": NOW // 1000 - 100, "endTime": NOW // 1000}
COUNT = "stats count(*) as entries"
SETTINGS: dict[str, Any] = {
    "insights_polls": 1,
    "insights_default_limit": 10_000,
    "insights_page": 10_000,
    "insights_concurrent": 100,
}


@pytest.fixture(autouse=True)
def _insights_settings(aws: Control) -> Iterator[None]:
    aws.change(**SETTINGS)
    yield
    aws.change(**SETTINGS)


def arn(group: str) -> str:
    return f"arn:aws:logs:eu-west-1:123456789012:log-group:{group}"


def done(logs: Any, query_id: str) -> dict[str, Any]:
    while True:
        answer: dict[str, Any] = logs.get_query_results(queryId=query_id)
        if answer["status"] not in ("Scheduled", "Running"):
            return answer


def asked(logs: Any, group: str, query: str, **more: Any) -> list[dict[str, str]]:
    query_id = logs.start_query(**{**SPAN, "logGroupName": group, "queryString": query, **more})["queryId"]
    return [{pair["field"]: pair["value"] for pair in row} for row in done(logs, query_id)["results"]]


def test_a_query_runs_for_a_while(client: Client, log_group: MakeGroup, aws: Control) -> None:
    logs, name = client("logs"), log_group([(NOW - 4000 + number * 1000, f"event {number} ü") for number in range(4)])
    aws.change(insights_polls=2)
    query_id = logs.start_query(logGroupName=name, queryString="filter @message like /[0-2]/", **SPAN)["queryId"]
    answers = [logs.get_query_results(queryId=query_id) for _ in range(4)]
    assert [answer["status"] for answer in answers] == ["Scheduled", "Running", "Complete", "Complete"]
    assert [len(answer["results"]) for answer in answers] == [0, 1, 3, 3]
    statistics = answers[-1]["statistics"]
    assert (statistics["recordsMatched"], statistics["recordsScanned"]) == (3, 4)
    assert statistics["bytesScanned"] == 4 * len("event 0 ü".encode())
    record = answers[-1]["results"][0]
    assert [pair["field"] for pair in record] == ["@timestamp", "@message", "@ptr"]
    assert error_of(logs.stop_query, queryId=query_id)[0] == "InvalidParameterException"


def test_a_query_is_stopped(client: Client, log_group: MakeGroup, aws: Control) -> None:
    logs, query = client("logs"), {"logGroupName": log_group(), "queryString": COUNT, **SPAN}
    aws.change(insights_concurrent=0)
    assert error_of(logs.start_query, **query)[0] == "LimitExceededException"
    aws.change(insights_polls=1000, insights_concurrent=100)
    query_id = logs.start_query(**query)["queryId"]
    assert logs.stop_query(queryId=query_id)["success"]
    assert logs.get_query_results(queryId=query_id)["status"] == "Cancelled"
    for call in (logs.get_query_results, logs.stop_query):
        assert error_of(call, queryId="none")[0] == "ResourceNotFoundException"
    assert error_of(client("logs", region="us-east-1").get_query_results, queryId=query_id)[0] == (
        "ResourceNotFoundException"
    )


def test_rows_are_limited_and_come_in_pages(client: Client, log_group: MakeGroup, aws: Control) -> None:
    logs, name = client("logs"), log_group([(NOW - 10 + number, f"event {number}") for number in range(7)])
    aws.change(insights_default_limit=5, insights_page=2, insights_polls=0)
    query_id = logs.start_query(logGroupName=name, queryString="fields @message", **SPAN)["queryId"]
    pages: list[int] = []
    token: dict[str, str] = {}
    while not pages or token:
        page = logs.get_query_results(queryId=query_id, **token)
        pages.append(len(page["results"]))
        token = {"nextToken": page["nextToken"]} if "nextToken" in page else {}
    assert pages == [2, 2, 1]
    assert error_of(logs.get_query_results, queryId=query_id, nextToken="x")[0] == "InvalidParameterException"
    aws.change(insights_page=10_000)
    assert len(asked(logs, name, "fields @message", limit=6)) == 6
    assert len(asked(logs, name, "fields @message | limit 3", limit=6)) == 3


def test_both_ends_of_the_span_are_whole_seconds(client: Client, log_group: MakeGroup) -> None:
    moments = {"before": -2001, "start": -2000, "end": 0, "after": 1}
    name = log_group([(NOW + shift, message) for message, shift in moments.items()])
    span = {"startTime": NOW // 1000 - 2, "endTime": NOW // 1000}
    found = asked(client("logs"), name, "sort @timestamp asc", **span)
    assert [row["@message"] for row in found] == ["start", "end"]


def test_what_starts_no_query(client: Client, log_group: MakeGroup) -> None:
    logs, name = client("logs"), log_group()

    def refused(**changed: Any) -> str:
        return error_of(logs.start_query, **{"queryString": COUNT, "logGroupName": name, **SPAN, **changed})[0]

    assert refused(queryString="median @message") == "MalformedQueryException"
    assert refused(logGroupNames=[name]) == "InvalidParameterException"
    assert refused(startTime=NOW // 1000 + 1) == "InvalidParameterException"
    assert refused(logGroupName="/none") == "ResourceNotFoundException"
    assert refused(logGroupName=log_group(log_class="DELIVERY")) == "InvalidOperationException"
    many = {"queryString": COUNT, "logGroupNames": [name] * 51, **SPAN}
    assert error_of(logs.start_query, **many)[0] == "InvalidParameterException"
    starred = {"queryString": COUNT, "logGroupIdentifiers": [f"{arn(name)}:*"], **SPAN}
    assert error_of(logs.start_query, **starred)[0] == "InvalidParameterException"
    with pytest.raises(logs.exceptions.MalformedQueryException) as caught:
        logs.start_query(logGroupName=name, queryString="fields @message | median x", **SPAN)
    assert caught.value.response["queryCompileError"]["location"]["startCharOffset"] == 18


def test_a_policy_for_a_log_group_covers_queries_and_tails(
    client: Client, make_user: MakeUser, log_group: MakeGroup
) -> None:
    mine, other = log_group([(NOW, "mine")]), log_group([(NOW, "other")])
    on_group = ["logs:StartQuery", "logs:StartLiveTail", "logs:GetLogEvents"]
    statements = [
        {"Effect": "Allow", "Action": on_group, "Resource": [arn(mine), f"{arn(mine)}:*"]},
        {"Effect": "Allow", "Action": "logs:GetQueryResults", "Resource": "*"},
    ]
    logs = client("logs", make_user(inline=statements)[1])
    assert asked(logs, mine, COUNT) == [{"entries": "1"}]
    query = {"queryString": COUNT, **SPAN}
    for refused in ({"logGroupName": other}, {"logGroupNames": [mine, other]}, {"logGroupIdentifiers": [arn(other)]}):
        assert error_of(logs.start_query, **query, **refused)[0] == "AccessDeniedException"
    assert error_of(logs.stop_query, queryId="x")[0] == "AccessDeniedException"
    assert error_of(logs.get_log_events, logGroupName=other, logStreamName="main")[0] == "AccessDeniedException"
    nothing = client("logs", make_user()[1])
    assert error_of(nothing.get_query_results, queryId="x")[0] == "AccessDeniedException"
    with pytest.raises(nothing.exceptions.ClientError, match="AccessDenied"):
        _tail_client(nothing).start_live_tail(logGroupIdentifiers=[arn(mine)])


def _tail_client(like: Any) -> Any:
    keys = like._request_signer._credentials  # noqa: SLF001 - the same key
    return boto3.client(
        "logs",
        endpoint_url=like.meta.endpoint_url,
        aws_access_key_id=keys.access_key,
        aws_secret_access_key=keys.secret_key,
        region_name="eu-west-1",
        config=Config(inject_host_prefix=False, retries={"total_max_attempts": 1}),
    )


def test_every_answer_is_of_the_form_that_the_sdk_knows(
    addresses: Addresses, client: Client, log_group: MakeGroup, aws: Control
) -> None:
    name, logs = log_group([(NOW - 1, '{"level": "error"}'), (NOW, "x")]), _tail_client(client("logs"))
    exchanged: list[str] = []

    def check_request(model: Any, params: dict[str, Any], **_: object) -> None:
        exchanged.append(model.name)
        assert list(problems(model.input_shape, json.loads(params["body"]))) == []

    def check_answer(operation_model: Any, response_dict: dict[str, Any], **_: object) -> None:
        if not operation_model.has_event_stream_output:
            exchanged.append(operation_model.name)
            assert list(problems(operation_model.output_shape, json.loads(response_dict["body"]))) == []

    logs.meta.events.register("before-call", check_request)
    logs.meta.events.register("before-parse", check_answer)
    aws.change(insights_page=1)
    asked(logs, name, "fields @timestamp, @message, level | sort @timestamp asc", limit=2)
    aws.change(insights_polls=9)
    logs.stop_query(queryId=logs.start_query(logGroupNames=[name], queryString=COUNT, **SPAN)["queryId"])
    logs.get_log_events(logGroupName=name, logStreamName="main", limit=1, startFromHead=True)
    assert set(exchanged) == {"StartQuery", "GetQueryResults", "StopQuery", "GetLogEvents"}


def test_every_event_of_a_tail_is_of_the_form_that_the_sdk_knows(client: Client, log_group: MakeGroup) -> None:
    name, logs = log_group([(NOW, "before")]), _tail_client(client("logs"))
    answer = logs.start_live_tail(
        logGroupIdentifiers=[arn(name)], logStreamNames=["main"], logEventFilterPattern='"event"'
    )
    shape = logs.meta.service_model.operation_model("StartLiveTail").get_event_stream_output()
    events = iter(answer["responseStream"])
    start = next(events)
    batch = [{"timestamp": int(time.time() * 1000), "message": message} for message in ("an event", "another")]
    logs.put_log_events(logGroupName=name, logStreamName="main", logEvents=batch)
    update = next(events)
    answer["responseStream"].close()
    assert list(problems(shape, start)) == list(problems(shape, update)) == []
    assert start["sessionStart"]["logGroupIdentifiers"] == [arn(name)]
    assert [found["message"] for found in update["sessionUpdate"]["sessionResults"]] == ["an event"]
    assert update["sessionUpdate"]["sessionMetadata"] == {"sampled": False}
    streams = {"logStreamNames": ["a"], "logStreamNamePrefixes": ["a"]}
    assert error_of(logs.start_live_tail, logGroupIdentifiers=[name])[0] == "InvalidParameterException"
    assert error_of(logs.start_live_tail, logGroupIdentifiers=[arn(name)], **streams)[0] == "InvalidParameterException"


def test_event_streams_are_encoded_as_the_sdk_decodes_them() -> None:
    buffer = EventStreamBuffer()
    buffer.add_data(event_stream.event("sessionUpdate", {"text": "ü"}) + event_stream.exception("Ended", "why"))
    event, exception = list(buffer)
    assert event.headers == {
        ":message-type": "event",
        ":event-type": "sessionUpdate",
        ":content-type": "application/json",
    }
    assert json.loads(event.payload) == {"text": "ü"}
    assert exception.headers[":exception-type"] == "Ended"
    assert json.loads(exception.payload) == {"message": "why"}
