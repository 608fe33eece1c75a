"""The programs that reading is measured against, `awslogs` and `aws`, in an environment of their own.

Installed once from `requirements/peers.txt`, pinned and with hashes, into the user's cache folder.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path
from typing import TYPE_CHECKING, Final

import platformdirs

import asayer_cli
from tests.benchmarks.measure import Program

if TYPE_CHECKING:
    from collections.abc import Mapping

REQUIREMENTS: Final = Path(asayer_cli.__file__).parents[1] / "requirements" / "peers.txt"
PATIENCE_SECONDS: Final = 300


def installed() -> Path:
    """Return the folder of the peers' programs, after installing them unless that was done before."""
    digest = hashlib.sha256(REQUIREMENTS.read_bytes() + sys.version.encode()).hexdigest()
    cache = platformdirs.user_cache_path("asayer-cli-benchmarks", appauthor=False)
    folder = cache / f"peers-{digest[:16]}"
    cache.mkdir(parents=True, exist_ok=True)
    with (cache / "peers.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "complete").exists():
            shutil.rmtree(folder, ignore_errors=True)
            _install(folder)
    return folder / "bin"


def searches(group: str, pattern: str, since_ms: int, environ: Mapping[str, str]) -> list[Program]:
    """Return what searches a group with each of them, from the moment on that its 24 hours of events began.

    `awslogs` counts back from now, which is later: it gets an hour more, which holds nothing.
    """
    programs = installed()
    awslogs = [str(programs / "awslogs"), "get", group, "--start", "25h", "--filter-pattern", pattern]
    aws = [str(programs / "aws"), "logs", "filter-log-events", "--log-group-name", group]
    aws += ["--start-time", str(since_ms), "--filter-pattern", pattern]
    return [Program("awslogs", awslogs, environ), Program("aws", aws, environ)]


def _install(folder: Path) -> None:
    venv.create(folder, with_pip=True, symlinks=True)
    python = str(folder / "bin" / "python")
    command = [python, "-m", "pip", "install", "--quiet", "--require-hashes", "-r", str(REQUIREMENTS)]
    ended = subprocess.run(
        command, env=dict(os.environ), capture_output=True, text=True, timeout=PATIENCE_SECONDS, check=False
    )
    if ended.returncode:
        raise RuntimeError(f"the peers cannot be installed: {ended.stdout}{ended.stderr}")
    (folder / "complete").touch()
