"""The exit codes, and which one wins where several hold."""

from __future__ import annotations

from enum import IntEnum, unique
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


@unique
class ExitCode(IntEnum):
    """What the process ends with; documented in the README and kept stable."""

    OK = 0
    CHECK_FAILED = 1
    USAGE = 2
    NOT_CONFIGURED = 3
    ACCESS_REFUSED = 4
    UNREACHABLE = 5
    NOT_THERE = 6
    BUG = 70
    INTERRUPTED = 130


MEANINGS: dict[ExitCode, str] = {
    ExitCode.OK: "done",
    ExitCode.CHECK_FAILED: "a check failed, or the account is in a state that needs a decision of yours",
    ExitCode.USAGE: "wrong usage: an option, an argument or a setting",
    ExitCode.NOT_CONFIGURED: "not configured: settings, credentials or a secret store are missing",
    ExitCode.ACCESS_REFUSED: "credentials rejected, or permission denied",
    ExitCode.UNREACHABLE: "service unreachable, or throttled beyond patience",
    ExitCode.NOT_THERE: "not there before the deadline",
    ExitCode.BUG: "a bug in asayer-cli",
    ExitCode.INTERRUPTED: "interrupted",
}

_PRECEDENCE = (
    ExitCode.INTERRUPTED,
    ExitCode.BUG,
    ExitCode.USAGE,
    ExitCode.NOT_CONFIGURED,
    ExitCode.ACCESS_REFUSED,
    ExitCode.UNREACHABLE,
    ExitCode.CHECK_FAILED,
    ExitCode.NOT_THERE,
    ExitCode.OK,
)


def first_of(codes: Iterable[ExitCode]) -> ExitCode:
    """Return the code that wins where several hold; OK when there is none."""
    return min(codes, key=_PRECEDENCE.index, default=ExitCode.OK)
