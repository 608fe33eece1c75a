"""`aws setup`: from nothing to a proven key, again and again, from every state in between."""

from __future__ import annotations

import json
import tomllib
from typing import TYPE_CHECKING

from asayer_cli.sandbox.faults import Fault
from tests.aws.conftest import GROUP, READ_ONLY, REGION, Account, Program

if TYPE_CHECKING:
    from pathlib import Path

    from asayer_cli.sandbox.control import Control

INLINE = "asayer-cli-log-groups"


def kinds(data: dict[str, object]) -> list[str]:
    plan = data["plan"]
    assert isinstance(plan, list)
    return [step["kind"] for step in plan]


def test_makes_user_policy_and_key_and_proves_them(
    setup: Program, account: Account, secrets_file: Path, config_file: Path
) -> None:
    run = setup()
    assert run.code == 0, run.err
    assert kinds(run.data) == ["create_user", "attach_policy", "create_key", "save_settings"]
    assert run.data["status"] == "done"
    assert account.tags() == {"managed-by": "asayer-cli"}
    assert account.attached() == [READ_ONLY]
    assert account.key_ids() == [run.data["access_key_id"]]
    assert list(json.loads(secrets_file.read_text())) == [f"default/aws/{run.data['access_key_id']}"]
    assert secrets_file.stat().st_mode & 0o777 == 0o600
    assert tomllib.loads(config_file.read_text())["profiles"]["default"]["aws"] == {
        "account": "123456789012",
        "user_name": account.user,
        "access_key_id": run.data["access_key_id"],
        "region": REGION,
        "log_groups": [GROUP],
    }


def test_says_first_who_it_acts_as(setup: Program) -> None:
    first = setup("--dry-run").err.splitlines()[0]
    for part in ("user/sandbox-admin", "123456789012", "(aws)", REGION):
        assert part in first


def test_the_proof_names_reads_that_are_allowed_and_the_write_that_is_denied(setup: Program, aws: Control) -> None:
    proofs = setup().data["proofs"]
    assert any("reading" in proof and "allowed" in proof for proof in proofs)
    assert "writing log events is denied" in proofs
    called = {call["operation"] for call in aws.requests() if call["principal"] != "sandbox-admin"}
    assert {"GetCallerIdentity", "DescribeLogGroups", "FilterLogEvents", "PutLogEvents"} <= called


def test_a_second_run_has_nothing_to_do_and_proves_the_key_again(
    setup: Program, account: Account, aws: Control
) -> None:
    first = setup()
    aws.forget_requests()
    second = setup(ask=())
    assert second.code == 0, second.err
    assert second.data["status"] == "in_place"
    assert second.data["plan"] == []
    assert second.data["access_key_id"] == first.data["access_key_id"]
    assert "writing log events is denied" in second.data["proofs"]
    assert not [call for call in aws.requests() if call["operation"].startswith(("Create", "Attach", "Put", "Tag"))][2:]


def test_a_second_run_needs_no_options(setup: Program, program: Program, account: Account) -> None:
    setup()
    run = program("aws", "setup", "-o", "json")
    assert run.code == 0, run.err
    assert run.data["user_name"] == account.user
    assert run.data["log_groups"] == [GROUP]


def test_a_dry_run_changes_nothing(setup: Program, account: Account, config_file: Path, journal_file: Path) -> None:
    run = setup("--dry-run", ask=())
    assert run.code == 0
    assert run.data["status"] == "planned"
    assert kinds(run.data) == ["create_user", "attach_policy", "create_key", "save_settings"]
    assert "create the IAM user" in run.err
    assert not account.exists()
    assert not config_file.exists()
    assert not journal_file.exists()


def test_a_dry_run_of_what_is_in_place_ends_well(setup: Program) -> None:
    setup()
    run = setup("--dry-run", ask=())
    assert (run.code, run.data["plan"]) == (0, [])


def test_without_a_terminal_it_wants_yes(setup: Program, account: Account) -> None:
    run = setup(ask=())
    assert run.code == 2
    assert "--yes" in run.json["errors"][0]["hint"]
    assert not account.exists()


def test_text_has_a_summary_and_the_next_steps(program: Program, account: Account) -> None:
    run = program(
        "aws", "setup", "--region", REGION, "--log-group", GROUP, "--user-name", account.user, "--yes", "--profile", "p"
    )
    assert run.code == 0
    assert "✓ writing log events is denied" in run.out
    assert "Next:\n  asayer-cli integrations show --profile p\n  asayer-cli verify --profile p\n" in run.out


def test_finishes_a_user_without_rights_and_key(setup: Program, account: Account) -> None:
    account.iam.create_user(UserName=account.user, Tags=[{"Key": "managed-by", "Value": "asayer-cli"}])
    run = setup()
    assert run.code == 0, run.err
    assert kinds(run.data) == ["attach_policy", "create_key", "save_settings"]


