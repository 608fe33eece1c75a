"""The sandbox starts quickly, says where it is, and leaves no process and no file behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import asayer_cli
from asayer_cli.sandbox.supervisor import Addresses, SandboxUnavailable, environment, sandbox

if TYPE_CHECKING:
    from collections.abc import Iterator

linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
PROGRAM = """
import sys
from asayer_cli.sandbox.supervisor import sandbox
with sandbox(samples=False):
    print("ready", flush=True)
    sys.stdin.read()
"""


def test_secrets_are_not_shown(addresses: Addresses) -> None:
    shown = repr(addresses)
    assert addresses.aws_endpoint_url in shown
    for secret in (addresses.aws_secret_access_key, addresses.elastic_password, addresses.control_token):
        assert len(secret) > 20
        assert secret not in shown


def test_both_services_listen_on_loopback(addresses: Addresses) -> None:
    assert addresses.aws_endpoint_url.startswith("http://127.0.0.1:")
    assert addresses.elastic_url.startswith("http://127.0.0.1:")
    assert addresses.aws_region == "eu-west-1"


def test_the_environment_lets_nothing_of_the_outside_in(addresses: Addresses, tmp_path: Path) -> None:
    inherited = {
        "AWS_PROFILE": "production",
        "AWS_SESSION_TOKEN": "x",
        "AWS_ENDPOINT_URL_IAM": "https://iam.amazonaws.com",
        "ASAYER_PROFILE": "x",
        "BOTO_CONFIG": "x",
        "ELASTIC_API_KEY": "x",
        "KEYRING_PROPERTY_A": "x",
        "PYTHON_KEYRING_BACKEND": "x",
        "DBUS_SESSION_BUS_ADDRESS": "x",
        "GNOME_KEYRING_CONTROL": "x",
        "PATH": "/bin",
    }
    made = environment(addresses, tmp_path, inherited)
    assert made["PATH"].rpartition(os.pathsep)[2] == "/bin"
    assert set(inherited) & set(made) == {"PATH", "PYTHON_KEYRING_BACKEND"}
    assert made["PYTHON_KEYRING_BACKEND"] == "keyring.backends.null.Keyring"
    assert made["AWS_ENDPOINT_URL"] == addresses.aws_endpoint_url
    assert made["ASAYER_SANDBOX"] == "1"
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        assert Path(made[name]).read_text() == ""
    assert Path(made["ASAYER_CONFIG_DIR"]).parent == tmp_path


def test_a_server_that_cannot_start_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path), str(Path(asayer_cli.__file__).parent.parent)]))
    (tmp_path / "flask.py").write_text("raise RuntimeError('this flask is broken')\n")
    with pytest.raises(SandboxUnavailable, match="this flask is broken"), sandbox(samples=False):
        pass


def test_a_module_in_the_current_folder_is_none_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(Path(asayer_cli.__file__).parent.parent))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "moto.py").write_text("raise RuntimeError('this moto is poisoned')\n")
    with sandbox(samples=False) as addresses:
        assert addresses.aws_endpoint_url


@pytest.fixture
def supervised(tmp_path: Path) -> Iterator[tuple[subprocess.Popen[bytes], list[int], Path]]:
    """A program with a sandbox, the processes below it, and the folder for its temporary files."""
    folder = tmp_path / "tmp"
    folder.mkdir()
    variables = {**os.environ, "TMPDIR": str(folder)}
    program = subprocess.Popen(
        [sys.executable, "-c", PROGRAM], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=variables
    )
    assert program.stdin is not None
    assert program.stdout is not None
    with program:
        assert program.stdout.readline() == b"ready\n"
        below = descendants(program.pid)
        assert len(below) == 2, "the server and the search server"
        yield program, below, folder
        for process in below:
            if is_alive(process):
                os.kill(process, signal.SIGKILL)
        program.kill()


def stat_fields(process: int) -> list[str]:
    """State, parent and so on of a process; a state of X when there is none."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return ["X", ""]


def descendants(parent: int) -> list[int]:
    children = [
        int(entry.name)
        for entry in Path("/proc").iterdir()
        if entry.name.isdigit() and stat_fields(int(entry.name))[1] == str(parent)
    ]
    return children + [below for child in children for below in descendants(child)]


def is_alive(process: int) -> bool:
    # a zombie has ended and only waits to be counted
    return stat_fields(process)[0] not in ("Z", "X")


def all_end(processes: list[int], within: float = 10.0) -> bool:
    deadline = time.monotonic() + within
    while any(is_alive(process) for process in processes):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


Supervised = tuple[subprocess.Popen[bytes], list[int], Path]


@linux
def test_a_normal_end_leaves_nothing(supervised: Supervised) -> None:
    program, below, folder = supervised
    program.communicate(timeout=20)
    assert program.returncode == 0
    assert all_end(below, within=0)
    assert list(folder.iterdir()) == []


@linux
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL, signal.SIGINT])
def test_a_killed_supervisor_takes_everything_along(supervised: Supervised, number: signal.Signals) -> None:
    program, below, folder = supervised
    program.send_signal(number)
    program.wait(20)
    assert all_end(below)
    assert list(folder.iterdir()) == []


@linux
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_server_cleans_up_when_it_is_asked_to_end(supervised: Supervised, number: signal.Signals) -> None:
    program, below, folder = supervised
    os.kill(below[0], number)
    assert all_end(below)
    assert list(folder.iterdir()) == []
    program.communicate(timeout=20)


@linux
def test_a_killed_server_takes_the_search_server_along(supervised: Supervised) -> None:
    program, below, _ = supervised
    os.kill(below[0], signal.SIGKILL)
    assert all_end(below)
    program.communicate(timeout=20)


@linux
def test_no_secret_is_in_a_command_line_or_an_environment(addresses: Addresses) -> None:
    secrets = [addresses.aws_secret_access_key, addresses.elastic_password, addresses.control_token]
    for process in descendants(os.getpid()):
        seen = Path(f"/proc/{process}/cmdline").read_bytes() + Path(f"/proc/{process}/environ").read_bytes()
        assert not any(secret.encode() in seen for secret in secrets)
