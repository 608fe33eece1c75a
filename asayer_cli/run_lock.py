"""One run at a time changes the keys of a profile's integration on this machine."""

from __future__ import annotations

import contextlib
import fcntl
import os
import time
from typing import TYPE_CHECKING, Final

from asayer_cli.errors import NotConfiguredError, RefusedError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from asayer_cli.reporting import Reporter

PATIENCE_SECONDS: Final = 60.0
_PAUSE_SECONDS: Final = 0.1


@contextlib.contextmanager
def exclusive(path: Path, what: str, reporter: Reporter, patience: float = PATIENCE_SECONDS) -> Iterator[None]:
    """Hold the lock of `what` while the block lasts; it ends with the process, however that ends.

    RefusedError when another run holds it for longer than `patience` seconds; NotConfiguredError when the lock's file
    cannot be made.
    """
    with _opened(path) as descriptor:
        _wait(descriptor, path, what, reporter, patience)
        with contextlib.suppress(OSError):  # a full disk: the id is for the message to others alone
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, str(os.getpid()).encode(), 0)
        yield


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[int]:
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise _unusable(path, error) from error
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _unusable(path: Path, error: OSError) -> NotConfiguredError:
    return NotConfiguredError(
        f"The lock {path} cannot be made: {error.strerror}.",
        hint="Runs that change keys wait for each other: make its folder writable or set ASAYER_STATE_DIR.",
        code="lock_unwritable",
    )


def _wait(descriptor: int, path: Path, what: str, reporter: Reporter, patience: float) -> None:
    end = time.monotonic() + patience
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            other = os.pread(descriptor, 20, 0).decode(errors="replace") or "unknown"
            if time.monotonic() > end:
                raise RefusedError(
                    f"Another asayer-cli (process {other}) is changing {what} at this moment.",
                    hint="Wait until it has ended, or end it (it may be waiting for an answer); then run this again.",
                    code="busy",
                ) from None
            reporter.progress(f"Waiting for another asayer-cli (process {other}), which is changing {what} ...")
            time.sleep(_PAUSE_SECONDS)
        except OSError as error:  # network file systems may have no locks
            raise _unusable(path, error) from error
        else:
            return
