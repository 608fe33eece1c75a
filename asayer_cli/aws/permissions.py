"""Every IAM action that the program uses, who needs it and why; and the statements to ask an administrator for."""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import StrEnum, unique
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


@unique
class Needed(StrEnum):
    """Whose credentials need an action."""

    BY_SETUP = "the caller of aws setup"
    BY_LOG_GROUPS = "the caller of aws log-groups"
    BY_STATUS = "the caller of aws status"
    BY_ROTATE = "the caller of aws rotate-key"
    BY_TEARDOWN = "the caller of aws teardown"
    BY_COLLECTOR = "the collector's key"


@unique
class On(StrEnum):
    """What an action is allowed on: which ARNs a statement may name."""

    ANYTHING = "*"
    USER = "user"
    USER_GROUP = "group of users"
    MFA_DEVICE = "MFA device"
    POLICY = "policy"
    GROUP = "log group"


@dataclass(frozen=True, slots=True)
class Permission:
    """One IAM action."""

    action: str
    on: On
    needed: tuple[Needed, ...]
    why: str


_SETUP: Final = (Needed.BY_SETUP,)
_TEARDOWN: Final = (Needed.BY_TEARDOWN,)
_LISTING: Final = (Needed.BY_SETUP, Needed.BY_LOG_GROUPS)
_LOOKING: Final = (Needed.BY_SETUP, Needed.BY_STATUS, Needed.BY_ROTATE, Needed.BY_TEARDOWN)
_KEYS: Final = (Needed.BY_SETUP, Needed.BY_ROTATE)
_COLLECTOR: Final = (Needed.BY_COLLECTOR,)
_TAKING: Final = (Needed.BY_SETUP, Needed.BY_TEARDOWN)

PERMISSIONS: Final = (
    Permission("sts:GetCallerIdentity", On.ANYTHING, tuple(Needed), "who is acting; AWS allows it to everybody"),
    Permission("ec2:DescribeRegions", On.ANYTHING, _LISTING, "which regions are enabled; done without where denied"),
    Permission(
        "logs:DescribeLogGroups",
        On.ANYTHING,
        (*_LISTING, Needed.BY_COLLECTOR),
        "list log groups, with their class",
    ),
    Permission("logs:FilterLogEvents", On.GROUP, _COLLECTOR, "search the log groups"),
    Permission("logs:GetLogEvents", On.GROUP, _COLLECTOR, "read what stands around an entry in its stream"),
    Permission("logs:StartQuery", On.GROUP, _COLLECTOR, "search and count with Logs Insights"),
    Permission("logs:GetQueryResults", On.ANYTHING, _COLLECTOR, "read what a Logs Insights query has found"),
    Permission("logs:StopQuery", On.ANYTHING, _COLLECTOR, "stop a Logs Insights query that nobody waits for"),
    Permission("logs:StartLiveTail", On.GROUP, _COLLECTOR, "follow entries as they come in"),
    Permission("iam:GetUser", On.USER, _LOOKING, "is the collector's user there, and is it ours"),
    Permission("iam:ListAttachedUserPolicies", On.USER, _LOOKING, "which rights it has"),
    Permission("iam:ListUserPolicies", On.USER, _LOOKING, "which rights it has of its own"),
    Permission("iam:GetUserPolicy", On.USER, _LOOKING, "which log groups its own policy names"),
    Permission("iam:ListGroupsForUser", On.USER, _LOOKING, "which rights come from groups"),
    Permission("iam:ListAccessKeys", On.USER, _LOOKING, "which keys it has"),
    Permission("iam:GetAccessKeyLastUsed", On.USER, _LOOKING, "whether a key is still in use"),
    Permission("iam:GetPolicy", On.POLICY, _SETUP, "is the managed policy there in this partition"),
    Permission("iam:CreateUser", On.USER, _SETUP, "make the collector's user"),
    Permission("iam:TagUser", On.USER, _KEYS, "mark the user as managed by asayer-cli, and as having a key made"),
    Permission("iam:UntagUser", On.USER, _KEYS, "take that mark off when the key is made"),
    Permission("iam:PutUserPermissionsBoundary", On.USER, _SETUP, "with --permissions-boundary"),
    Permission("iam:AttachUserPolicy", On.USER, _SETUP, "give the managed policy"),
    Permission(
        "iam:DetachUserPolicy", On.USER, _TAKING, "take it away when the scope becomes log-groups, or the user goes"
    ),
    Permission("iam:PutUserPolicy", On.USER, _SETUP, "with --scope log-groups: the policy that names the groups"),
    Permission(
        "iam:DeleteUserPolicy", On.USER, _TAKING, "remove it when the scope becomes managed-policy, or the user goes"
    ),
    Permission("iam:CreateAccessKey", On.USER, _KEYS, "make the collector's key"),
    Permission("iam:UpdateAccessKey", On.USER, (Needed.BY_ROTATE,), "with --revoke-old: make the old key inactive"),
    Permission(
        "iam:DeleteAccessKey",
        On.USER,
        (*_KEYS, Needed.BY_TEARDOWN),
        "undo a key that does not work, or delete one that is named",
    ),
    Permission("iam:RemoveUserFromGroup", On.USER_GROUP, _TEARDOWN, "groups that somebody put the user into"),
    Permission("iam:GetLoginProfile", On.USER, _TEARDOWN, "has somebody given the user a password"),
    Permission("iam:DeleteLoginProfile", On.USER, _TEARDOWN, "take it away"),
    Permission("iam:ListMFADevices", On.USER, _TEARDOWN, "has somebody given the user an MFA device"),
    Permission("iam:DeactivateMFADevice", On.USER, _TEARDOWN, "part it from the user"),
    Permission("iam:DeleteVirtualMFADevice", On.MFA_DEVICE, _TEARDOWN, "and delete it where it is a virtual one"),
    Permission("iam:ListSigningCertificates", On.USER, _TEARDOWN, "has somebody given the user certificates"),
    Permission("iam:DeleteSigningCertificate", On.USER, _TEARDOWN, "delete them"),
    Permission("iam:ListSSHPublicKeys", On.USER, _TEARDOWN, "has somebody given the user SSH keys"),
    Permission("iam:DeleteSSHPublicKey", On.USER, _TEARDOWN, "delete them"),
    Permission("iam:ListServiceSpecificCredentials", On.USER, _TEARDOWN, "has it passwords for single services"),
    Permission("iam:DeleteServiceSpecificCredential", On.USER, _TEARDOWN, "delete them"),
    Permission("iam:DeleteUser", On.USER, _TEARDOWN, "delete the user"),
)
_BY_ACTION: Final = {permission.action: permission for permission in PERMISSIONS}

