"""The steps of a plan, one by one: written into the journal before and after, and told when one fails."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Final

from asayer_cli.aws.interrupted import CREATE_KEY, DELETE_KEY
from asayer_cli.aws.life import LOCAL, LifeKind
from asayer_cli.errors import AsayerError
from asayer_cli.integrations_remove import FORGET

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from asayer_cli.aws.life import LifeStep
    from asayer_cli.journal import Journal
    from asayer_cli.reporting import Reporter

_ACTIONS: Final = {
    LifeKind.DEACTIVATE_KEY: "iam:UpdateAccessKey",
    LifeKind.DELETE_KEY: DELETE_KEY,
    LifeKind.DETACH_POLICY: "iam:DetachUserPolicy",
    LifeKind.DELETE_POLICY: "iam:DeleteUserPolicy",
    LifeKind.LEAVE_GROUP: "iam:RemoveUserFromGroup",
    LifeKind.DELETE_PASSWORD: "iam:DeleteLoginProfile",
    LifeKind.DELETE_MFA_DEVICE: "iam:DeactivateMFADevice",
    LifeKind.DELETE_CERTIFICATE: "iam:DeleteSigningCertificate",
    LifeKind.DELETE_SSH_KEY: "iam:DeleteSSHPublicKey",
    LifeKind.DELETE_SERVICE_CREDENTIAL: "iam:DeleteServiceSpecificCredential",
    LifeKind.DELETE_USER: "iam:DeleteUser",
    LifeKind.FORGET_SECRET: FORGET,
    LifeKind.FORGET_SETTINGS: FORGET,
}
_KEYS: Final = frozenset({LifeKind.DEACTIVATE_KEY, LifeKind.DELETE_KEY})


class LifeChanges:
    """Makes single changes of one user, and of what this machine has of it."""

    def __init__(self, account: str, user_name: str, profile: str, journal: Journal, reporter: Reporter) -> None:
        self._account = account
        self._user = f"user/{user_name}"
        self._here = f"profile/{profile}/aws"
        self._journal = journal
        self._reporter = reporter
        self._made: list[str] = []

    def make(self, step: LifeStep, change: Callable[[], object]) -> None:
        """Make one change."""
        self._reporter.progress(f"{step.text} ...")
        record = self._journal.begin(*self._place(step))
        try:
            change()
        except AsayerError as error:
            self._journal.failed(record, error.code)
            raise
        self._made.append(step.text)
        self._journal.done(record)
        self._reporter.detail(f"done: {step.text}")

    def _place(self, step: LifeStep) -> tuple[str, str, str]:
        """Return what the journal calls account, action and target of a step."""
        if step.kind in LOCAL:
            return "", _ACTIONS[step.kind], self._here
        part = f"/{step.target}" if step.kind in _KEYS else ""
        return self._account, _ACTIONS[step.kind], f"{self._user}{part}"

    def settle(self) -> None:
        """Write down that nothing is open any more of what runs were cut off at; keys in the making are told apart."""
        self._journal.settle(self._account, self._user, but=CREATE_KEY)
        self._journal.settle("", self._here)

    @contextlib.contextmanager
    def told_on_failure(self) -> Iterator[None]:
        """When anything inside fails, say what is done already and stays."""
        try:
            yield
        except BaseException:
            if self._made:
                self._reporter.warn(f"Done already: {'; '.join(self._made)}. Run the same again to finish.")
            raise
