"""Which access key to use, to make or to delete; never one that is not named. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from asayer_cli.aws.model import AccessKey, Step, StepKind
from asayer_cli.errors import RefusedError, UsageError
from asayer_cli.times import format_duration

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

# AccessKeysPerUser, a quota that cannot be raised; inactive keys count too.
MOST_KEYS: Final = 2


@dataclass(frozen=True, slots=True)
class KeyChoice:
    """The key to use (its id; empty: the one to be made), the steps towards it, and the deletions once it is proven."""

    use: str
    first: tuple[Step, ...]
    last: tuple[Step, ...] = ()


def choose_key(
    user_name: str,
    keys: Sequence[AccessKey],
    *,
    held: frozenset[str],
    preferred: str,
    leftovers: frozenset[str],
    delete: tuple[str, ...],
    add: bool,
    now: datetime,
) -> KeyChoice:
    """Choose by what there is; RefusedError, with each key's age and last use, where the user must decide.

    To `add` is done once there are two keys and one of them can be used.

    `held` are ids whose secrets are here, `leftovers` those that an interrupted run made, `delete` those that the
    user named.
    """
    _check_named(user_name, keys, delete)
    cleaning = [_deletion(key, "which an interrupted run made", now) for key in keys if key.id in leftovers]
    named = [_deletion(key, "which you named", now) for key in keys if key.id in delete and key.id not in leftovers]
    rest = [key for key in keys if key.id not in leftovers and key.id not in delete]
    usable = [key for key in rest if key.id in held and key.active]
    if usable and not (add and len(rest) < MOST_KEYS):
        return KeyChoice(_best(usable, preferred).id, tuple(cleaning), tuple(named))
    if rest and not add:
        raise _undecided(user_name, rest, held, now)
    if len(rest) >= MOST_KEYS:
        raise _full(user_name, rest, now)
    making = Step(StepKind.CREATE_KEY, f"create an access key for {user_name}", user_name)
    if len(rest) + len(named) >= MOST_KEYS:
        return KeyChoice("", (*cleaning, *named, making))
    return KeyChoice("", (*cleaning, making), tuple(named))


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


def _deletion(key: AccessKey, why: str, now: datetime) -> Step:
    text = f"delete the access key {describe_key(key, now)}, {why}"
    return Step(StepKind.DELETE_KEY, text, key.id, key)


def _check_named(user_name: str, keys: Sequence[AccessKey], delete: tuple[str, ...]) -> None:
    unknown = set(delete) - {key.id for key in keys}
    if unknown:
        there = ", ".join(key.id for key in keys) or "none"
        raise UsageError(
            f"The user {user_name} has no access key {', '.join(sorted(unknown))}.",
            hint=f"Its keys: {there}.",
            code="key_not_found",
        )


def _best(usable: Sequence[AccessKey], preferred: str) -> AccessKey:
    return max(usable, key=lambda key: (key.id == preferred, key.created_at))


def _undecided(user_name: str, keys: Sequence[AccessKey], held: frozenset[str], now: datetime) -> RefusedError:
    if len(keys) >= MOST_KEYS:
        return _full(user_name, keys, now)
    key = keys[0]
    if key.id in held:
        return RefusedError(
            f"The access key of {user_name} is inactive: {describe_key(key, now)}.",
            hint=f"Make it active: aws iam update-access-key --user-name {user_name} --access-key-id {key.id} --status "
            f"Active. Or replace it: {_command('--add-key')}, or {_command(f'--delete-key {key.id}')}.",
            code="key_inactive",
        )
    return RefusedError(
        f"The user {user_name} has an access key whose secret is not in this secret store: {describe_key(key, now)}.",
        hint=f"Make a second one beside it: {_command('--add-key')}. Or replace it, if nothing uses it any more: "
        f"{_command(f'--delete-key {key.id}')}. Or give its secret in ASAYER_AWS_ACCESS_KEY_ID and "
        "ASAYER_AWS_SECRET_ACCESS_KEY.",
        code="key_secret_elsewhere",
    )


def _full(user_name: str, keys: Sequence[AccessKey], now: datetime) -> RefusedError:
    known = "; ".join(describe_key(key, now) for key in keys)
    choices = " or ".join(_command(f"--delete-key {key.id}") for key in keys)
    return RefusedError(
        f"The user {user_name} has {len(keys)} access keys, and AWS allows no third one: {known}.",
        hint=f"Delete the one that nothing uses any more, and a new one takes its place: {choices}.",
        code="two_keys",
    )


def _command(options: str) -> str:
    return f"asayer-cli aws setup {options}"
