"""Do something slow in a process of its own, which has no terminal and ends in time."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import time
from typing import TYPE_CHECKING, Final, NoReturn

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

_END: Final = b"\0"
_CHUNK: Final = 65536


def gathered(texts: Callable[[], Iterable[str]], seconds: float) -> tuple[list[str], bool]:
    """Return the texts that came within `seconds`, and whether these are all; an error in it ends it silently.

    The process can ask nobody anything and print nothing; it and what it started are killed when the time is over.
    Texts with newlines or NUL are left out. To be called while there is one thread.
    """
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        _tell(texts, writing)
    os.close(writing)
    try:
        said = _read(reading, time.monotonic() + seconds)
    finally:
        os.close(reading)
        _end(child)
    lines = said.split(b"\n")
    return [line.decode(errors="replace") for line in lines[:-1]], lines[-1] == _END


def _tell(texts: Callable[[], Iterable[str]], writing: int) -> NoReturn:
    """Be the child: an own session, so that nothing below can open the terminal and ask for a password."""
    code = 1
    try:
        os.setsid()
        nothing = os.open(os.devnull, os.O_RDWR)
        for descriptor in (0, 1, 2):
            os.dup2(nothing, descriptor)
        with os.fdopen(writing, "wb", buffering=0) as pipe:
            for text in texts():
                if "\n" not in text and "\0" not in text:
                    pipe.write(text.encode(errors="replace") + b"\n")
            pipe.write(_END)
        code = 0
    finally:
        os._exit(code)


def _read(reading: int, deadline: float) -> bytes:
    said = b""
    while (left := deadline - time.monotonic()) > 0 and select.select([reading], [], [], left)[0]:
        chunk = os.read(reading, _CHUNK)
        if not chunk:
            break
        said += chunk
    return said


def _end(child: int) -> None:
    for end in (os.killpg, os.kill):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            end(child, signal.SIGKILL)
    os.waitpid(child, 0)
