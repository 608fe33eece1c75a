"""Which key to make or to end when keys are rotated; RefusedError where that is for a person to decide. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from asayer_cli.aws.key_choice import MOST_KEYS, describe_key
from asayer_cli.aws.life import LifeKind, LifeStep
from asayer_cli.errors import RefusedError, UsageError
from asayer_cli.profile_option import for_profile

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from asayer_cli.aws.key_facts import KeyFacts
    from asayer_cli.aws.model import AccessKey


@dataclass(frozen=True, slots=True)
class LifePlan:
    """What is about to be done, in this order; `use_key` is the id of a key that is there, empty for a new one."""

    steps: tuple[LifeStep, ...]
    use_key: str = ""
    warnings: tuple[str, ...] = ()

    def has(self, *kinds: LifeKind) -> bool:
        """Tell whether a step of one of these kinds is planned."""
        return any(step.kind in kinds for step in self.steps)


@dataclass(frozen=True, slots=True)
class Revoking:
    """What is asked for: `delete` for good, these keys by `name` (none: the old one).

    `forgettable` are ids of keys that AWS has no more and whose secrets are still here, `again` the command line.
    """

    delete: bool
    named: tuple[str, ...]
    again: str
    forgettable: tuple[str, ...] = ()


def plan_rotation(facts: KeyFacts, again: str) -> LifePlan:
    """Return the plan for a new key, or for one that an earlier run made, stored and did not come to use.

    What an interrupted run made and nobody has goes first.
    """
    gone = [LifeStep(LifeKind.DELETE_KEY, _abandoned(key, facts), key.id, key=key) for key in _left(facts)]
    save = LifeStep(LifeKind.SAVE_SETTINGS, f"write its id into the settings of profile {facts.profile}")
    if ready := _made_earlier(facts):
        text = f"use the access key {describe_key(ready, facts.now)}, which an earlier run made and stored"
        use = LifeStep(LifeKind.USE_KEY, text, ready.id, key=ready)
        return LifePlan((*gone, use, save), ready.id, tuple(_doubts(facts)))
    if len(facts.keys) - len(gone) >= MOST_KEYS:
        raise _two_keys(facts, again)
    text = f"create an access key for {facts.user_name}"
    return LifePlan((*gone, LifeStep(LifeKind.CREATE_KEY, text, facts.user_name), save), "", tuple(_doubts(facts)))


def _left(facts: KeyFacts) -> list[AccessKey]:
    return [key for key in facts.keys if key.id == facts.abandoned]


def _abandoned(key: AccessKey, facts: KeyFacts) -> str:
    return f"delete the access key {describe_key(key, facts.now)}, which an interrupted run made, and nobody has"


def _made_earlier(facts: KeyFacts) -> AccessKey | None:
    """Return the newest key that this profile holds and does not use yet, made after the one that it uses."""
    current = facts.current
    usable = [key for key in facts.keys if key.id in facts.held and key.active and key.id != facts.current_id]
    newer = [key for key in usable if current is None or facts.is_older(current, key)]
    return newer[-1] if newer else None


def _doubts(facts: KeyFacts) -> Iterator[str]:
    if facts.current_id and facts.current is None:
        yield f"{facts.user_name} has no key {facts.current_id} any more, which the settings name."


def _two_keys(facts: KeyFacts, again: str) -> RefusedError:
    there = "; ".join(facts.describe(key) for key in facts.keys)
    return RefusedError(
        f"The user {facts.user_name} has {len(facts.keys)} access keys, and AWS allows no third one: {there}.",
        hint=_way_out(facts, again),
        code="two_keys",
    )


def _way_out(facts: KeyFacts, again: str) -> str:
    current = facts.current
    others = [key for key in facts.keys if key.id != facts.current_id]
    if current is not None and current.active and current.id in facts.held:
        (other,) = others
        named = "" if _may_be_ended(facts, other, current) else f" --old-key {other.id}"
        ending = f"{again} --revoke-old{named}"
        if not other.active:
            return f"If nothing has missed {other.id}, delete it: {ending} --delete; then run this again."
        return (
            f"When nothing uses {other.id} any more, end it: {ending}, and with --delete once nothing has missed it; "
            "then run this again."
        )
    ways = " or ".join(f"asayer-cli aws setup{for_profile(facts.profile)} --delete-key {key.id}" for key in facts.keys)
    return f"Delete the one that nothing uses any more, and a new one takes its place: {ways}."


def _may_be_ended(facts: KeyFacts, key: AccessKey, current: AccessKey) -> bool:
    return facts.is_older(key, current) and _is_ours(facts, key) and not facts.used_by.get(key.id)


def _is_ours(facts: KeyFacts, key: AccessKey) -> bool:
    return key.id in facts.held or key.id in facts.made_here


def plan_revocation(facts: KeyFacts, wish: Revoking) -> LifePlan:
    """Return the plan that ends the old key, or those that are named; never the one that the profile uses."""
    current = _working_key(facts, wish)
    unknown = [key_id for key_id in wish.named if key_id not in {key.id for key in facts.keys}]
    ending = [key for key in facts.keys if key.id in wish.named or (not wish.named and key.id != current.id)]
    for key in ending:
        if not wish.named and key.id != facts.abandoned:
            _refuse_doubtful(facts, key, current, wish)
    steps = [step for key in ending for step in _ending(facts, key, wish)]
    steps += [LifeStep(LifeKind.FORGET_SECRET, _forgetting(key_id), key_id) for key_id in wish.forgettable]
    return LifePlan(tuple(steps), current.id, tuple(_warnings(facts, ending, current, unknown)))


def _working_key(facts: KeyFacts, wish: Revoking) -> AccessKey:
    """Return the profile's key, which must be good before any other is ended."""
    if facts.current_id in wish.named:
        raise UsageError(
            f"{facts.current_id} is the key that profile {facts.profile} uses.",
            hint="Make a new one first: asayer-cli aws rotate-key. To end all of it: asayer-cli aws teardown.",
            code="key_in_use",
        )
    current = facts.current
    if current is not None and current.active and current.id in facts.held:
        return current
    if current is None:
        why = f"{facts.current_id} is not there any more" if facts.current_id else "there is none in the settings"
    else:
        why = (
            f"{current.id} is inactive" if not current.active else f"the secret of {current.id} is not on this machine"
        )
    raise RefusedError(
        f"No key is ended, for profile {facts.profile} has no working one: {why}.",
        hint=f"Make a new key first: {wish.again}. What there is: asayer-cli aws status{for_profile(facts.profile)}.",
        code="no_current_key",
    )


