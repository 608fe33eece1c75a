"""What the user or the world did wrong; built-in exceptions mean a bug of ours.

AsayerError
├── UsageError             2    an option, an argument or a setting is wrong
├── NotConfiguredError     3    settings, credentials or a secret store are missing
├── AccessRefusedError     4
│   ├── CredentialsRejectedError
│   └── PermissionDeniedError
├── UnreachableError       5    no connection, or throttled beyond patience
│   └── OutcomeUnknownError     the connection broke while something was being made
├── RefusedError           1    the state found needs a decision of the user's
├── CheckFailedError       1    something that was to be proved does not hold
└── DeadlineError          6    not there before the deadline
"""

from __future__ import annotations

from typing import ClassVar

from asayer_cli.exit_codes import ExitCode


class AsayerError(Exception):
    """One thing that went wrong: `message` what and why, `hint` what to do next, `code` a stable name for programs."""

    exit_code: ClassVar[ExitCode] = ExitCode.CHECK_FAILED
    default_code: ClassVar[str] = "error"

    def __init__(self, message: str, *, hint: str = "", code: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.code = code or self.default_code


class UsageError(AsayerError):
    """An option, an argument or a setting is wrong."""

    exit_code = ExitCode.USAGE
    default_code = "usage"


class NotConfiguredError(AsayerError):
    """Settings, credentials or a secret store are missing."""

    exit_code = ExitCode.NOT_CONFIGURED
    default_code = "not_configured"


class AccessRefusedError(AsayerError):
    """The service knows who asks and says no, or does not accept who asks."""

    exit_code = ExitCode.ACCESS_REFUSED
    default_code = "access_refused"


class CredentialsRejectedError(AccessRefusedError):
    """The service does not accept the credentials: wrong, expired, deleted, or not known yet."""

    default_code = "credentials_rejected"


class PermissionDeniedError(AccessRefusedError):
    """The credentials are fine and lack a right; `action` is its name where the service tells."""

    default_code = "permission_denied"

    def __init__(self, message: str, *, hint: str = "", code: str = "", action: str = "") -> None:
        super().__init__(message, hint=hint, code=code)
        self.action = action


class UnreachableError(AsayerError):
    """No connection, no answer in time, or throttled beyond patience."""

    exit_code = ExitCode.UNREACHABLE
    default_code = "unreachable"


class OutcomeUnknownError(UnreachableError):
    """The connection broke while something was being made: it may exist."""

    default_code = "outcome_unknown"


class RefusedError(AsayerError):
    """The state found needs a decision of the user's; nothing was changed."""

    default_code = "refused"


class CheckFailedError(AsayerError):
    """Something that was to be proved does not hold."""

    default_code = "check_failed"


class DeadlineError(AsayerError):
    """Not there before the deadline."""

    exit_code = ExitCode.NOT_THERE
    default_code = "not_there"