def test_finishes_a_user_that_lost_its_policy(setup: Program, account: Account) -> None:
    setup()
    account.iam.detach_user_policy(UserName=account.user, PolicyArn=READ_ONLY)
    run = setup()
    assert run.code == 0, run.err
    assert kinds(run.data) == ["attach_policy"]
    assert account.attached() == [READ_ONLY]


def test_finishes_when_only_the_settings_were_not_saved(setup: Program, config_file: Path, account: Account) -> None:
    first = setup()
    config_file.unlink()
    run = setup()
    assert run.code == 0, run.err
    assert kinds(run.data) == ["save_settings"]
    assert account.key_ids() == [first.data["access_key_id"]]


def test_a_user_of_others_is_left_alone(setup: Program, account: Account) -> None:
    account.make_user("CloudWatchReadOnlyAccess")
    run = setup()
    assert run.code == 1
    error = run.json["errors"][0]
    assert error["code"] == "user_not_managed"
    assert "--adopt" in error["hint"]
    assert "1 policy, 0 groups, 1 access key" in error["message"]
    assert account.tags() == {}


def test_adopts_a_user_and_leaves_its_key_alone(setup: Program, account: Account) -> None:
    key_id, _ = account.make_user()
    run = setup("--adopt", "--add-key")
    assert run.code == 0, run.err
    assert kinds(run.data) == ["adopt_user", "attach_policy", "create_key", "save_settings"]
    assert account.tags() == {"managed-by": "asayer-cli"}
    assert key_id in account.key_ids()
    assert len(account.key_ids()) == 2


def test_tells_of_rights_that_it_does_not_manage(setup: Program, account: Account) -> None:
    account.iam.create_user(UserName=account.user)
    account.iam.attach_user_policy(UserName=account.user, PolicyArn="arn:aws:iam::aws:policy/IAMReadOnlyAccess")
    run = setup("--adopt")
    assert run.code == 0, run.err
    assert any("policy/IAMReadOnlyAccess" in message["text"] for message in run.json["messages"])
    assert "arn:aws:iam::aws:policy/IAMReadOnlyAccess" in account.attached()


def test_a_key_that_may_write_fails_the_proof_and_is_deleted(setup: Program, account: Account) -> None:
    account.iam.create_user(UserName=account.user)
    account.iam.attach_user_policy(UserName=account.user, PolicyArn="arn:aws:iam::aws:policy/CloudWatchLogsFullAccess")
    run = setup("--adopt")
    assert run.code == 1
    assert run.json["errors"][0]["code"] == "may_write"
    assert account.key_ids() == []


def test_a_key_that_may_write_to_the_collected_group_alone_fails_too(setup: Program, account: Account) -> None:
    account.iam.create_user(UserName=account.user)
    resource = f"arn:aws:logs:{REGION}:123456789012:log-group:{GROUP}:*"
    statement = {"Effect": "Allow", "Action": "logs:PutLogEvents", "Resource": resource}
    document = json.dumps({"Version": "2012-10-17", "Statement": statement})
    account.iam.put_user_policy(UserName=account.user, PolicyName="write", PolicyDocument=document)
    assert setup("--adopt").json["errors"][0]["code"] == "may_write"


def test_path_and_boundary(setup: Program, account: Account) -> None:
    boundary = "arn:aws:iam::aws:policy/ReadOnlyAccess"
    run = setup("--path", "/integrations/", "--permissions-boundary", boundary)
    assert run.code == 0, run.err
    user = account.iam.get_user(UserName=account.user)["User"]
    assert user["Path"] == "/integrations/"
    assert user["PermissionsBoundary"]["PermissionsBoundaryArn"] == boundary
    assert setup("--path", "/integrations/", "--permissions-boundary", boundary, ask=()).data["plan"] == []
    assert setup("--path", "/other/").json["errors"][0]["code"] == "path_differs"


def test_a_boundary_is_put_on_a_user_that_is_there(setup: Program, account: Account) -> None:
    setup()
    run = setup("--permissions-boundary", "arn:aws:iam::aws:policy/ReadOnlyAccess")
    assert kinds(run.data) == ["put_boundary"]
    assert run.code == 0, run.err


def test_a_boundary_that_forbids_reading_is_named(setup: Program, account: Account) -> None:
    boundary = "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"
    run = setup("--permissions-boundary", boundary, "--wait-for-key", "1s")
    assert run.code == 4
    assert account.key_ids() == []


