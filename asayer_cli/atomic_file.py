"""Change a small file as a whole, one process at a time."""

from __future__ import annotations

import contextlib
import fcntl
import glob
import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextlib.contextmanager
def locked(path: Path) -> Iterator[None]:
    """Make the file's folder, and keep other processes from changing the file while the block lasts; OSError."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with (path.parent / f".{path.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        # left by a process that was killed while it had the lock
        for torn in Path(os.path.realpath(path)).parent.glob(f".{glob.escape(path.name)}.????????"):
            torn.unlink(missing_ok=True)
        yield


def replace(path: Path, text: str, *, mode: int = 0o600) -> None:
    """Write a file of a mode at once: whoever reads sees the old text or the new; a link stays one. OSError."""
    target = Path(os.path.realpath(path))
    descriptor, name = tempfile.mkstemp(dir=target.parent, prefix=f".{path.name}.")
    temporary = Path(name)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            os.fchmod(file.fileno(), mode)
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(target)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
