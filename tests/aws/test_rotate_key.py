"""`aws rotate-key`: a new key is proven and kept, the old one stays valid until it is ended on purpose."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from asayer_cli.aws.key_facts import KeyFacts
from asayer_cli.aws.life import LifeKind
from asayer_cli.aws.model import AccessKey
from asayer_cli.aws.rotation_plan import Revoking, plan_revocation, plan_rotation
from asayer_cli.errors import RefusedError
from asayer_cli.sandbox.faults import Fault
from tests.aws.life import assert_no_secret, error_of, journal_of, open_changes, secrets_of
from tests.aws.test_setup_keys import warnings

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from asayer_cli.sandbox.control import Control
    from tests.aws.conftest import Account, Program
    from tests.conftest import Run

    Rotate = Callable[..., Run]


@pytest.fixture
def rotate(program: Program) -> Rotate:
    """Run `aws rotate-key` with `--yes` and JSON."""

    def run(*arguments: str, env: dict[str, str | None] | None = None) -> Run:
        return program("aws", "rotate-key", "--yes", "-o", "json", *arguments, env=env)

    return run


def states(account: Account) -> dict[str, str]:
    described = account.iam.list_access_keys(UserName=account.user)["AccessKeyMetadata"]
    return {key["AccessKeyId"]: key["Status"] for key in described}


def last_use_matters() -> None:
    """Let AWS's clock, which counts whole seconds, go on."""
    time.sleep(1.1)


def test_the_whole_life_of_a_key(
    setup: Program, rotate: Rotate, program: Program, account: Account, environ: dict[str, str]
) -> None:
    old = setup().data["access_key_id"]
    dry = rotate("--dry-run")
    assert [step["kind"] for step in dry.data["plan"]] == ["create_key", "save_settings"]
    assert account.key_ids() == [old]

    run = rotate("--debug")
    assert run.code == 0, run.err
    new = run.data["access_key_id"]
    assert (run.data["old_key_id"], states(account)) == (old, {old: "Active", new: "Active"})
    assert run.data["integrations"]["cloudwatch"]["secret_access_key"] == "********"
    assert "writing log events is denied" in run.data["proofs"]
    assert set(secrets_of(environ)) == {f"default/aws/{old}", f"default/aws/{new}"}
    shown = program("integrations", "show", "-o", "json").data["cloudwatch"]
    assert shown["access_key_id"] == new

    assert_no_secret((dry, run), environ, secrets_of(environ).values())
    assert open_changes(environ) == []


def test_the_end_of_an_old_key(setup: Program, rotate: Rotate, account: Account, environ: dict[str, str]) -> None:
    old = setup().data["access_key_id"]
    new = rotate().data["access_key_id"]
    full = rotate()
    message = error_of(full)["message"]
    assert (full.code, error_of(full)["code"]) == (1, "two_keys")
    assert f"{new}, " in message
    assert "the key of profile default" in message
    assert "kept by profile default, not in use" in message
    assert "asayer-cli aws rotate-key --revoke-old" in error_of(full)["hint"]

    revoked = rotate("--revoke-old")
    assert (revoked.code, revoked.data["deactivated"]) == (0, [old])
    assert states(account) == {old: "Inactive", new: "Active"}
    assert "delete it: asayer-cli aws rotate-key --revoke-old --delete" in error_of(rotate())["hint"]
    deleted = rotate("--revoke-old", "--delete")
    assert (deleted.code, deleted.data["deleted"]) == (0, [old])
    assert states(account) == {new: "Active"}
    again = rotate("--revoke-old", "--delete")
    assert (again.code, again.data["status"]) == (0, "in_place")
    assert set(secrets_of(environ)) == {f"default/aws/{new}"}
    assert_no_secret((full, revoked, deleted, again), environ, secrets_of(environ).values())
    actions = [record["action"] for record in journal_of(environ) if record["state"] == "done"]
    assert actions[-4:] == ["iam:CreateAccessKey", "iam:UpdateAccessKey", "iam:DeleteAccessKey", "local.forget"]
    assert open_changes(environ) == []


