"""Write a file piece by piece that only its owner can read, and that is there as a whole or not at all."""

from __future__ import annotations

import contextlib
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING

from asayer_cli.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(frozen=True, slots=True)
class PrivateFile:
    """A file that is being written: `path` as the user named it, `temporary` what takes its place in the end."""

    path: Path
    file: IO[str]
    temporary: Path | None

    def write(self, text: str) -> int:
        """Write text and return its length; UsageError when the disk does not take it."""
        with _explained(self.path):
            return self.file.write(text)


@contextlib.contextmanager
def private_file(path: Path) -> Iterator[PrivateFile]:
    """Open a file of mode 0600 that takes the place of `path` when the block ends well; UsageError when it cannot be.

    A link stays one; a device or pipe, such as /dev/stdout, is written as it is. When the block fails, what was there
    stays, and the block's error is passed on as it is.
    """
    target = Path(os.path.realpath(path))
    with _explained(path):
        opened = _opened(path, target)
    try:
        yield opened
        with _explained(path):
            _finish(opened, target)
    finally:
        with contextlib.suppress(OSError):  # the rest that a full disk did not take
            opened.file.close()
        if opened.temporary:
            opened.temporary.unlink(missing_ok=True)


def _opened(path: Path, target: Path) -> PrivateFile:
    if path.exists() and not path.is_file():  # where /dev/stdout leads to a pipe, its target has no name
        return PrivateFile(path, path.open("w", encoding="utf-8", newline="\n"), None)
    descriptor, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name[:200]}.")  # of mode 0600
    return PrivateFile(path, os.fdopen(descriptor, "w", encoding="utf-8", newline="\n"), Path(name))


def _finish(opened: PrivateFile, target: Path) -> None:
    opened.file.flush()
    if opened.temporary:
        os.fsync(opened.file.fileno())
        opened.temporary.replace(target)


@contextlib.contextmanager
def _explained(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise UsageError(
            f"The page {path} cannot be written: {error.strerror or error}.",
            hint="Name a file in a folder that exists, that you may write to and that has room.",
            code="report_unwritable",
        ) from error
