"""Servers that the programs need, and the sandbox's stores for what they put out."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from tests.browser.conftest import browser, context, open_page, own, packages, sites
from tests.programs import processes
from tests.verification.conftest import admin, aws_key, elastic_key, verify

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["admin", "aws_key", "browser", "context", "elastic_key", "open_page", "own", "packages", "sites", "verify"]

_PROGRAMS = {"needs_redis": "redis-server", "needs_nginx": "nginx", "needs_browser": "chromium"}


def pytest_configure(config: pytest.Config) -> None:
    for marker, program in _PROGRAMS.items():
        config.addinivalue_line("markers", f"{marker}: runs only where {program} is installed")


def pytest_runtest_setup(item: pytest.Item) -> None:
    for marker, program in _PROGRAMS.items():
        if item.get_closest_marker(marker) and not shutil.which(program):
            pytest.skip(f"{program} is not installed")


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with processes.redis(tmp_path_factory.mktemp("redis")) as url:
        yield url
