"""The program in the sandbox's AWS: in this process for speed, with folders and user names of each test's own."""

from __future__ import annotations

import os
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import botocore.session
import pytest
from botocore.config import Config

from asayer_cli.sandbox.control import Control
from tests.conftest import Run, run_program

if TYPE_CHECKING:
    from asayer_cli.sandbox.supervisor import Addresses

REGION = "eu-west-1"
GROUP = "/ecs/shop-api"
READ_ONLY = "arn:aws:iam::aws:policy/CloudWatchReadOnlyAccess"
NO_SETTINGS: dict[str, Any] = {
    "key_delay_s": 0,
    "policy_delay_s": 0,
    "user_delay_s": 0,
    "key_list_delay_s": 0,
    "flickering": False,
    "empty_pages": False,
    "live_tail_s": 10_800,
    "disabled_regions": ["af-south-1", "ap-east-1", "me-central-1", "me-south-1"],
}
Program = Callable[..., Run]


@pytest.fixture
def aws(sandbox_addresses: Addresses) -> Iterator[Control]:
    """The control of the local AWS; whatever a test orders ends with it."""
    control = Control(sandbox_addresses.aws_endpoint_url, sandbox_addresses.control_token)
    control.forget_requests()
    yield control
    control.order()
    control.change(**NO_SETTINGS)


@pytest.fixture
def environ(sandbox_environ: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """This process sees the sandbox and nothing else."""
    for name in set(os.environ) - set(sandbox_environ):
        monkeypatch.delenv(name)
    for name, value in sandbox_environ.items():
        monkeypatch.setenv(name, value)
    return sandbox_environ


@pytest.fixture
def program(environ: dict[str, str]) -> Program:
    """Run a command line: `program("aws", "setup", env={"AWS_PROFILE": None})`; None removes a variable."""

    def run(*arguments: str, env: dict[str, str | None] | None = None) -> Run:
        wanted = {**environ, **(env or {})}
        return run_program(*arguments, environ={name: value for name, value in wanted.items() if value is not None})

    return run


@cache
def _session() -> botocore.session.Session:
    return botocore.session.Session()


@cache
def _client(url: str, service: str, region: str, key: tuple[str, str]) -> Any:
    return _session().create_client(
        service,
        region_name=region,
        endpoint_url=url,
        aws_access_key_id=key[0],
        aws_secret_access_key=key[1],
        config=Config(retries={"total_max_attempts": 1}),
    )


@dataclass(frozen=True)
class Account:
    """What the sandbox's account holds, asked as its administrator; `user` is a user name of this test's own."""

    addresses: Addresses
    user: str

    def client(self, service: str, region: str = REGION, key: tuple[str, str] | None = None) -> Any:
        administrator = (self.addresses.aws_access_key_id, self.addresses.aws_secret_access_key)
        return _client(self.addresses.aws_endpoint_url, service, region, key or administrator)

    @property
    def iam(self) -> Any:
        return self.client("iam")

    def key_ids(self, user: str = "") -> list[str]:
        described = self.iam.list_access_keys(UserName=user or self.user)["AccessKeyMetadata"]
        return [key["AccessKeyId"] for key in described]

    def attached(self) -> list[str]:
        policies = self.iam.list_attached_user_policies(UserName=self.user)["AttachedPolicies"]
        return [policy["PolicyArn"] for policy in policies]

    def exists(self) -> bool:
        names = [user["UserName"] for page in self.iam.get_paginator("list_users").paginate() for user in page["Users"]]
        return self.user in names

    def tags(self) -> dict[str, str]:
        user = self.iam.get_user(UserName=self.user)["User"]
        return {tag["Key"]: tag["Value"] for tag in user.get("Tags", [])}

    def make_user(self, *policies: str, name: str = "") -> tuple[str, str]:
        """Make a user (this test's own, when no name is given) with a key."""
        name = name or self.user
        self.iam.create_user(UserName=name)
        for policy in policies:
            self.iam.attach_user_policy(UserName=name, PolicyArn=f"arn:aws:iam::aws:policy/{policy}")
        return self.make_key(name)

    def make_key(self, name: str = "") -> tuple[str, str]:
        key = self.iam.create_access_key(UserName=name or self.user)["AccessKey"]
        return key["AccessKeyId"], key["SecretAccessKey"]


@pytest.fixture
def account(sandbox_addresses: Addresses, environ: dict[str, str]) -> Account:
    return Account(sandbox_addresses, f"cw-{uuid.uuid4().hex[:12]}")


@pytest.fixture
def setup(program: Program, account: Account) -> Program:
    """Run `aws setup` for this test's user, with a region, a log group, `--yes` and JSON, unless told otherwise."""

    def run(
        *arguments: str,
        env: dict[str, str | None] | None = None,
        user: str = "",
        group: str = GROUP,
        ask: tuple[str, ...] = ("--yes",),
    ) -> Run:
        where = ("--region", REGION, "--log-group", group) if group else ()
        common = ("--user-name", user or account.user, "-o", "json", *where, *ask)
        return program("aws", "setup", *common, *arguments, env=env)

    return run


@pytest.fixture
def secrets_file(environ: dict[str, str]) -> Path:
    return Path(environ["ASAYER_CONFIG_DIR"]) / "secrets.json"


@pytest.fixture
def config_file(environ: dict[str, str]) -> Path:
    return Path(environ["ASAYER_CONFIG_DIR"]) / "config.toml"


@pytest.fixture
def journal_file(environ: dict[str, str]) -> Path:
    return Path(environ["ASAYER_STATE_DIR"]) / "journal.jsonl"
