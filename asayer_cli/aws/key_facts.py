"""What is known of a user's keys from both sides: what AWS says of each, and who on this machine has it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from asayer_cli.aws.interrupted import CREATE_KEY, leftover_keys
from asayer_cli.aws.key_choice import describe_key

if TYPE_CHECKING:
    from collections.abc import Mapping

    from asayer_cli.aws.known_secrets import KnownSecrets
    from asayer_cli.aws.model import AccessKey
    from asayer_cli.journal import Journal, Record


@dataclass(frozen=True, slots=True)
class KeyFacts:
    """The keys of a user, oldest first.

    `current_id` is the key of the settings, `held` those whose secrets this profile has, `used_by` the other profiles
    of this machine that use a key, `leftovers` what an interrupted run may have made, `before` the keys that were there
    when a key was made from this machine.
    """

    profile: str
    user_name: str
    now: datetime
    keys: tuple[AccessKey, ...] = ()
    current_id: str = ""
    held: frozenset[str] = frozenset()
    used_by: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    leftovers: frozenset[str] = frozenset()
    before: Mapping[str, frozenset[str]] = field(default_factory=dict)

    @property
    def current(self) -> AccessKey | None:
        """The key of the settings, None when AWS has none of that id."""
        return next((key for key in self.keys if key.id == self.current_id), None)

    def is_older(self, one: AccessKey, other: AccessKey) -> bool:
        """Tell whether a key was made before another; AWS's times are whole seconds, and the journal knows more."""
        if one.created_at == other.created_at:
            return one.id in self.before.get(other.id, ())
        return one.created_at < other.created_at

    def describe(self, key: AccessKey) -> str:
        """Return id, state, age and last use of a key, and who has it."""
        return f"{describe_key(key, self.now)}, {self.whose(key.id)}"

    def whose(self, key_id: str) -> str:
        """Return in words who has a key."""
        parts = []
        if key_id == self.current_id:
            parts.append(f"the key of profile {self.profile}")
        elif key_id in self.held:
            parts.append(f"kept by profile {self.profile}, not in use")
        if others := self.used_by.get(key_id):
            parts.append(f"in use by profile {', '.join(others)}")
        if key_id in self.leftovers:
            parts.append("perhaps left over from an interrupted run")
        return " and ".join(parts) or "held by nobody on this machine"


def gather(
    keys: tuple[AccessKey, ...], user_name: str, account: str, secrets: KnownSecrets, journal: Journal
) -> KeyFacts:
    """Return what is known of these keys."""
    ids = frozenset(key.id for key in keys)
    target = f"user/{user_name}"
    pending = journal.open_changes(account, CREATE_KEY, target)
    return KeyFacts(
        profile=secrets.profile,
        user_name=user_name,
        now=datetime.now(UTC),
        keys=keys,
        current_id=secrets.preferred,
        held=secrets.held(ids),
        used_by={key_id: others for key_id in ids if (others := secrets.others_with(key_id))},
        leftovers=leftover_keys(pending, keys, secrets.held_by_any_profile(ids)),
        before=_there_before(journal, account, target),
    )


def _there_before(journal: Journal, account: str, target: str) -> dict[str, frozenset[str]]:
    """Return for each key that was made from this machine the ids of the keys that were there already."""
    begun: dict[str, Record] = {}
    found: dict[str, frozenset[str]] = {}
    for record in journal.records():
        if (record.account, record.action, record.target) != (account, CREATE_KEY, target):
            continue
        if record.state == "begun":
            begun[record.change] = record
        elif record.made and record.change in begun:
            found[record.made] = frozenset(begun[record.change].before)
    return found
