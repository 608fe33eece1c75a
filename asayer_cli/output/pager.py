"""Long text goes through the reader's pager, as git's does: only on a terminal, and streaming into it."""

from __future__ import annotations

import contextlib
import os
import shlex
import shutil
import signal
import subprocess
import sys
from io import TextIOWrapper
from typing import IO, TYPE_CHECKING, Final, cast

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

DEFAULT: Final = "less"
# quit where it fits the screen, keep colours, leave the text on the screen
_LESS: Final = "FRX"
_NONE: Final = frozenset({"", "cat"})
# they may be secrets, and a pager can start other programs
_NOT_FOR_PAGERS: Final = ("ASAYER_", "AWS_")
_DUMB: Final = frozenset({"", "dumb", "unknown"})


def pager_command(environ: Mapping[str, str]) -> str:
    """Return the pager's command line for this environment and terminal, empty where there is to be none."""
    if not sys.stdout.isatty() or environ.get("TERM", "") in _DUMB:
        return ""
    chosen = next((environ[name] for name in ("ASAYER_PAGER", "PAGER") if name in environ), DEFAULT).strip()
    return "" if chosen in _NONE or not _is_there(chosen, environ) else chosen


def _is_there(command: str, environ: Mapping[str, str]) -> bool:
    """Tell whether the program is installed; what only a shell can read is left to it."""
    try:
        program = shlex.split(command)[0]
    except (ValueError, IndexError):
        return False
    return "=" in program or "$" in program or shutil.which(program, path=environ.get("PATH")) is not None


class Pager:
    """A pager that runs; `file` is what it shows."""

    def __init__(self, command: str, environ: Mapping[str, str]) -> None:
        inherited = {name: value for name, value in environ.items() if not name.startswith(_NOT_FOR_PAGERS)}
        self._process = subprocess.Popen(  # noqa: S602 - the user's own command line, as every program takes PAGER
            command, shell=True, stdin=subprocess.PIPE, env={"LESS": _LESS, "LV": "-c", **inherited}
        )
        encoding = sys.stdout.encoding or "utf-8"
        pipe = cast("IO[bytes]", self._process.stdin)
        self.file = TextIOWrapper(pipe, encoding=encoding, errors="backslashreplace", write_through=False)

    def wait(self) -> None:
        """End what it is shown, and wait until the reader has left it."""
        with contextlib.suppress(BrokenPipeError):
            self.file.close()
        while self._process.poll() is None:
            with contextlib.suppress(KeyboardInterrupt):  # it is the pager's own key
                self._process.wait()


@contextlib.contextmanager
def interrupts_for_pager(stop: Callable[[], None]) -> Iterator[None]:
    """Let Ctrl-C, which the terminal sends to the pager as well, end the reading and not the program."""
    former = signal.signal(signal.SIGINT, lambda _number, _frame: stop())
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, former)


def forget(file: IO[str]) -> None:
    """Give up on what was not written: nobody reads any more."""
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), file.fileno())
