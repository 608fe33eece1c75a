from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asayer_cli.sandbox.aws.iam_policy import Policy, Request, decide, evaluate, like, parse

if TYPE_CHECKING:
    from collections.abc import Mapping

GROUP = "arn:aws:logs:eu-west-1:123456789012:log-group:/ecs/shop-api:*"
OTHER_GROUP = "arn:aws:logs:eu-west-1:123456789012:log-group:/ecs/shop-worker:*"
EVERYTHING = {"Effect": "Allow", "Action": "*", "Resource": "*"}


def policy(*statements: Mapping[str, object]) -> Policy:
    return parse({"Version": "2012-10-17", "Statement": list(statements)})


def test_nothing_is_allowed_by_default() -> None:
    assert evaluate([], Request("logs:FilterLogEvents")) == "implicitDeny"


def test_an_explicit_deny_wins_wherever_it_stands() -> None:
    deny = {"Effect": "Deny", "Action": "logs:*", "Resource": "*"}
    request = Request("logs:FilterLogEvents", GROUP)
    assert evaluate([policy(EVERYTHING), policy(deny)], request) == "explicitDeny"
    assert evaluate([policy(deny, EVERYTHING)], request) == "explicitDeny"


@pytest.mark.parametrize(
    ("pattern", "action", "allowed"),
    [
        ("logs:Get*", "logs:GetLogEvents", True),
        ("logs:get*", "logs:GetLogEvents", True),
        ("logs:Get*", "logs:PutLogEvents", False),
        ("log?:*", "logs:PutLogEvents", True),
        ("*", "iam:CreateUser", True),
        ("logs:.*", "logs:FilterLogEvents", False),
    ],
)
def test_actions_have_wildcards_and_no_case(pattern: str, action: str, allowed: bool) -> None:  # noqa: FBT001
    statement = {"Effect": "Allow", "Action": [pattern], "Resource": "*"}
    assert (evaluate([policy(statement)], Request(action, GROUP)) == "allowed") is allowed


def test_a_statement_is_limited_to_its_resources() -> None:
    limited = policy({"Effect": "Allow", "Action": "logs:*", "Resource": GROUP})
    assert evaluate([limited], Request("logs:FilterLogEvents", GROUP)) == "allowed"
    assert evaluate([limited], Request("logs:FilterLogEvents", OTHER_GROUP)) == "implicitDeny"
    assert evaluate([limited], Request("logs:DescribeLogGroups", "*")) == "implicitDeny"


def test_a_log_group_arn_without_the_trailing_star_does_not_reach_its_streams() -> None:
    short = policy({"Effect": "Allow", "Action": "logs:*", "Resource": GROUP.removesuffix(":*")})
    assert evaluate([short], Request("logs:FilterLogEvents", GROUP)) == "implicitDeny"


def test_not_action_and_not_resource_turn_it_round() -> None:
    turned = policy({"Effect": "Allow", "NotAction": "iam:*", "NotResource": OTHER_GROUP})
    assert evaluate([turned], Request("logs:FilterLogEvents", GROUP)) == "allowed"
    assert evaluate([turned], Request("logs:FilterLogEvents", OTHER_GROUP)) == "implicitDeny"
    assert evaluate([turned], Request("iam:CreateUser", GROUP)) == "implicitDeny"


def test_a_boundary_caps_and_never_grants() -> None:
    boundary = policy({"Effect": "Allow", "Action": "logs:*", "Resource": "*"})
    assert decide([policy(EVERYTHING)], boundary, Request("logs:FilterLogEvents")) == "allowed"
    assert decide([policy(EVERYTHING)], boundary, Request("iam:CreateUser")) == "implicitDeny"
    assert decide([], boundary, Request("logs:FilterLogEvents")) == "implicitDeny"
    forbidding = policy({"Effect": "Deny", "Action": "logs:*", "Resource": "*"})
    assert decide([policy(EVERYTHING)], forbidding, Request("logs:FilterLogEvents")) == "explicitDeny"


