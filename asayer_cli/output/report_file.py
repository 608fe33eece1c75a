"""Write reports that only their owner can read."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

from asayer_cli.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path


def write_report(path: Path, text: str) -> None:
    """Write a report with mode 0600, replacing what was there; UsageError when that cannot be done.

    What was there stays when the file cannot be made private.
    """
    _write(path, text, 0)


def append_summary(path: Path, text: str) -> None:
    """Append a job summary to the file that the CI system names."""
    _write(path, text, os.O_APPEND)


def _write(path: Path, text: str, how: int) -> None:
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC | how, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8", errors="backslashreplace") as file:
            if how != os.O_APPEND and stat.S_ISREG(os.fstat(descriptor).st_mode):
                _make_private(descriptor)
                os.ftruncate(descriptor, 0)
            file.write(text if text.endswith("\n") else text + "\n")
    except OSError as error:
        raise UsageError(
            f"The report {path} cannot be written: {error.strerror}.",
            hint="Name a file in a folder that exists and that you may write to.",
            code="report_unwritable",
        ) from error


def _make_private(descriptor: int) -> None:
    """Close a file to others; PermissionError when it is another user's and open to others."""
    try:
        os.fchmod(descriptor, 0o600)
    except PermissionError:
        if os.fstat(descriptor).st_mode & 0o077:
            raise
