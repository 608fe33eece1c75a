"""Every variant of the application, called once by a canary, side by side."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from asayer_cli.sandbox.supervisor import cleaned
from tests.canary.application import PAGE, SECRET, Server, Store, serving
from tests.canary.variants import CALLS, VARIANTS, Call
from tests.conftest import BUFFERING, run_program
from tests.verification.conftest import admin, aws_key, elastic_key

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.conftest import Run
    from tests.verification.conftest import Admin

__all__ = ["admin", "aws_key", "elastic_key"]


@dataclass(frozen=True)
class World:
    """The application, and how to call it with canaries: `call("fine", "--only", "aws", output="junit")`."""

    server: Server
    admin: Admin
    environ: dict[str, str]

    def call(self, name: str, *arguments: str, output: str = "json", url: str = "", **environ: str) -> Run:
        store = self.server.stores[name]
        sources = {"ASAYER_AWS_LOG_GROUPS": store.group, "ASAYER_ELASTIC_INDEXES": store.index}
        target = url or f"{self.server.url}/{name}/asayer-canary"
        return run_program(
            *("verify", "-o", output, "--canary", target, *arguments),
            environ={**self.environ, **sources, **environ},
        )

    def store(self, name: str) -> Store:
        return self.server.stores[name]


def _clean_environ() -> dict[str, str]:
    """An environment in which nothing is configured: no home folder, no keyring, no proxy."""
    dropped = ("GITHUB_ACTIONS", "GITHUB_STEP_SUMMARY", "NO_COLOR", "FORCE_COLOR", "COLUMNS", "CI", "HOME", *BUFFERING)
    kept = {name: value for name, value in cleaned(os.environ).items() if not name.lower().endswith("_proxy")}
    return {
        **{name: value for name, value in kept.items() if name not in dropped},
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "PYTHONWARNINGS": "error",
    }


@pytest.fixture(scope="session")
def world(admin: Admin, aws_key: dict[str, str], elastic_key: dict[str, str]) -> Iterator[World]:
    access = {"AWS_ENDPOINT_URL": admin.addresses.aws_endpoint_url, **aws_key, **elastic_key}
    with serving(VARIANTS, admin) as server:
        yield World(server, admin, {**_clean_environ(), **access, "ASAYER_CANARY_SECRET": SECRET})


@pytest.fixture(scope="session")
def runs(world: World) -> Callable[[str], Run]:
    """Return how the run of a variant ended; all of them run at the same time, for most of it is waiting."""

    def run(call: Call) -> Run:
        origin = ("--origin", PAGE) if call.from_page else ()
        return world.call(call.variant, *origin, "--wait", call.wait, *call.arguments)

    pool = ThreadPoolExecutor(6)
    ended = {call.name: pool.submit(run, call) for call in CALLS}
    pool.shutdown(wait=False)
    return lambda name: ended[name].result()
