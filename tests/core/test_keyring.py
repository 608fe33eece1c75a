"""The real keyring: gnome-keyring on a message bus of its own, which ends with the test and takes the daemon along."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

MISSING = [name for name in ("gnome-keyring-daemon", "dbus-run-session") if shutil.which(name) is None]
pytestmark = [pytest.mark.needs_keyring, pytest.mark.skipif(bool(MISSING), reason=f"not installed: {MISSING}")]
UNLOCK = "echo -n planted-password | gnome-keyring-daemon --unlock --components=secrets > /dev/null\n"
USE = """if True:
    import json
    from asayer_cli.secret import Secret
    from asayer_cli.secret_store import KeyringStore, prove_writable
    store, name, report = KeyringStore(), "default/aws/AKIA1", {}
    report["before"] = store.get(name)
    report["removed_before"] = store.remove(name)
    store.put(name, Secret("old-value"))
    store.put(name, Secret("new-value"))
    report["kept"] = store.get(name) == Secret("new-value")
    prove_writable(store)
    report["removed"] = store.remove(name)
    report["after"] = store.get(name)
    print(json.dumps(report))
"""
LOCK = """if True:
    import secretstorage
    with __import__("contextlib").closing(secretstorage.dbus_init()) as bus:
        collection = secretstorage.get_default_collection(bus)
        collection.lock()
        assert collection.is_locked()
"""
REFUSED = """if True:
    import json, time
    from asayer_cli.errors import NotConfiguredError
    from asayer_cli.secret import Secret
    from asayer_cli.secret_store import KeyringStore
    store, began, messages = KeyringStore(), time.monotonic(), []
    for use in (lambda: store.get("default/aws/AKIA1"), lambda: store.put("default/aws/AKIA1", Secret("value"))):
        try:
            use()
        except NotConfiguredError as error:
            messages.append([error.code, error.message, error.hint])
    print(json.dumps({"messages": messages, "seconds": time.monotonic() - began}))
"""


@pytest.fixture
def session(bare_environ: dict[str, str], tmp_path: Path) -> Iterator[Callable[..., Any]]:
    """Run Python programs one after the other on a new bus, with `unlock` after the daemon was unlocked."""
    runtime = tmp_path / "runtime"
    runtime.mkdir(mode=0o700)
    (tmp_path / "home").mkdir()
    environ = {**bare_environ, "XDG_RUNTIME_DIR": str(runtime)}
    for name in ("PYTHON_KEYRING_BACKEND", "DISPLAY", "WAYLAND_DISPLAY", "XDG_DATA_HOME"):
        environ.pop(name, None)

    def run(*programs: str, unlock: bool = True) -> Any:
        script = UNLOCK if unlock else ""
        script += "\n".join(f'{sys.executable} -c "$PROGRAM_{number}" || exit 1' for number in range(len(programs)))
        variables = {f"PROGRAM_{number}": program for number, program in enumerate(programs)}
        ended = subprocess.run(
            ["dbus-run-session", "--", "bash", "-c", script],
            env={**environ, **variables},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert ended.returncode == 0, ended.stderr
        return json.loads(ended.stdout.splitlines()[-1])

    yield run
    wait_until_gone(runtime)


def wait_until_gone(runtime: Path) -> None:
    deadline = time.monotonic() + 10
    while left := daemons(runtime):
        assert time.monotonic() < deadline, f"left behind: {left}"
        time.sleep(0.05)


def daemons(runtime: Path) -> list[str]:
    """Return the processes that still have this test's runtime folder in their environment."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            environ, name = (folder / "environ").read_bytes(), (folder / "comm").read_text().strip()
        except OSError:
            continue
        if os.fsencode(f"XDG_RUNTIME_DIR={runtime}") in environ.split(b"\0"):
            found.append(f"{folder.name} {name}")
    return found


def test_put_get_remove(session: Callable[..., Any]) -> None:
    assert session(USE) == {
        "before": None,
        "removed_before": False,
        "kept": True,
        "removed": True,
        "after": None,
    }


def test_one_program_keeps_what_another_reads(session: Callable[..., Any]) -> None:
    head = "from asayer_cli.secret_store import KeyringStore; from asayer_cli.secret import Secret\n"
    put = head + "KeyringStore().put('default/aws/AKIA1', Secret('planted-value'))"
    get = head + "import json; print(json.dumps(KeyringStore().get('default/aws/AKIA1').reveal()))"
    assert session(put, get) == "planted-value"


def test_a_locked_keyring_is_a_clear_error_within_seconds(session: Callable[..., Any]) -> None:
    put = "from asayer_cli.secret_store import KeyringStore; from asayer_cli.secret import Secret\n"
    put += "KeyringStore().put('default/aws/AKIA1', Secret('planted-value'))"
    refusal = session(put, LOCK, REFUSED)
    assert refusal["seconds"] < 20
    assert len(refusal["messages"]) == 2
    for code, message, hint in refusal["messages"]:
        assert code == "secret_store_unavailable"
        assert message.startswith("The keyring of this computer ")
        assert "ASAYER_SECRET_STORE=file" in hint


def test_no_daemon_is_a_clear_error_within_seconds(session: Callable[..., Any]) -> None:
    refusal = session(REFUSED, unlock=False)
    assert refusal["seconds"] < 20
    assert [code for code, _, _ in refusal["messages"]] == ["secret_store_unavailable"] * 2


def test_no_bus_is_a_clear_error(bare_environ: dict[str, str]) -> None:
    bare_environ.pop("PYTHON_KEYRING_BACKEND")
    ended = subprocess.run(
        [sys.executable, "-c", REFUSED], env=bare_environ, capture_output=True, text=True, timeout=60, check=True
    )
    messages = json.loads(ended.stdout)["messages"]
    assert ["no back end works on this computer" in message for _, message, _ in messages] == [True, True]