def _refuse_doubtful(facts: KeyFacts, key: AccessKey, current: AccessKey, wish: Revoking) -> None:
    by_name = f"{wish.again} --revoke-old --old-key {key.id}"
    if profiles := facts.used_by.get(key.id):
        raise RefusedError(
            f"The other key is in use by profile {', '.join(profiles)} on this machine: {facts.describe(key)}.",
            hint=f"Give that profile another key first. To end it all the same, name it: {by_name}.",
            code="key_of_other_profile",
        )
    if facts.is_older(key, current):
        if _is_ours(facts, key):
            return
        raise RefusedError(
            f"The other key was not made from this machine, and nobody here has it: {facts.describe(key)}. A colleague "
            "or another program may use it.",
            hint=f"Find out who does. To end it all the same, name it: {by_name}.",
            code="key_of_somebody_else",
        )
    if key.id in facts.held and key.active:
        raise RefusedError(
            f"The other key is newer than the one in use, and kept here: {facts.describe(key)}. A rotation was "
            "interrupted.",
            hint=f"Finish it first: {wish.again}.",
            code="rotation_unfinished",
        )
    raise RefusedError(
        f"The other key is newer than that of profile {facts.profile}: {facts.describe(key)}. Perhaps somebody has "
        "rotated the key from another machine, and the product has the new one.",
        hint=f"Find out who made it. To end it all the same, name it: {by_name}.",
        code="newer_key",
    )


def _ending(facts: KeyFacts, key: AccessKey, wish: Revoking) -> Iterator[LifeStep]:
    if key.active:
        yield LifeStep(LifeKind.DEACTIVATE_KEY, f"make inactive the access key {facts.describe(key)}", key.id, key=key)
    if wish.delete:
        known = key.id if key.active else facts.describe(key)
        yield LifeStep(LifeKind.DELETE_KEY, f"delete the access key {known}", key.id, key=key)
        if key.id in facts.held:
            yield LifeStep(LifeKind.FORGET_SECRET, _forgetting(key.id), key.id)


def _forgetting(key_id: str) -> str:
    return f"forget the secret of {key_id} on this machine"


def _warnings(facts: KeyFacts, ending: Iterable[AccessKey], current: AccessKey, unknown: list[str]) -> Iterator[str]:
    for key_id in unknown:
        yield f"The user {facts.user_name} has no access key {key_id}: it is deleted already, or mistyped."
    for key in ending:
        if key.last_used_at is not None and key.last_used_at >= current.created_at:
            yield (
                f"{key.id} was used after {current.id} was made: {describe_key(key, facts.now)}. Something still works "
                "with it, perhaps the product. Enter the new key there first (Preferences > Integrations)."
            )
        if profiles := facts.used_by.get(key.id):
            yield f"This ends the key of profile {', '.join(profiles)}."
