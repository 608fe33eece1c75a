"""What a run imports: help and completion must start fast, so that nothing heavy may be imported for them."""

from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = {
    "boto3",
    "botocore",
    "elasticsearch",
    "elastic_transport",
    "rich",
    "keyring",
    "moto",
    "noida_db",
    "werkzeug",
    "flask",
    "tomlkit",
    "tomllib",
    "platformdirs",
    "requests",
    "urllib3",
}
COMMANDS = (
    "",
    "aws",
    "aws setup",
    "aws credential-process",
    "aws log-groups",
    "aws status",
    "aws rotate-key",
    "aws teardown",
    "elastic",
    "elastic create-key",
    "elastic status",
    "elastic rotate-key",
    "elastic revoke-key",
    "integrations",
    "integrations show",
    "integrations remove",
    "snippet",
    "verify",
    "session",
    "coverage",
    "audit",
    "config",
    "config path",
    "config show",
    "config set",
    "config unset",
    "completions",
    "completions install",
    "sandbox",
    "sandbox run",
    "sandbox start",
    "demo",
)


def imported(environ: dict[str, str], *arguments: str, code: int = 0) -> set[str]:
    """Run the program and return the packages that were imported."""
    ended = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "asayer_cli", *arguments],
        env=environ,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ended.returncode == code, ended.stderr
    assert ended.stdout or code
    lines = [line for line in ended.stderr.splitlines() if line.startswith("import time:")]
    return {line.rpartition("|")[2].strip().partition(".")[0] for line in lines}


def test_imports_are_seen(bare_environ: dict[str, str]) -> None:
    assert imported(bare_environ, "config", "show") >= {"rich", "tomllib", "click"}


def test_version(bare_environ: dict[str, str]) -> None:
    modules = imported(bare_environ, "--version")
    assert modules & HEAVY == set()
    assert "click" in modules


@pytest.mark.parametrize("command", COMMANDS)
def test_help(bare_environ: dict[str, str], command: str) -> None:
    assert imported(bare_environ, *command.split(), "--help") & HEAVY == set()


@pytest.mark.parametrize("typed", ["", "aw", "aws setup --", "verify --output ", "integrations remove --only "])
def test_completion(bare_environ: dict[str, str], typed: str) -> None:
    environ = {**bare_environ, "_ASAYER_CLI_COMPLETE": "bash", "_ASAYER_CLI_LINE": f"asayer-cli {typed}"}
    assert imported(environ) & HEAVY == set()


def test_json_needs_no_screen_for_plain_data(bare_environ: dict[str, str]) -> None:
    modules = imported(bare_environ, "config", "path", "-o", "json")
    assert modules & {"boto3", "botocore", "elasticsearch", "elastic_transport", "keyring", "moto", "tomlkit"} == set()


def test_verify_without_anything_configured_imports_no_sdk(bare_environ: dict[str, str]) -> None:
    modules = imported(bare_environ, "verify", code=3)
    assert modules & {"boto3", "botocore", "elasticsearch", "elastic_transport", "keyring", "moto"} == set()