def test_the_secret_is_shown_when_asked_for(setup: Program, program: Program, environ: dict[str, str]) -> None:
    setup()
    run = program("aws", "rotate-key", "--yes", "--reveal")
    assert run.code == 0, run.err
    old, new = secrets_of(environ).values()
    assert new in run.out
    assert old not in run.out + run.err
    assert "Preferences > Integrations > CloudWatch" in run.out
    assert "--revoke-old" in run.out


def test_both_steps_of_ending_in_one_run(setup: Program, rotate: Rotate, account: Account, aws: Control) -> None:
    setup()
    new = rotate().data["access_key_id"]
    aws.forget_requests()
    run = rotate("--revoke-old", "--delete")
    assert (run.code, states(account)) == (0, {new: "Active"})
    seen = [call["operation"] for call in aws.requests() if call["principal"] == account.user]
    wanted = [call["operation"] for call in aws.requests()]
    end = wanted.index("UpdateAccessKey"), wanted.index("DeleteAccessKey")
    assert "GetCallerIdentity" in wanted[: end[0]]
    assert "FilterLogEvents" in wanted[end[0] : end[1]]
    assert seen.count("GetCallerIdentity") == 2


def test_an_old_key_that_is_still_used_is_told(
    setup: Program, rotate: Rotate, account: Account, environ: dict[str, str]
) -> None:
    old = setup().data["access_key_id"]
    new = rotate().data["access_key_id"]
    last_use_matters()
    account.client("sts", key=(old, secrets_of(environ)[f"default/aws/{old}"])).get_caller_identity()
    plan = rotate("--revoke-old", "--dry-run")
    assert f"{old} was used after {new} was made" in warnings(plan)
    assert "last used" in plan.data["plan"][0]["text"]
    assert states(account)[old] == "Active"


def test_no_key_is_ended_while_the_one_in_use_does_not_work(
    setup: Program, rotate: Rotate, account: Account, aws: Control
) -> None:
    old = setup().data["access_key_id"]
    new = rotate().data["access_key_id"]
    aws.order(Fault("logs", "FilterLogEvents", "denied", times=9))
    assert rotate("--revoke-old", "--delete").code == 4
    aws.order()
    account.iam.update_access_key(UserName=account.user, AccessKeyId=new, Status="Inactive")
    run = rotate("--revoke-old")
    assert (run.code, error_of(run)["code"]) == (1, "no_current_key")
    account.iam.delete_access_key(UserName=account.user, AccessKeyId=new)
    assert error_of(rotate("--revoke-old", "--delete"))["code"] == "no_current_key"
    assert states(account) == {old: "Active"}
    third = rotate()
    assert third.data["access_key_id"] == old, "the kept key is taken, rather than a third one made"
    assert "has no key" in warnings(third)


def test_the_key_in_use_and_nobodys_wish_are_refused(setup: Program, rotate: Rotate, account: Account) -> None:
    key_id = setup().data["access_key_id"]
    for arguments, code in (
        (("--old-key", key_id), "usage"),
        (("--revoke-old", "--old-key", key_id), "key_in_use"),
    ):
        run = rotate(*arguments)
        assert (run.code, error_of(run)["code"]) == (2, code)
    gone = rotate("--revoke-old", "--old-key", "AKIAIOSFODNN7EXAMPLE")
    assert gone.code == 0
    assert "has no access key AKIAIOSFODNN7EXAMPLE" in warnings(gone)
    assert states(account) == {key_id: "Active"}


def test_a_key_of_another_profile_is_ended_only_by_name(setup: Program, rotate: Rotate, account: Account) -> None:
    others = setup("--profile", "other").data["access_key_id"]
    last_use_matters()
    mine = setup("--add-key").data["access_key_id"]
    run = rotate("--revoke-old")
    assert (run.code, error_of(run)["code"]) == (1, "key_of_other_profile")
    assert "profile other" in error_of(run)["message"]
    assert f"--revoke-old --old-key {others}" in error_of(run)["hint"]
    named = rotate("--revoke-old", "--old-key", others)
    assert named.code == 0
    assert "ends the key of profile other" in warnings(named)
    assert states(account) == {others: "Inactive", mine: "Active"}


