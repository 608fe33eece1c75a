"""Start the sandbox's server and end it for certain.

The server runs until the pipe at its standard input ends. This process holds the other end, so that even a killed
supervisor takes the server along.
"""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
import sysconfig
import tempfile
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

# moto's account; documentation uses the number, nobody has it
ACCOUNT_ID = "123456789012"
PROGRAM = "asayer-cli"
READY_WITHIN_S = 60.0
ENDS_WITHIN_S = 10.0
DROPPED_PREFIXES = ("AWS_", "ASAYER_", "BOTO_", "ELASTIC_", "KEYRING_", "PYTHON_KEYRING", "MOTO_")
DROPPED = frozenset({"DBUS_SESSION_BUS_ADDRESS", "GNOME_KEYRING_CONTROL"})


@dataclass(frozen=True, slots=True)
class Addresses:
    """What the server says when it is ready: where both services listen, and an administrator of each.

    ``control_token`` goes into the header ``X-Sandbox-Token`` of requests below ``/_sandbox/`` of either address.
    """

    aws_endpoint_url: str
    aws_access_key_id: str
    aws_secret_access_key: str = field(repr=False)
    aws_region: str
    elastic_url: str
    elastic_username: str
    elastic_password: str = field(repr=False)
    control_token: str = field(repr=False)


class SandboxUnavailable(Exception):  # noqa: N818 - a state of this machine, named as such
    """The sandbox cannot start here; the message says why and what to do."""


@contextmanager
def sandbox(*, samples: bool = True, record: bool = False) -> Iterator[Addresses]:
    """Run a sandbox while the block lasts.

    ``samples`` fills both services with sample logs; ``record`` keeps whole exchanges with the Elasticsearch.
    Raises `SandboxUnavailable`.
    """
    _require_extra()
    arguments = [name for name, wanted in (("--samples", samples), ("--record", record)) if wanted]
    with tempfile.TemporaryFile() as complaints:
        server = _start(arguments, complaints)
        try:
            yield _wait_until_ready(server, complaints)
        finally:
            _end(server)


def _require_extra() -> None:
    missing = [name for name in ("moto", "noida_db", "werkzeug") if importlib.util.find_spec(name) is None]
    if missing:
        raise SandboxUnavailable(
            f"The sandbox needs packages that are not installed ({', '.join(missing)}). "
            "Install them with: pip install 'asayer-cli[sandbox]'"
        )


def _start(arguments: list[str], complaints: IO[bytes]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(  # noqa: S603 - our own module, in this interpreter
        # -P: the current folder is the user's, and its modules are none of ours
        [sys.executable, "-P", "-m", "asayer_cli.sandbox.server", *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=complaints,
        env=cleaned(os.environ),
        # an interrupt at the terminal is the supervisor's to handle; it ends the server afterwards
        start_new_session=True,
    )


def _wait_until_ready(server: subprocess.Popen[bytes], complaints: IO[bytes]) -> Addresses:
    assert server.stdout is not None  # noqa: S101 - it is a pipe
    deadline = threading.Timer(READY_WITHIN_S, server.kill)
    deadline.start()
    try:
        line = server.stdout.readline()
    finally:
        deadline.cancel()
    if not line:
        raise SandboxUnavailable(f"The sandbox did not start: {_last_line(complaints)}")
    said = json.loads(line)
    if "error" in said:
        raise SandboxUnavailable(f"The sandbox did not start: {said['error']}")
    return Addresses(**said)


def _last_line(complaints: IO[bytes]) -> str:
    complaints.seek(0)
    lines = complaints.read().decode(errors="replace").strip().splitlines()
    return lines[-1] if lines else f"its server said nothing for {READY_WITHIN_S:.0f} s or ended."


def _end(server: subprocess.Popen[bytes]) -> None:
    for pipe in (server.stdin, server.stdout):
        if pipe is not None:
            pipe.close()
    try:
        server.wait(ENDS_WITHIN_S)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()


def cleaned(inherited: Mapping[str, str]) -> dict[str, str]:
    """Return an environment without anything that could lead to a real account, cluster or keyring."""
    return {
        name: value
        for name, value in inherited.items()
        if name not in DROPPED and not name.startswith(DROPPED_PREFIXES)
    }


def _path_to_this_program(folder: Path, inherited: str) -> str:
    """Return a PATH on which `asayer-cli` is this one, which may be in no folder of it; `folder` gets a link to it.

    The folder that the program is in would bring along the Python beside it.
    """
    started, installed = Path(sys.argv[0]).absolute(), Path(sysconfig.get_path("scripts"), PROGRAM)
    programs = [path for path in (started, installed) if path.name == PROGRAM and os.access(path, os.X_OK)]
    if not programs:
        return inherited
    folder.mkdir(mode=0o700, exist_ok=True)
    (folder / PROGRAM).unlink(missing_ok=True)
    (folder / PROGRAM).symlink_to(programs[0])
    return os.pathsep.join([str(folder), inherited])


def environment(addresses: Addresses, folder: Path, inherited: Mapping[str, str]) -> dict[str, str]:
    """Return the environment for a program that shall see the sandbox and nothing else; settings go into `folder`."""
    for name in ("aws-config", "aws-credentials"):
        (folder / name).touch(mode=0o600)
    return {
        **cleaned(inherited),
        "PATH": _path_to_this_program(folder / "bin", inherited.get("PATH", os.defpath)),
        "AWS_ENDPOINT_URL": addresses.aws_endpoint_url,
        "AWS_ACCESS_KEY_ID": addresses.aws_access_key_id,
        "AWS_SECRET_ACCESS_KEY": addresses.aws_secret_access_key,
        "AWS_REGION": addresses.aws_region,
        "AWS_DEFAULT_REGION": addresses.aws_region,
        "AWS_CONFIG_FILE": str(folder / "aws-config"),
        "AWS_SHARED_CREDENTIALS_FILE": str(folder / "aws-credentials"),
        "AWS_EC2_METADATA_DISABLED": "true",
        "NO_PROXY": "127.0.0.1,localhost",
        "no_proxy": "127.0.0.1,localhost",
        "ASAYER_ELASTIC_URL": addresses.elastic_url,
        "ASAYER_ELASTIC_USERNAME": addresses.elastic_username,
        "ASAYER_ELASTIC_PASSWORD": addresses.elastic_password,
        "ASAYER_CONFIG_DIR": str(folder / "config"),
        "ASAYER_STATE_DIR": str(folder / "state"),
        "ASAYER_CACHE_DIR": str(folder / "cache"),
        "ASAYER_SECRET_STORE": "file",
        "ASAYER_SANDBOX": "1",
        "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring",
    }
