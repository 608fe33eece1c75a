"""One run at a time changes a profile's keys: who waits, who is told, and what a disk or file system may lack."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from asayer_cli.errors import NotConfiguredError, RefusedError
from asayer_cli.reporting import Silent
from asayer_cli.run_lock import exclusive

if TYPE_CHECKING:
    from pathlib import Path


class Told(Silent):
    """Remembers what is waited for."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def progress(self, text: str) -> None:
        self.lines.append(text)


def take(path: Path, told: Told, patience: float = 0) -> None:
    with exclusive(path, "the key", told, patience):
        pass


def test_the_other_run_is_named_and_waited_for(tmp_path: Path) -> None:
    told, path = Told(), tmp_path / "state" / "aws.lock"
    with exclusive(path, "the key", told), pytest.raises(RefusedError, match="is changing the key") as refused:
        take(path, told, 0.2)
    assert refused.value.code == "busy"
    assert told.lines
    take(path, told)


def test_a_full_disk_locks_all_the_same(tmp_path: Path) -> None:
    """The process id is for the message alone; what must be written down is refused by the journal."""
    program = (
        "import resource, sys; from pathlib import Path; from asayer_cli.run_lock import exclusive\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))\n"
        "with exclusive(Path(sys.argv[1]), 'the key', None): print('locked')"
    )
    run = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path / "aws.lock")], capture_output=True, text=True, check=False
    )
    assert (run.stdout, run.stderr) == ("locked\n", "")


def test_a_file_that_cannot_be_locked_is_told(tmp_path: Path) -> None:
    (tmp_path / "aws.lock").mkdir()
    with pytest.raises(NotConfiguredError, match="Is a directory") as refused:
        take(tmp_path / "aws.lock", Told())
    assert refused.value.code == "lock_unwritable"
