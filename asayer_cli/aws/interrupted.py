"""What earlier runs of setup may have left behind: keys whose secrets nobody has. Never sure: IAM tells no maker."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

    from asayer_cli.aws.model import AccessKey
    from asayer_cli.journal import Journal, Record

CREATE_KEY: Final = "iam:CreateAccessKey"
# One request, its longest answer, and as much difference between two clocks as AWS's signatures allow.
_AROUND: Final = timedelta(minutes=6)


def leftover_keys(changes: Iterable[Record], keys: Iterable[AccessKey], held: frozenset[str]) -> frozenset[str]:
    """Return the ids of keys that interrupted runs may have made: new since then, about that old, never used or held.

    `changes` are the journal's open changes, `held` the ids whose secrets are on this machine.
    """
    keys = [key for key in keys if key.last_used_at is None and key.id not in held]
    return frozenset(key.id for change in changes for key in keys if _came_of(key, change))


def _came_of(key: AccessKey, change: Record) -> bool:
    begun = datetime.fromisoformat(change.time)
    return key.id not in change.before and abs(key.created_at - begun) <= _AROUND


def close_changes(journal: Journal, changes: Iterable[Record], held: frozenset[str]) -> None:
    """Write down that the unknown outcomes are known now: a key that is held here, or none that is left."""
    for change in changes:
        if made := sorted(held - set(change.before)):
            journal.done(change, made[0])
        else:
            journal.failed(change, "no key is left of it")
