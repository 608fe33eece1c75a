"""Plans and refusals, without AWS."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from asayer_cli.aws.interrupted import leftover_keys
from asayer_cli.aws.key_choice import Known, describe_key
from asayer_cli.aws.model import AccessKey, Scope, StepKind, UserState, why_not_collectible
from asayer_cli.aws.permissions import PERMISSIONS, Needed, On, group_arns, group_policy, statement_for
from asayer_cli.aws.setup_plan import Surroundings, Wishes, make_plan
from asayer_cli.entries import rfc3339
from asayer_cli.errors import RefusedError, UsageError
from asayer_cli.journal import Record
from asayer_cli.sandbox.aws import iam_policy

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
MANAGED = "arn:aws:iam::aws:policy/CloudWatchReadOnlyAccess"
ARNS = group_arns("aws", "eu-west-1", "1", ("/a", "/b"))
POLICY = group_policy(ARNS)
SAVED: dict[str, object] = {"aws.region": "eu-west-1"}
KNOWN = Known(NOW, "asayer-cli aws setup")
AROUND = Surroundings("aws", ARNS, {}, SAVED, "default", KNOWN)
USER = UserState("u", "arn:aws:iam::1:user/u", "/", managed=True, attached=(MANAGED,))
WISHES = Wishes("u")


def key(name: str, *, days: int = 10, used: bool = False, status: str = "Active") -> AccessKey:
    last = (NOW - timedelta(hours=3), "logs", "eu-west-1") if used else (None, "", "")
    return AccessKey(f"AKIA{name:0>16}", status, NOW - timedelta(days=days), *last)


A, B = key("A", used=True), key("B", days=2)


def kinds(state: UserState | None, wishes: Wishes = WISHES, around: Surroundings = AROUND) -> list[str]:
    return [step.kind.value for step in make_plan(state, wishes, around).steps]


def refusal(state: UserState, wishes: Wishes = WISHES, around: Surroundings = AROUND) -> str:
    with pytest.raises((RefusedError, UsageError)) as caught:
        make_plan(state, wishes, around)
    return caught.value.code


def held(*keys: AccessKey, preferred: str = "", **changes: Any) -> Surroundings:
    known = replace(KNOWN, held=frozenset(item.id for item in keys), preferred=preferred)
    return replace(AROUND, keys=known, **changes)


def test_in_place_means_no_step() -> None:
    around = held(A, saved={**SAVED, "aws.access_key_id": A.id})
    assert kinds(replace(USER, keys=(A,)), around=around) == []


def test_the_key_of_the_settings_is_preferred_then_the_newest() -> None:
    state = replace(USER, keys=(A, B))
    assert make_plan(state, WISHES, held(A, B)).use_key == B.id
    assert make_plan(state, WISHES, held(A, B, preferred=A.id)).use_key == A.id
    assert make_plan(state, WISHES, held(A)).use_key == A.id


def test_a_key_that_is_inactive_is_not_used() -> None:
    off = replace(A, status="Inactive")
    assert make_plan(replace(USER, keys=(off, B)), WISHES, held(off, B)).use_key == B.id
    assert refusal(replace(USER, keys=(off,)), around=held(off)) == "key_inactive"


@pytest.mark.parametrize("keys", [(A,), (A, B)])
def test_keys_of_others_are_never_touched(keys: tuple[AccessKey, ...]) -> None:
    state = replace(USER, keys=keys)
    assert refusal(state) == ("two_keys" if len(keys) == 2 else "key_secret_elsewhere")


def test_adding_a_key_when_there_are_two_is_refused_unless_one_is_held() -> None:
    state, adding = replace(USER, keys=(A, B)), replace(WISHES, add_key=True)
    assert refusal(state, adding) == "two_keys"
    assert "create_key" not in kinds(state, adding, held(B))
    assert "create_key" in kinds(replace(USER, keys=(B,)), adding, held(B))


def test_only_named_keys_are_deleted() -> None:
    state = replace(USER, keys=(A, B))
    around = replace(AROUND, keys=replace(KNOWN, leftovers=frozenset({B.id})))
    plan = make_plan(state, replace(WISHES, delete_keys=(A.id,)), around)
    assert [step.target for step in plan.steps if step.kind is StepKind.DELETE_KEY] == [A.id]
    assert "perhaps left over" in plan.warnings[0]
    assert refusal(state, replace(WISHES, add_key=True), around) == "two_keys"


def test_at_most_one_key_is_deleted_before_the_new_one_is_there() -> None:
    both = replace(WISHES, delete_keys=(A.id, B.id))
    plan = make_plan(replace(USER, keys=(A, B)), both, AROUND)
    assert kinds(replace(USER, keys=(A, B)), both) == ["delete_key", "create_key", "save_settings", "delete_key"]
    assert [step.target for step in plan.steps if step.kind is StepKind.DELETE_KEY] == [B.id, A.id]
    assert kinds(replace(USER, keys=(A,)), both) == ["create_key", "save_settings", "delete_key"]
    assert kinds(replace(USER, keys=(A,)), replace(WISHES, delete_keys=(B.id,))) == ["create_key", "save_settings"]


def test_a_scope_that_was_not_named_takes_nothing_away() -> None:
    both = replace(USER, group_policy=POLICY, keys=(A,))
    around = held(A, saved={**SAVED, "aws.access_key_id": A.id})
    assert kinds(both, around=around) == []
    assert kinds(both, replace(WISHES, scope=Scope.LOG_GROUPS), around) == ["detach_policy"]
    assert kinds(both, replace(WISHES, scope=Scope.MANAGED_POLICY), around) == ["delete_group_policy"]


def test_groups_that_the_policy_names_already_stay_unless_dropped() -> None:
    state = replace(USER, attached=(), group_policy=group_policy((*ARNS, "arn:aws:logs:x:1:log-group:/c")), keys=(A,))
    around = held(A, saved={**SAVED, "aws.access_key_id": A.id}, group_arns=ARNS[:1])
    assert kinds(state, around=around) == []
    (step,) = make_plan(state, replace(WISHES, drop_other_groups=True), around).steps
    assert step.text.endswith("still read /a; NO LONGER read /b, /c, and no other log group")


def test_a_policy_that_is_too_long_for_iam_is_refused_while_planning() -> None:
    names = tuple(f"/aws/ecs/production/service-{number:03}" for number in range(40))
    around = replace(AROUND, group_arns=group_arns("aws", "eu-west-1", "123456789012", names))
    assert refusal(USER, replace(WISHES, scope=Scope.LOG_GROUPS), around) == "policy_too_long"
    few = replace(around, group_arns=around.group_arns[:8])
    assert kinds(USER, replace(WISHES, scope=Scope.LOG_GROUPS), few)[0] == "put_group_policy"


def test_rights_are_taken_after_the_key_is_there() -> None:
    assert kinds(USER, replace(WISHES, scope=Scope.LOG_GROUPS)) == [
        "put_group_policy",
        "create_key",
        "save_settings",
        "detach_policy",
    ]


def test_the_partition_is_in_the_policys_arn() -> None:
    plan = make_plan(None, WISHES, replace(AROUND, partition="aws-cn"))
    assert plan.steps[1].target == "arn:aws-cn:iam::aws:policy/CloudWatchReadOnlyAccess"


def test_what_is_known_of_a_key_is_told() -> None:
    assert describe_key(A, NOW) == f"{A.id}, 10d old, last used 3h ago in logs (eu-west-1)"
    assert describe_key(replace(B, status="Inactive"), NOW) == f"{B.id} (inactive), 2d old, never used"


def record(begun: datetime, *before: str) -> Record:
    return Record("c", rfc3339(begun), "begun", "1", "iam:CreateAccessKey", "user/u", before)


@pytest.mark.parametrize(
    ("made", "before", "used", "is_leftover"),
    [
        (timedelta(seconds=1), (), False, True),
        (timedelta(seconds=-30), (), False, True),
        (timedelta(hours=1), (), False, False),
        (timedelta(hours=-1), (), False, False),
        (timedelta(seconds=1), (A.id,), False, False),
        (timedelta(seconds=1), (), True, False),
    ],
)
def test_leftovers(made: timedelta, before: tuple[str, ...], used: bool, is_leftover: bool) -> None:  # noqa: FBT001 - parameters
    candidate = replace(A, created_at=NOW + made, last_used_at=NOW if used else None)
    found = leftover_keys([record(NOW, *before)], [candidate], frozenset())
    assert found == (frozenset({A.id}) if is_leftover else frozenset())
    assert leftover_keys([record(NOW, *before)], [candidate], frozenset({A.id})) == frozenset()


def test_every_class_but_standard_is_explained() -> None:
    assert why_not_collectible("STANDARD") == ""
    for log_class in ("INFREQUENT_ACCESS", "ESSENTIALS", "DELIVERY", "NEW_CLASS"):
        assert why_not_collectible(log_class)


def test_statements_name_a_resource_only_where_aws_knows_one() -> None:
    assert json.loads(statement_for("logs:DescribeLogGroups", "arn:x"))["Resource"] == "*"
    assert json.loads(statement_for("logs:FilterLogEvents", "arn:x"))["Resource"] == "arn:x"
    whole = json.loads(statement_for("iam:CreateUser", "arn:u"))
    assert {"iam:CreateUser", "iam:CreateAccessKey", "iam:GetUser"} <= set(whole["Action"])


def test_every_action_is_listed_once_with_its_reason() -> None:
    actions = [permission.action for permission in PERMISSIONS]
    assert len(actions) == len(set(actions))
    assert all(permission.why and permission.needed for permission in PERMISSIONS)
    collector = {item.action for item in PERMISSIONS if Needed.BY_COLLECTOR in item.needed}
    reading = ("DescribeLogGroups", "FilterLogEvents", "GetLogEvents", "GetQueryResults")
    running = ("StartLiveTail", "StartQuery", "StopQuery")
    assert collector == {"sts:GetCallerIdentity", *(f"logs:{name}" for name in (*reading, *running))}


def test_the_policy_of_scope_log_groups_allows_reading_these_groups_alone() -> None:
    policy = iam_policy.parse(group_policy(ARNS))

    def decision(action: str, group: str) -> str:
        arn = f"arn:aws:logs:eu-west-1:1:log-group:{group}"
        return iam_policy.evaluate([policy], iam_policy.Request(action, arn))

    assert decision("logs:FilterLogEvents", "/a:*") == decision("logs:FilterLogEvents", "/b") == "allowed"
    assert decision("logs:GetLogEvents", "/a:log-stream:x") == "allowed"
    assert decision("logs:FilterLogEvents", "/ab:*") == decision("logs:PutLogEvents", "/a:*") == "implicitDeny"
    for permission in PERMISSIONS:
        if Needed.BY_COLLECTOR in permission.needed and permission.action.startswith("logs:"):
            on_group = permission.on is On.GROUP
            of_all = iam_policy.evaluate([policy], iam_policy.Request(permission.action))
            assert (decision(permission.action, "/a:*") if on_group else of_all) == "allowed", permission.action
