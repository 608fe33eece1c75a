"""Bad input, missing rights and a world that fails: what happened, why, what to do; and nothing is changed."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from asayer_cli.sandbox.faults import Fault
from tests.aws.conftest import GROUP, REGION, Account, Program

if TYPE_CHECKING:
    from pathlib import Path

    from asayer_cli.sandbox.control import Control
    from tests.conftest import Run


NO_KEY: dict[str, str | None] = {"AWS_ACCESS_KEY_ID": None, "AWS_SECRET_ACCESS_KEY": None}


def error_of(run: Run) -> dict[str, Any]:
    error: dict[str, Any] = run.json["errors"][0]
    assert "Traceback" not in run.err
    assert run.json["data"] is None
    return error


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("--user-name", "no spaces"), "malformed_value"),
        (("--user-name", "x" * 65), "malformed_value"),
        (("--path", "integrations"), "malformed_value"),
        (("--permissions-boundary", "arn:nonsense"), "malformed_value"),
        (("--permissions-boundary", "arn:aws-cn:iam::123456789012:policy/x"), "wrong_partition"),
        (("--delete-key", "not-a-key"), "malformed_value"),
        (("--log-group", "arn:aws:logs:eu-west-1:1:log-group:x:*"), "malformed_log_group"),
        (("--log-group", "/no/such/group"), "log_group_not_found"),
        (("--log-group", "/ecs/shop-archive"), "log_group_unreadable"),
        (("--region", "eu-west-9"), "unknown_region"),
        (("--region", "nowhere"), "unknown_region"),
        (("--region", "https://evil.example/x#"), "unknown_region"),
        (("--region", "cn-north-1"), "wrong_partition"),
        (("--wait-for-key", "soon"), "usage"),
        (("--scope", "everything"), "usage"),
    ],
)
def test_bad_input_is_wrong_usage(program: Program, account: Account, arguments: tuple[str, str], code: str) -> None:
    given = {"--user-name": account.user, "--region": REGION, "--log-group": GROUP, **dict([arguments])}
    options = [part for pair in given.items() for part in pair]
    run = program("aws", "setup", "-o", "json", "--yes", *options)
    assert run.code == 2, run.out
    assert error_of(run)["code"] == code
    assert not account.exists()


def test_a_region_that_is_nearly_right_is_suggested(setup: Program) -> None:
    assert "eu-west-1" in error_of(setup("--region", "eu-wset-1"))["hint"]


def test_a_region_that_is_not_enabled_is_told_from_wrong_credentials(setup: Program, account: Account) -> None:
    run = setup("--region", "me-south-1")
    assert run.code == 2
    assert error_of(run)["code"] == "region_not_enabled"
    assert not account.exists()


def test_off_a_terminal_what_is_missing_is_named(program: Program) -> None:
    no_region = program("aws", "setup", "-o", "json", env={"AWS_REGION": None, "AWS_DEFAULT_REGION": None})
    assert (no_region.code, error_of(no_region)["code"]) == (2, "no_region")
    assert "--region" in error_of(no_region)["hint"]
    no_group = program("aws", "setup", "-o", "json")
    assert (no_group.code, error_of(no_group)["code"]) == (2, "no_log_group")
    assert "--log-group" in error_of(no_group)["hint"]


@pytest.mark.parametrize(
    ("env", "exit_code", "code"),
    [
        (NO_KEY, 3, "no_credentials"),
        ({"AWS_SECRET_ACCESS_KEY": None}, 3, "partial_credentials"),
        ({"AWS_SECRET_ACCESS_KEY": "planted-wrong-secret-0123456789"}, 4, "wrong_secret"),
        ({"AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE"}, 4, "credentials_rejected"),
        ({"AWS_PROFILE": "nobody"}, 3, "aws_profile_missing"),
        ({"AWS_ENDPOINT_URL": "http://127.0.0.1:1"}, 5, "endpoint_unreachable"),
        ({"AWS_ENDPOINT_URL": "http://aws.example.com"}, 2, "plain_http"),
        ({"AWS_ENDPOINT_URL": "https://me:planted-secret@127.0.0.1:1"}, 2, "endpoint_userinfo"),
        ({"AWS_ENDPOINT_URL": "nonsense"}, 2, "malformed_url"),
        ({"AWS_ENDPOINT_URL": "ftp://127.0.0.1"}, 2, "malformed_url"),
        ({"AWS_ENDPOINT_URL": "http://127.0.0.1:99999"}, 2, "malformed_url"),
        ({"AWS_ENDPOINT_URL_IAM": "http://aws.example.com"}, 2, "plain_http"),
        ({"AWS_MAX_ATTEMPTS": "many"}, 3, "aws_config"),
        ({"AWS_MAX_ATTEMPTS": "0"}, 3, "aws_config"),
        ({"AWS_DEFAULTS_MODE": "nonsense"}, 3, "aws_config"),
        ({"AWS_SESSION_TOKEN": "planted\n"}, 3, "malformed_credentials"),
        ({**NO_KEY, "AWS_WEB_IDENTITY_TOKEN_FILE": "/none", "AWS_ROLE_ARN": "arn:aws:iam::1:role/x"}, 3, "aws_config"),
        ({**NO_KEY, "AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://planted.example/"}, 3, "aws_config"),
    ],
)
def test_credentials_and_endpoints(setup: Program, env: dict[str, str | None], exit_code: int, code: str) -> None:
    run = setup(env={"AWS_MAX_ATTEMPTS": "1", **env})
    assert (run.code, error_of(run)["code"]) == (exit_code, code)
    assert error_of(run)["hint"]
    assert "planted" not in run.out + run.err


def test_an_unknown_aws_profile_is_named(setup: Program) -> None:
    run = setup("--aws-profile", "nobody")
    assert run.code == 3
    assert "nobody" in error_of(run)["message"]


def test_an_expired_login_tells_how_to_log_in(setup: Program, environ: dict[str, str]) -> None:
    config = "[profile sso]\nsso_start_url=https://x.example/start\nsso_region=eu-west-1\nsso_account_id=1\nsso_role_name=r\n"
    with open(environ["AWS_CONFIG_FILE"], "w", encoding="utf-8") as file:  # noqa: PTH123 - a name from the environment
        file.write(config)
    run = setup("--aws-profile", "sso", env={"AWS_ACCESS_KEY_ID": None, "AWS_SECRET_ACCESS_KEY": None})
    assert (run.code, error_of(run)["code"]) == (4, "login_needed")
    assert "aws sso login" in error_of(run)["hint"]


def test_a_broken_aws_configuration_is_told(setup: Program, environ: dict[str, str]) -> None:
    with open(environ["AWS_CONFIG_FILE"], "w", encoding="utf-8") as file:  # noqa: PTH123 - a name from the environment
        file.write("[profile\nbroken")
    assert error_of(setup())["code"] == "aws_config"


def weak(account: Account, *actions: str) -> dict[str, str | None]:
    """Return the environment of a new user who may do these actions only."""
    key_id, secret = account.make_user(name=f"weak-{account.user}")
    statement = {"Effect": "Allow", "Action": list(actions) or ["ec2:DescribeRegions"], "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": statement})
    account.iam.put_user_policy(UserName=f"weak-{account.user}", PolicyName="p", PolicyDocument=document)
    return {"AWS_ACCESS_KEY_ID": key_id, "AWS_SECRET_ACCESS_KEY": secret}


@pytest.mark.parametrize(
    ("allowed", "missing"),
    [
        ((), "logs:DescribeLogGroups"),
        (("logs:DescribeLogGroups",), "iam:GetUser"),
        (("logs:*", "iam:Get*", "iam:List*"), "iam:CreateUser"),
        (("logs:*", "iam:Get*", "iam:List*", "iam:CreateUser", "iam:TagUser"), "iam:AttachUserPolicy"),
        (("logs:*", "iam:Get*", "iam:List*", "iam:*User", "iam:AttachUserPolicy"), "iam:CreateAccessKey"),
    ],
)
def test_a_missing_right_is_named_with_the_statement_to_ask_for(
    setup: Program, account: Account, allowed: tuple[str, ...], missing: str
) -> None:
    run = setup(env=weak(account, *allowed))
    error = error_of(run)
    assert (run.code, error["code"]) == (4, "permission_denied")
    assert missing in error["message"]
    assert f"user/weak-{account.user}" in error["message"]
    statement = json.loads(error["hint"].partition("statement: ")[2])
    assert statement["Effect"] == "Allow"
    assert missing in statement["Action"]


def test_the_statement_asked_for_is_enough(setup: Program, account: Account) -> None:
    env = weak(account, "logs:DescribeLogGroups", "iam:GetPolicy")
    statement = json.loads(error_of(setup(env=env))["hint"].partition("statement: ")[2])
    document = json.dumps({"Version": "2012-10-17", "Statement": statement})
    account.iam.put_user_policy(UserName=f"weak-{account.user}", PolicyName="q", PolicyDocument=document)
    run = setup(env=env)
    assert run.code == 0, run.out


def test_the_statement_names_the_user_where_it_really_is(setup: Program, account: Account) -> None:
    tags = [{"Key": "managed-by", "Value": "asayer-cli"}]
    account.iam.create_user(UserName=account.user, Path="/integrations/", Tags=tags)
    hint = error_of(setup(env=weak(account, "logs:*", "iam:Get*", "iam:List*")))["hint"]
    assert json.loads(hint.partition("statement: ")[2])["Resource"].endswith(f":user/integrations/{account.user}")


def test_an_explicit_deny_is_told_from_a_missing_right(setup: Program, account: Account) -> None:
    env = weak(account, "*")
    statement = {"Effect": "Deny", "Action": "iam:CreateUser", "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": statement})
    account.iam.put_user_policy(UserName=f"weak-{account.user}", PolicyName="d", PolicyDocument=document)
    error = error_of(setup(env=env))
    assert "iam:CreateUser" in error["message"]
    assert "explicit deny" in error["hint"]


def test_what_was_done_before_a_right_was_missing_is_told_and_finished_later(setup: Program, account: Account) -> None:
    run = setup(env=weak(account, "logs:*", "iam:Get*", "iam:List*", "iam:CreateUser", "iam:TagUser"))
    assert any("create the IAM user" in message["text"] for message in run.json["messages"])
    assert account.exists()
    again = setup()
    assert [step["kind"] for step in again.data["plan"]] == ["attach_policy", "create_key", "save_settings"]


def test_throttling_is_repeated_and_then_told(setup: Program, aws: Control) -> None:
    aws.order(Fault("iam", "GetUser", "throttle"))
    assert setup("--dry-run").code == 0
    aws.order(Fault("iam", "GetUser", "throttle", times=9))
    run = setup("--dry-run", env={"AWS_MAX_ATTEMPTS": "2"})
    assert (run.code, error_of(run)["code"]) == (5, "throttled")


def test_a_connection_cut_while_reading_is_repeated(setup: Program, aws: Control) -> None:
    aws.order(Fault("iam", "ListAccessKeys", "cut_after"))
    assert setup().code == 0


def test_a_service_that_fails_is_told(setup: Program, aws: Control) -> None:
    aws.order(Fault("sts", "*", "error_500", times=9))
    run = setup(env={"AWS_MAX_ATTEMPTS": "2"})
    assert (run.code, error_of(run)["code"]) == (5, "service_failure")


def test_a_broken_settings_file_is_told(setup: Program, config_file: Path, account: Account) -> None:
    config_file.parent.mkdir()
    config_file.write_text("[profiles\n")
    run = setup()
    assert run.code == 2
    assert str(config_file) in error_of(run)["message"]
    assert not account.exists()
