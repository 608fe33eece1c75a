"""Run `asayer-cli` in a process of its own that need not import everything anew: a fork of one that has.

Starting Python and importing the SDKs is most of what a short command costs. What depends on how Python itself is
started is run the ordinary way.
"""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import select
import signal
import socket
import subprocess
import sys
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

import asayer_cli
from asayer_cli.sandbox.supervisor import cleaned

if TYPE_CHECKING:
    from collections.abc import Mapping

# what Python reads when it starts
_BUFFERING: Final = frozenset({"PYTHONUNBUFFERED", "PYTHONIOENCODING", "PYTHONUTF8"})
_INHERITED: Final = ("LC_ALL", "LC_CTYPE", "LANG", "PYTHONPATH")
_MAIN: Final = Path(asayer_cli.__file__).with_name("__main__.py")
_ROOT: Final = Path(__file__).resolve().parent.parent


def can_run(environ: Mapping[str, str]) -> bool:
    """Tell whether a fork is the same as a new process: Python is to be started as the forking one was."""
    same = all(environ.get(name) == os.environ.get(name) for name in _INHERITED)
    return same and environ.get("PYTHONWARNINGS") == "error" and not _BUFFERING & environ.keys()


@dataclass(frozen=True)
class Process:
    """A run that has begun; `pid` is its own."""

    pid: int
    _end: int
    _out: Future[bytes]
    _err: Future[bytes]
    _pool: ThreadPoolExecutor

    def finish(self, seconds: float) -> tuple[int, str, str]:
        """Wait for the end and return the exit code (minus a signal's number), standard output and error.

        TimeoutExpired when it takes longer; it is killed then.
        """
        overdue = not select.select([self._end], [], [], seconds)[0]
        if overdue:
            self.send(signal.SIGKILL)
        with os.fdopen(self._end) as end:
            status = int(end.readline())
        with self._pool:
            out, err = (future.result().decode() for future in (self._out, self._err))
        if overdue:
            raise subprocess.TimeoutExpired("asayer-cli", seconds, out, err)
        return os.waitstatus_to_exitcode(status), out, err

    def send(self, number: int) -> None:
        """Send it a signal; no matter if it has ended."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, number)


def start(*arguments: str, environ: Mapping[str, str], stdin: str = "", folder: Path | None = None) -> Process:
    """Begin a run of `asayer-cli` with its streams in pipes."""
    request = {
        "program": str(_MAIN),
        "arguments": arguments,
        "environ": dict(environ),
        "folder": str(folder or Path.cwd()),
    }
    (stdin_end, to_stdin), (from_out, out), (from_err, err), (end, end_of_run) = (os.pipe() for _ in range(4))
    theirs = [stdin_end, out, err, end_of_run]
    socket.send_fds(_server(), [json.dumps(request).encode()], theirs)
    for descriptor in theirs:
        os.close(descriptor)
    pool = ThreadPoolExecutor(3)
    pool.submit(_write, to_stdin, stdin.encode())
    return Process(_pid(end), end, pool.submit(_read, from_out), pool.submit(_read, from_err), pool)


def _pid(end: int) -> int:
    digits = b""
    while not digits.endswith(b"\n"):  # byte by byte, for the status may be there already
        digit = os.read(end, 1)
        if not digit:
            raise RuntimeError("the forking process has ended: what it said is above")
        digits += digit
    return int(digits)


def _read(descriptor: int) -> bytes:
    with os.fdopen(descriptor, "rb") as stream:
        return stream.read()


def _write(descriptor: int, data: bytes) -> None:
    with contextlib.suppress(BrokenPipeError), os.fdopen(descriptor, "wb") as stream:
        stream.write(data)


@cache
def _server() -> socket.socket:
    """Return the way to the forking process, which ends when this one does."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    environ = {name: value for name, value in cleaned(os.environ).items() if name not in _BUFFERING}
    with theirs:
        command = [sys.executable, "-m", "tests.warm_server"]
        server = subprocess.Popen(command, stdin=theirs.fileno(), cwd=_ROOT, env=environ)
    atexit.register(_end_server, server, ours)
    return ours


def _end_server(server: subprocess.Popen[bytes], ours: socket.socket) -> None:
    ours.close()
    server.wait()
