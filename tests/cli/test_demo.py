from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from asayer_cli.sandbox.application import NotTheSandboxError, log_errors
from asayer_cli.session_id import SessionId

if TYPE_CHECKING:
    from tests.conftest import Cli


def test_the_demo_does_every_step_and_shows_no_secret(bare: Cli) -> None:
    run = bare("demo")
    assert run.code == 0, run.err
    steps = re.findall(r"^\$ asayer-cli (\w+(?: [a-z][\w-]*)?)", run.err, re.MULTILINE)
    assert steps == ["aws setup", "aws log-groups", "elastic create-key", "integrations show", "verify"]
    assert "Verified" in run.out
    assert "Traceback" not in run.err
    assert "********" in run.out
    # an AWS secret access key is 40 characters of base64
    assert not re.search(
        r"(?<![A-Za-z0-9/+])(?=[A-Za-z0-9/+]*[A-Z])(?=[A-Za-z0-9/+]*[a-z])[A-Za-z0-9/+]{40}(?![A-Za-z0-9/+])", run.out
    )


@pytest.mark.parametrize("name", ["AWS_ENDPOINT_URL", "ASAYER_ELASTIC_URL"])
def test_the_application_writes_nowhere_else(sandbox_environ: dict[str, str], name: str) -> None:
    elsewhere = {**sandbox_environ, name: "https://logs.example.com"}
    with pytest.raises(NotTheSandboxError):
        log_errors(SessionId(42), elsewhere)
