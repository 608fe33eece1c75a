from __future__ import annotations

import pytest

from asayer_cli.sandbox.application import NotTheSandboxError, log_errors
from asayer_cli.session_id import SessionId


@pytest.mark.parametrize("name", ["AWS_ENDPOINT_URL", "ASAYER_ELASTIC_URL"])
def test_the_application_writes_nowhere_else(sandbox_environ: dict[str, str], name: str) -> None:
    elsewhere = {**sandbox_environ, name: "https://logs.example.com"}
    with pytest.raises(NotTheSandboxError):
        log_errors(SessionId(42), elsewhere)
