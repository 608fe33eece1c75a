"""`aws teardown`: all of a managed user goes, nothing else does, and it can be cut off anywhere."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

import pytest

from asayer_cli.sandbox.faults import Fault
from tests.aws.life import assert_no_secret, error_of, journal_of, open_changes, secrets_of
from tests.aws.test_setup_keys import warnings
from tests.terminal import finish, start

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from asayer_cli.sandbox.control import Control
    from tests.aws.conftest import Account, Program
    from tests.conftest import Run

    Teardown = Callable[..., Run]

SSH_KEY = "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABAQ nobody"
POLICY = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:GetObject","Resource":"*"}]}'
S3 = "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"


@pytest.fixture
def teardown(program: Program, account: Account) -> Teardown:
    """Run `aws teardown` for this test's user, confirmed, with JSON."""

    def run(*arguments: str, confirm: tuple[str, ...] | None = None) -> Run:
        confirmed = ("--yes", "--confirm", account.user) if confirm is None else confirm
        return program("aws", "teardown", "--user-name", account.user, "-o", "json", *confirmed, *arguments)

    return run


def add_everything(account: Account) -> None:
    """Give the user all that a user can own and setup never makes."""
    iam, name = account.iam, account.user
    iam.create_access_key(UserName=name)
    iam.attach_user_policy(UserName=name, PolicyArn=S3)
    iam.put_user_policy(UserName=name, PolicyName="extra", PolicyDocument=POLICY)
    iam.create_group(GroupName=f"group-{name}")
    iam.add_user_to_group(GroupName=f"group-{name}", UserName=name)
    iam.create_login_profile(UserName=name, Password="not-A-real-1")
    serial = iam.create_virtual_mfa_device(VirtualMFADeviceName=name)["VirtualMFADevice"]["SerialNumber"]
    iam.enable_mfa_device(
        UserName=name, SerialNumber=serial, AuthenticationCode1="123456", AuthenticationCode2="654321"
    )
    iam.upload_ssh_public_key(UserName=name, SSHPublicKeyBody=SSH_KEY)
    iam.create_service_specific_credential(UserName=name, ServiceName="codecommit.amazonaws.com")


def test_everything_goes_in_the_order_that_aws_wants(
    setup: Program, teardown: Teardown, program: Program, account: Account, environ: dict[str, str], config_file: Path
) -> None:
    setup()
    ours = dict(secrets_of(environ))
    add_everything(account)
    dry = teardown("--dry-run", confirm=())
    strange = {step["kind"] for step in dry.data["plan"] if not step["ours"]}
    assert strange == {
        "delete_key",
        "detach_policy",
        "delete_policy",
        "leave_group",
        "delete_password",
        "delete_mfa_device",
        "delete_ssh_key",
        "delete_service_credential",
    }
    shown = program("aws", "teardown", "--user-name", account.user, "--dry-run").err
    assert f"detach the policy {S3} (not put there by asayer-cli)" in shown
    assert account.exists()
    run = teardown("--debug")
    assert (run.code, run.data["status"]) == (0, "done"), run.err
    assert not account.exists()
    assert any(f"no IAM user {account.user}" in proof for proof in run.data["proofs"])
    assert any("does not accept the access key" in proof for proof in run.data["proofs"])
    assert account.user not in [user["UserName"] for user in _group(account)]
    devices = account.iam.list_virtual_mfa_devices()["VirtualMFADevices"]
    assert not [device for device in devices if device["SerialNumber"].endswith(account.user)]
    assert secrets_of(environ) == {}
    assert "access_key_id" not in config_file.read_text()
    assert_no_secret((dry, run), environ, ours.values())
    done = [record["action"] for record in journal_of(environ) if record["state"] == "done"]
    assert done.index("iam:DeleteAccessKey") < done.index("iam:DeleteUser") < done.index("local.forget")
    assert open_changes(environ) == []
    again = teardown()
    assert (again.code, again.data["status"], again.data["plan"]) == (0, "in_place", [])


def _group(account: Account) -> list[dict[str, str]]:
    found: list[dict[str, str]] = account.iam.get_group(GroupName=f"group-{account.user}")["Users"]
    return found


def test_cut_off_anywhere_it_is_finished_by_running_it_again(
    setup: Program, teardown: Teardown, account: Account, aws: Control, environ: dict[str, str]
) -> None:
    setup()
    reads_before = 1
    aws.order(
        Fault("iam", "DeleteAccessKey", "denied"),
        Fault("iam", "DetachUserPolicy", "denied"),
        Fault("iam", "DeleteUser", "denied"),
        Fault("iam", "GetUser", "denied", after=4 * reads_before),
    )
    told = []
    while (run := teardown()).code != 0:
        assert run.code == 4, run.err
        error = error_of(run)
        assert "Ask your administrator for this statement" in error["hint"]
        assert "iam:DeleteUser" in error["hint"]
        assert secrets_of(environ), "the key's secret is needed until the end"
        told.append(error["message"].split(" may not ")[1].split()[0])
    assert told == ["iam:DeleteAccessKey", "iam:DetachUserPolicy", "iam:DeleteUser", "iam:GetUser"]
    assert not account.exists()
    assert secrets_of(environ) == {}
    assert [step["kind"] for step in run.data["plan"]] == ["forget_secret", "forget_settings"]
    assert any("does not accept the access key" in proof for proof in run.data["proofs"])


