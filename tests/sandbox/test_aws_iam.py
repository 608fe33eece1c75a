"""IAM of the local AWS, as far as setting up a user goes."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from botocore.exceptions import ClientError

Client = Callable[..., Any]
MakeUser = Callable[..., tuple[str, tuple[str, str]]]
READ_ONLY = "arn:aws:iam::aws:policy/CloudWatchReadOnlyAccess"


def code_of(call: Callable[..., object], **parameters: object) -> str:
    with pytest.raises(ClientError) as caught:
        call(**parameters)
    return str(caught.value.response["Error"]["Code"])


def test_a_user_is_made_read_and_deleted_in_order(client: Client) -> None:
    iam, name = client("iam"), f"u-{uuid4().hex[:8]}"
    iam.create_user(UserName=name, Tags=[{"Key": "managed-by", "Value": "asayer-cli"}])
    assert iam.get_user(UserName=name)["User"]["Tags"] == [{"Key": "managed-by", "Value": "asayer-cli"}]
    iam.attach_user_policy(UserName=name, PolicyArn=READ_ONLY)
    key = iam.create_access_key(UserName=name)["AccessKey"]["AccessKeyId"]
    assert code_of(iam.delete_user, UserName=name) == "DeleteConflict"
    iam.delete_access_key(UserName=name, AccessKeyId=key)
    assert code_of(iam.delete_user, UserName=name) == "DeleteConflict"
    iam.detach_user_policy(UserName=name, PolicyArn=READ_ONLY)
    iam.delete_user(UserName=name)
    assert code_of(iam.get_user, UserName=name) == "NoSuchEntity"


def test_user_names_are_unique_whatever_their_case(client: Client, make_user: MakeUser) -> None:
    name, _ = make_user()
    assert code_of(client("iam").create_user, UserName=name.upper()) == "EntityAlreadyExists"


@pytest.mark.parametrize(
    ("parameters", "code"),
    [
        ({"UserName": "a b"}, "ValidationError"),
        ({"UserName": "a", "Path": "tools"}, "ValidationError"),
        ({"UserName": "a", "PermissionsBoundary": "arn:aws:iam::aws:policy/None"}, "NoSuchEntity"),
        ({"UserName": "a", "Tags": [{"Key": "a", "Value": ""}, {"Key": "A", "Value": ""}]}, "InvalidInput"),
    ],
)
def test_bad_users_are_refused(client: Client, parameters: dict[str, Any], code: str) -> None:
    assert code_of(client("iam").create_user, **parameters) == code
    assert code_of(client("iam").get_user, UserName="a") == "NoSuchEntity"


def test_a_policy_that_does_not_exist_cannot_be_attached(client: Client, make_user: MakeUser) -> None:
    name, _ = make_user()
    arn = "arn:aws:iam::aws:policy/DoesNotExist"
    assert code_of(client("iam").attach_user_policy, UserName=name, PolicyArn=arn) == "NoSuchEntity"
    assert code_of(client("iam").get_policy, PolicyArn=arn) == "NoSuchEntity"


def test_a_user_has_two_keys_at_most(client: Client, make_user: MakeUser) -> None:
    name, key = make_user()
    iam = client("iam")
    iam.create_access_key(UserName=name)
    assert code_of(iam.create_access_key, UserName=name) == "LimitExceeded"
    iam.update_access_key(UserName=name, AccessKeyId=key[0], Status="Inactive")
    assert code_of(iam.create_access_key, UserName=name) == "LimitExceeded"
    statuses = {row["AccessKeyId"]: row["Status"] for row in iam.list_access_keys(UserName=name)["AccessKeyMetadata"]}
    assert sorted(statuses.values()) == ["Active", "Inactive"]
    assert statuses[key[0]] == "Inactive"


def test_last_use_of_a_key(client: Client, make_user: MakeUser) -> None:
    name, key = make_user("CloudWatchReadOnlyAccess")
    iam = client("iam")
    never = iam.get_access_key_last_used(AccessKeyId=key[0])
    assert never["UserName"] == name
    assert never["AccessKeyLastUsed"] == {"ServiceName": "N/A", "Region": "N/A"}
    client("logs", key, "us-east-1").describe_log_groups()
    used = iam.get_access_key_last_used(AccessKeyId=key[0])["AccessKeyLastUsed"]
    assert (used["ServiceName"], used["Region"]) == ("logs", "us-east-1")
    assert datetime.now(UTC) - used["LastUsedDate"] < timedelta(seconds=10)


def test_a_user_can_ask_about_itself_without_saying_its_name(client: Client, make_user: MakeUser) -> None:
    statement = {"Effect": "Allow", "Action": "iam:*", "Resource": "arn:aws:iam::123456789012:user/${aws:username}"}
    name, key = make_user(inline=[statement])
    own = client("iam", key)
    assert own.get_user()["User"]["UserName"] == name
    second = own.create_access_key()["AccessKey"]
    assert second["UserName"] == name
    own.delete_access_key(AccessKeyId=second["AccessKeyId"])
    assert [row["AccessKeyId"] for row in own.list_access_keys()["AccessKeyMetadata"]] == [key[0]]
    assert code_of(own.get_user, UserName="sandbox-admin") == "AccessDenied"


def test_a_boundary_caps_a_user(client: Client, make_user: MakeUser) -> None:
    name, key = make_user("AdministratorAccess", PermissionsBoundary=READ_ONLY)
    boundary = client("iam").get_user(UserName=name)["User"]["PermissionsBoundary"]
    assert boundary["PermissionsBoundaryArn"] == READ_ONLY
    client("logs", key).describe_log_groups()
    assert code_of(client("logs", key).create_log_group, logGroupName="x") == "AccessDeniedException"
    assert code_of(client("iam", key).list_users) == "AccessDenied"
    client("iam").delete_user_permissions_boundary(UserName=name)
    assert client("iam", key).list_users()["Users"]
    client("iam").put_user_permissions_boundary(UserName=name, PermissionsBoundary=READ_ONLY)
    assert code_of(client("iam", key).list_users) == "AccessDenied"


def test_rights_come_from_groups_too(client: Client, make_user: MakeUser) -> None:
    name, key = make_user()
    iam, group = client("iam"), f"group-{name}"
    iam.create_group(GroupName=group)
    iam.attach_group_policy(GroupName=group, PolicyArn=READ_ONLY)
    iam.add_user_to_group(GroupName=group, UserName=name)
    client("logs", key).describe_log_groups()
    deny = {"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "logs:*", "Resource": "*"}]}
    iam.put_group_policy(GroupName=group, PolicyName="deny", PolicyDocument=json.dumps(deny))
    assert code_of(client("logs", key).describe_log_groups) == "AccessDeniedException"


def test_the_simulator_says_what_the_services_do(client: Client, make_user: MakeUser) -> None:
    group = "arn:aws:logs:eu-west-1:123456789012:log-group:/ecs/shop-api:*"
    name, _ = make_user(
        inline=[
            {"Effect": "Allow", "Action": "logs:FilterLogEvents", "Resource": group},
            {"Effect": "Deny", "Action": "logs:Put*", "Resource": "*"},
        ]
    )
    iam = client("iam")
    answer = iam.simulate_principal_policy(
        PolicySourceArn=f"arn:aws:iam::123456789012:user/{name}",
        ActionNames=["logs:FilterLogEvents", "logs:PutLogEvents", "iam:CreateUser"],
        ResourceArns=[group],
    )
    assert {row["EvalActionName"]: row["EvalDecision"] for row in answer["EvaluationResults"]} == {
        "logs:FilterLogEvents": "allowed",
        "logs:PutLogEvents": "explicitDeny",
        "iam:CreateUser": "implicitDeny",
    }
    everywhere = iam.simulate_principal_policy(
        PolicySourceArn=f"arn:aws:iam::123456789012:user/{name}", ActionNames=["logs:FilterLogEvents"]
    )
    assert everywhere["EvaluationResults"][0]["EvalDecision"] == "implicitDeny"
    nobody = "arn:aws:iam::123456789012:user/nobody"
    assert code_of(iam.simulate_principal_policy, PolicySourceArn=nobody, ActionNames=["a:b"]) == "NoSuchEntity"
