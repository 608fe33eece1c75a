"""Whole commands with gnome-keyring: unlocked, locked, absent, hanging, and locked in the middle of a run."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

from asayer_cli.sandbox.control import Control
from asayer_cli.sandbox.faults import Fault
from tests.conftest import Run

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from asayer_cli.sandbox.supervisor import Addresses

MISSING = [name for name in ("gnome-keyring-daemon", "dbus-run-session") if shutil.which(name) is None]
pytestmark = [pytest.mark.needs_keyring, pytest.mark.skipif(bool(MISSING), reason=f"not installed: {MISSING}")]
# the daemon ends with the bus, unless it is stopped
DAEMON: Final = """
exec 3< <(printf planted-password)
gnome-keyring-daemon --foreground --unlock --components=secrets <&3 > /dev/null 2>&1 & daemon=$!
until "$PYTHON" -c "$READY" 2> /dev/null; do sleep 0.05; done
"""
READY: Final = """
import contextlib, secretstorage
with contextlib.closing(secretstorage.dbus_init()) as bus:
    assert not secretstorage.get_default_collection(bus).is_locked()
"""
LOCK: Final = READY.replace("assert not secretstorage.get_default_collection(bus).is_locked()", "") + (
    "    secretstorage.get_default_collection(bus).lock()\n"
)
LOCKED: Final = DAEMON + '"$PYTHON" -c "$LOCK"\n'
HANGING: Final = DAEMON + 'kill -STOP $daemon; trap "kill -KILL $daemon" EXIT\n'
LOCKED_IN_THE_MIDDLE: Final = (
    DAEMON + '(until grep -qs CreateAccessKey "$ASAYER_STATE_DIR/journal.jsonl"; do sleep 0.05; done\n'
    '"$PYTHON" -c "$LOCK") &\n'
)
SETUP: Final = ("aws", "setup", "--region", "eu-west-1", "--log-group", "/ecs/shop-api", "--yes")
PATIENT_SECONDS: Final = 20


@pytest.fixture
def account(sandbox_addresses: Addresses) -> Iterator[Control]:
    control = Control(sandbox_addresses.aws_endpoint_url, sandbox_addresses.control_token)
    control.forget_requests()
    yield control
    control.order()


@pytest.fixture
def on_a_bus(sandbox_environ: dict[str, str], tmp_path: Path) -> Callable[..., Run]:
    """Run a command line on a message bus of its own, after what makes the keyring as it is to be met."""
    runtime = tmp_path / "runtime"
    runtime.mkdir(mode=0o700)
    environ = {
        **{name: value for name, value in sandbox_environ.items() if name not in ("DISPLAY", "WAYLAND_DISPLAY")},
        "XDG_RUNTIME_DIR": str(runtime),
        "ASAYER_SECRET_STORE": "keyring",
        "PYTHON": sys.executable,
        "READY": READY,
        "LOCK": LOCK,
    }
    environ.pop("PYTHON_KEYRING_BACKEND")

    def run(before: str, *arguments: str, user: str = "keyring") -> Run:
        ended = subprocess.run(
            ["dbus-run-session", "--", "bash", "-c", f'{before}\n"$PYTHON" -m asayer_cli "$@"', "bash", *arguments],
            env={**environ, "ASAYER_AWS_USER_NAME": user},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        return Run(ended.returncode, ended.stdout, ended.stderr)

    return run


def made(account: Control) -> list[str]:
    """Return what was done to keys, in order."""
    calls = account.requests()
    return [call["operation"] for call in calls if call["operation"] in ("CreateAccessKey", "DeleteAccessKey")]


def test_unlocked(on_a_bus: Callable[..., Run], account: Control, sandbox_environ: dict[str, str]) -> None:
    run = on_a_bus(f'{DAEMON}\n"$PYTHON" -m asayer_cli {" ".join(SETUP)} || exit', "integrations", "show", "--reveal")
    assert run.code == 0, run.err
    assert made(account) == ["CreateAccessKey"]
    secret = run.out.partition("Secret access key")[2].split()[0]
    assert len(secret) > 30
    kept = [path for path in Path(sandbox_environ["ASAYER_CONFIG_DIR"]).parent.rglob("*") if path.is_file()]
    assert [path for path in kept if secret.encode() in path.read_bytes()] == []


@pytest.mark.parametrize("before", ["", LOCKED, HANGING], ids=["absent", "locked", "hanging"])
def test_no_key_is_made_that_could_not_be_kept(
    on_a_bus: Callable[..., Run], account: Control, sandbox_environ: dict[str, str], before: str
) -> None:
    began = time.monotonic()
    run = on_a_bus(before, *SETUP, user="keyring-refuses")
    assert run.code == 3, run.err
    assert time.monotonic() - began < PATIENT_SECONDS
    assert "error: The keyring of this computer " in run.err
    assert "ASAYER_SECRET_STORE=file" in run.err
    assert [call["operation"] for call in account.requests() if call["operation"].startswith("Create")] == []
    assert list(Path(sandbox_environ["ASAYER_CONFIG_DIR"]).glob("*.toml")) == []


@pytest.mark.parametrize("before", ["", LOCKED, HANGING], ids=["absent", "locked", "hanging"])
def test_what_is_kept_cannot_be_shown(
    on_a_bus: Callable[..., Run], sandbox_environ: dict[str, str], before: str
) -> None:
    folder = Path(sandbox_environ["ASAYER_CONFIG_DIR"])
    folder.mkdir(mode=0o700)
    (folder / "config.toml").write_text(
        '[profiles.default.aws]\naccess_key_id = "AKIA1"\nregion = "eu-west-1"\nlog_groups = ["/ecs/shop-api"]\n'
    )
    began = time.monotonic()
    run = on_a_bus(before, "integrations", "show")
    assert run.code == 3, run.out
    assert time.monotonic() - began < PATIENT_SECONDS
    assert "The keyring of this computer " in run.err
    assert "Unlock or install a keyring" in run.err


def test_a_key_is_undone_when_the_keyring_locks_in_the_middle(on_a_bus: Callable[..., Run], account: Control) -> None:
    account.order(Fault("iam", "CreateAccessKey", "slow", seconds=4.0))
    run = on_a_bus(LOCKED_IN_THE_MIDDLE, *SETUP, user="keyring-locks")
    assert run.code == 3, run.err
    assert "The keyring of this computer " in run.err
    assert made(account) == ["CreateAccessKey", "DeleteAccessKey"]
