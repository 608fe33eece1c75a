"""Clients for the sandbox of the session."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any
from uuid import uuid4

import boto3
import pytest
from botocore.config import Config

from asayer_cli.sandbox.control import Control
from asayer_cli.sandbox.supervisor import Addresses, cleaned

AwsClient = Callable[..., Any]
NO_SETTINGS = {
    "key_delay_s": 0,
    "policy_delay_s": 0,
    "user_delay_s": 0,
    "key_list_delay_s": 0,
    "flickering": False,
    "empty_pages": False,
    "disabled_regions": ["af-south-1", "ap-east-1", "me-central-1", "me-south-1"],
}


@pytest.fixture(autouse=True)
def no_inherited_account(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in set(os.environ) - set(cleaned(os.environ)):
        monkeypatch.delenv(name)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("no_proxy", "127.0.0.1")


@pytest.fixture(scope="session")
def addresses(sandbox_addresses: Addresses) -> Addresses:
    return sandbox_addresses


@pytest.fixture
def aws(addresses: Addresses) -> Iterator[Control]:
    """The control of the local AWS; whatever a test orders ends with it."""
    control = Control(addresses.aws_endpoint_url, addresses.control_token)
    yield control
    control.order()
    control.change(**NO_SETTINGS)


@pytest.fixture
def client(addresses: Addresses) -> AwsClient:
    """`client("logs", key, region)`: a boto3 client that asks once; the administrator's when no key is given."""

    def make(service: str, key: tuple[str, str] | None = None, region: str = "eu-west-1", attempts: int = 1) -> Any:
        key_id, secret = key or (addresses.aws_access_key_id, addresses.aws_secret_access_key)
        return _client(addresses.aws_endpoint_url, service, key_id, secret, region, attempts)

    return make


@cache
def _client(url: str, service: str, key_id: str, secret: str, region: str, attempts: int) -> Any:
    return boto3.client(
        service,
        endpoint_url=url,
        aws_access_key_id=key_id,
        aws_secret_access_key=secret,
        region_name=region,
        config=Config(retries={"total_max_attempts": attempts}),
    )


@pytest.fixture
def make_user(client: AwsClient) -> Callable[..., tuple[str, tuple[str, str]]]:
    """`make_user(managed, inline, boundary=...)`: a new user's name and key; `inline` is a list of statements."""

    def make(*managed: str, inline: list[dict[str, Any]] | None = None, **options: str) -> tuple[str, tuple[str, str]]:
        iam, name = client("iam"), f"user-{uuid4().hex[:12]}"
        iam.create_user(UserName=name, **options)
        for policy in managed:
            iam.attach_user_policy(UserName=name, PolicyArn=f"arn:aws:iam::aws:policy/{policy}")
        if inline:
            document = json.dumps({"Version": "2012-10-17", "Statement": inline})
            iam.put_user_policy(UserName=name, PolicyName="inline", PolicyDocument=document)
        key = iam.create_access_key(UserName=name)["AccessKey"]
        return name, (key["AccessKeyId"], key["SecretAccessKey"])

    return make


@pytest.fixture
def log_group(client: AwsClient) -> Callable[..., str]:
    """`log_group([(milliseconds, message), ...], log_class=...)`: a new group's name; all events in one stream."""

    def make(events: list[tuple[int, str]] | None = None, log_class: str = "STANDARD") -> str:
        logs, name = client("logs"), f"/test/{uuid4().hex[:12]}"
        logs.create_log_group(logGroupName=name, logGroupClass=log_class)
        if events:
            logs.create_log_stream(logGroupName=name, logStreamName="main")
            batch = [{"timestamp": time, "message": message} for time, message in events]
            logs.put_log_events(logGroupName=name, logStreamName="main", logEvents=batch)
        return name

    return make