def test_scope_log_groups_allows_the_chosen_groups_and_no_other(setup: Program, account: Account) -> None:
    run = setup("--scope", "log-groups", "--log-group", "/ecs/shop-worker")
    assert run.code == 0, run.err
    assert run.data["log_groups"] == [GROUP, "/ecs/shop-worker"]
    assert kinds(run.data) == ["create_user", "put_group_policy", "create_key", "save_settings"]
    assert account.attached() == []
    statements = account.iam.get_user_policy(UserName=account.user, PolicyName=INLINE)["PolicyDocument"]["Statement"]
    assert f"arn:aws:logs:{REGION}:123456789012:log-group:{GROUP}:*" in statements[0]["Resource"]
    assert f"arn:aws:logs:{REGION}:123456789012:log-group:{GROUP}" in statements[0]["Resource"]


def test_another_group_is_added_to_the_inline_policy(setup: Program, account: Account) -> None:
    def readable() -> set[str]:
        policy = account.iam.get_user_policy(UserName=account.user, PolicyName=INLINE)["PolicyDocument"]
        return {arn.partition(":log-group:")[2].removesuffix(":*") for arn in policy["Statement"][0]["Resource"]}

    setup("--scope", "log-groups")
    run = setup(group="/ecs/shop-worker")
    assert run.code == 0, run.err
    assert kinds(run.data) == ["put_group_policy", "save_settings"]
    assert readable() == {GROUP, "/ecs/shop-worker"}
    assert setup(group="/ecs/shop-worker", ask=()).data["plan"] == []
    assert setup("--drop-other-groups", group="/ecs/shop-worker").code == 0
    assert readable() == {"/ecs/shop-worker"}


def test_a_right_is_kept_when_the_key_fails_its_proof(setup: Program, account: Account, aws: Control) -> None:
    setup()
    aws.order(Fault("logs", "FilterLogEvents", "denied", times=99))
    assert setup("--scope", "log-groups", "--wait-for-key", "1s").code == 4
    assert account.attached() == [READ_ONLY]


def test_the_scope_changes_both_ways_and_only_when_named(setup: Program, account: Account) -> None:
    key = setup().data["access_key_id"]
    narrow = setup("--scope", "log-groups")
    assert kinds(narrow.data) == ["put_group_policy", "detach_policy"]
    assert account.attached() == []
    assert setup(ask=()).data["scope"] == "log-groups"
    wide = setup("--scope", "managed-policy")
    assert kinds(wide.data) == ["attach_policy", "delete_group_policy"]
    assert account.iam.list_user_policies(UserName=account.user)["PolicyNames"] == []
    assert account.key_ids() == [key]


def test_another_profile_has_its_own_user_and_key(setup: Program, account: Account, config_file: Path) -> None:
    setup()
    run = setup("--profile", "staging", user=f"{account.user}-2")
    assert run.code == 0, run.err
    assert set(tomllib.loads(config_file.read_text())["profiles"]) == {"default", "staging"}


def test_a_profile_of_another_account_is_not_overwritten(setup: Program, account: Account, program: Program) -> None:
    program("config", "set", "aws.account", "999999999999")
    run = setup()
    assert run.code == 1
    assert run.json["errors"][0]["code"] == "other_account"
    assert not account.exists()


def test_environment_variables_stand_for_options(program: Program, account: Account) -> None:
    variables = {
        "ASAYER_AWS_REGION": REGION,
        "ASAYER_AWS_LOG_GROUPS": f"{GROUP}, /ecs/shop-worker",
        "ASAYER_AWS_USER_NAME": account.user,
        "ASAYER_AWS_SETUP_YES": "1",
        "ASAYER_OUTPUT": "json",
    }
    run = program("aws", "setup", env={**variables})
    assert run.code == 0, run.err
    assert run.data["log_groups"] == [GROUP, "/ecs/shop-worker"]


def test_a_user_that_iam_is_slow_to_know_is_waited_for(setup: Program, account: Account, aws: Control) -> None:
    aws.change(user_delay_s=1)
    run = setup()
    assert run.code == 0, run.err
    assert run.data["status"] == "done"


def test_a_connection_cut_while_the_user_is_made_does_no_harm(setup: Program, aws: Control) -> None:
    aws.order(Fault("iam", "CreateUser", "cut_after"))
    assert setup().code == 0


def test_the_journal_has_every_change_before_and_after(setup: Program, journal_file: Path, account: Account) -> None:
    setup()
    records = [json.loads(line) for line in journal_file.read_text().splitlines()]
    actions = ["iam:CreateUser", "iam:AttachUserPolicy", "iam:CreateAccessKey"]
    assert [record["action"] for record in records if record["state"] == "begun"] == actions
    assert [record["action"] for record in records if record["state"] == "done"] == actions
    assert {record["account"] for record in records} == {"123456789012"}
    assert {record["target"] for record in records} == {f"user/{account.user}"}
