"""Start and end the search server behind the local Elasticsearch: the binary that the noida-db package carries."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from dataclasses import dataclass, field
from http import HTTPStatus
from importlib.resources import files
from pathlib import Path
from typing import Final

import urllib3

READY_SECONDS: Final = 15.0
STOP_SECONDS: Final = 5.0
LOG_NAME: Final = "noida-db.log"
_POLL_SECONDS: Final = 0.05
_TAIL_CHARACTERS: Final = 2000
_ADDRESS: Final = re.compile(r"^\s*elasticsearch\s+(http://127\.0\.0\.1:\d+)\s*$", re.MULTILINE)
# PR_SET_PDEATHSIG (1) with SIGTERM (15); the parent may have gone before.
_TIE: Final = """\
import ctypes, os, sys
ctypes.CDLL(None).prctl(1, 15, 0, 0, 0)
if os.getppid() == int(sys.argv[1]):
    os.execv(sys.argv[2], sys.argv[2:])
"""


class NoidaError(Exception):
    """The search server cannot run; the message says why, with the end of its log."""


@dataclass(frozen=True, slots=True)
class Noida:
    """A running search server: ``url`` such as ``http://127.0.0.1:39191``."""

    url: str
    process: subprocess.Popen[bytes] = field(repr=False)

    def stop(self) -> None:
        """End the server: asked first, killed after 5 s. Doing it twice is fine."""
        _end(self.process)


def start(data_dir: Path) -> Noida:
    """Start a server of its own, with its data and its log in `data_dir`; returns once it answers.

    On Linux the server ends with the thread that called this, so call it from a thread that lives as long as the
    process (the main one). Raises `NoidaError` when noida-db is missing, ends early or is not ready within 15 s.
    """
    data_dir.mkdir(parents=True, exist_ok=True)
    log = data_dir / LOG_NAME
    process = _launch(data_dir, log)
    try:
        return Noida(_wait_until_ready(process, log), process)
    except BaseException:
        _end(process)
        raise


def _launch(data_dir: Path, log: Path) -> subprocess.Popen[bytes]:
    # Port 0 lets the server take a free one: choosing it here would leave a gap in which another process takes it.
    options = ["--only", "elasticsearch", "--elasticsearch-port", "0", "--host", "127.0.0.1", "--data-dir"]
    command = [*_tied_to_this_process(), str(_binary()), "start", *options, str(data_dir)]
    with log.open("wb") as output:
        try:
            return subprocess.Popen(  # noqa: S603 - our own arguments, and the binary of an installed package
                command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT
            )
        except OSError as error:
            raise NoidaError(f"noida-db does not start on this machine: {error}") from error


def _tied_to_this_process() -> list[str]:
    """Return the start of a command that ends with this process, where Linux is there to see to it.

    A small Python becomes the server: the same call in `preexec_fn` could deadlock, since this process has threads.
    """
    if not sys.platform.startswith("linux"):
        return []
    return [sys.executable, "-I", "-S", "-c", _TIE, str(os.getpid())]


def _binary() -> Path:
    try:
        folder = files("noida_db")
    except ModuleNotFoundError as error:
        raise NoidaError("noida-db is not installed. Install asayer-cli with its extra `sandbox`.") from error
    binary = Path(str(folder.joinpath("noida-db.exe" if os.name == "nt" else "noida-db")))
    if not binary.is_file():
        raise NoidaError(f"noida-db has no server for this platform: {binary} is missing")
    if not os.access(binary, os.X_OK):
        binary.chmod(0o755)
    return binary


def _wait_until_ready(process: subprocess.Popen[bytes], log: Path) -> str:
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise NoidaError(f"noida-db ended at once with exit code {process.returncode}{_tail(log)}")
        url = _address(log)
        if url and _answers(url):
            return url
        time.sleep(_POLL_SECONDS)
    raise NoidaError(f"noida-db was not ready within {READY_SECONDS:.0f} s{_tail(log)}")


def _address(log: Path) -> str | None:
    match = _ADDRESS.search(log.read_text(encoding="utf-8", errors="replace"))
    return match[1] if match else None


def _answers(url: str) -> bool:
    try:
        with urllib3.PoolManager(retries=False, timeout=1.0) as pool:
            return pool.request("GET", url).status == HTTPStatus.OK
    except urllib3.exceptions.HTTPError:
        return False


def _tail(log: Path) -> str:
    text = log.read_text(encoding="utf-8", errors="replace").strip()[-_TAIL_CHARACTERS:]
    return f"; its log ends with:\n{text}" if text else "; its log is empty"


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is not None:
        return
    process.terminate()
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
