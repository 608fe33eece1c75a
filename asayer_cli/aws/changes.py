"""The changes of a plan, one by one: written into the journal before and after, and told when one fails."""

from __future__ import annotations

import contextlib
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeVar

from asayer_cli.aws.interrupted import DELETE_KEY
from asayer_cli.aws.model import Step, StepKind
from asayer_cli.errors import AsayerError, RefusedError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from asayer_cli.aws.access import UserAccess
    from asayer_cli.aws.known_secrets import KnownSecrets
    from asayer_cli.aws.setup_plan import Wishes
    from asayer_cli.journal import Journal
    from asayer_cli.reporting import Reporter

T = TypeVar("T")
_SETTLES_WITHIN_SECONDS: Final = 60.0
_PAUSE_SECONDS: Final = 0.5
_ACTIONS: Final = {
    StepKind.CREATE_USER: "iam:CreateUser",
    StepKind.ADOPT_USER: "iam:TagUser",
    StepKind.PUT_BOUNDARY: "iam:PutUserPermissionsBoundary",
    StepKind.ATTACH_POLICY: "iam:AttachUserPolicy",
    StepKind.PUT_GROUP_POLICY: "iam:PutUserPolicy",
    StepKind.DETACH_POLICY: "iam:DetachUserPolicy",
    StepKind.DELETE_GROUP_POLICY: "iam:DeleteUserPolicy",
    StepKind.DELETE_KEY: DELETE_KEY,
}


@dataclass(frozen=True, slots=True)
class Target:
    """What is changed: the user in its account, as wished; `policy` is the document that names the log groups."""

    access: UserAccess
    account: str
    wishes: Wishes
    policy: Mapping[str, object]


class Changes:
    """Makes the changes of a plan that only AWS sees; making a key and saving settings are not among them."""

    def __init__(self, target: Target, secrets: KnownSecrets, journal: Journal, reporter: Reporter) -> None:
        self._target = target
        self._access = target.access
        self._secrets = secrets
        self._journal = journal
        self._reporter = reporter
        self._made: list[str] = []
        self._user_is_new = False

    def make(self, steps: Iterable[Step]) -> None:
        """Make the changes in their order."""
        for step in steps:
            if step.kind in _ACTIONS:
                self._make(step)

    def note(self, text: str) -> None:
        """Remember something that was made elsewhere, to be told when what follows fails."""
        self._made.append(text)

    @contextlib.contextmanager
    def told_on_failure(self) -> Iterator[None]:
        """When anything inside fails, say what is done already and stays."""
        try:
            yield
        except BaseException:
            if self._made:
                self._reporter.warn(f"Done already, and kept: {'; '.join(self._made)}. Run the same again to finish.")
            raise

    def settled(self, call: Callable[[], T]) -> T:
        """Make a call on the user; one that was made just now may not be known everywhere in IAM yet."""
        end = time.monotonic() + _SETTLES_WITHIN_SECONDS
        while True:
            try:
                return call()
            except UsageError as error:
                if not self._user_is_new or error.code != "not_found" or time.monotonic() > end:
                    raise
            self._reporter.progress(f"Waiting until IAM knows the user {self._access.name} everywhere ...")
            time.sleep(_PAUSE_SECONDS)

    def _make(self, step: Step) -> None:
        self._reporter.progress(f"{step.text} ...")
        action = _ACTIONS[step.kind]
        part = f"/{step.target}" if step.kind is StepKind.DELETE_KEY else ""
        record = self._journal.begin(self._target.account, action, f"user/{self._access.name}{part}")
        try:
            self.settled(self._call(step))
        except AsayerError as error:
            self._journal.failed(record, error.code)
            raise
        self._made.append(step.text)
        self._journal.done(record)
        self._reporter.detail(f"done: {step.text}")

    def _call(self, step: Step) -> Callable[[], None]:
        access = self._access
        calls: dict[StepKind, Callable[[], None]] = {
            StepKind.CREATE_USER: self._create_user,
            StepKind.ADOPT_USER: access.tag_as_managed,
            StepKind.PUT_BOUNDARY: lambda: access.put_boundary(self._target.wishes.boundary),
            StepKind.ATTACH_POLICY: access.attach_managed_policy,
            StepKind.PUT_GROUP_POLICY: lambda: access.put_group_policy(self._target.policy),
            StepKind.DETACH_POLICY: access.detach_managed_policy,
            StepKind.DELETE_GROUP_POLICY: access.delete_group_policy,
            StepKind.DELETE_KEY: lambda: self._delete_key(step.target),
        }
        return calls[step.kind]

    def _create_user(self) -> None:
        """Make the user. When it is there all of a sudden, a repeated request of ours made it, or somebody else did."""
        created = self._access.create_user(self._target.wishes.path or "/", self._target.wishes.boundary)
        self._user_is_new = True
        if not created and not self._access.appears_managed(_SETTLES_WITHIN_SECONDS):
            raise RefusedError(
                f"Somebody else has made an IAM user {self._access.name} at this moment, or there is one whose name "
                "differs in upper and lower case only.",
                hint="Run it again to see what is there, or choose another name: --user-name.",
                code="user_not_managed",
            )

    def _delete_key(self, key_id: str) -> None:
        self._access.delete_key(key_id)
        self._secrets.forget(key_id)
