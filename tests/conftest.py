"""Every test runs hermetically: its own folders, no keyring, no proxy, no inherited account."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import hypothesis
import pytest

from asayer_cli.sandbox.supervisor import Addresses, cleaned, environment, sandbox
from tests import planted, warm

if TYPE_CHECKING:
    from pathlib import Path

# no test asserts a time: machines differ, and are busy
hypothesis.settings.register_profile("untimed", deadline=None)
# for the other versions of Python, where properties hold that have been tried with many examples on one
hypothesis.settings.register_profile("few", deadline=None, max_examples=20)
hypothesis.settings.load_profile("untimed")

PATIENCE_SECONDS = 120
BUFFERING = ("PYTHONUNBUFFERED", "PYTHONIOENCODING", "PYTHONUTF8")


@dataclass(frozen=True, slots=True)
class Run:
    """How a run of the program ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> dict[str, Any]:
        envelope: dict[str, Any] = json.loads(self.out)
        return envelope

    @property
    def data(self) -> dict[str, Any]:
        data: dict[str, Any] = self.json["data"]
        return data


Cli = Callable[..., Run]


@pytest.fixture(scope="session")
def sandbox_addresses() -> Iterator[Addresses]:
    """A sandbox with samples for the whole session; what a test adds to it has names of its own."""
    with sandbox(record=True) as addresses:
        yield addresses


@pytest.fixture
def bare_environ(tmp_path: Path) -> dict[str, str]:
    """An environment in which nothing is configured and nothing can be reached."""
    kept = {name: value for name, value in cleaned(os.environ).items() if not name.lower().endswith("_proxy")}
    dropped = ("GITHUB_ACTIONS", "GITHUB_STEP_SUMMARY", "NO_COLOR", "FORCE_COLOR", "COLUMNS", "CI", *BUFFERING)
    return {
        **{name: value for name, value in kept.items() if name not in dropped},
        "HOME": str(tmp_path / "home"),
        "ASAYER_CONFIG_DIR": str(tmp_path / "config"),
        "ASAYER_STATE_DIR": str(tmp_path / "state"),
        "ASAYER_CACHE_DIR": str(tmp_path / "cache"),
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring",
        "PYTHONWARNINGS": "error",
        "TERM": "xterm",
    }


@pytest.fixture
def sandbox_environ(sandbox_addresses: Addresses, bare_environ: Mapping[str, str], tmp_path: Path) -> dict[str, str]:
    """The environment of an administrator in the sandbox, with folders of the test's own."""
    folder = tmp_path / "sandbox"
    folder.mkdir()
    return {**environment(sandbox_addresses, folder, bare_environ), "PYTHONWARNINGS": "error"}


def run_program(*arguments: str, environ: Mapping[str, str], stdin: str = "") -> Run:
    """Run `asayer-cli` as its users do, in a process of its own, off a terminal; no secret may show anywhere."""
    run = _run(*arguments, environ=environ, stdin=stdin)
    planted.check(arguments, environ, stdin, run.out + run.err)
    return run


def _run(*arguments: str, environ: Mapping[str, str], stdin: str) -> Run:
    if warm.can_run(environ):
        return Run(*warm.start(*arguments, environ=environ, stdin=stdin).finish(PATIENCE_SECONDS))
    ended = subprocess.run(
        [sys.executable, "-m", "asayer_cli", *arguments],
        env=dict(environ),
        input=stdin,
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
        check=False,
    )
    return Run(ended.returncode, ended.stdout, ended.stderr)


@pytest.fixture
def bare(bare_environ: dict[str, str]) -> Cli:
    """Run the program where nothing is configured: `bare("config", "show", env={...}, stdin="...")`."""

    def run(*arguments: str, env: Mapping[str, str] | None = None, stdin: str = "") -> Run:
        return run_program(*arguments, environ={**bare_environ, **(env or {})}, stdin=stdin)

    return run


@pytest.fixture
def cli(sandbox_environ: dict[str, str]) -> Cli:
    """Run the program in the sandbox, as its administrator."""

    def run(*arguments: str, env: Mapping[str, str] | None = None, stdin: str = "") -> Run:
        return run_program(*arguments, environ={**sandbox_environ, **(env or {})}, stdin=stdin)

    return run
