"""No secret that a run was given is in what it prints, whatever it does and however much it tells."""

from __future__ import annotations

import base64
import socket
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.conftest import Cli

SECRETS = {
    "ASAYER_AWS_SECRET_ACCESS_KEY": "planted/aws+secret-of-the-collector-0001",
    "ASAYER_ELASTIC_API_KEY": "key-1:planted-api-key-0002",
    "ASAYER_ELASTIC_PASSWORD": "planted-password-0003",
    "AWS_SECRET_ACCESS_KEY": "planted/aws+secret-of-the-caller-0000004",
    "AWS_SESSION_TOKEN": "planted-session-token-0005",
}
COMMANDS = (
    ["aws", "setup", "--yes", "--log-group", "/ecs/shop"],
    ["aws", "setup", "--emit", "terraform"],
    ["aws", "log-groups"],
    ["aws", "credential-process", "--print-config"],
    ["elastic", "create-key", "--yes"],
    ["elastic", "create-key", "--print-request"],
    ["integrations", "show"],
    ["integrations", "remove", "--yes"],
    ["verify"],
    ["verify", "--nope"],
    ["session", "4113494647506610945", "--context", "3"],
    ["coverage", "-o", "html"],
    ["audit"],
    ["config", "show"],
    ["config", "path"],
    ["config", "set", "convention", "asayer"],
    ["config", "unset", "convention"],
)


@pytest.fixture
def closed_address() -> Iterator[str]:
    """An address on which nothing listens, and nothing will as long as it is bound."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{bound.getsockname()[1]}"


@pytest.fixture
def given(closed_address: str) -> dict[str, str]:
    return {
        **SECRETS,
        "AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE",
        "AWS_REGION": "eu-west-1",
        "AWS_ENDPOINT_URL": closed_address,
        "AWS_MAX_ATTEMPTS": "1",
        "ASAYER_AWS_ACCESS_KEY_ID": "AKIAI44QH8DHBEXAMPLE",
        "ASAYER_AWS_REGION": "eu-west-1",
        "ASAYER_AWS_LOG_GROUPS": "/ecs/shop",
        "ASAYER_ELASTIC_URL": closed_address,
        "ASAYER_ELASTIC_USERNAME": "elastic",
        "ASAYER_SECRET_STORE": "file",
        "NO_PROXY": "127.0.0.1",
    }


@pytest.mark.parametrize(
    "arguments", [*COMMANDS, ["verify", "-o", "json"], ["aws", "setup", "-yo", "json"]], ids=" ".join
)
def test_no_secret_is_printed(bare: Cli, given: dict[str, str], tmp_path: Path, arguments: list[str]) -> None:
    run = bare(*arguments, "--debug", env=given)
    assert run.code in (0, 1, 2, 3, 4, 5)
    printed = run.out + run.err
    assert "planted" not in printed
    for text in ("key-1:planted-api-key-0002", "elastic:planted-password-0003"):
        assert base64.b64encode(text.encode()).decode() not in printed
    kept = "".join(path.read_text() for path in tmp_path.rglob("*") if path.is_file())
    assert "planted" not in kept


def test_the_debug_trace_tells_something(bare: Cli, given: dict[str, str]) -> None:
    run = bare("verify", "--debug", env=given)
    assert "GET /_security/_authenticate" in run.err
    assert "sts" in run.err.lower() or "GetCallerIdentity" in run.err
