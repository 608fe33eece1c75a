"""A new access key: made once, kept at once, and deleted again when anything fails before it is proven and saved."""

from __future__ import annotations

import contextlib
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from asayer_cli.aws.claim import Claim, release, stake
from asayer_cli.aws.connection_errors import NOT_SENT
from asayer_cli.aws.interrupted import CREATE_KEY, leftover_keys
from asayer_cli.errors import AsayerError, OutcomeUnknownError, RefusedError, UnreachableError
from asayer_cli.undisturbed import undisturbed

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator

    from asayer_cli.aws.access import UserAccess
    from asayer_cli.aws.known_secrets import KnownSecrets
    from asayer_cli.aws.model import AccessKey
    from asayer_cli.integrations import AwsKey
    from asayer_cli.journal import Journal, Record
    from asayer_cli.reporting import Reporter

# With AWS's word that it did nothing, or before the request was sent.
_NOT_MADE: Final = frozenset({"throttled"}) | NOT_SENT
# AWS makes a key at once or not at all; its times are whole seconds, and its Date is a little old when it arrives.
_MADE_WITHIN_SECONDS: Final = 2.0
_WHOLE_SECONDS: Final = 1.5
_THROTTLED_PAUSES_SECONDS: Final = (0.5, 1.0, 2.0)
_LOOKS: Final = 4
_LOOKS_WHEN_LATE: Final = 12
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
        self._claimed = False
        self._settled = False
        self._key: AwsKey | None = None
        self._listed_at = datetime.min.replace(tzinfo=UTC)
        self._listed, self._sent = 0.0, 0.0

    def make(self, known: Collection[str], settled: Callable[[Callable[[], Any]], Any]) -> AwsKey:
        """Write down what is there, claim, make the key, keep its secret; `settled` calls once IAM knows the user.

        RefusedError while another run, perhaps on another machine, makes one, or has made one since the keys that were
        `known` were listed.
        """
        before, self._listed_at = self._access.key_dates()
        self._listed = time.monotonic()
        self._refuse_unknown(before, known)
        target = f"user/{self._access.name}"
        ours = {record.change for record in self._journal.records()}
        self._record = self._journal.begin(self._account, CREATE_KEY, target, tuple(sorted(before)))
        self._reporter.progress(f"create an access key for {self._access.name} ...")
        stake(self._access, Claim(self._record.change, self._now()), ours, settled)
        self._claimed = True
        self._refuse_unknown(self._access.key_dates()[0], {*known, *before})
        key: AwsKey = settled(self._create)
        self._key = key
        self._secrets.keep(key)
        self._refuse_second(before.keys(), key.access_key_id)
        self._close(self._record, key.access_key_id)
        release(self._access, self._record.change)
        return key

    def _now(self) -> datetime:
        """Return AWS's time."""
        return self._listed_at + timedelta(seconds=time.monotonic() - self._listed)

    def _refuse_unknown(self, before: Collection[str], known: Collection[str]) -> None:
        if unknown := sorted(set(before) - set(known)):
            raise RefusedError(
                f"The access key {unknown[0]} of {self._access.name} has just been made by another run, perhaps on "
                "another machine.",
                hint="Use that one there; or run this again to see what there is.",
                code="busy",
            )

    def _refuse_second(self, before: Collection[str], key_id: str) -> None:
        """Raise RefusedError when another run made a key at the same moment, and may have been first.

        AWS's times are whole seconds: of the same second, the other may have looked before there was ours, and keep it.
        """
        dates = self._dates_with(key_id)
        ours = dates.pop(key_id, None)
        others = (made for made in dates if made not in before and (ours is None or dates[made] <= ours))
        if not (other := min(others, key=lambda made: dates[made], default="")):
            return
        raise RefusedError(
            f"Another run made the access key {other} for {self._access.name} at the same moment, perhaps on "
            "another machine.",
            hint="Use that one there; or wait a moment and run this again to see what there is.",
            code="busy",
        )

    def _dates_with(self, key_id: str) -> dict[str, datetime]:
        """Return when each key was made; IAM may be a moment late to list the new one."""
        dates, _ = self._access.key_dates()
        for _ in range(_LOOKS):
            if key_id in dates:
                break
            time.sleep(_PAUSE_SECONDS)
            dates, _ = self._access.key_dates()
        return dates

    def _close(self, record: Record, key_id: str) -> None:
        try:
            self._journal.done(record, key_id)
        except AsayerError as error:
            self._reporter.warn(f"The access key {key_id} is made, and that could not be written down: {error.message}")

    def _create(self) -> AwsKey:
        """Make the key; the request is sent again only after AWS's word that it did nothing, for it was too busy."""
        pauses = iter(_THROTTLED_PAUSES_SECONDS)
        while True:
            self._sent = time.monotonic()
            try:
                return self._access.create_key()
            except UnreachableError as error:
                pause = next(pauses, None) if error.code == "throttled" else None
                if pause is None:
                    raise
            time.sleep(pause)

    @contextlib.contextmanager
    def undone_on_failure(self) -> Iterator[None]:
        """Delete the key again, and forget its secret, whatever goes wrong inside; interrupts too."""
        try:
            yield
        except BaseException as error:
            with undisturbed():
                self._access.hurry()
                ours = self._undo(error)
            if ours is not None:
                raise ours from error
            raise

    def _undo(self, error: BaseException) -> OutcomeUnknownError | None:
        """Leave nothing behind; what cannot be undone now is told, and found by the next run."""
        if self._record is None:
            return None
        if not self._claimed:
            self._write_failed(self._record, error)
            return None
        outcome = self._undo_key(self._record, error)
        if self._settled:
            release(self._access, self._record.change)
        return outcome

    def _undo_key(self, record: Record, error: BaseException) -> OutcomeUnknownError | None:
        if self._key is not None:
            self._delete(self._key.access_key_id, "which is not in use yet")
            return None
        if not self._sent or not may_be_made(error):
            self._write_failed(record, error)
            return None
        outcome = self._clean_up_unknown(record, late=getattr(error, "code", "") == "read_timeout")
        if isinstance(error, AsayerError):
            return outcome
        self._reporter.warn(f"{outcome.message} {outcome.hint}")
        return None

    def _write_failed(self, record: Record, error: BaseException) -> None:
        try:
            self._journal.failed(record, getattr(error, "code", type(error).__name__))
            self._settled = True
        except AsayerError as unwritten:
            self._reporter.warn(f"That no key was made could not be written down: {unwritten.message}")

    def _clean_up_unknown(self, record: Record, *, late: bool) -> OutcomeUnknownError:
        """Find and delete the key that may have been made by a request whose answer never came.

        Only a key that can be nobody else's: the only new one, made in the moments in which the request was on its way.
        That may go on where AWS was `late` to answer: then the claim stays, by which the next run knows the key.
        """
        failed = time.monotonic()
        try:
            new = self._look_for_new(record, _LOOKS_WHEN_LATE if late else _LOOKS)
        except AsayerError as error:
            return _unknown(f"and whether it exists cannot be asked now ({error.message})")
        self._settled = not late  # from here on, what appears may be somebody else's
        if not new:
            return _unknown("and none is there so far")
        on_the_way = time.monotonic() - self._sent if late else min(failed - self._sent, _MADE_WITHIN_SECONDS)
        if len(new) == 1 and self._made_meanwhile(new[0], on_the_way):
            self._settled = False
            self._delete(new[0].id, "whose secret never arrived")
            return _unknown(f"it was made all the same, and {new[0].id} is dealt with as told above")
        names = " and ".join(key.id for key in new)
        return _unknown(f"{names} is new since then, and left as it is, for somebody else may have made it")

    def _look_for_new(self, record: Record, looks: int) -> list[AccessKey]:
        """Return the keys that are new since the request; IAM may be a moment late to tell."""
        for _ in range(looks):
            keys = self._access.keys()
            held = self._secrets.held_by_any_profile(key.id for key in keys)
            ours = leftover_keys([record], keys, held)
            if new := [key for key in keys if key.id in ours]:
                return new
            time.sleep(_PAUSE_SECONDS)
        return []

    def _made_meanwhile(self, key: AccessKey, on_the_way: float) -> bool:
        """Tell whether AWS made a key, by its own clock, in the seconds in which our request was on its way."""
        after = (key.created_at - self._listed_at).total_seconds() - (self._sent - self._listed)
        return -_WHOLE_SECONDS <= after <= on_the_way + _WHOLE_SECONDS

    def _delete(self, key_id: str, which: str) -> None:
        name = self._access.name
        self._reporter.say(f"Cleaning up: deleting the access key {key_id} ...")
        try:
            self._delete_for_certain(key_id)
        except AsayerError as error:
            self._reporter.warn(
                f"The new access key {key_id} could NOT be deleted ({error.message}) Delete it with: "
                f"aws iam delete-access-key --user-name {name} --access-key-id {key_id}"
            )
            return
        self._reporter.warn(f"The new access key {key_id}, {which}, was deleted again.")
        self._forget(key_id)

    def _delete_for_certain(self, key_id: str) -> None:
        """Delete a key until it is not listed any more: IAM may say of a new user that there is none."""
        for _ in range(_LOOKS):
            self._access.delete_key(key_id)
            if key_id not in self._access.key_dates()[0]:
                return
            time.sleep(_PAUSE_SECONDS)

    def _forget(self, key_id: str) -> None:
        try:
            self._secrets.forget(key_id)
            if self._record is not None:
                self._journal.failed(self._record, "undone", key_id)
            self._settled = True
        except AsayerError as error:
            self._reporter.warn(f"The traces of {key_id} on this machine could not be removed: {error.message}")


def may_be_made(error: BaseException) -> bool:
    """Tell whether a failed request may have made a key: unless AWS said no, or was never reached."""
    return not isinstance(error, AsayerError) or (isinstance(error, UnreachableError) and error.code not in _NOT_MADE)


def _unknown(what: str) -> OutcomeUnknownError:
    return OutcomeUnknownError(
        f"The connection broke while the access key was made: {what}.",
        hint="Run it again: it says what there is now, and how to go on.",
    )