def test_a_newer_key_of_somebody_else_is_ended_only_by_name(setup: Program, rotate: Rotate, account: Account) -> None:
    mine = setup().data["access_key_id"]
    last_use_matters()
    newer = account.make_key()[0]
    run = rotate("--revoke-old", "--delete")
    assert (run.code, error_of(run)["code"]) == (1, "newer_key")
    assert "another machine" in error_of(run)["message"]
    assert f"--revoke-old --old-key {newer}" in error_of(run)["hint"]
    assert states(account) == {mine: "Active", newer: "Active"}


def test_a_rotation_that_was_cut_off_is_finished(
    setup: Program, rotate: Rotate, program: Program, account: Account, environ: dict[str, str]
) -> None:
    old = setup().data["access_key_id"]
    new = rotate().data["access_key_id"]
    program("config", "set", "aws.access_key_id", old)
    assert error_of(rotate("--revoke-old", "--delete"))["code"] == "rotation_unfinished"
    run = rotate()
    assert (run.code, run.data["access_key_id"]) == (0, new), run.err
    assert [step["kind"] for step in run.data["plan"]] == ["use_key", "save_settings"]
    assert set(states(account)) == {old, new}
    assert set(secrets_of(environ)) == {f"default/aws/{old}", f"default/aws/{new}"}


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        (Fault("iam", "CreateAccessKey", "cut_after"), 5),
        (Fault("logs", "FilterLogEvents", "denied", times=99), 4),
    ],
)
def test_what_fails_leaves_the_old_key_and_no_other(
    setup: Program, rotate: Rotate, account: Account, aws: Control, environ: dict[str, str], fault: Fault, code: int
) -> None:
    old = setup().data["access_key_id"]
    aws.order(fault)
    run = rotate("--wait-for-key", "1s")
    aws.order()
    assert run.code == code, run.out
    assert error_of(run)["hint"]
    assert states(account) == {old: "Active"}
    assert set(secrets_of(environ)) == {f"default/aws/{old}"}
    after = rotate()
    assert (after.code, after.data["old_key_id"]) == (0, old), after.err


def test_what_a_cut_off_rotation_left_goes_with_the_next_one(
    setup: Program, rotate: Rotate, program: Program, account: Account, aws: Control, environ: dict[str, str]
) -> None:
    old = setup().data["access_key_id"]
    lists_before = 3
    aws.order(
        Fault("iam", "CreateAccessKey", "cut_after"),
        Fault("iam", "ListAccessKeys", "denied", times=9, after=lists_before),
    )
    assert error_of(rotate())["code"] == "outcome_unknown"
    aws.order()
    (left,) = set(states(account)) - {old}
    status = program("aws", "status", "-o", "json")
    assert [key["leftover"] for key in status.data["keys"] if key["id"] == left] == ["certainly"]
    assert f"it made {left}" in status.data["open_changes"][0]["sentence"]
    run = rotate()
    assert run.code == 0, run.err
    assert [step["kind"] for step in run.data["plan"]] == ["delete_key", "create_key", "save_settings"]
    assert states(account) == {old: "Active", run.data["access_key_id"]: "Active"}
    assert open_changes(environ) == []
    assert "asayer-cli-run" not in account.tags()


def test_ending_can_be_cut_off_anywhere(
    setup: Program, rotate: Rotate, account: Account, aws: Control, environ: dict[str, str]
) -> None:
    setup()
    new = rotate().data["access_key_id"]
    aws.order(Fault("iam", "UpdateAccessKey", "denied"), Fault("iam", "DeleteAccessKey", "denied"))
    told = []
    while (run := rotate("--revoke-old", "--delete")).code != 0:
        told.append(error_of(run)["message"].split(" may not ")[1].split()[0])
        assert '"iam:UpdateAccessKey"' in error_of(run)["hint"]
        assert '"iam:DeleteUser"' not in error_of(run)["hint"]
    assert told == ["iam:UpdateAccessKey", "iam:DeleteAccessKey"]
    assert states(account) == {new: "Active"}
    assert set(secrets_of(environ)) == {f"default/aws/{new}"}


