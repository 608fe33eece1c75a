"""Run `coverage` on log groups and indices of the sandbox, and on files."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import pytest

from tests.conftest import run_program
from tests.verification.conftest import admin, aws_key, elastic_key

if TYPE_CHECKING:
    from tests.conftest import Run
    from tests.verification.conftest import Admin

__all__ = ["admin", "aws_key", "elastic_key"]

Coverage = Callable[..., "Run"]


@pytest.fixture
def coverage(
    bare_environ: dict[str, str], admin: Admin, aws_key: dict[str, str], elastic_key: dict[str, str]
) -> Coverage:
    """Run `coverage -o json` from environment variables alone, on log groups, on indices, or both.

    `coverage("--by", "stream", groups=(...), indices=(...), output="text", env={...})`
    """

    def run(
        *arguments: str,
        groups: tuple[str, ...] = (),
        indices: tuple[str, ...] = (),
        env: Mapping[str, str] | None = None,
        output: str = "json",
        stdin: str = "",
    ) -> Run:
        sources = {"AWS_ENDPOINT_URL": admin.addresses.aws_endpoint_url}
        if groups:
            sources |= {**aws_key, "ASAYER_AWS_LOG_GROUPS": ",".join(groups)}
        if indices:
            sources |= {**elastic_key, "ASAYER_ELASTIC_INDEXES": ",".join(indices)}
        environ = {**bare_environ, **sources, **(env or {})}
        return run_program("coverage", "-o", output, *arguments, environ=environ, stdin=stdin)

    return run
