"""Run programs in a real terminal of their own."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import pexpect

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

PATIENCE_SECONDS = 30


def start(
    *arguments: str, environ: Mapping[str, str], columns: int = 80, program: Sequence[str] = ("-m", "asayer_cli")
) -> Any:
    """Start `asayer-cli`, or another Python program, in a terminal; the caller waits for its end."""
    return pexpect.spawn(
        sys.executable,
        [*program, *arguments],
        env=dict(environ),
        dimensions=(24, columns),
        encoding="utf-8",
        timeout=PATIENCE_SECONDS,
        echo=False,
    )


def finish(child: Any) -> tuple[int, str]:
    """Wait for the end and return the exit code (minus the signal's number), and what was printed since then."""
    child.expect(pexpect.EOF)
    child.close()
    code = child.exitstatus if child.signalstatus is None else -child.signalstatus
    return code, child.before.replace("\r\n", "\n")


def screen(
    *arguments: str, environ: Mapping[str, str], columns: int = 80, program: Sequence[str] = ("-m", "asayer_cli")
) -> tuple[int, str]:
    """Run it to its end and return the exit code and all that was printed."""
    return finish(start(*arguments, environ=environ, columns=columns, program=program))
