"""CloudWatch Logs of the local AWS."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest
from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from asayer_cli.sandbox.control import Control

Client = Callable[..., Any]
MakeUser = Callable[..., tuple[str, tuple[str, str]]]
MakeGroup = Callable[..., str]
NOW = int(time.time() * 1000)


def error_of(call: Callable[..., object], **parameters: object) -> tuple[str, str]:
    with pytest.raises(ClientError) as caught:
        call(**parameters)
    error = caught.value.response["Error"]
    return error["Code"], error["Message"]


def messages(logs: Any, **parameters: object) -> list[str]:
    pages = logs.get_paginator("filter_log_events").paginate(**parameters)
    return [event["message"] for page in pages for event in page["events"]]


def test_the_sample_groups_are_there(client: Client) -> None:
    logs = client("logs")
    pages = logs.get_paginator("describe_log_groups").paginate(PaginationConfig={"PageSize": 5})
    groups = {group["logGroupName"]: group for page in pages for group in page["logGroups"]}
    assert groups["/ecs/shop-api"]["logGroupClass"] == "STANDARD"
    assert groups["/ecs/shop-api"]["retentionInDays"] == 30
    assert groups["/ecs/shop-archive"]["logGroupClass"] == "INFREQUENT_ACCESS"
    assert "retentionInDays" not in groups["/ecs/shop-worker"]
    assert groups["/ecs/shop-api"]["creationTime"] < NOW - 86_400_000
    elsewhere = client("logs", region="us-east-1").describe_log_groups()["logGroups"]
    assert "aws-waf-logs-shop" in {group["logGroupName"] for group in elsewhere}


def test_groups_by_prefix_pattern_and_class(client: Client) -> None:
    logs = client("logs", region="eu-north-1")
    run = uuid4().hex[:8]
    for name, log_class in (("b/Api", "STANDARD"), ("b/old", "INFREQUENT_ACCESS"), ("c/api", "DELIVERY")):
        logs.create_log_group(logGroupName=f"{run}/{name}", logGroupClass=log_class)

    def names(**parameters: object) -> list[str]:
        found = logs.describe_log_groups(**parameters)["logGroups"]
        return [group["logGroupName"].removeprefix(f"{run}/") for group in found]

    assert names(logGroupNamePrefix=f"{run}/b") == ["b/Api", "b/old"]
    assert names(logGroupNamePattern="api") == ["c/api"]
    assert names(logGroupClass="INFREQUENT_ACCESS") == ["b/old"]
    assert names(logGroupClass="ESSENTIALS") == ["b/old"]
    assert names(logGroupClass="DELIVERY") == ["c/api"]
    by_pattern = logs.describe_log_groups(logGroupNamePattern=run)["logGroups"]
    assert all(set(group) == {"arn", "creationTime", "logGroupName"} for group in by_pattern)
    code, _ = error_of(logs.describe_log_groups, logGroupNamePattern="a", logGroupNamePrefix="b")
    assert code == "InvalidParameterException"


@pytest.mark.parametrize("limit", [51, 1000])
def test_a_page_of_groups_has_fifty_at_most(client: Client, limit: int) -> None:
    code, message = error_of(client("logs").describe_log_groups, limit=limit)
    assert code == "InvalidParameterException"
    assert "less than or equal to 50" in message


@pytest.mark.parametrize("log_class", ["INFREQUENT_ACCESS", "DELIVERY"])
def test_some_classes_cannot_be_read(client: Client, log_group: MakeGroup, log_class: str) -> None:
    name = log_group([(NOW, "ERROR")], log_class=log_class)
    code, message = error_of(client("logs").filter_log_events, logGroupName=name)
    assert code == "InvalidOperationException"
    assert "FilterLogEvents is not supported for this log class" in message
    code, message = error_of(client("logs").get_log_events, logGroupName=name, logStreamName="main")
    assert code == "InvalidOperationException"
    assert "GetLogEvents is not supported" in message


def test_an_unknown_class_is_refused(client: Client) -> None:
    assert error_of(client("logs").create_log_group, logGroupName="x", logGroupClass="NONE")[0] == (
        "InvalidParameterException"
    )


def test_a_group_that_does_not_exist(client: Client) -> None:
    assert error_of(client("logs").filter_log_events, logGroupName="/none") == (
        "ResourceNotFoundException",
        "The specified log group does not exist.",
    )
    assert error_of(client("logs").filter_log_events, logGroupName="no spaces")[0] == "InvalidParameterException"


def test_filter_patterns_are_those_of_aws(client: Client, log_group: MakeGroup) -> None:
    tagged, other = "ERROR [asayer_session_id=42] boom", "ERROR [Asayer_Session_Id=42] boom"
    name = log_group([(NOW - 2, tagged), (NOW - 1, other)])
    logs = client("logs")
    assert messages(logs, logGroupName=name) == [tagged, other]
    assert messages(logs, logGroupName=name, filterPattern="asayer_session_id") == [tagged]
    assert messages(logs, logGroupName=name, filterPattern='"[asayer_session_id=42]"') == [tagged]
    assert messages(logs, logGroupName=name, filterPattern='"[asayer_session_id=4]"') == []
    assert messages(logs, logGroupName=name, filterPattern="%[Aa]sayer_[Ss]ession_[Ii]d=[0-9]+%") == [tagged, other]
    code, message = error_of(logs.filter_log_events, logGroupName=name, filterPattern="asayer_session_id=42")
    assert code == "InvalidParameterException"
    assert "Invalid character(s) in term" in message


def test_both_ends_of_the_span_are_inclusive(client: Client, log_group: MakeGroup) -> None:
    name = log_group([(NOW - number, f"event {number}") for number in (3, 2, 1, 0)])
    found = messages(client("logs"), logGroupName=name, startTime=NOW - 2, endTime=NOW - 1)
    assert found == ["event 2", "event 1"]


def test_events_come_in_pages_and_in_order(client: Client, log_group: MakeGroup) -> None:
    name = log_group([(NOW - 100 + number, f"event {number}") for number in range(7)])
    logs = client("logs")
    first = logs.filter_log_events(logGroupName=name, limit=3)
    assert [event["message"] for event in first["events"]] == ["event 0", "event 1", "event 2"]
    assert first["searchedLogStreams"] == []
    # an event that comes in between moves nothing
    late = [{"timestamp": NOW - 200, "message": "late"}]
    logs.put_log_events(logGroupName=name, logStreamName="main", logEvents=late)
    second = logs.filter_log_events(logGroupName=name, limit=10, nextToken=first["nextToken"])
    assert [event["message"] for event in second["events"]] == ["event 3", "event 4", "event 5", "event 6"]
    assert "nextToken" not in second
    newest = logs.filter_log_events(logGroupName=name, limit=2, startTime=NOW - 1000, startFromHead=False)
    assert [event["message"] for event in newest["events"]] == ["event 6", "event 5"]
    assert error_of(logs.filter_log_events, logGroupName=name, nextToken="rubbish")[0] == "InvalidParameterException"


def test_a_page_ends_at_a_megabyte(client: Client, log_group: MakeGroup) -> None:
    logs, name = client("logs"), log_group([(NOW, "x" * 600_000)])
    more = [{"timestamp": NOW + 1, "message": "y" * 600_000}]
    logs.put_log_events(logGroupName=name, logStreamName="main", logEvents=more)
    first = logs.filter_log_events(logGroupName=name)
    assert len(first["events"]) == 1
    assert len(messages(logs, logGroupName=name)) == 2


def test_pages_may_be_empty(client: Client, log_group: MakeGroup, aws: Control) -> None:
    name = log_group([(NOW, "event")])
    aws.change(empty_pages=True)
    logs = client("logs")
    first = logs.filter_log_events(logGroupName=name)
    assert first["events"] == []
    assert first["nextToken"]
    assert messages(logs, logGroupName=name) == ["event"]


def test_streams_can_be_chosen(client: Client, log_group: MakeGroup) -> None:
    logs, name = client("logs"), log_group([(NOW, "first")])
    logs.create_log_stream(logGroupName=name, logStreamName="other")
    event = [{"timestamp": NOW + 1, "message": "second"}]
    logs.put_log_events(logGroupName=name, logStreamName="other", logEvents=event)
    assert messages(logs, logGroupName=name, logStreamNames=["other"]) == ["second"]
    assert messages(logs, logGroupName=name, logStreamNamePrefix="ma") == ["first"]
    assert messages(logs, logGroupIdentifier=f"arn:aws:logs:eu-west-1:123456789012:log-group:{name}") == [
        "first",
        "second",
    ]


def test_metric_filters_are_tested_with_the_same_patterns(client: Client) -> None:
    logs = client("logs")
    lines = ["[asayer_session_id=1] x", "[asayer_session_id=2] x", "y"]
    found = logs.test_metric_filter(filterPattern='"[asayer_session_id=2]"', logEventMessages=lines)["matches"]
    assert [(match["eventNumber"], match["eventMessage"]) for match in found] == [(2, lines[1])]
    assert error_of(logs.test_metric_filter, filterPattern="%(a)%", logEventMessages=["a"])[0] == (
        "InvalidParameterException"
    )
    assert error_of(logs.test_metric_filter, filterPattern="a", logEventMessages=["a"] * 51)[0] == (
        "InvalidParameterException"
    )


def test_a_policy_can_be_limited_to_a_log_group(client: Client, make_user: MakeUser, log_group: MakeGroup) -> None:
    mine, other = log_group([(NOW, "mine")]), log_group([(NOW, "other")])
    arn = f"arn:aws:logs:eu-west-1:123456789012:log-group:{mine}"
    actions = ["logs:FilterLogEvents", "logs:GetLogEvents", "logs:DescribeLogStreams"]
    _, key = make_user(inline=[{"Effect": "Allow", "Action": actions, "Resource": [arn, f"{arn}:*"]}])
    logs = client("logs", key)
    assert messages(logs, logGroupName=mine) == ["mine"]
    assert logs.get_log_events(logGroupName=mine, logStreamName="main")["events"][0]["message"] == "mine"
    assert logs.describe_log_streams(logGroupName=mine)["logStreams"][0]["logStreamName"] == "main"
    for call, parameters in (
        (logs.filter_log_events, {"logGroupName": other}),
        (logs.get_log_events, {"logGroupName": other, "logStreamName": "main"}),
        (logs.describe_log_streams, {"logGroupName": other}),
        (logs.describe_log_groups, {}),
        (
            logs.put_log_events,
            {"logGroupName": mine, "logStreamName": "main", "logEvents": [{"timestamp": NOW, "message": "x"}]},
        ),
    ):
        assert error_of(call, **parameters)[0] == "AccessDeniedException"
    assert error_of(client("logs", key, "us-east-1").filter_log_events, logGroupName=mine)[0] == "AccessDeniedException"


def test_a_stream_is_read_in_both_directions(client: Client, log_group: MakeGroup) -> None:
    logs, name = client("logs"), log_group([(NOW - 70 + number * 10, f"event {number}") for number in range(7)])

    def page(**parameters: object) -> tuple[list[str], dict[str, Any]]:
        answer = logs.get_log_events(logGroupName=name, logStreamName="main", **parameters)
        return [event["message"].removeprefix("event ") for event in answer["events"]], answer

    assert page(startTime=NOW - 60, endTime=NOW - 30, startFromHead=True)[0] == ["1", "2", "3"]
    head, answer = page(startFromHead=True, limit=3)
    assert head == ["0", "1", "2"]
    assert page(nextToken=answer["nextForwardToken"], limit=3)[0] == ["3", "4", "5"]
    tail, answer = page(limit=3)
    assert tail == ["4", "5", "6"]
    assert page(nextToken=answer["nextBackwardToken"], limit=3)[0] == ["1", "2", "3"]
    nothing, after = page(nextToken=answer["nextForwardToken"])
    assert nothing == []
    assert after["nextForwardToken"] == answer["nextForwardToken"]
    for wrong in ({"logStreamName": "none"}, {"nextToken": "x"}, {"logGroupName": "/none"}):
        error_of(logs.get_log_events, **{"logGroupName": name, "logStreamName": "main", **wrong})


def test_asking_whether_a_write_is_denied_writes_nothing(client: Client, make_user: MakeUser) -> None:
    _, key = make_user("CloudWatchReadOnlyAccess")
    write = {
        "logGroupName": f"/none/{uuid4()}",
        "logStreamName": "none",
        "logEvents": [{"timestamp": NOW, "message": "x"}],
    }
    assert error_of(client("logs", key).put_log_events, **write)[0] == "AccessDeniedException"
    assert error_of(client("logs").put_log_events, **write)[0] == "ResourceNotFoundException"


def test_ten_thousand_groups_are_listed(client: Client, aws: Control) -> None:
    aws.create_log_groups("ap-south-2", "/many/", 10_000)
    pages = client("logs", region="ap-south-2").get_paginator("describe_log_groups").paginate()
    names = [group["logGroupName"] for page in pages for group in page["logGroups"]]
    assert names == [f"/many/{number:05}" for number in range(10_000)]
