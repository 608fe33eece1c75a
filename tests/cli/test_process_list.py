"""Whoever lists the processes of a computer sees their arguments."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from asayer_cli.sandbox.control import Control
from asayer_cli.sandbox.faults import Fault

if TYPE_CHECKING:
    from collections.abc import Iterator

    from asayer_cli.sandbox.supervisor import Addresses

COMMANDS = (
    ("aws", "setup", "--region", "eu-west-1", "--log-group", "/ecs/shop-api", "--user-name", "listed", "--yes"),
    ("elastic", "create-key", "--name", "listed", "--password-stdin", "--yes"),
)


@pytest.fixture
def slow(sandbox_addresses: Addresses) -> Iterator[None]:
    """Every call takes a while, so that there is something to see."""
    urls = (sandbox_addresses.aws_endpoint_url, sandbox_addresses.elastic_url)
    controls = [Control(url, sandbox_addresses.control_token) for url in urls]
    for control in controls:
        control.order(Fault("*", "*", "slow", times=99, seconds=0.05))
    yield
    for control in controls:
        control.order()


def arguments_of_all_processes() -> str:
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            found.append(path.read_text(errors="replace"))
        except OSError:  # it has just ended
            continue
    return "\n".join(found)


@pytest.mark.usefixtures("slow")
@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: " ".join(command[:2]))
def test_no_secret_is_an_argument(
    command: tuple[str, ...], sandbox_environ: dict[str, str], sandbox_addresses: Addresses
) -> None:
    password = sandbox_addresses.elastic_password
    environ = {name: value for name, value in sandbox_environ.items() if name != "ASAYER_ELASTIC_PASSWORD"}
    process = subprocess.Popen(
        [sys.executable, "-m", "asayer_cli", *command],
        env=environ,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdin
    process.stdin.write(password + "\n")
    process.stdin.close()
    looks = []
    while process.poll() is None:
        looks.append(arguments_of_all_processes())
        time.sleep(0.05)
    assert process.stdout
    assert process.stderr
    printed = process.stdout.read() + process.stderr.read()
    process.stdout.close()
    process.stderr.close()
    assert process.returncode == 0, printed
    assert any("asayer_cli" in look for look in looks)
    kept = Path(environ["ASAYER_CONFIG_DIR"], "secrets.json").read_text()
    secrets = [password, sandbox_addresses.aws_secret_access_key, kept.rpartition(": ")[2].strip('"}')]
    assert not [look for look in looks if any(secret in look for secret in secrets)]
