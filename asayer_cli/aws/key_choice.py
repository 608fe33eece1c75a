"""Which access key to use, to make or to delete; never one that is not named. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from asayer_cli.aws.model import AccessKey, Step, StepKind
from asayer_cli.errors import RefusedError
from asayer_cli.times import format_duration

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

# AccessKeysPerUser, a quota that cannot be raised; inactive keys count too.
MOST_KEYS: Final = 2
_NEVER: Final = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class KeyChoice:
    """The key to use (its id; empty: the one to be made), the steps towards it, and the deletions once it is proven."""

    use: str
    first: tuple[Step, ...]
    last: tuple[Step, ...] = ()


@dataclass(frozen=True, slots=True)
class Known:
    """What this machine knows of a user's keys.

    `held` are ids whose secrets the profile has, `preferred` is the one in its settings, `leftovers` those that an
    interrupted run may have made, `abandoned` the one that it made for certain (or empty), `used_by` the other profiles
    that use a key; `again` repeats the run's command line.
    """

    now: datetime
    again: str
    held: frozenset[str] = frozenset()
    preferred: str = ""
    leftovers: frozenset[str] = frozenset()
    abandoned: str = ""
    used_by: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def describe(self, key: AccessKey) -> str:
        """Return what is known of a key: its id, state, age, last use, and whose it may be."""
        doubtful = key.id in self.leftovers and key.id != self.abandoned
        whose = ", perhaps left over from an interrupted run" if doubtful else ""
        if profiles := self.used_by.get(key.id):
            whose = f", in use by profile {', '.join(profiles)}"
        return describe_key(key, self.now) + whose

    def replacing(self, key: AccessKey) -> str:
        """Return the command that replaces a key, with a warning where another profile uses it."""
        profiles = self.used_by.get(key.id)
        return f"{self.again} --delete-key {key.id}" + (f" (ends profile {', '.join(profiles)})" if profiles else "")


def choose_key(
    user_name: str, keys: Sequence[AccessKey], known: Known, *, delete: Collection[str], add: bool
) -> KeyChoice:
    """Choose by what there is; RefusedError, with each key's age and last use, where the user must decide.

    To `add` is done once there are two keys and one of them can be used. A key named in `delete` is replaced when no
    other can be used; it goes last, unless the new one needs its place. An abandoned key goes in any case.
    """
    delete = {*delete, known.abandoned}
    rest = [key for key in keys if key.id not in delete]
    named = sorted((key for key in keys if key.id in delete), key=lambda key: (key.active, key.last_used_at or _NEVER))
    deletions = tuple(_deletion(key, known) for key in named)
    usable = [key for key in rest if key.id in known.held and key.active]
    if usable and not (add and len(rest) < MOST_KEYS):
        return KeyChoice(_best(usable, known.preferred).id, (), deletions)
    if len(rest) >= MOST_KEYS:
        raise _full(user_name, rest, known)
    if rest and not (add or delete - {"", known.abandoned}):
        raise _undecided(user_name, rest[0], known)
    making = Step(StepKind.CREATE_KEY, f"create an access key for {user_name}", user_name)
    beforehand = 1 if len(keys) >= MOST_KEYS else 0
    return KeyChoice("", (*deletions[:beforehand], making), deletions[beforehand:])


def describe_key(key: AccessKey, now: datetime) -> str:
    """Return what is known of a key: its id, state, age and last use."""
    state = "" if key.active else f" ({key.status.lower()})"
    return f"{key.id}{state}, {_age(key.created_at, now)} old, {_last_use(key, now)}"


def _last_use(key: AccessKey, now: datetime) -> str:
    if key.last_used_at is None:
        return "never used"
    return f"last used {_age(key.last_used_at, now)} ago in {key.last_used_service} ({key.last_used_region})"


def _age(then: datetime, now: datetime) -> str:
    return format_duration(now - then)


def _deletion(key: AccessKey, known: Known) -> Step:
    why = "which an interrupted run made, and nobody has" if key.id == known.abandoned else "which you named"
    return Step(StepKind.DELETE_KEY, f"delete the access key {known.describe(key)}, {why}", key.id, key)


def _best(usable: Sequence[AccessKey], preferred: str) -> AccessKey:
    return max(usable, key=lambda key: (key.id == preferred, key.created_at))


def _undecided(user_name: str, key: AccessKey, known: Known) -> RefusedError:
    if key.id in known.held:
        return RefusedError(
            f"The access key of {user_name} is inactive: {known.describe(key)}.",
            hint=f"Make it active: aws iam update-access-key --user-name {user_name} --access-key-id {key.id} --status "
            f"Active. Or make a second one: {known.again} --add-key. Or replace it: {known.replacing(key)}.",
            code="key_inactive",
        )
    return RefusedError(
        f"The user {user_name} has an access key whose secret is not in this secret store: {known.describe(key)}.",
        hint=f"Make a second one beside it: {known.again} --add-key. Or replace it, if nothing uses it any more: "
        f"{known.replacing(key)}. Or give its secret in ASAYER_AWS_ACCESS_KEY_ID and ASAYER_AWS_SECRET_ACCESS_KEY.",
        code="key_secret_elsewhere",
    )


def _full(user_name: str, keys: Sequence[AccessKey], known: Known) -> RefusedError:
    there = "; ".join(known.describe(key) for key in keys)
    return RefusedError(
        f"The user {user_name} has {len(keys)} access keys, and AWS allows no third one: {there}.",
        hint="Delete the one that nothing uses any more, and a new one takes its place: "
        f"{' or '.join(known.replacing(key) for key in keys)}.",
        code="two_keys",
    )
