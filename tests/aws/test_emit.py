"""The code that `aws setup --emit` prints: checked, parsed, and carried out against the sandbox."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import botocore.session
import hcl2
import pytest
import yaml
from botocore.exceptions import ClientError
from cfnlint.api import lint  # type: ignore[import-untyped]
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from asayer_cli.aws.emit import Blueprint, Language, Trust, emit
from asayer_cli.aws.emit.blueprint import ACCOUNT, PARTITION
from asayer_cli.aws.model import Scope
from asayer_cli.aws.permissions import group_arns, group_policy
from asayer_cli.errors import AsayerError, UsageError
from tests.aws.conftest import GROUP, READ_ONLY, REGION

if TYPE_CHECKING:
    from tests.aws.conftest import Account, Program
    from tests.conftest import Cli

NUMBER = "123456789012"
STAND_IN = Path(__file__).parent / "aws_stand_in.py"
ANOTHER = "/ecs/shop-worker"
GROUPS = ("--region", REGION, "--log-group", GROUP, "--scope", "log-groups")
PLANTED = "planted/secret-of-somebody-0000000000001"


@dataclass(frozen=True)
class Case:
    """A user to emit, by the options of it."""

    options: tuple[str, ...]
    path: str = "/"
    boundary: bool = False

    @property
    def scope(self) -> Scope:
        return Scope.LOG_GROUPS if "log-groups" in self.options else Scope.MANAGED_POLICY


CASES = {
    "managed": Case(()),
    "groups": Case((*GROUPS, "--log-group", ANOTHER, "--path", "/integrations/"), "/integrations/", boundary=True),
}


@pytest.fixture(params=CASES)
def case(request: pytest.FixtureRequest) -> Case:
    return CASES[request.param]


@pytest.fixture
def boundary(account: Account) -> str:
    document = group_policy(group_arns("aws", REGION, NUMBER, (GROUP, ANOTHER)))
    policy = account.iam.create_policy(PolicyName=f"b-{account.user}", PolicyDocument=json.dumps(document))
    return str(policy["Policy"]["Arn"])


def emitted(program: Program, account: Account, language: str, *options: str) -> str:
    run = program("aws", "setup", "--emit", language, "--user-name", account.user, *options)
    assert run.code == 0, run.err
    assert "note: Next: " in run.err
    return run.out


def options_of(case: Case, boundary: str) -> tuple[str, ...]:
    return (*case.options, "--permissions-boundary", boundary) if case.boundary else case.options


def user_is_in_place(account: Account, case: Case, boundary: str) -> None:
    user = account.iam.get_user(UserName=account.user)["User"]
    assert user["Path"] == case.path
    assert user.get("PermissionsBoundary", {}).get("PermissionsBoundaryArn", "") == (boundary if case.boundary else "")
    assert account.tags() == {"managed-by": "asayer-cli"}
    assert account.attached() == ([READ_ONLY] if case.scope is Scope.MANAGED_POLICY else [])
    assert account.key_ids() == []


def only_the_key_is_missing(setup: Program, case: Case, options: tuple[str, ...]) -> None:
    scope = ("--scope", str(case.scope))
    planned = setup(*options, *scope, ask=("--dry-run",))
    assert planned.code == 0, planned.out
    assert [step["kind"] for step in planned.data["plan"]] == ["create_key", "save_settings"]


def setup_makes_it(setup: Program, account: Account, case: Case, options: tuple[str, ...]) -> None:
    scope = ("--scope", str(case.scope))
    done = setup(*options, *scope)
    assert (done.code, done.data["status"]) == (0, "done")
    assert account.key_ids() == [done.data["access_key_id"]]


def test_cloudformation_is_deployed_and_setup_makes_the_key(
    program: Program, setup: Program, account: Account, case: Case, boundary: str
) -> None:
    options = options_of(case, boundary)
    template = emitted(program, account, "cloudformation", *options)
    assert [str(match) for match in lint(template)] == []
    stacks = account.client("cloudformation")
    with pytest.raises(ClientError, match="CAPABILITY_NAMED_IAM"):
        stacks.create_stack(StackName=account.user, TemplateBody=template)
    stacks.create_stack(StackName=account.user, TemplateBody=template, Capabilities=["CAPABILITY_NAMED_IAM"])
    (stack,) = stacks.describe_stacks(StackName=account.user)["Stacks"]
    assert stack["StackStatus"] == "CREATE_COMPLETE"
    assert stack["Outputs"][0]["OutputValue"] == f"arn:aws:iam::{NUMBER}:user{case.path}{account.user}"
    user_is_in_place(account, case, boundary)
    only_the_key_is_missing(setup, case, options)
    setup_makes_it(setup, account, case, options)


def test_who_deploys_needs_the_rights_of_what_is_deployed(program: Program, account: Account) -> None:
    template = emitted(program, account, "cloudformation")
    deployer = f"{account.user}-deployer"
    key = account.make_user(name=deployer)
    actions = ["cloudformation:*", "iam:CreateUser", "iam:TagUser"]
    allowed = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": actions, "Resource": "*"}]}
    account.iam.put_user_policy(UserName=deployer, PolicyName="deploy", PolicyDocument=json.dumps(allowed))
    stacks = account.client("cloudformation", key=key)
    with pytest.raises(ClientError, match="not authorized to perform: iam:AttachUserPolicy"):
        stacks.create_stack(StackName=account.user, TemplateBody=template, Capabilities=["CAPABILITY_NAMED_IAM"])
    assert not account.exists()
    for broken in ("{", "[]", "Resources: {}", "Resources:\n  Bucket:\n    Type: AWS::S3::Bucket"):
        with pytest.raises(ClientError, match="ValidationError"):
            stacks.create_stack(StackName=account.user, TemplateBody=broken, Capabilities=["CAPABILITY_NAMED_IAM"])


def test_the_role_serves_whoever_knows_the_external_id(program: Program, account: Account) -> None:
    template = emitted(program, account, "role", *GROUPS, "--trusted-account", NUMBER, "--max-session", "2h")
    assert [str(match) for match in lint(template)] == []
    found = re.search(r'sts:ExternalId: "(asayer-[0-9a-f]{32})"', template)
    assert found
    stacks, stack = account.client("cloudformation"), {"StackName": account.user}
    capable = {"TemplateBody": template, "Capabilities": ["CAPABILITY_NAMED_IAM"]}
    change_set = stacks.create_change_set(**stack, **capable, ChangeSetName="first", ChangeSetType="CREATE")["Id"]
    stacks.execute_change_set(ChangeSetName=change_set)
    role = account.iam.get_role(RoleName=account.user)["Role"]
    assert role["MaxSessionDuration"] == 7200
    statement = role["AssumeRolePolicyDocument"]["Statement"][0]
    assert statement["Principal"] == {"AWS": f"arn:aws:iam::{NUMBER}:root"}
    assert statement["Condition"] == {"StringEquals": {"sts:ExternalId": found[1]}}
    policy = account.iam.get_role_policy(RoleName=account.user, PolicyName="asayer-cli-log-groups")["PolicyDocument"]
    assert policy == group_policy(group_arns("aws", REGION, NUMBER, (GROUP,)))
    sts, asked = account.client("sts"), {"RoleArn": role["Arn"], "RoleSessionName": "collector"}
    for wrong in ({}, {"ExternalId": "guessed"}):
        with pytest.raises(ClientError, match="AccessDenied"):
            sts.assume_role(**asked, **wrong)
    with pytest.raises(ClientError, match="MaxSessionDuration"):
        sts.assume_role(**asked, ExternalId=found[1], DurationSeconds=7201)
    granted = sts.assume_role(**asked, ExternalId=found[1], DurationSeconds=7200)["Credentials"]
    logs = botocore.session.Session().create_client(
        "logs",
        aws_access_key_id=granted["AccessKeyId"],
        aws_secret_access_key=granted["SecretAccessKey"],
        aws_session_token=granted["SessionToken"],
    )
    logs.filter_log_events(logGroupName=GROUP, limit=1)
    with pytest.raises(ClientError, match="AccessDenied"):
        logs.filter_log_events(logGroupName=ANOTHER, limit=1)


def test_an_external_id_of_ones_own(program: Program, account: Account) -> None:
    options = ("--user-name", account.user, "--emit", "role", "--trusted-account", NUMBER)
    given = program("aws", "setup", *options, env={"ASAYER_AWS_SETUP_EXTERNAL_ID": "ours:2026/1"})
    assert 'sts:ExternalId: "ours:2026/1"' in given.out
    first, second = (program("aws", "setup", *options).out for _ in range(2))
    assert first != second
    assert first.replace(*(re.findall("asayer-[0-9a-f]{32}", text)[0] for text in (first, second))) == second


def unquoted(value: Any) -> Any:
    """Evaluate what python-hcl2 leaves as written: quotes, escapes, the two data sources."""
    if isinstance(value, dict):
        return {unquoted(key): unquoted(item) for key, item in value.items() if key != "__is_block__"}
    if isinstance(value, list):
        return [unquoted(item) for item in value]
    if not (isinstance(value, str) and value.startswith('"')):
        return value
    text: str = json.loads(value)
    text = text.replace("${data.aws_partition.asayer.partition}", PARTITION)
    text = text.replace("${data.aws_caller_identity.asayer.account_id}", ACCOUNT)
    assert not re.search(r"(?<!\$)\$\{|(?<!%)%\{", text), text
    return text.replace("$${", "${").replace("%%{", "%{")


def terraform_resources(code: str) -> dict[str, dict[str, Any]]:
    document = hcl2.loads(code)
    found = {}
    for resource in document["resource"]:
        ((kind, named),) = resource.items()
        ((name, attributes),) = named.items()
        assert json.loads(name) == "collector"
        policy = attributes.get("policy", "")
        if policy:
            inner = policy.removeprefix("${jsonencode(").removesuffix(")}")
            attributes = {**attributes, "policy": hcl2.loads(f"policy = {inner}\n")["policy"]}
        found[json.loads(kind)] = unquoted(attributes)
    assert {json.loads(kind) for source in document.get("data", ()) for kind in source} <= {
        "aws_partition",
        "aws_caller_identity",
    }
    assert set(document) <= {"resource", "data", "__comments__"}
    return found


def test_terraform_says_the_same(program: Program, account: Account, case: Case, boundary: str) -> None:
    resources = terraform_resources(emitted(program, account, "terraform", *options_of(case, boundary)))
    expected: dict[str, Any] = {"name": account.user, "path": case.path, "tags": {"managed-by": "asayer-cli"}}
    expected |= {"permissions_boundary": boundary} if case.boundary else {}
    assert resources.pop("aws_iam_user") == expected
    of_the_user = {"user": "${aws_iam_user.collector.name}"}
    if case.scope is Scope.MANAGED_POLICY:
        arn = f"arn:{PARTITION}:iam::aws:policy/CloudWatchReadOnlyAccess"
        assert resources == {"aws_iam_user_policy_attachment": {**of_the_user, "policy_arn": arn}}
    else:
        policy = group_policy(group_arns(PARTITION, REGION, ACCOUNT, (GROUP, ANOTHER)))
        wanted = {**of_the_user, "name": "asayer-cli-log-groups", "policy": policy}
        assert resources == {"aws_iam_user_policy": wanted}


@pytest.fixture
def aws_on_path(tmp_path: Path, environ: dict[str, str]) -> dict[str, str]:
    folder = tmp_path / "on-path"
    folder.mkdir()
    program = folder / "aws"
    program.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} {shlex.quote(str(STAND_IN))} "$@"\n')
    program.chmod(0o755)
    return {**environ, "PATH": f"{folder}{os.pathsep}{environ['PATH']}"}


def run_script(code: str, environ: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["bash", "-c", code], env=environ, capture_output=True, text=True, timeout=60, check=False, cwd=environ["HOME"]
    )


@pytest.fixture
def home(environ: dict[str, str]) -> Path:
    folder = Path(environ["HOME"])
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def test_the_script_makes_the_user_and_can_be_run_again(
    program: Program,
    setup: Program,
    account: Account,
    case: Case,
    boundary: str,
    aws_on_path: dict[str, str],
    home: Path,
) -> None:
    options = options_of(case, boundary)
    code = emitted(program, account, "aws-cli", *options)
    assert subprocess.run(["bash", "-n", "-c", code], check=False).returncode == 0
    if shutil.which("shellcheck"):
        checked = subprocess.run(["shellcheck", "-"], input=code, text=True, check=False, capture_output=True)
        assert checked.stdout == ""
    runs = [run_script(code, aws_on_path) for _ in range(2 if case.boundary else 1)]
    assert {(run.returncode, run.stderr) for run in runs} == {(0, "")}
    user_is_in_place(account, case, boundary)
    only_the_key_is_missing(setup, case, options)
    assert list(home.iterdir()) == []


def test_the_script_leaves_other_users_alone(
    program: Program, account: Account, aws_on_path: dict[str, str], home: Path
) -> None:
    account.iam.create_user(UserName=account.user)
    code = emitted(program, account, "aws-cli")
    run = run_script(code, aws_on_path)
    assert run.returncode == 1
    assert f"There is a user {account.user} without the tag managed-by=asayer-cli" in run.stderr
    assert account.attached() == []
    wrong = run_script(code, {**aws_on_path, "AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE"})
    assert wrong.returncode == 1
    assert "InvalidClientTokenId" in wrong.stderr
    assert "AWS did not say whose credentials these are." in wrong.stderr


def test_it_needs_no_credentials_and_no_network(bare: Cli) -> None:
    env = {"AWS_ENDPOINT_URL": "http://127.0.0.1:1", "ASAYER_AWS_SECRET_ACCESS_KEY": PLANTED}
    for language in ("cloudformation", "terraform"):
        run = bare("aws", "setup", "--emit", language, "-o", "json", env=env)
        assert (run.code, run.data["language"], run.err) == (0, language, "")
        assert "managed-by" in run.data["code"]
        assert "asayer-cli aws setup --user-name asayer_cw" in run.data["next_steps"][-1]
        assert PLANTED not in run.out
        assert not re.search("AKIA|AccessKey|access_key", run.data["code"])
    script = bare("aws", "setup", "--emit", "aws-cli", env=env).out
    assert script.startswith("#!/usr/bin/env bash\n")
    assert script == bare("aws", "setup", "--emit", "aws-cli", "-o", "json", env=env).data["code"]


@pytest.mark.parametrize(
    ("options", "code", "said"),
    [
        (["--emit", "terraform", "--yes"], 2, "--yes has no meaning with --emit"),
        (["--emit", "terraform", "--add-key"], 2, "--add-key has no meaning with --emit"),
        (["--emit", "role", "--delete-key", "AKIAIOSFODNN7EXAMPLE"], 2, "--delete-key has no meaning with --emit"),
        (["--emit", "aws-cli", "--dry-run"], 2, "--dry-run has no meaning with --emit"),
        (["--emit", "aws-cli", "--aws-profile", "x"], 2, "--aws-profile has no meaning with --emit"),
        (["--emit", "terraform", "--external-id", "abc"], 2, "--external-id goes with --emit role"),
        (["--trusted-account", NUMBER], 2, "--trusted-account goes with --emit role only"),
        (["--emit", "role"], 2, "The account that may assume the role is missing"),
        (["--emit", "role", "--trusted-account", "123"], 2, "'123' is no AWS account id"),
        (["--emit", "role", "--trusted-account", NUMBER, "--external-id", "a b"], 2, "'a b' is no external id"),
        (["--emit", "role", "--trusted-account", NUMBER, "--max-session", "13h"], 2, "between 1h and 12h"),
        (["--emit", "terraform", "--scope", "log-groups"], 2, "needs the region and the log groups"),
        (["--emit", "terraform", "--region", "moon; rm"], 2, "'moon; rm' is no AWS region"),
        (["--emit", "terraform", "--path", "/${x}/"], 2, "is no name for code"),
        (["--emit", "terraform", "--path", "/{{resolve:ssm:x}}/"], 2, "is no name for code"),
        (["--emit", "aws-cli", "--path", "/a\nb/"], 2, "is no path"),
        (["--emit", "aws-cli", "--user-name", "a\nb"], 2, "is no user name"),
        (["--emit", "aws-cli", "--user-name", "$(id)"], 2, "is no user name"),
        (["--emit", "aws-cli", "--log-group", "/a`id`"], 2, "is no name of a log group"),
        (["--emit", "aws-cli", "--profile", "a\nid"], 2, "cannot stand in a comment"),
        (["--emit", "aws-cli", *GROUPS, *(f"--log-group=/{n:04}{'x' * 100}" for n in range(9))], 1, "AWS allows 2048"),
    ],
)
def test_refusals(program: Program, options: list[str], code: int, said: str) -> None:
    run = program("aws", "setup", *options)
    assert (run.code, run.out) == (code, "")
    assert said in run.err
    assert "hint: " in run.err


PRINTABLE = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=24)
NAMES = st.one_of(
    PRINTABLE,
    st.sampled_from(
        ["'; touch broken #", '"; touch broken #', "$(touch broken)", "`touch broken`", "a\\", "POLICY", "x' y", "-x"]
    ),
    st.sampled_from(
        ["!Sub x", "- a: b", "*a", "&a", "%a", "#", ": ", "no", "~", "null", "1_0", "2012-10-17", "'", '"']
    ),
).filter(lambda text: "{" not in text)
BLUEPRINTS = st.builds(
    Blueprint,
    name=NAMES.filter(bool),
    path=NAMES.map(lambda text: f"/{text}/"),
    boundary=NAMES,
    scope=st.just(Scope.LOG_GROUPS),
    region=st.just(REGION),
    log_groups=st.lists(NAMES, min_size=1, max_size=2).map(tuple),
    next_command=st.just("asayer-cli aws setup"),
)


class Loader(yaml.SafeLoader):
    """YAML with CloudFormation's tags."""


