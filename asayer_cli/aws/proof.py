"""Wait until a key really works, and prove what it may and may not do.

New keys and policies reach AWS's services one after the other, with no documented bound ("eventual consistency" in the
IAM user guide): STS may accept a key that CloudWatch Logs still rejects, and a policy may follow later still.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final, TypeVar

from asayer_cli.aws.errors import translated
from asayer_cli.aws.identity import who_am_i
from asayer_cli.aws.reading import may_write, read_once
from asayer_cli.entries import Window
from asayer_cli.errors import (
    AccessRefusedError,
    CheckFailedError,
    CredentialsRejectedError,
    DeadlineError,
)
from asayer_cli.times import format_duration

if TYPE_CHECKING:
    from collections.abc import Callable

    from asayer_cli.aws.session import AwsSession
    from asayer_cli.reporting import Reporter

T = TypeVar("T")
_FIRST_PAUSE_SECONDS: Final = 0.2
_LONGEST_PAUSE_SECONDS: Final = 2.0


class Patience:
    """How long to wait for AWS; it begins to run out when it is made."""

    def __init__(self, longest: timedelta, reporter: Reporter, late: tuple[type[AccessRefusedError], ...]) -> None:
        """Wait through refusals of the kinds in `late`; others are final."""
        self.longest = longest if late else timedelta(0)
        self._late = late
        self._reporter = reporter
        self._start = time.monotonic()

    def until_accepted(self, what: str, question: Callable[[], T]) -> T:
        """Repeat a question that AWS refuses, with growing pauses; the last refusal is raised when time is over."""
        pause = _FIRST_PAUSE_SECONDS
        while True:
            try:
                return question()
            except self._late as error:
                if not self.waits_for(error) or not self.pause(what, pause):
                    raise
            pause = min(pause * 1.5, _LONGEST_PAUSE_SECONDS)

    def waits_for(self, error: AccessRefusedError) -> bool:
        """Tell whether a refusal is waited through; a wrong secret or clock does not become right with time."""
        return isinstance(error, self._late) and error.code not in ("wrong_secret", "clock_skew")

    def pause(self, what: str, seconds: float) -> bool:
        """Wait a moment and say for what; False when the time is over."""
        waited = time.monotonic() - self._start
        left = self.longest.total_seconds() - waited
        if left <= 0:
            return False
        self._reporter.progress(f"Waiting until {what} ({waited:.0f} s of {format_duration(self.longest)}) ...")
        time.sleep(min(seconds, left))
        return True


class KeyProof:
    """The proof of one key: each method asks AWS with that key alone."""

    def __init__(self, session: AwsSession, user_name: str, group: str, patience: Patience) -> None:
        self._session = session
        self._user_name = user_name
        self._group = group
        self._patience = patience

    def prove(self, *, denials_may_be_late: bool) -> tuple[str, ...]:
        """Return what was seen to hold, in words.

        DeadlineError when a new key is not accepted in time, CredentialsRejectedError when an old one is not,
        PermissionDeniedError when a read stays denied, CheckFailedError when the key is not the user's or may write.
        """
        self._is_the_user()
        self._may_list()
        self._may_read()
        self._may_not_write(denials_may_be_late=denials_may_be_late)
        return (
            f"the key is accepted as user {self._user_name}, by STS and by CloudWatch Logs in {self._session.region}",
            "listing log groups is allowed",
            f"reading {self._group} is allowed",
            "writing log events is denied",
        )

    def _is_the_user(self) -> None:
        identity = self._accepted("STS knows the key", lambda: who_am_i(self._session, self._session.region))
        if identity.arn.rpartition("/")[2].lower() != self._user_name.lower():
            raise CheckFailedError(
                f"The key belongs to {identity.arn}, not to the user {self._user_name}.", code="wrong_user"
            )

    def _may_list(self) -> None:
        self._accepted("CloudWatch Logs knows the key", self._list)

    def _may_read(self) -> None:
        self._accepted(f"{self._group} may be read", self._read)

    def _accepted(self, what: str, question: Callable[[], T]) -> T:
        try:
            return self._patience.until_accepted(what, question)
        except CredentialsRejectedError as error:
            if not self._patience.waits_for(error):
                raise
            raise DeadlineError(
                f"AWS did not accept the new key within {format_duration(self._patience.longest)}: {error.message}",
                hint="AWS is slow to spread new keys at times: run it again, with more patience: --wait-for-key 5m.",
                code="key_not_accepted",
            ) from error

    def _list(self) -> None:
        with translated("logs:DescribeLogGroups", region=self._session.region):
            self._session.client("logs", self._session.region).describe_log_groups(limit=1)

    def _read(self) -> None:
        now = datetime.now(UTC)
        read_once(self._session, self._group, Window(now - timedelta(minutes=1), now))

    def _may_write(self) -> bool:
        return may_write(self._session) or may_write(self._session, self._group)

    def _may_not_write(self, *, denials_may_be_late: bool) -> None:
        while self._accepted("writing is denied", self._may_write):
            if not (denials_may_be_late and self._patience.pause("writing is denied", _LONGEST_PAUSE_SECONDS)):
                raise CheckFailedError(
                    f"The key of {self._user_name} may write log events, and the collector needs to read only.",
                    hint="Take from the user what lets it write; AWS shows its policies and groups: "
                    f"aws iam list-attached-user-policies --user-name {self._user_name}, and list-user-policies, "
                    "list-groups-for-user. Or make another user: --user-name.",
                    code="may_write",
                )
