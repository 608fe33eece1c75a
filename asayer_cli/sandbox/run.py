"""Run a command in a sandbox of its own."""

from __future__ import annotations

import signal
import subprocess
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

from asayer_cli.sandbox.supervisor import environment, sandbox

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from types import FrameType

NOT_EXECUTABLE: Final = 126
NOT_FOUND: Final = 127
_KILLED: Final = 128


@contextmanager
def sandbox_environment(inherited: Mapping[str, str], *, samples: bool = True) -> Iterator[dict[str, str]]:
    """Give the environment of a sandbox that lasts as long as the block, with a folder of its own for settings."""
    with sandbox(samples=samples) as addresses, tempfile.TemporaryDirectory(prefix="asayer-sandbox-") as folder:
        yield environment(addresses, Path(folder), inherited)


def run_command(command: Sequence[str], environ: Mapping[str, str]) -> int:
    """Run a command and return its exit code as a shell would: 126, 127, 128 + signal.

    Interrupts are the command's to handle: the terminal sends them to it too. SIGTERM and SIGHUP are passed on.
    """
    try:
        process = subprocess.Popen(command, env=dict(environ))  # noqa: S603 - running what the user asks is the purpose
    except FileNotFoundError:
        return NOT_FOUND
    except OSError:
        return NOT_EXECUTABLE
    with _passing_signals_to(process):
        code = process.wait()
    return code if code >= 0 else _KILLED - code


def _passed_on() -> list[signal.Signals]:
    """Return the signals to pass on; a hang-up that nohup lets both ignore is none."""
    ignored = signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    return [signal.SIGTERM] if ignored else [signal.SIGTERM, signal.SIGHUP]


@contextmanager
def _passing_signals_to(process: subprocess.Popen[bytes]) -> Iterator[None]:
    def forward(number: int, _frame: FrameType | None) -> None:
        process.send_signal(number)

    before = {number: signal.signal(number, forward) for number in _passed_on()}
    before[signal.SIGINT] = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