# What the collector's own policy allows with --scope log-groups, by what AWS lets a statement name (service
# authorization reference of CloudWatch Logs). GetQueryResults names a query, so it is allowed on everything.
MOST_INLINE_CHARACTERS: Final = 2048  # of all inline policies of a user (IAM and STS quotas)
COLLECTOR_ON_GROUPS: Final = (
    "logs:DescribeLogStreams",
    "logs:FilterLogEvents",
    "logs:GetLogEvents",
    "logs:GetLogGroupFields",
    "logs:GetLogRecord",
    "logs:StartLiveTail",
    "logs:StartQuery",
)
COLLECTOR_ON_ANYTHING: Final = (
    "logs:DescribeLogGroups",
    "logs:DescribeQueries",
    "logs:GetQueryResults",
    "logs:ListLogGroups",
    "logs:StopLiveTail",
    "logs:StopQuery",
    "logs:TestMetricFilter",
)


def statement_for(action: str, resource: str = "*", needed: Needed = Needed.BY_SETUP) -> str:
    """Return the JSON policy statement that allows `action`.

    For an action on the collector's user it holds all of them that the command, whose caller `needed` names, asks for,
    so that one request to an administrator is enough.
    """
    permission = _BY_ACTION.get(action)
    actions = [action]
    if permission and permission.on is On.USER:
        actions = [item.action for item in PERMISSIONS if item.on is On.USER and needed in item.needed]
        actions += [action] * (action not in actions)
    named = resource if permission and permission.on is not On.ANYTHING else "*"
    return json.dumps({"Effect": "Allow", "Action": actions if len(actions) > 1 else action, "Resource": named})


def group_arns(partition: str, region: str, account: str, groups: tuple[str, ...]) -> tuple[str, ...]:
    """Return the ARNs of log groups, without the `:*` that some actions want behind them."""
    return tuple(f"arn:{partition}:logs:{region}:{account}:log-group:{group}" for group in groups)


def group_policy(arns: Iterable[str]) -> dict[str, object]:
    """Return the policy document that lets the collector read these log groups and no others.

    Both forms of a group's ARN are named: AWS evaluates some actions on the one with `:*` behind it, some on the other.
    """
    return {
        "Version": "2012-10-17",
        "Statement": [
            _allow(COLLECTOR_ON_GROUPS, [form for arn in arns for form in (arn, f"{arn}:*")]),
            _allow(COLLECTOR_ON_ANYTHING, "*"),
        ],
    }


def arns_in(policy: Mapping[str, Any] | None) -> tuple[str, ...]:
    """Return the ARNs of the log groups that a policy of ours names."""
    statements = policy.get("Statement", ()) if policy else ()
    resources = (statement["Resource"] for statement in statements if isinstance(statement["Resource"], list))
    return tuple(dict.fromkeys(arn.removesuffix(":*") for named in resources for arn in named))


def size_of(policy: Mapping[str, object]) -> int:
    """Return how much of IAM's quota a policy takes, in characters; white space does not count."""
    return len(json.dumps(policy, separators=(",", ":")))


def _allow(actions: tuple[str, ...], resource: str | list[str]) -> dict[str, object]:
    return {"Effect": "Allow", "Action": list(actions), "Resource": resource}
