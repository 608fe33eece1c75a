"""Keys, signatures, regions: whom the local AWS takes a caller for."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from urllib.error import HTTPError
from urllib.request import urlopen

import boto3
import pytest
from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from asayer_cli.sandbox.control import Control
    from asayer_cli.sandbox.supervisor import Addresses

Client = Callable[..., Any]
MakeUser = Callable[..., tuple[str, tuple[str, str]]]
FIRST_CALLS = {
    "sts": "get_caller_identity",
    "iam": "list_users",
    "logs": "describe_log_groups",
    "ec2": "describe_regions",
    "account": "list_regions",
}


def error_of(call: Callable[..., object], **parameters: object) -> tuple[str, int]:
    with pytest.raises(ClientError) as caught:
        call(**parameters)
    response = caught.value.response
    return response["Error"]["Code"], response["ResponseMetadata"]["HTTPStatusCode"]


def first_call(client: Client, service: str, key: tuple[str, str]) -> tuple[str, int]:
    return error_of(getattr(client(service, key), FIRST_CALLS[service]))


@pytest.mark.parametrize(
    ("service", "code", "status"),
    [
        ("sts", "InvalidClientTokenId", 403),
        ("iam", "InvalidClientTokenId", 403),
        ("logs", "UnrecognizedClientException", 400),
        ("ec2", "AuthFailure", 401),
        ("account", "UnrecognizedClientException", 403),
    ],
)
def test_an_unknown_key(client: Client, service: str, code: str, status: int) -> None:
    assert first_call(client, service, ("AKIAIOSFODNN7EXAMPLE", "x" * 40)) == (code, status)


@pytest.mark.parametrize(
    ("service", "code"),
    [
        ("sts", "SignatureDoesNotMatch"),
        ("iam", "SignatureDoesNotMatch"),
        ("logs", "InvalidSignatureException"),
        ("ec2", "AuthFailure"),
    ],
)
def test_a_wrong_secret(client: Client, make_user: MakeUser, service: str, code: str) -> None:
    _, (key_id, _) = make_user("AdministratorAccess")
    assert first_call(client, service, (key_id, "x" * 40))[0] == code


@pytest.mark.parametrize(
    ("service", "code", "status"),
    [
        ("iam", "AccessDenied", 403),
        ("logs", "AccessDeniedException", 400),
        ("ec2", "UnauthorizedOperation", 403),
        ("account", "AccessDeniedException", 403),
    ],
)
def test_a_user_without_rights(client: Client, make_user: MakeUser, service: str, code: str, status: int) -> None:
    _, key = make_user()
    assert first_call(client, service, key) == (code, status)


def test_a_denial_names_user_action_and_resource(client: Client, make_user: MakeUser) -> None:
    name, key = make_user("CloudWatchReadOnlyAccess")
    with pytest.raises(ClientError) as caught:
        client("iam", key).create_user(UserName="somebody")
    message = caught.value.response["Error"]["Message"]
    assert f"User: arn:aws:iam::123456789012:user/{name} is not authorized to perform: iam:CreateUser" in message
    assert "on resource: arn:aws:iam::123456789012:user/somebody" in message


def test_everybody_may_ask_who_they_are(client: Client, make_user: MakeUser) -> None:
    name, key = make_user(Path="/tools/")
    identity = client("sts", key).get_caller_identity()
    assert identity["Arn"] == f"arn:aws:iam::123456789012:user/tools/{name}"
    assert identity["Account"] == "123456789012"
    assert identity["UserId"] == client("iam").get_user(UserName=name)["User"]["UserId"]


def test_deleted_and_inactive_keys_are_unknown(client: Client, make_user: MakeUser) -> None:
    name, key = make_user("AdministratorAccess")
    client("iam").update_access_key(UserName=name, AccessKeyId=key[0], Status="Inactive")
    assert [first_call(client, service, key)[0] for service in ("sts", "logs")] == [
        "InvalidClientTokenId",
        "UnrecognizedClientException",
    ]
    client("iam").update_access_key(UserName=name, AccessKeyId=key[0], Status="Active")
    client("sts", key).get_caller_identity()
    client("iam").delete_access_key(UserName=name, AccessKeyId=key[0])
    assert first_call(client, "sts", key)[0] == "InvalidClientTokenId"


def test_an_unsigned_request_is_refused(addresses: Addresses) -> None:
    with pytest.raises(HTTPError) as caught:
        urlopen(f"{addresses.aws_endpoint_url}/?Action=ListUsers")  # noqa: S310 - loopback
    assert caught.value.code == 403
    assert b"MissingAuthenticationToken" in caught.value.read()
    caught.value.close()


def test_new_keys_become_known_later_and_per_service(client: Client, make_user: MakeUser, aws: Control) -> None:
    aws.change(key_delay_s={"sts": 0.3, "logs": 0.9})
    _, key = make_user("CloudWatchReadOnlyAccess")
    assert first_call(client, "sts", key)[0] == "InvalidClientTokenId"
    assert first_call(client, "logs", key)[0] == "UnrecognizedClientException"
    time.sleep(0.4)
    client("sts", key).get_caller_identity()
    assert first_call(client, "logs", key)[0] == "UnrecognizedClientException"
    time.sleep(0.6)
    client("logs", key).describe_log_groups()


def test_new_policies_count_later(client: Client, make_user: MakeUser, aws: Control) -> None:
    aws.change(policy_delay_s=0.5)
    name, key = make_user("CloudWatchReadOnlyAccess")
    assert first_call(client, "logs", key)[0] == "AccessDeniedException"
    time.sleep(0.6)
    client("logs", key).describe_log_groups()
    arn = "arn:aws:iam::aws:policy/CloudWatchReadOnlyAccess"
    client("iam").attach_user_policy(UserName=name, PolicyArn=arn)
    client("logs", key).describe_log_groups()  # attached before: nothing new


def test_new_users_are_seen_later(client: Client, make_user: MakeUser, aws: Control) -> None:
    aws.change(user_delay_s=0.4)
    name, _ = make_user()
    iam = client("iam")
    assert error_of(iam.get_user, UserName=name) == ("NoSuchEntity", 404)
    assert error_of(iam.list_attached_user_policies, UserName=name) == ("NoSuchEntity", 404)
    time.sleep(0.5)
    assert iam.get_user(UserName=name)["User"]["UserName"] == name


def test_logs_of_a_disabled_region_do_not_know_the_key(client: Client, aws: Control) -> None:
    assert error_of(client("logs", region="af-south-1").describe_log_groups) == ("UnrecognizedClientException", 400)
    assert error_of(client("logs", region="cn-north-1").describe_log_groups) == ("UnrecognizedClientException", 400)
    aws.change(disabled_regions=["us-west-1"])
    assert client("logs", region="af-south-1").describe_log_groups()["logGroups"] == []
    assert error_of(client("logs", region="us-west-1").describe_log_groups)[0] == "UnrecognizedClientException"


def test_regions_are_listed_truthfully(client: Client) -> None:
    ec2 = client("ec2")
    enabled = {region["RegionName"] for region in ec2.describe_regions()["Regions"]}
    everything = {region["RegionName"]: region for region in ec2.describe_regions(AllRegions=True)["Regions"]}
    assert everything["eu-west-1"]["OptInStatus"] == "opt-in-not-required"
    assert everything["eu-south-1"]["OptInStatus"] == "opted-in"
    assert everything["me-south-1"]["OptInStatus"] == "not-opted-in"
    assert enabled == {name for name, region in everything.items() if region["OptInStatus"] != "not-opted-in"}
    only = ec2.describe_regions(AllRegions=True, Filters=[{"Name": "opt-in-status", "Values": ["not-opted-in"]}])
    assert {region["RegionName"] for region in only["Regions"]} == set(everything) - enabled
    assert [r["RegionName"] for r in ec2.describe_regions(RegionNames=["eu-west-1"])["Regions"]] == ["eu-west-1"]
    assert error_of(ec2.describe_regions, RegionNames=["eu-west-9"])[0] == "InvalidParameterValue"


def test_the_account_lists_its_regions(client: Client) -> None:
    account = client("account")
    pages = list(account.get_paginator("list_regions").paginate(PaginationConfig={"PageSize": 10}))
    assert [len(page["Regions"]) for page in pages] == [10, 10, 10, 4]
    regions = {row["RegionName"]: row["RegionOptStatus"] for page in pages for row in page["Regions"]}
    assert len(regions) == 34
    assert regions["eu-west-1"] == "ENABLED_BY_DEFAULT"
    assert regions["eu-south-1"] == "ENABLED"
    assert regions["af-south-1"] == "DISABLED"
    disabled = account.list_regions(RegionOptStatusContains=["DISABLED"])["Regions"]
    assert {row["RegionName"] for row in disabled} == {n for n, status in regions.items() if status == "DISABLED"}


def test_other_services_are_refused(client: Client) -> None:
    assert error_of(client("ec2").describe_instances)[0] == "InvalidAction"
    assert error_of(client("lambda").list_functions)[1] == 400


def test_a_role_can_be_assumed_and_has_its_own_rights(client: Client, make_user: MakeUser) -> None:
    name, key = make_user(inline=[{"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": "*"}])
    iam, role = client("iam"), f"role-of-{name}"
    trust = (
        '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", '
        '"Principal": {"AWS": "arn:aws:iam::123456789012:user/%s"}}]}'
    )
    arn = iam.create_role(RoleName=role, AssumeRolePolicyDocument=trust % name)["Role"]["Arn"]
    iam.attach_role_policy(RoleName=role, PolicyArn="arn:aws:iam::aws:policy/CloudWatchReadOnlyAccess")
    granted = client("sts", key).assume_role(RoleArn=arn, RoleSessionName="night")["Credentials"]
    session = boto3.Session(granted["AccessKeyId"], granted["SecretAccessKey"], granted["SessionToken"], "eu-west-1")
    url = client("sts").meta.endpoint_url
    assert session.client("sts", endpoint_url=url).get_caller_identity()["Arn"].endswith(f"assumed-role/{role}/night")
    logs = session.client("logs", endpoint_url=url)
    assert logs.describe_log_groups(limit=1)["logGroups"]
    assert error_of(logs.create_log_group, logGroupName="x")[0] == "AccessDeniedException"
    without_token = (granted["AccessKeyId"], granted["SecretAccessKey"])
    assert first_call(client, "logs", without_token)[0] == "UnrecognizedClientException"