for tag in ("!Sub", "!GetAtt"):
    Loader.add_constructor(tag, lambda loader, node: (node.tag, loader.construct_scalar(node)))  # type: ignore[arg-type]


def substituted(value: Any) -> Any:
    """Carry out `!Sub`, as CloudFormation does."""
    if isinstance(value, tuple):
        text = value[1].replace("${AWS::Partition}", PARTITION).replace("${AWS::AccountId}", ACCOUNT)
        assert "${" not in text.replace("${!", "")
        return text.replace("${!", "${")
    if isinstance(value, dict):
        return {key: substituted(item) for key, item in value.items()}
    return [substituted(item) for item in value] if isinstance(value, list) else value


def policy_of(blueprint: Blueprint) -> dict[str, object]:
    return group_policy(group_arns(PARTITION, REGION, ACCOUNT, blueprint.log_groups))


@given(blueprint=BLUEPRINTS)
@settings(max_examples=40)
def test_hostile_names_stay_text_in_yaml_and_terraform(blueprint: Blueprint) -> None:
    template = yaml.load(emit(Language.CLOUDFORMATION, blueprint).code, Loader)  # noqa: S506 - a safe loader
    properties = template["Resources"]["CollectorUser"]["Properties"]
    assert (properties["UserName"], properties["Path"]) == (blueprint.name, blueprint.path)
    assert properties.get("PermissionsBoundary", "") == blueprint.boundary
    assert substituted(properties["Policies"][0]["PolicyDocument"]) == policy_of(blueprint)
    assert set(template) == {"AWSTemplateFormatVersion", "Description", "Resources", "Outputs"}
    resources = terraform_resources(emit(Language.TERRAFORM, blueprint).code)
    user = resources["aws_iam_user"]
    assert (user["name"], user["path"]) == (blueprint.name, blueprint.path)
    assert user.get("permissions_boundary", "") == blueprint.boundary
    assert resources["aws_iam_user_policy"]["policy"] == policy_of(blueprint)


