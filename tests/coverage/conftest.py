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
EnvironFor = Callable[..., dict[str, str]]


@pytest.fixture
def environ_for(
    bare_environ: dict[str, str], admin: Admin, aws_key: dict[str, str], elastic_key: dict[str, str]
) -> EnvironFor:
    """Return an environment in which log groups, indices, or both are configured: `environ_for(groups, indices)`."""

    def environ(groups: tuple[str, ...] = (), indices: tuple[str, ...] = ()) -> dict[str, str]:
        sources = {"AWS_ENDPOINT_URL": admin.addresses.aws_endpoint_url}
        if groups:
            sources |= {**aws_key, "ASAYER_AWS_LOG_GROUPS": ",".join(groups)}
        if indices:
            sources |= {**elastic_key, "ASAYER_ELASTIC_INDEXES": ",".join(indices)}
        return {**bare_environ, **sources}

    return environ


@pytest.fixture
def coverage(environ_for: EnvironFor) -> Coverage:
    """Run `coverage -o json` from environment variables alone, on log groups, on indices, or both.

    `coverage("--by", "stream", groups=(...), indices=(...), output="text", env={...})`
    """

    def run(
        *arguments: str,
        groups: tuple[str, ...] = (),
        indices: tuple[str, ...] = (),
        env: Mapping[str, str] | None = None,
        output: str = "json",
    ) -> Run:
        environ = {**environ_for(groups, indices), **(env or {})}
        return run_program("coverage", "-o", output, *arguments, environ=environ)

    return run