def test_a_user_that_is_not_ours_is_left_alone(teardown: Teardown, account: Account, program: Program) -> None:
    account.make_user("CloudWatchReadOnlyAccess")
    run = teardown()
    assert (run.code, error_of(run)["code"]) == (1, "user_not_managed")
    assert "--adopt" in error_of(run)["hint"]
    program("config", "set", "aws.account", "999999999999")
    assert error_of(teardown())["code"] == "other_account"
    assert account.exists()
    assert len(account.key_ids()) == 1


def test_nobody_confirms_by_accident(teardown: Teardown, account: Account, aws: Control) -> None:
    aws.forget_requests()
    for confirm, code in (
        ((), "confirmation_needed"),
        (("--yes",), "confirmation_needed"),
        (("--yes", "--confirm", "asayer"), "confirmation_differs"),
    ):
        run = teardown(confirm=confirm)
        assert (run.code, error_of(run)["code"]) == (2, code)
        assert f"--yes --confirm {account.user}" in error_of(run)["hint"]
    assert aws.requests() == []


def test_a_person_types_the_name(setup: Program, account: Account, environ: dict[str, str]) -> None:
    setup()
    arguments = ("aws", "teardown", "--user-name", account.user)
    for answer, code, there in (("asayer", 130, True), (account.user, 0, False)):
        child = start(*arguments, environ=environ, columns=80)
        child.expect("Type the user's name")
        child.sendline(answer)
        ended, text = finish(child)
        assert ended == code, text
        assert account.exists() == there
        assert ("Nothing was changed" in text) == there


def test_what_others_on_this_machine_have_stays(
    setup: Program, teardown: Teardown, account: Account, environ: dict[str, str], config_file: Path
) -> None:
    others = setup("--profile", "other").data["access_key_id"]
    setup("--add-key")
    elsewhere = setup(user=f"{account.user}-2").data["access_key_id"]
    before = config_file.read_text()
    run = teardown()
    assert run.code == 0, run.err
    assert "Profile other of this machine lives on the user" in warnings(run)
    assert set(secrets_of(environ)) == {f"other/aws/{others}", f"default/aws/{elsewhere}"}
    assert config_file.read_text() == before, "the profile lives on another user by now"
    assert account.key_ids(f"{account.user}-2") == [elsewhere]


def test_a_caller_who_may_not_ask_for_everything_is_told_only_where_it_matters(
    setup: Program, teardown: Teardown, account: Account, aws: Control
) -> None:
    setup()
    blind = Fault("iam", "ListMFADevices", "denied", times=99)
    aws.order(blind)
    plan = teardown("--dry-run", confirm=())
    assert plan.code == 0
    assert "iam:ListMFADevices" in warnings(plan)
    assert teardown().code == 0
    assert not account.exists()


def test_what_was_added_meanwhile_is_told(setup: Program, teardown: Teardown, account: Account, aws: Control) -> None:
    setup()
    serial = account.iam.create_virtual_mfa_device(VirtualMFADeviceName=account.user)["VirtualMFADevice"]
    codes = {"AuthenticationCode1": "123456", "AuthenticationCode2": "654321"}
    account.iam.enable_mfa_device(UserName=account.user, SerialNumber=serial["SerialNumber"], **codes)
    aws.order(Fault("iam", "ListMFADevices", "denied", times=99))
    run = teardown("--wait", "1s")
    assert (run.code, error_of(run)["code"]) == (1, "delete_conflict")
    assert "MFA" in error_of(run)["message"]
    assert "iam:ListMFADevices" in error_of(run)["hint"]
    aws.order()
    assert teardown().code == 0
    assert not account.exists()


def test_a_deletion_that_aws_does_not_show_is_told(
    setup: Program, teardown: Teardown, account: Account, aws: Control, environ: dict[str, str]
) -> None:
    """A user who is there again, made while the question was on its way, stands for one that is still shown."""
    setup()
    aws.order(Fault("iam", "GetUser", "slow", seconds=3, after=1))
    again = threading.Thread(target=make_again, args=(account,))
    again.start()
    run = teardown("--wait", "1s")
    again.join()
    assert (run.code, error_of(run)["code"]) == (6, "not_gone")
    assert secrets_of(environ), "nothing is forgotten before it is proven"
    account.iam.delete_user(UserName=account.user)
    aws.order()
    assert teardown().code == 0
    assert secrets_of(environ) == {}


def make_again(account: Account) -> None:
    end = time.monotonic() + 20
    while account.exists() and time.monotonic() < end:
        time.sleep(0.05)
    account.iam.create_user(UserName=account.user)


def test_the_same_command_once_more_finds_nothing_left(setup: Program, program: Program, account: Account) -> None:
    setup()
    runs = [program("aws", "teardown", "-o", "json", "--yes", "--confirm", account.user) for _ in range(2)]
    assert [run.code for run in runs] == [0, 0], runs[-1].err
    assert [run.data["status"] for run in runs] == ["done", "in_place"]
    assert not account.exists()
