"""A new access key: made once, kept at once, and deleted again when anything fails before it is proven and saved."""

from __future__ import annotations

import contextlib
import time
from typing import TYPE_CHECKING, Final

from asayer_cli.aws.interrupted import CREATE_KEY, leftover_keys
from asayer_cli.errors import AsayerError, OutcomeUnknownError, UnreachableError
from asayer_cli.undisturbed import undisturbed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from asayer_cli.aws.access import UserAccess
    from asayer_cli.aws.known_secrets import KnownSecrets
    from asayer_cli.integrations import AwsKey
    from asayer_cli.journal import Journal, Record
    from asayer_cli.reporting import Reporter

# Failures before the request was sent, or with AWS's word that it did nothing.
_NOT_MADE: Final = frozenset({"throttled", "endpoint_unreachable", "connect_timeout", "proxy_refused", "tls_untrusted"})
_LOOKS: Final = 4
_PAUSE_SECONDS: Final = 0.5


class NewKey:
    """One access key in the making."""

    def __init__(
        self, access: UserAccess, account: str, secrets: KnownSecrets, journal: Journal, reporter: Reporter
    ) -> None:
        self._access = access
        self._account = account
        self._secrets = secrets
        self._journal = journal
        self._reporter = reporter
        self._record: Record | None = None
        self._key: AwsKey | None = None

    def make(self, settled: Callable[[Callable[[], AwsKey]], AwsKey]) -> AwsKey:
        """Write down what is there, make the key, keep its secret; `settled` calls once the user is known in IAM."""
        before = tuple(sorted(self._access.key_ids()))
        self._record = self._journal.begin(self._account, CREATE_KEY, f"user/{self._access.name}", before)
        self._reporter.progress(f"create an access key for {self._access.name} ...")
        self._key = settled(self._access.create_key)
        self._secrets.keep(self._key)
        self._journal.done(self._record, self._key.access_key_id)
        return self._key

    @contextlib.contextmanager
    def undone_on_failure(self) -> Iterator[None]:
        """Delete the key again, and forget its secret, whatever goes wrong inside; interrupts too."""
        try:
            yield
        except BaseException as error:
            with undisturbed():
                ours = self._undo(error)
            if ours is not None:
                raise ours from error
            raise

    def _undo(self, error: BaseException) -> OutcomeUnknownError | None:
        if self._record is None:
            return None
        if self._key is not None:
            self._delete(self._key.access_key_id, "which is not in use yet")
            return None
        if not _may_be_made(error):
            self._journal.failed(self._record, getattr(error, "code", type(error).__name__))
            return None
        outcome = self._clean_up_unknown(self._record)
        if isinstance(error, AsayerError):
            return outcome
        self._reporter.warn(f"{outcome.message} {outcome.hint}")
        return None

    def _clean_up_unknown(self, record: Record) -> OutcomeUnknownError:
        """Find and delete the key that may have been made by a request whose answer never came."""
        try:
            new = self._look_for_new(record)
        except AsayerError as error:
            return _unknown(f"and whether it exists cannot be asked now ({error.message})")
        for key_id in new:
            self._delete(key_id, "whose secret never arrived")
        if new:
            return _unknown(f"it was made all the same, and {', '.join(new)} is dealt with as told above")
        return _unknown("and none is there so far")

    def _look_for_new(self, record: Record) -> list[str]:
        """Return the ids that are new since the request; IAM may be a moment late to tell."""
        for _ in range(_LOOKS):
            keys = self._access.keys()
            held = self._secrets.held_by_any_profile(key.id for key in keys)
            if new := sorted(leftover_keys([record], keys, held)):
                return new
            time.sleep(_PAUSE_SECONDS)
        return []

    def _delete(self, key_id: str, which: str) -> None:
        name = self._access.name
        try:
            self._access.delete_key(key_id)
        except AsayerError as error:
            self._reporter.warn(
                f"The new access key {key_id} could NOT be deleted ({error.message}) Delete it with: "
                f"aws iam delete-access-key --user-name {name} --access-key-id {key_id}"
            )
            return
        self._reporter.warn(f"The new access key {key_id}, {which}, was deleted again.")
        self._forget(key_id)

    def _forget(self, key_id: str) -> None:
        try:
            self._secrets.forget(key_id)
            if self._record is not None:
                self._journal.failed(self._record, "undone", key_id)
        except AsayerError as error:
            self._reporter.warn(f"The traces of {key_id} on this machine could not be removed: {error.message}")


def _may_be_made(error: BaseException) -> bool:
    """Tell whether a failed request may have made a key: unless AWS said no, or was never reached."""
    return not isinstance(error, AsayerError) or (isinstance(error, UnreachableError) and error.code not in _NOT_MADE)


def _unknown(what: str) -> OutcomeUnknownError:
    return OutcomeUnknownError(
        f"The connection broke while the access key was made: {what}.",
        hint="Run it again: it finds out what became of the key, and cleans up.",
    )
