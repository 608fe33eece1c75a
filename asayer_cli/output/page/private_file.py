"""Write a file piece by piece that only its owner can read, and that is there as a whole or not at all."""

from __future__ import annotations

import contextlib
import os
import tempfile
from pathlib import Path
from typing import IO, TYPE_CHECKING

from asayer_cli.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextlib.contextmanager
def private_file(path: Path) -> Iterator[IO[str]]:
    """Open a file of mode 0600 that takes the place of `path` when the block ends well; UsageError when it cannot be.

    A link stays one; a device or pipe, such as /dev/stdout, is written as it is. When the block fails, what was there
    stays.
    """
    target = Path(os.path.realpath(path))
    try:
        with _in_place(target) if target.exists() and not target.is_file() else _replacing(target) as file:
            yield file
    except OSError as error:
        raise UsageError(
            f"The page {path} cannot be written: {error.strerror or error}.",
            hint="Name a file in a folder that exists, that you may write to and that has room.",
            code="report_unwritable",
        ) from error


@contextlib.contextmanager
def _in_place(target: Path) -> Iterator[IO[str]]:
    with target.open("w", encoding="utf-8", newline="\n") as file:
        yield file


@contextlib.contextmanager
def _replacing(target: Path) -> Iterator[IO[str]]:
    descriptor, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name[:200]}.")  # of mode 0600
    temporary = Path(name)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="\n") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(target)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
