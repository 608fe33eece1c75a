"""Who is making a key at the moment: a tag on the IAM user, which runs on other machines see.

IAM has no lock, and does not tell who made a key. So whoever is about to make one tags the user with the run and the
time, looks whether the tag stayed, and takes it off when the key is kept. A run that was cut off leaves its tag behind,
and the next one knows by it that a key made since then, whose secret nobody has, is its own.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from asayer_cli.entries import rfc3339
from asayer_cli.errors import AsayerError, RefusedError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from asayer_cli.aws.access import UserAccess

CLAIM_KEY: Final = "asayer-cli-run"
# Longer than one request takes to make a key, and short enough to wait for.
HOLDS_FOR: Final = timedelta(minutes=2)
_PAUSES_SECONDS: Final = (0.3, 0.5, 1.0, 2.0, 4.0)


@dataclass(frozen=True, slots=True)
class Claim:
    """That a run, by the id of its change in the journal, makes a key; `at` is AWS's time."""

    change: str
    at: datetime

    @property
    def text(self) -> str:
        """The tag's value."""
        return f"{rfc3339(self.at)}/{self.change}"

    def holds_at(self, now: datetime) -> bool:
        """Tell whether its run may still be at work."""
        return now - self.at < HOLDS_FOR


def parse_claim(text: str) -> Claim | None:
    """Read a tag's value; None for one that no run has written."""
    at, _, change = text.partition("/")
    try:
        moment = datetime.fromisoformat(at)
    except ValueError:
        return None
    return Claim(change, moment if moment.tzinfo else moment.replace(tzinfo=UTC)) if change else None


def stake(
    access: UserAccess, claim: Claim, ours: Collection[str], settled: Callable[[Callable[[], None]], None]
) -> None:
    """Claim the making of a key; RefusedError while a run that is not among `ours` has a claim that holds."""
    _refuse_other(access.claim(), claim, ours, access.name)
    settled(lambda: access.put_claim(claim))
    _refuse_other(access.claim(), claim, (), access.name)


def _refuse_other(found: Claim | None, claim: Claim, ours: Collection[str], user_name: str) -> None:
    if found is None or found.change == claim.change or found.change in ours or not found.holds_at(claim.at):
        return
    raise RefusedError(
        f"Another run of asayer-cli is making an access key for {user_name}, since {rfc3339(found.at)}; perhaps on "
        "another machine.",
        hint=f"Wait until it has ended, {HOLDS_FOR.seconds // 60} minutes at most, and run this again.",
        code="busy",
    )


def release(access: UserAccess, change: str) -> None:
    """Take the claim of a change off, and no other run's; where that fails, it ends by itself.

    A new user may not be known everywhere in IAM yet.
    """
    for pause in _PAUSES_SECONDS:
        try:
            if (found := access.claim()) is None or found.change == change:
                access.drop_claim()
        except AsayerError as error:
            if error.code != "not_found":
                return
            time.sleep(pause)
        else:
            return
