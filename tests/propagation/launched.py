"""Programs started through the launcher, as users start theirs."""

from __future__ import annotations

import contextlib
import http.client
import os
import socket
import subprocess
import sys
import textwrap
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    Ask = Callable[[str, str | None], int]

LAUNCHER = (sys.executable, "-m", "asayer_cli.propagation")
PATIENCE_SECONDS = 60


def environ(**added: str) -> dict[str, str]:
    return {"PATH": os.environ["PATH"], "HOME": os.environ["HOME"], "PYTHONWARNINGS": "error", **added}


def run(
    *command: str, folder: Path, added: Mapping[str, str] | None = None, code: int = 0
) -> subprocess.CompletedProcess[str]:
    """Run a command to its end, and demand its exit code."""
    ended = subprocess.run(
        command,
        env=environ(**(added or {})),
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
        check=False,
    )
    assert ended.returncode == code, (ended.returncode, ended.stdout, ended.stderr)
    return ended


def script(folder: Path, source: str, name: str = "script.py") -> str:
    """Write a script and return its path."""
    path = folder / name
    path.write_text(textwrap.dedent(source), encoding="utf-8")
    return str(path)


@contextlib.contextmanager
def served(folder: Path, *command: str, options: tuple[str, ...] = ()) -> Iterator[Ask]:
    """Launch a server, of which `{port}` is told the port; its output goes to the file `out`, whole at the end."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    told = [word.format(port=port) for word in command]
    with (folder / "out").open("wb") as out:
        process = subprocess.Popen(
            [*LAUNCHER, *options, "--", *told], cwd=folder, env=environ(), stdout=out, stderr=subprocess.STDOUT
        )
    try:
        _wait(port, process, folder)
        yield lambda path, session_id: _ask(port, path, session_id)
    finally:
        process.terminate()
        process.wait(PATIENCE_SECONDS)


def lines_of(folder: Path, mark: str) -> list[str]:
    """Return the lines of a server's output that have a mark."""
    return [line for line in (folder / "out").read_text(encoding="utf-8").splitlines() if mark in line]


def _wait(port: int, process: subprocess.Popen[bytes], folder: Path) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        with contextlib.suppress(OSError):
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        time.sleep(0.05)
    raise AssertionError((folder / "out").read_text(encoding="utf-8"))


def _ask(port: int, path: str, session_id: str | None) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE_SECONDS)
    try:
        connection.request("GET", path, headers={"X-Session-Id": session_id} if session_id else {})
        answer = connection.getresponse()
        answer.read()
        return answer.status
    except http.client.RemoteDisconnected:
        return 0
    finally:
        connection.close()
