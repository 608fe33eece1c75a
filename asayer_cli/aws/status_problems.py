"""What is wrong between the account and this machine, each with the command that mends it. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from asayer_cli.aws.abilities import ACCEPTED, WRITE
from asayer_cli.aws.key_choice import MOST_KEYS
from asayer_cli.aws.status_model import Answer, AwsStatus, Leftover, Place, Verdict
from asayer_cli.errors import AsayerError, CheckFailedError
from asayer_cli.profile_option import for_profile

if TYPE_CHECKING:
    from collections.abc import Iterator

    from asayer_cli.aws.status_model import Ability, KeyStatus


@dataclass(frozen=True, slots=True)
class Sides:
    """The status, and what follows from it."""

    status: AwsStatus

    @property
    def current(self) -> KeyStatus | None:
        """The key that the settings name."""
        return next((key for key in self.status.keys if key.id == self.status.machine.access_key_id), None)

    @property
    def option(self) -> str:
        """What a next command needs to be about the same profile."""
        return option(self.status)

    @property
    def new_key(self) -> str:
        """The command that gives the profile a working key."""
        there = [key for key in self.status.keys if key.created_at]
        if len(there) < MOST_KEYS:
            return f"asayer-cli aws rotate-key{self.option}"
        ends = (f"asayer-cli aws setup{self.option} --delete-key {key.id}" for key in there)
        return f"{' or '.join(ends)} (there are two, and AWS allows no third: end the one that nothing uses)"


def option(status: AwsStatus) -> str:
    """Return the option that names the profile, empty for the default one."""
    return for_profile(status.profile)


def problems_of(sides: Sides) -> Iterator[AsayerError]:
    """Yield what is wrong, what matters most first."""
    status, machine = sides.status, sides.status.machine
    if status.user_known and status.user is None:
        if machine.user_name or machine.access_key_id:
            yield _user_missing(sides)
        return
    current = sides.current
    if current is not None:
        yield from _key_problems(sides, current)
    if current is None or current.state not in ("gone", "inactive"):
        yield from _ability_problems(sides)


def _user_missing(sides: Sides) -> AsayerError:
    status = sides.status
    account = status.caller.account if status.caller else status.machine.account
    return CheckFailedError(
        f"The settings of profile {status.profile} are about the IAM user {status.user_name}, and there is none in "
        f"account {account}.",
        hint=f"Make it again: asayer-cli aws setup{sides.option}. Or forget it here: asayer-cli aws teardown"
        f"{sides.option}.",
        code="user_missing",
    )


def _key_problems(sides: Sides, key: KeyStatus) -> Iterator[AsayerError]:
    status = sides.status
    if key.state == "gone":
        yield CheckFailedError(
            f"The access key {key.id} of profile {status.profile} is not there any more: the user {status.user_name} "
            "has no key of that id.",
            hint=f"Make a new one: {sides.new_key}.",
            code="key_gone",
        )
    if key.state == "inactive":
        yield CheckFailedError(
            f"The access key {key.id} of profile {status.profile} is inactive: AWS refuses it.",
            hint=f"Make it active again: aws iam update-access-key --user-name {status.user_name} --access-key-id "
            f"{key.id} --status Active. Or make a new one: {sides.new_key}.",
            code="key_inactive",
        )
    if key.place is Place.SECRET_MISSING:
        yield CheckFailedError(
            f"The secret of access key {key.id} is not in {status.machine.secret_store}.",
            hint="Give it in ASAYER_AWS_SECRET_ACCESS_KEY, if you have it. AWS does not show it again: else make a new "
            f"key: {sides.new_key}.",
            code="secret_missing",
        )


def _ability_problems(sides: Sides) -> Iterator[AsayerError]:
    wrong = [one for one in sides.status.abilities if not one.as_wanted]
    for one in wrong:
        yield CheckFailedError(
            f"The access key {sides.status.machine.access_key_id}: {one.sentence}.",
            hint=_remedy(sides, one),
            code=f"cannot_{one.what}" if one.what != WRITE else "may_write",
        )


def _remedy(sides: Sides, ability: Ability) -> str:
    if ability.what == WRITE:
        return (
            "Take from the user what lets it write: see the rights above that are more than the collector needs, with: "
            f"aws iam list-attached-user-policies --user-name {sides.status.user_name}."
        )
    if ability.what == ACCEPTED and ability.answer is Answer.NO:
        return f"Make a new key: {sides.new_key}."
    if ability.answer is Answer.UNKNOWN:
        return f"Choose another one: asayer-cli aws setup{sides.option} --log-group NAME."
    return f"Give back what is missing: asayer-cli aws setup{sides.option}."


def advice(verdict: Verdict, status: AwsStatus) -> tuple[str, ...]:
    """Return the commands that come next, with why behind them as a shell's comment."""
    again = option(status)
    if verdict is Verdict.NOTHING:
        return (f"asayer-cli aws setup{again}",)
    if verdict is Verdict.NOT_HERE:
        return _about_strange(status, again)
    if verdict is not Verdict.READY:
        return ()
    if status.user is not None and not status.user.managed:
        adopt = f"asayer-cli aws setup{again} --adopt  # let asayer-cli manage the user, if it is the collector's alone"
        return (f"asayer-cli verify{again}", adopt)
    kept = [key for key in status.keys if key.place is Place.KEPT and key.created_at]
    return _about_kept(kept[0], status, again) if kept else (f"asayer-cli verify{again}",)


def _about_strange(status: AwsStatus, again: str) -> tuple[str, ...]:
    """Return how this profile gets a key of a user whose keys, if there are any, nobody here has."""
    setup = f"asayer-cli aws setup{again}"
    if status.user is not None and not status.user.managed:
        return (f"{setup} --adopt  # if the user is the collector's alone: it gets the tag managed-by=asayer-cli",)
    strange = [key for key in status.keys if key.place is Place.NOBODY and key.leftover is Leftover.NO]
    if not strange or len(strange) < len(status.keys):
        return (setup,)
    if len(strange) < MOST_KEYS:
        return (f"{setup} --add-key  # a second key; {strange[0].id} stays valid",)
    return tuple(f"{setup} --delete-key {key.id}  # if nothing uses this one: AWS allows no third" for key in strange)


def _about_kept(key: KeyStatus, status: AwsStatus, again: str) -> tuple[str, ...]:
    """Return what to do about a key that is kept beside the one in use, with which a rotation began or has to end."""
    current = next((one for one in status.keys if one.id == status.machine.access_key_id), key)
    newer = key.created_at and current.created_at and key.created_at > current.created_at
    if newer and key.state == "active":
        return (f"asayer-cli aws rotate-key{again}  # finish a rotation that was cut off: use {key.id}",)
    end = f"--revoke-old  # end {key.id}, once nothing uses it any more"
    if key.state == "inactive":
        end = f"--revoke-old --delete  # delete {key.id} for good, once nothing has missed it"
    return (f"asayer-cli verify{again}", f"asayer-cli aws rotate-key{again} {end}")