def test_what_is_not_set_up_is_told(rotate: Rotate, setup: Program, account: Account, config_file: Path) -> None:
    nothing = rotate()
    assert (nothing.code, error_of(nothing)["code"]) == (3, "not_set_up")
    setup()
    account.iam.untag_user(UserName=account.user, TagKeys=["managed-by"])
    assert error_of(rotate())["code"] == "user_not_managed"
    text = config_file.read_text()
    for old, new, code in (
        (account.user, f"{account.user}-gone", "user_missing"),
        (account.user, f"{account.user}-other", "other_user"),
        ("123456789012", "999999999999", "other_account"),
    ):
        config_file.write_text(text.replace(old, new))
        options = ("--user-name", account.user) if code == "other_user" else ()
        run = rotate(*options)
        assert (run.code, error_of(run)["code"]) == (1, code)


def test_a_variable_that_hides_the_new_key_is_told(
    setup: Program, rotate: Rotate, environ: dict[str, str], config_file: Path
) -> None:
    old = setup().data["access_key_id"]
    secret = secrets_of(environ)[f"default/aws/{old}"]
    run = rotate(env={"ASAYER_AWS_ACCESS_KEY_ID": old, "ASAYER_AWS_SECRET_ACCESS_KEY": secret})
    assert run.code == 0, run.err
    assert f"ASAYER_AWS_ACCESS_KEY_ID is set to {old}" in warnings(run)
    assert run.data["access_key_id"] in config_file.read_text()
    assert secret not in run.out + run.err


def facts(keys: tuple[AccessKey, ...], current: str, **known: object) -> KeyFacts:
    now = max(key.created_at for key in keys)
    return KeyFacts("default", "asayer_cw", now, keys, current, **known)  # type: ignore[arg-type]


def test_equal_times_are_told_apart_by_the_journal() -> None:
    moment = datetime(2026, 11, 22, tzinfo=UTC)
    one, two = AccessKey("AKIAONE", "Active", moment), AccessKey("AKIATWO", "Active", moment)
    held = frozenset({"AKIAONE", "AKIATWO"})
    lists = (frozenset[str](), frozenset({"AKIAONE"}))
    ready = plan_rotation(facts((one, two), "AKIAONE", held=held, lists=lists), "again")
    assert ready.use_key == "AKIATWO"
    wish = Revoking(delete=False, named=(), again="again")
    ended = plan_revocation(facts((one, two), "AKIATWO", held=held, lists=lists), wish)
    assert [(step.kind, step.target) for step in ended.steps] == [(LifeKind.DEACTIVATE_KEY, "AKIAONE")]
    with pytest.raises(RefusedError, match="newer"):
        plan_revocation(facts((one, two), "AKIATWO", held=frozenset({"AKIATWO"})), wish)


def test_an_old_key_that_nobody_here_ever_had_is_ended_only_by_name(
    setup: Program, rotate: Rotate, account: Account
) -> None:
    account.iam.create_user(UserName=account.user)
    strange = account.make_key()[0]
    last_use_matters()
    ours = setup("--adopt", "--add-key").data["access_key_id"]
    assert f"--revoke-old --old-key {strange}" in error_of(rotate())["hint"]
    refused = rotate("--revoke-old", "--delete")
    assert (refused.code, error_of(refused)["code"]) == (1, "key_of_somebody_else")
    assert states(account) == {strange: "Active", ours: "Active"}
    named = rotate("--revoke-old", "--old-key", strange)
    assert (named.code, states(account)) == (0, {strange: "Inactive", ours: "Active"})
    assert f"--revoke-old --old-key {strange} --delete" in named.data["next_steps"][1]


def test_a_profile_of_two_words_is_named_so_that_it_can_be_copied(setup: Program, rotate: Rotate) -> None:
    setup("--profile", "my team")
    run = rotate("--profile", "my team")
    assert run.data["next_steps"][1] == "asayer-cli verify --profile 'my team'"
    gone = rotate("--profile", "no team")
    assert "asayer-cli aws status --profile 'no team'." in error_of(gone)["hint"]


def test_a_user_without_its_rights_is_led_to_setup(setup: Program, rotate: Rotate, account: Account) -> None:
    old = setup().data["access_key_id"]
    account.iam.detach_user_policy(UserName=account.user, PolicyArn=account.attached()[0])
    run = rotate("--wait-for-key", "1s")
    error = error_of(run)
    assert (run.code, error["code"]) == (4, "permission_denied")
    assert error["hint"].endswith("asayer-cli aws setup")
    assert account.key_ids() == [old]
    assert setup().code == 0
    assert rotate().code == 0
