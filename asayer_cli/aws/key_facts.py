"""What is known of a user's keys from both sides: what AWS says of each, and who on this machine has it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from asayer_cli.aws.interrupted import CREATE_KEY, DELETE_KEY, abandoned_key, leftover_keys
from asayer_cli.aws.key_choice import describe_key

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from asayer_cli.aws.known_secrets import KnownSecrets
    from asayer_cli.aws.model import AccessKey, UserState
    from asayer_cli.journal import Journal, Record


@dataclass(frozen=True, slots=True)
class KeyFacts:
    """The keys of a user, oldest first.

    `current_id` is the key of the settings, `held` those whose secrets this profile has, `used_by` the other profiles
    of this machine that use a key, `leftovers` what an interrupted run may have made, `abandoned` the one that it
    made for certain (or empty), `made_here` the ids of all keys that were ever made from this machine, `ended_here`
    of those that it was to delete, `lists` the ids that were there each time. `claim` is the change of a run of this
    machine whose claim is left on the user (or empty).
    """

    profile: str
    user_name: str
    now: datetime
    keys: tuple[AccessKey, ...] = ()
    current_id: str = ""
    held: frozenset[str] = frozenset()
    used_by: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    leftovers: frozenset[str] = frozenset()
    abandoned: str = ""
    claim: str = ""
    made_here: tuple[str, ...] = ()
    ended_here: tuple[str, ...] = ()
    lists: tuple[frozenset[str], ...] = ()

    @property
    def current(self) -> AccessKey | None:
        """The key of the settings, None when AWS has none of that id."""
        return next((key for key in self.keys if key.id == self.current_id), None)

    def is_older(self, one: AccessKey, other: AccessKey) -> bool:
        """Tell whether a key was made before another; AWS's times are whole seconds, and the journal knows more."""
        if one.created_at == other.created_at:
            return any(one.id in there and other.id not in there for there in self.lists)
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
        if key_id == self.abandoned:
            return "made by an interrupted run, and nobody has its secret"
        if key_id in self.leftovers:
            parts.append("perhaps left over from an interrupted run")
        return " and ".join(parts) or "held by nobody on this machine"


def gather(state: UserState | None, user_name: str, account: str, secrets: KnownSecrets, journal: Journal) -> KeyFacts:
    """Return what is known of the keys of a user, none where there is no such user."""
    keys = state.keys if state else ()
    ids = frozenset(key.id for key in keys)
    target = f"user/{user_name}"
    records = tuple(journal.records())
    makings = [record for record in records if _place(record) == (account, CREATE_KEY, target)]
    pending = journal.open_changes(account, CREATE_KEY, target)
    anywhere, claim = secrets.held_by_any_profile(ids), state.claim if state else None
    return KeyFacts(
        profile=secrets.profile,
        user_name=user_name,
        now=datetime.now(UTC),
        keys=keys,
        current_id=secrets.preferred,
        held=secrets.held(ids),
        used_by={key_id: others for key_id in ids if (others := secrets.others_with(key_id))},
        leftovers=leftover_keys(pending, keys, anywhere),
        abandoned=abandoned_key(pending, keys, anywhere, claim),
        claim=claim.change if claim and claim.change in {record.change for record in records} else "",
        made_here=tuple(dict.fromkeys(record.made for record in makings if record.made)),
        ended_here=tuple(dict.fromkeys(_ended(records, account, f"{target}/"))),
        lists=tuple(frozenset(record.before) for record in makings if record.state == "begun"),
    )


def _ended(records: Iterable[Record], account: str, prefix: str) -> Iterator[str]:
    for record in records:
        if (record.account, record.action) == (account, DELETE_KEY) and record.target.startswith(prefix):
            yield record.target.removeprefix(prefix)


def _place(record: Record) -> tuple[str, str, str]:
    return record.account, record.action, record.target