@pytest.mark.parametrize(
    ("condition", "holds"),
    [
        ({"StringEquals": {"aws:RequestedRegion": "eu-west-1"}}, True),
        ({"StringEquals": {"aws:RequestedRegion": ["us-east-1", "us-west-2"]}}, False),
        ({"StringNotEquals": {"aws:RequestedRegion": "us-east-1"}}, True),
        ({"StringNotEquals": {"aws:RequestedRegion": ["us-east-1", "eu-west-1"]}}, False),
        ({"StringLike": {"aws:RequestedRegion": "eu-*"}}, True),
        ({"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:user/ada"}}, True),
        ({"Bool": {"aws:SecureTransport": "true"}}, False),
        ({"Bool": {"aws:SecureTransport": False}}, True),
        ({"Null": {"aws:TokenIssueTime": "true"}}, True),
        ({"Null": {"aws:PrincipalArn": "true"}}, False),
        ({"StringEquals": {"aws:Absent": "x"}}, False),
        ({"StringEqualsIfExists": {"aws:Absent": "x"}}, True),
        ({"StringEquals": {"aws:RequestedRegion": "eu-west-1"}, "Bool": {"aws:SecureTransport": "true"}}, False),
    ],
)
def test_conditions(condition: dict[str, object], holds: bool) -> None:  # noqa: FBT001
    keys = {
        "aws:requestedregion": "eu-west-1",
        "aws:principalarn": "arn:aws:iam::123456789012:user/ada",
        "aws:securetransport": "false",
    }
    request = Request("logs:FilterLogEvents", GROUP, keys)
    assert (evaluate([policy({**EVERYTHING, "Condition": condition})], request) == "allowed") is holds
    denying = policy(EVERYTHING, {**EVERYTHING, "Effect": "Deny", "Condition": condition})
    assert (evaluate([denying], request) == "explicitDeny") is holds


def test_an_unknown_operator_never_widens_a_policy() -> None:
    unknown = {"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}}
    request = Request("logs:FilterLogEvents", GROUP)
    assert evaluate([policy({**EVERYTHING, "Condition": unknown})], request) == "implicitDeny"
    denying = policy(EVERYTHING, {**EVERYTHING, "Effect": "Deny", "Condition": unknown})
    assert evaluate([denying], request) == "explicitDeny"


def test_policy_variables_are_filled_in() -> None:
    own = policy({"Effect": "Allow", "Action": "iam:*", "Resource": "arn:aws:iam::123456789012:user/${aws:username}"})
    keys = {"aws:username": "ada"}
    assert evaluate([own], Request("iam:GetUser", "arn:aws:iam::123456789012:user/ada", keys)) == "allowed"
    assert evaluate([own], Request("iam:GetUser", "arn:aws:iam::123456789012:user/bob", keys)) == "implicitDeny"


@pytest.mark.parametrize(
    "document", ["[]", "{}", "not json", '{"Statement": [{"Effect": "Maybe"}]}', '{"Statement": 5}']
)
def test_what_is_no_policy_is_refused(document: str) -> None:
    with pytest.raises(ValueError, match=r"policy|JSON|Expecting"):
        parse(document)


@given(st.text(alphabet="ab*?.:", max_size=12), st.text(alphabet="ab.:", max_size=12))
def test_wildcards_agree_with_a_regular_expression(pattern: str, text: str) -> None:
    expected = re.fullmatch(re.escape(pattern).replace(r"\*", ".*").replace(r"\?", "."), text) is not None
    assert like(text, pattern) is expected


@given(st.lists(st.sampled_from(["Allow", "Deny"]), max_size=4))
def test_any_deny_among_any_allows_decides(effects: list[str]) -> None:
    policies = [policy({"Effect": effect, "Action": "*", "Resource": "*"}) for effect in effects]
    expected = "explicitDeny" if "Deny" in effects else "allowed" if effects else "implicitDeny"
    assert evaluate(policies, Request("logs:FilterLogEvents", GROUP)) == expected