NOTED = """aws() {
  case "$1 $2" in
    "sts get-caller-identity") echo "arn:aws:iam::123456789012:user/me";;
    "iam get-user") echo "An error occurred (NoSuchEntity)" >&2; return 254;;
    *) printf '%s\\0' "$@" "" >>"$NOTES";;
  esac
}
"""


@given(blueprint=BLUEPRINTS)
@settings(max_examples=40)
def test_hostile_names_stay_text_in_the_script(tmp_path_factory: pytest.TempPathFactory, blueprint: Blueprint) -> None:
    folder = tmp_path_factory.mktemp("script")
    notes = folder / "notes"
    environ = {"PATH": os.environ["PATH"], "HOME": str(folder), "NOTES": str(notes)}
    run = run_script(NOTED + emit(Language.AWS_CLI, blueprint).code, environ)
    assert (run.returncode, run.stderr) == (0, "")
    calls = [call.split("\0") for call in notes.read_text().removesuffix("\0\0").split("\0\0")]
    boundary = [f"--permissions-boundary={blueprint.boundary}"] if blueprint.boundary else []
    user = f"--user-name={blueprint.name}"
    created, waited, put = calls
    tags = ["--tags", "Key=managed-by,Value=asayer-cli"]
    assert created == ["iam", "create-user", user, f"--path={blueprint.path}", *tags, *boundary]
    assert waited == ["iam", "wait", "user-exists", user]
    document = json.loads(put.pop().removeprefix("--policy-document="))
    assert put == ["iam", "put-user-policy", user, "--policy-name=asayer-cli-log-groups"]
    assert document == filled_in(policy_of(blueprint))
    assert [path.name for path in folder.iterdir()] == ["notes"]


def filled_in(value: Any) -> Any:
    if isinstance(value, str):
        return value.replace(PARTITION, "aws").replace(ACCOUNT, NUMBER)
    if isinstance(value, dict):
        return {key: filled_in(item) for key, item in value.items()}
    return [filled_in(item) for item in value]


@given(text=st.text(min_size=1))
@settings(max_examples=40)
def test_what_is_no_plain_text_is_refused(text: str) -> None:
    assume(not text.isascii() or not text.isprintable() or "{" in text)
    for fields in ({"name": text}, {"path": text}, {"boundary": text}, {"log_groups": (text,)}, {"region": text}):
        plain: dict[str, Any] = {"name": "a", "path": "/", "boundary": "", "region": REGION, "log_groups": ("/a",)}
        with pytest.raises(UsageError):
            Blueprint(**{**plain, **fields}, scope=Scope.LOG_GROUPS, next_command="x")
    with pytest.raises(AsayerError):
        Trust(NUMBER, text)
