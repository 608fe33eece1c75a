"""What earlier runs may have left behind: keys whose secrets nobody has.

IAM tells no maker. What the claim on the user covers is a run's own for certain, anything else only perhaps.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

    from asayer_cli.aws.claim import Claim
    from asayer_cli.aws.model import AccessKey
    from asayer_cli.journal import Journal, Record

# IAM's times are whole seconds.
_WHOLE_SECONDS: Final = timedelta(seconds=2)
# From the claim to the key: a few requests, and pauses where AWS is busy.
_MADE_WITHIN: Final = timedelta(minutes=1)
CREATE_KEY: Final = "iam:CreateAccessKey"
DELETE_KEY: Final = "iam:DeleteAccessKey"
# One request, its longest answer, and as much difference between two clocks as AWS's signatures allow.
_AROUND: Final = timedelta(minutes=6)


def leftover_keys(changes: Iterable[Record], keys: Iterable[AccessKey], held: frozenset[str]) -> frozenset[str]:
    """Return the ids of keys that interrupted runs may have made: new since then, about that old, never used or held.

    `changes` are the journal's open changes, `held` the ids whose secrets are on this machine.
    """
    keys = [key for key in keys if key.last_used_at is None and key.id not in held]
    return frozenset(key.id for change in changes for key in keys if _came_of(key, change))


def abandoned_key(
    changes: Iterable[Record], keys: Iterable[AccessKey], held: frozenset[str], claim: Claim | None
) -> str:
    """Return the id of the key that an interrupted run of this machine made for certain, empty where there is none.

    The run's claim is still on the user, so that no other run has made a key since; the key is the only one that is new
    since then, was made in the minute after the claim, was never used, and its secret is nowhere on this machine.
    """
    change = next((change for change in changes if claim and change.change == claim.change), None)
    if change is None or claim is None:
        return ""
    new = [key for key in keys if key.id not in change.before]
    made = [key for key in new if key.last_used_at is None and key.id not in held and _made_under(claim, key)]
    return made[0].id if len(new) == len(made) == 1 else ""


def _made_under(claim: Claim, key: AccessKey) -> bool:
    return claim.at - _WHOLE_SECONDS <= key.created_at <= claim.at + _MADE_WITHIN


def _came_of(key: AccessKey, change: Record) -> bool:
    return key.id not in change.before and abs(key.created_at - change.at) <= _AROUND


def close_changes(journal: Journal, changes: Iterable[Record], held: frozenset[str]) -> None:
    """Write down that the unknown outcomes are known now: a key that is held here, or none that is left."""
    for change in changes:
        if made := sorted(held - set(change.before)):
            journal.done(change, made[0])
        else:
            journal.failed(change, "no key is left of it")
