"""Failures on order, and the record of calls, at the local AWS."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from urllib.error import HTTPError

import pytest
from botocore.exceptions import ClientError, ConnectionClosedError

from asayer_cli.sandbox.control import Control
from asayer_cli.sandbox.faults import Call, Fault, FaultPlan, Kind

if TYPE_CHECKING:
    from asayer_cli.sandbox.supervisor import Addresses

Client = Callable[..., Any]
MakeUser = Callable[..., tuple[str, tuple[str, str]]]


def code_of(call: Callable[..., object], **parameters: object) -> str:
    with pytest.raises(ClientError) as caught:
        call(**parameters)
    return str(caught.value.response["Error"]["Code"])


def key_count(client: Client, name: str) -> int:
    return len(client("iam").list_access_keys(UserName=name)["AccessKeyMetadata"])


def test_a_cut_before_carries_nothing_out(client: Client, make_user: MakeUser, aws: Control) -> None:
    name, _ = make_user()
    aws.order(Fault("iam", "CreateAccessKey", "cut_before"))
    with pytest.raises(ConnectionClosedError):
        client("iam").create_access_key(UserName=name)
    assert key_count(client, name) == 1


def test_a_cut_after_carries_it_out(client: Client, make_user: MakeUser, aws: Control) -> None:
    name, _ = make_user()
    aws.order(Fault("iam", "CreateAccessKey", "cut_after"))
    with pytest.raises(ConnectionClosedError):
        client("iam").create_access_key(UserName=name)
    assert key_count(client, name) == 2


def test_boto3_asks_again_by_default_and_makes_another_key(client: Client, make_user: MakeUser, aws: Control) -> None:
    name, _ = make_user()
    aws.order(Fault("iam", "CreateAccessKey", "cut_after"))
    assert code_of(client("iam", attempts=3).create_access_key, UserName=name) == "LimitExceeded"


@pytest.mark.parametrize(
    ("kind", "service", "operation", "code"),
    [
        ("error_500", "iam", "list_users", "ServiceFailure"),
        ("error_500", "logs", "describe_log_groups", "InternalFailure"),
        ("throttle", "iam", "list_users", "Throttling"),
        ("throttle", "logs", "describe_log_groups", "ThrottlingException"),
        ("throttle", "ec2", "describe_regions", "RequestLimitExceeded"),
        ("denied", "sts", "get_caller_identity", "AccessDenied"),
        ("denied", "logs", "describe_log_groups", "AccessDeniedException"),
        ("denied", "ec2", "describe_regions", "UnauthorizedOperation"),
    ],
)
def test_services_fail_in_their_own_words(
    client: Client,
    aws: Control,
    kind: Kind,
    service: str,
    operation: str,
    code: str,
) -> None:
    aws.order(Fault(service, "*", kind))
    call = getattr(client(service), operation)
    assert code_of(call) == code
    call()


def test_a_slow_call_is_carried_out_later(client: Client, aws: Control) -> None:
    aws.order(Fault("sts", "GetCallerIdentity", "slow", seconds=0.3))
    started = time.monotonic()
    client("sts").get_caller_identity()
    assert time.monotonic() - started >= 0.3


def test_faults_wait_and_run_out() -> None:
    plan = FaultPlan([Fault("logs", "*", "throttle", times=2, after=1), Fault("*", "FilterLogEvents", "denied")])
    call = Call("logs", "FilterLogEvents", "eu-west-1", "ada")
    kinds = [fault.kind if (fault := plan.strike(call)) else None for _ in range(5)]
    assert kinds == ["denied", "throttle", "throttle", None, None]
    assert plan.strike(Call("iam", "ListUsers", "us-east-1", "ada")) is None


def test_calls_are_recorded_with_who_and_where(client: Client, make_user: MakeUser, aws: Control) -> None:
    name, key = make_user("CloudWatchReadOnlyAccess")
    aws.forget_requests()
    client("logs", key, "us-east-1").describe_log_groups()
    with pytest.raises(ClientError):
        client("iam", key).create_user(UserName="nobody")
    common = {"principal": name}
    assert aws.requests() == [
        {"service": "logs", "operation": "DescribeLogGroups", "region": "us-east-1", "status": 200, **common},
        {"service": "iam", "operation": "CreateUser", "region": "eu-west-1", "status": 403, **common},
    ]


def test_control_needs_the_token(addresses: Addresses) -> None:
    with pytest.raises(HTTPError) as caught:
        Control(addresses.aws_endpoint_url, "wrong").requests()
    assert caught.value.code == 403
    caught.value.close()


@pytest.mark.parametrize(
    "settings",
    [{"unknown": 1}, {"key_delay_s": -1}, {"key_delay_s": "x"}, {"empty_pages": 1}, {"disabled_regions": "x"}],
)
def test_settings_that_make_no_sense_are_refused(aws: Control, settings: dict[str, object]) -> None:
    with pytest.raises(HTTPError) as caught:
        aws.change(**settings)
    assert caught.value.code == 400
    caught.value.close()


def test_an_unknown_kind_of_fault_is_refused(aws: Control) -> None:
    kind: Any = "explode"
    with pytest.raises(HTTPError) as caught:
        aws.order(Fault("iam", "*", kind))
    assert caught.value.code == 400
    caught.value.close()
