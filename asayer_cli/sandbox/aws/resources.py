"""What a request is about, in the words of IAM: resource ARNs and condition keys.

Which actions know a resource: Service Authorization Reference of IAM, STS, CloudWatch Logs, EC2 and Account Management.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from asayer_cli.sandbox.supervisor import ACCOUNT_ID

if TYPE_CHECKING:
    from asayer_cli.sandbox.aws.account import Account, Principal
    from asayer_cli.sandbox.aws.requests import AwsRequest

ANY = ("*",)
LOGS_WITHOUT_RESOURCE = frozenset(
    {
        "DescribeLogGroups",
        "ListLogGroups",
        "TestMetricFilter",
        "StopQuery",
        "StopLiveTail",
        "DescribeQueries",
        "GetQueryResults",
    }
)
LOGS_OF_A_STREAM = frozenset({"GetLogEvents", "PutLogEvents", "CreateLogStream", "DeleteLogStream"})
# IAM actions that mean the caller's own user when they name none
ABOUT_ONESELF = frozenset({"GetUser", "CreateAccessKey", "ListAccessKeys", "UpdateAccessKey", "DeleteAccessKey"})


def resources(request: AwsRequest, caller: Principal, account: Account) -> tuple[str, ...]:
    """Return the resources that the caller needs the right for, each of them."""
    if request.service == "logs":
        return _log_resources(request)
    if request.service == "iam":
        return (_iam_resource(request, caller, account),)
    if request.service == "account":
        return (f"arn:aws:account::{ACCOUNT_ID}:account",)
    return (request.text("RoleArn"),) if request.text("RoleArn") else ANY


def _log_resources(request: AwsRequest) -> tuple[str, ...]:
    if request.operation in LOGS_WITHOUT_RESOURCE:
        return ANY
    if request.text("resourceArn"):
        return (request.text("resourceArn"),)
    groups = [
        request.text("logGroupName") or request.text("logGroupIdentifier"),
        *request.parameters.get("logGroupNames", ()),
        *request.parameters.get("logGroupIdentifiers", ()),
    ]
    suffix = f"log-stream:{request.text('logStreamName')}" if request.operation in LOGS_OF_A_STREAM else "*"
    return tuple(f"{log_group_arn(group, request.region)}:{suffix}" for group in groups if group) or ANY


def log_group_arn(name_or_arn: str, region: str) -> str:
    """Return a log group's ARN without the trailing ``:*``."""
    if name_or_arn.startswith("arn:"):
        return name_or_arn.removesuffix(":*")
    return f"arn:aws:logs:{region}:{ACCOUNT_ID}:log-group:{name_or_arn}"


def _iam_resource(request: AwsRequest, caller: Principal, account: Account) -> str:
    for kind in ("Group", "Role"):
        if name := request.text(f"{kind}Name"):
            return _entity_arn(kind.lower(), name, request, account)
    if request.operation in ABOUT_ONESELF and not request.text("UserName"):
        return caller.arn
    if name := request.text("UserName"):
        return _entity_arn("user", name, request, account)
    if request.operation == "GetAccessKeyLastUsed":
        owner = account.principal(request.text("AccessKeyId"))
        return owner.arn if owner else "*"
    if name := request.text("PolicyName"):
        return f"arn:aws:iam::{ACCOUNT_ID}:policy{request.text('Path') or '/'}{name}"
    return request.text("PolicyArn") or request.text("PolicySourceArn") or "*"


def _entity_arn(kind: str, name: str, request: AwsRequest, account: Account) -> str:
    arn = account.arn_of(kind, name)
    return arn or f"arn:aws:iam::{ACCOUNT_ID}:{kind}{request.text('Path') or '/'}{name}"


def context(request: AwsRequest, caller: Principal, account: Account) -> dict[str, str]:
    """Return the condition keys that the sandbox knows, in lower case; the others count as absent."""
    keys = {
        "aws:requestedregion": request.region,
        "aws:principalarn": caller.arn,
        "aws:principalaccount": ACCOUNT_ID,
        "aws:resourceaccount": ACCOUNT_ID,
        "aws:securetransport": "false",
    }
    if "/" not in caller.name:
        keys["aws:username"] = caller.name
    if request.service == "iam":
        keys |= _iam_context(request, account)
    return keys


def _iam_context(request: AwsRequest, account: Account) -> dict[str, str]:
    target = account.user(request.text("UserName"))
    present = getattr(target, "permissions_boundary", None) or {}
    values = {
        "iam:policyarn": request.text("PolicyArn"),
        "iam:permissionsboundary": request.text("PermissionsBoundary") or present.get("PermissionsBoundaryArn", ""),
    }
    return {key: value for key, value in values.items() if value}
