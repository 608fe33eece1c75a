"""`aws status`: the account and this machine side by side. Changes nothing, and no refusal ends it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from asayer_cli.aws.abilities import ACCEPTED, abilities_of
from asayer_cli.aws.access import GROUP_POLICY, MANAGED_POLICY
from asayer_cli.aws.identity import refuse_other_account
from asayer_cli.aws.key_facts import KeyFacts, gather
from asayer_cli.aws.permissions import arns_in
from asayer_cli.aws.status_model import (
    Ability,
    Answer,
    AwsStatus,
    KeyStatus,
    Leftover,
    MachineStatus,
    OpenChange,
    Place,
    PolicyStatus,
    UserStatus,
    Verdict,
)
from asayer_cli.aws.status_problems import Sides, advice, problems_of
from asayer_cli.errors import AsayerError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from asayer_cli.aws.access import UserAccess
    from asayer_cli.aws.known_secrets import KnownSecrets
    from asayer_cli.aws.model import Identity, UserState
    from asayer_cli.aws.session import AwsSession
    from asayer_cli.integrations import AwsKey
    from asayer_cli.journal import Journal, Record

_GROUP_ARN: Final = ":log-group:"


@dataclass(frozen=True, slots=True)
class Here:
    """This machine: the profile's settings, its secrets, the journal, and how to ask with a key alone.

    `readable` is False where the secret store cannot be read, so that nobody can tell which secrets it has.
    """

    machine: MachineStatus
    secrets: KnownSecrets
    journal: Journal
    key_session: Callable[[AwsKey], AwsSession]
    readable: bool = True


@dataclass(frozen=True, slots=True)
class There:
    """The account, as far as it was told: `caller` is None where nobody could ask, `known` whether IAM answered."""

    caller: Identity | None = None
    known: bool = False
    state: UserState | None = None


def look(
    ask: Callable[[], Identity], access_of: Callable[[Identity], UserAccess], profile: str, account: str
) -> tuple[There, list[AsayerError]]:
    """Ask who is acting and what the user is like; what is refused is returned beside what was told.

    `account` is that of the profile's settings: another one is not asked about the user.
    """
    there = There()
    try:
        there = There(caller := ask())
        refuse_other_account(profile, account, caller)
        return There(caller, known=True, state=access_of(caller).state()), []
    except AsayerError as error:
        return there, [error]


def status_of(
    user_name: str, here: Here, there: There, refusals: Iterable[AsayerError]
) -> tuple[AwsStatus, list[AsayerError]]:
    """Return the status, and what is wrong with it."""
    account = here.machine.account or (there.caller.account if there.caller else "")
    facts = gather(there.state, user_name, account, here.secrets, here.journal)
    abilities = _abilities(user_name, here)
    status = AwsStatus(
        verdict=Verdict.UNCLEAR,
        profile=here.secrets.profile,
        asked_at=facts.now,
        caller=there.caller,
        user_name=user_name,
        user_known=there.known,
        user=_user(there.state) if there.state else None,
        machine=here.machine,
        keys=tuple(_keys(facts, here, known=there.known)),
        abilities=abilities,
        open_changes=tuple(_open_changes(facts, account, here)),
        next_steps=(),
    )
    sides = Sides(status)
    problems = [*refusals, *problems_of(sides)]
    verdict = _verdict(sides, problems)
    return replace(status, verdict=verdict, next_steps=advice(verdict, status)), problems


def _verdict(sides: Sides, problems: list[AsayerError]) -> Verdict:
    status = sides.status
    accepted = any(one.what == ACCEPTED and one.answer is Answer.YES for one in status.abilities)
    if problems:
        return Verdict.BROKEN if status.user_known or not accepted else Verdict.UNCLEAR
    if not status.user_known:
        return Verdict.UNCLEAR
    if status.user is None:
        return Verdict.NOTHING
    return Verdict.READY if status.machine.access_key_id else Verdict.NOT_HERE


def _abilities(user_name: str, here: Here) -> tuple[Ability, ...]:
    """Ask with the key in use only: asking with an old one would count as its last use, which tells who needs it."""
    key_id = here.machine.access_key_id
    key = here.secrets.get(key_id) if key_id else None
    return abilities_of(here.key_session(key), user_name, here.machine.log_groups) if key else ()


def _user(state: UserState) -> UserStatus:
    policies = [_attached(arn) for arn in state.attached]
    policies += [_inline(name, state) for name in state.inline]
    policies += [PolicyStatus("group", name, ours=False) for name in state.groups]
    return UserStatus(state.name, state.arn, state.path, state.managed, state.boundary, tuple(policies))


def _attached(arn: str) -> PolicyStatus:
    if not arn.endswith(f":iam::aws:policy/{MANAGED_POLICY}"):
        return PolicyStatus("attached", arn, ours=False)
    grants = "reads every log group of the account, and metrics, alarms and traces"
    return PolicyStatus("attached", arn, ours=True, grants=grants)


def _inline(name: str, state: UserState) -> PolicyStatus:
    if name != GROUP_POLICY:
        return PolicyStatus("inline", name, ours=False)
    groups = (arn.partition(_GROUP_ARN)[2] or arn for arn in arns_in(state.group_policy))
    return PolicyStatus("inline", name, ours=True, grants=f"reads {', '.join(groups)}")


def _keys(facts: KeyFacts, here: Here, *, known: bool) -> Iterator[KeyStatus]:
    """Yield the keys that AWS has, then those that only this machine knows of."""
    for key in facts.keys:
        yield KeyStatus(
            id=key.id,
            state=key.status.lower(),
            place=_place(facts, key.id, here),
            profiles=facts.used_by.get(key.id, ()),
            leftover=_leftover(facts, key.id) if here.readable else Leftover.NO,
            created_at=key.created_at,
            last_used_at=key.last_used_at,
            last_used_service=key.last_used_service,
            last_used_region=key.last_used_region,
        )
    there = {key.id for key in facts.keys}
    for key_id in dict.fromkeys(filter(None, (facts.current_id, *facts.made_here))):
        place = _place(facts, key_id, here)
        known_here = place not in (Place.NOBODY, Place.UNKNOWN) or key_id == facts.current_id
        if key_id not in there and known_here:
            profiles = here.secrets.others_with(key_id)
            yield KeyStatus(key_id, "gone" if known else "unknown", place, profiles)


def _leftover(facts: KeyFacts, key_id: str) -> Leftover:
    if key_id == facts.abandoned:
        return Leftover.CERTAINLY
    return Leftover.PERHAPS if key_id in facts.leftovers else Leftover.NO


def _place(facts: KeyFacts, key_id: str, here: Here) -> Place:
    held = here.secrets.get(key_id) is not None
    if not held and not here.readable:
        return Place.UNKNOWN
    if key_id == facts.current_id:
        return Place.IN_USE if held else Place.SECRET_MISSING
    if held:
        return Place.KEPT
    return Place.OTHER_PROFILE if here.secrets.others_with(key_id) else Place.NOBODY


def _open_changes(facts: KeyFacts, account: str, here: Here) -> Iterator[OpenChange]:
    local = f"profile/{facts.profile}/aws"
    user = f"user/{facts.user_name}/"
    for record in here.journal.unfinished():
        ours = record.account == account and f"{record.target}/".startswith(user)
        if ours or (not record.account and record.target == local):
            yield OpenChange(record.time, record.action, record.target, _explained(record, facts, here))


def _explained(record: Record, facts: KeyFacts, here: Here) -> str:
    cut = f"a run was cut off at {record.time} in {record.action} of {record.target}"
    if not record.action.endswith("CreateAccessKey") or not here.readable:
        return f"{cut}; what came of it is shown here as it is now"
    if facts.abandoned:
        return f"{cut}; it made {facts.abandoned}, whose secret nobody has, and the next run deletes it"
    if not facts.leftovers:
        return f"{cut}; no key that nobody has is left of it"
    return f"{cut}; {' or '.join(sorted(facts.leftovers))} may be what it made, and its secret is lost"
