"""Programs of the tests' own: started on free ports of this computer, ended by their own ids."""

from __future__ import annotations

import contextlib
import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from asayer_cli.sandbox.supervisor import cleaned

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

ROOT: Final = Path(__file__).parents[2]
APPS: Final = Path(__file__).with_name("apps")
READY_WITHIN_S: Final = 60.0
ENDS_WITHIN_S: Final = 30.0
LAUNCHER: Final = ("{python}", "-m", "asayer_cli.propagation", "--")
_OK: Final = 200
_PROXIES: Final = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")


class NeverReadyError(Exception):
    """A program that was started does not answer; the message has its output."""


@dataclass(frozen=True, slots=True)
class Started:
    """A running program: its port, its process, the files that have its standard output and error."""

    port: int
    process: subprocess.Popen[bytes]
    output: Path

    def url(self, path: str) -> str:
        """Return the address of a path."""
        return f"http://127.0.0.1:{self.port}{path}"

    def lines(self) -> list[str]:
        """Return what it has put out so far."""
        return [line for path in outputs(self.output) for line in lines_of(path)]


def outputs(output: Path) -> tuple[Path, Path]:
    """Return the files of standard output and error, two as a container's two pipes are."""
    return output, output.with_suffix(".err")


def lines_of(path: Path) -> list[str]:
    """Return the whole lines of a file."""
    return path.read_text(errors="surrogateescape").split("\n")[:-1]


def free_port() -> int:
    """Return a port of this computer that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def environ(**more: str) -> dict[str, str]:
    """Return the environment of a program in a container: unbuffered output, no proxies, nothing configured."""
    kept = {name: value for name, value in cleaned(os.environ).items() if name.lower() not in _PROXIES}
    return {**kept, "PYTHONUNBUFFERED": "1", "PYTHONPATH": str(ROOT), **more}


def filled(command: Sequence[str], **values: object) -> list[str]:
    """Return the command with the Python of this environment, its programs, and these values."""
    programs = Path(sys.executable).parent
    words = [word.format(python=sys.executable, **values) for word in command]
    return [str(programs / word) if word in {"gunicorn", "uvicorn", "celery"} else word for word in words]


@contextmanager
def started(
    command: Sequence[str],
    output: Path,
    *,
    port: int = 0,
    ready: Callable[[Started], bool] | None = None,
    env: Mapping[str, str] | None = None,
    folder: Path = APPS,
) -> Iterator[Started]:
    """Run a program while the block lasts, its output in files that each write is appended to whole.

    Standard output goes to `output`, standard error to the file beside it that ends in `.err`.
    It is ended by SIGTERM, with all that it has started.
    """
    out, err = outputs(output)
    with out.open("ab") as out_sink, err.open("ab") as err_sink:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=out_sink,
            stderr=err_sink,
            cwd=folder,
            env={**environ(), **(env or {})},
            start_new_session=True,
        )
    program = Started(port, process, output)
    try:
        _wait_until_ready(program, ready or (answers if port else lambda _: True))
        yield program
    finally:
        _end(process)


def _wait_until_ready(program: Started, ready: Callable[[Started], bool]) -> None:
    deadline = time.monotonic() + READY_WITHIN_S
    while not ready(program):
        if program.process.poll() is not None or time.monotonic() > deadline:
            raise NeverReadyError("\n".join(program.lines()[-40:]))
        time.sleep(0.05)


def answers(program: Started) -> bool:
    """Tell whether the application answers at all."""
    try:
        with contextlib.closing(http.client.HTTPConnection("127.0.0.1", program.port, timeout=5)) as connection:
            connection.request("GET", "/ready")
            return connection.getresponse().status == _OK
    except (OSError, http.client.HTTPException):
        return False


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(ENDS_WITHIN_S)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def wait_until_quiet(folder: Path, quiet_s: float = 0.4, within_s: float = 60.0) -> None:
    """Wait until nothing more is put out to the files of a folder: tasks go on after their requests."""
    deadline = time.monotonic() + within_s
    size, since = -1, time.monotonic()
    while time.monotonic() - since < quiet_s and time.monotonic() < deadline:
        if (now := sum(path.stat().st_size for path in outputs_in(folder))) != size:
            size, since = now, time.monotonic()
        time.sleep(0.05)


def outputs_in(folder: Path) -> list[Path]:
    """Return all files of outputs in a folder."""
    return sorted([*folder.glob("*.out"), *folder.glob("*.err")])


@contextmanager
def redis(folder: Path) -> Iterator[str]:
    """Run a Redis without persistence in a folder of its own and yield its URL."""
    port = free_port()
    options = ("--bind", "127.0.0.1", "--port", str(port), "--dir", str(folder), "--save", "", "--appendonly", "no")
    with started(("redis-server", *options), folder / "redis.out", port=port, ready=listens):
        yield f"redis://127.0.0.1:{port}"


def listens(program: Started) -> bool:
    """Tell whether the program takes connections."""
    try:
        with socket.create_connection(("127.0.0.1", program.port), timeout=1):
            return True
    except OSError:
        return False
