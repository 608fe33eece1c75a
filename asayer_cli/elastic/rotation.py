"""A new API key like a profile's current one, and the end of the old one."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from asayer_cli.elastic.answers import identity_of
from asayer_cli.elastic.api_keys import ApiKeys
from asayer_cli.elastic.key_plan import describe
from asayer_cli.elastic.key_request import KeyRequest
from asayer_cli.elastic.key_words import facts
from asayer_cli.elastic.life_model import RotationOutcome, RotationStep
from asayer_cli.elastic.lineage import older_keys, revoked_by_cut_off_runs, successors
from asayer_cli.elastic.privileges import KEY_INDEX
from asayer_cli.elastic.proof import demand, prove
from asayer_cli.elastic.revocation import Revoker
from asayer_cli.errors import AccessRefusedError, CheckFailedError, RefusedError
from asayer_cli.integrations import ElasticIntegration
from asayer_cli.integrations_view import view
from asayer_cli.profile_option import for_profile

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from asayer_cli.elastic.connection import Cluster
    from asayer_cli.elastic.create_key import KeyMaker
    from asayer_cli.elastic.key_plan import Plan
    from asayer_cli.elastic.model import ApiKeyRecord, CreateKeyOutcome
    from asayer_cli.elastic.situation import Held
    from asayer_cli.integrations import ElasticAddress, ElasticKey
    from asayer_cli.integrations_view import IntegrationsView


def request_like(record: ApiKeyRecord, indexes: tuple[str, ...], expires_in: timedelta | None) -> KeyRequest:
    """Return the request for a key like another, with a lifetime of its own where one is given.

    `indexes` are for a server that does not tell. RefusedError for a key whose limits cannot be copied.
    """
    if record.limited:
        raise RefusedError(
            f"API key {record.id} may see some documents or fields only, and asayer-cli makes no keys like that.",
            hint="Make its successor where it was made, and enter its id with: asayer-cli config set "
            "elastic.api_key_id ID.",
            code="limited_key",
        )
    if expires_in is None and record.expires_at is not None:
        # Lifetimes are asked for in whole seconds.
        expires_in = timedelta(seconds=max(1, round((record.expires_at - record.created_at).total_seconds())))
    return KeyRequest(record.name, record.indexes or indexes, expires_in, record.cluster_privileges, record.id)


def refuse_rotated(current: ApiKeyRecord, records: Iterable[ApiKeyRecord], held: Held, url: str) -> None:
    """Raise RefusedError where another valid key took the place of the current one."""
    found = successors(records, held, url, current)
    if not found:
        return
    newest, of = found[0].id, for_profile(held.profile)
    revoke = f"revoke it: asayer-cli elastic revoke-key {newest}{of}."
    if held.key(newest):
        where = "already"
        hint = f"It is kept here; to use it: asayer-cli config set elastic.api_key_id {newest}{of}. Or {revoke}"
    else:
        where = "elsewhere"
        hint = f"Use that one here, with its secret from where it was made. If nobody has it, {revoke}"
    raise RefusedError(
        f"API key {current.id} was rotated {where}: there is {'; '.join(map(describe, found))}, which takes its place.",
        hint=hint,
        code="rotated_elsewhere",
    )


@dataclass(frozen=True, slots=True)
class RotationPlan:
    """What is about to be done: `making` is the key maker's own plan, `older` what is valid beside it."""

    step: RotationStep
    making: Plan
    older: tuple[ApiKeyRecord, ...]
    remarks: tuple[str, ...]

    def lines(self) -> Iterator[str]:
        """Yield the plan for people, a line each."""
        yield from self.making.lines()
        for record in self.older:
            yield f"  · leave API key {record.id} valid until it is revoked with --revoke-old"
        for remark_ in self.remarks:
            yield f"  ! {remark_}"


@dataclass(frozen=True, slots=True)
class Rotation:
    """`elastic rotate-key` without an option: `current` is the profile's key as the cluster has it."""

    maker: KeyMaker
    current: ApiKeyRecord
    address: ElasticAddress
    revealed: bool = False

    @property
    def _url(self) -> str:
        return self.maker.keys.cluster.endpoint.url

    def plan(self) -> RotationPlan:
        """Look and decide; RefusedError where two keys are in use already, or the key was rotated elsewhere."""
        making = self.maker.plan(replace=True)
        now = datetime.now(UTC)
        alive = (self.current,) if self.current.alive_at(now) else ()
        if making.situation.report and self._is_new(making):
            making = self._keeper().plan(replace=False)
            return RotationPlan(RotationStep.FINISH, making, self._older(), ())
        if alive and not making.adopted:
            self._refuse_two_keys(self._older())
            refuse_rotated(self.current, making.situation.existing, self.maker.held, self._url)
        return RotationPlan(RotationStep.ROTATE, making, alive, tuple(self._remarks(making)))

    def _is_new(self, making: Plan) -> bool:
        """Tell whether the current key is one of a run that was cut off at its very end."""
        return any(made == self.current.id for _, made in making.situation.settled)

    def _keeper(self) -> KeyMaker:
        """Return the key maker that finds the current key just as it should be."""
        return dataclasses.replace(self.maker, request=request_like(self.current, self.maker.request.indexes, None))

    def _older(self) -> tuple[ApiKeyRecord, ...]:
        return older_keys(self.maker.keys.all().records, self.maker.held, self._url, self.current)

    def _refuse_two_keys(self, older: tuple[ApiKeyRecord, ...]) -> None:
        if not older:
            return
        of = for_profile(self.maker.held.profile)
        raise RefusedError(
            f"Two keys are in use: API key {describe(self.current)}, which this profile uses; and before it "
            f"{'; '.join(map(describe, older))}.",
            hint="Once the product has the newer one (asayer-cli integrations show --reveal"
            f"{of}), revoke the older: asayer-cli elastic rotate-key --revoke-old{of}.",
            code="two_keys",
        )

    def _remarks(self, making: Plan) -> Iterator[str]:
        if self.current.username and self.current.username != making.username:
            yield f"the old key is of {self.current.username}, the new one will be of {making.username}"
        if self.current.index_privileges and set(self.current.index_privileges) != set(KEY_INDEX):
            held = ", ".join(self.current.index_privileges)
            yield f"the old key has {held}; the new one gets {', '.join(KEY_INDEX)}, all that the collector needs"
        if others := self.maker.held.other_profiles_with(self.current.id):
            yield f"profile {', '.join(others)} uses the old key too: rotate it there as well"
        if self.current.cluster_privileges:
            yield "the collector needs no cluster privilege: create-key --replace makes a key without any"

    def carry_out(self, plan: RotationPlan) -> RotationOutcome:
        """Do it; on a failure nothing is left of a key that was made. The old key stays as it is."""
        made = self.maker.carry_out(plan.making)
        return self._outcome(plan, made, self._form(made))

    def planned(self, plan: RotationPlan) -> RotationOutcome:
        """Return what would be done."""
        return self._outcome(plan, plan.making.foretell(), None)

    def _form(self, made: CreateKeyOutcome) -> IntegrationsView | None:
        held = self.maker.held
        key = held.key(made.api_key_id)
        if key is None:
            return None
        integration = ElasticIntegration(self.address, key, made.indexes)
        return view(held.profile, None, integration, revealed=self.revealed)

    def _outcome(self, plan: RotationPlan, made: CreateKeyOutcome, form: IntegrationsView | None) -> RotationOutcome:
        return RotationOutcome(
            step=plan.step,
            done=form is not None,
            profile=self.maker.held.profile,
            url=self._url,
            name=made.name,
            api_key_id=made.api_key_id,
            expires_at=made.expires_at,
            integrations=form,
            still_valid=plan.older,
            revoked=made.cleaned_up,
            forgotten=(),
            next_steps=_after_rotation(
                self.maker.held, old=any(not self.maker.held.other_profiles_with(record.id) for record in plan.older)
            ),
        )


@dataclass(frozen=True, slots=True)
class OldKeysPlan:
    """What `--revoke-old` is about to do: keys to revoke, and dead ones whose secrets are still here.

    `settled` are keys, dead too, that runs were to revoke which were cut off: the journal lacks their end.
    """

    older: tuple[ApiKeyRecord, ...]
    dead: tuple[str, ...]
    settled: tuple[str, ...]
    name: str

    @property
    def changes_something(self) -> bool:
        """Whether anything is changed, so that it must be confirmed."""
        return bool(self.older or self.dead)

    def lines(self) -> Iterator[str]:
        """Yield the plan for people, a line each."""
        for record in self.older:
            yield f"  - revoke API key {record.id} ({record.name}), and forget its secret here"
            for name, value in facts(record):
                yield f"      {name:<9}{value}"
        for key_id in self.dead:
            yield f"  - forget the secret of API key {key_id}, which is valid no more"
        if self.older:
            yield "  Elasticsearch does not record when a key was last used; its audit log does."


@dataclass(frozen=True, slots=True)
class OldKeys:
    """`elastic rotate-key --revoke-old`: the end of the keys that were this profile's before `current`."""

    maker: KeyMaker
    current: ApiKeyRecord
    key: ElasticKey | None

    @property
    def _url(self) -> str:
        return self.maker.keys.cluster.endpoint.url

    def plan(self) -> OldKeysPlan:
        """Prove the current key, and find the old ones; RefusedError where it is an old one itself."""
        self._prove()
        records = self.maker.keys.all().records
        now, held = datetime.now(UTC), self.maker.held
        ended = [record.id for record in records if record.id != self.current.id and not record.alive_at(now)]
        plan = OldKeysPlan(
            older=older_keys(records, held, self._url, self.current),
            dead=tuple(key_id for key_id in ended if held.key(key_id)),
            settled=tuple(key_id for key_id in ended if key_id in revoked_by_cut_off_runs(held, self._url)),
            name=self.current.name,
        )
        if not (plan.changes_something or plan.settled):
            refuse_rotated(self.current, records, held, self._url)
        return plan

    def _prove(self) -> None:
        if self.key is None:
            raise CheckFailedError(
                f"The secret of API key {self.current.id} is not here, so it cannot be proved that this key works; "
                "nothing was revoked.",
                hint="Make one that is kept here: asayer-cli elastic create-key --replace"
                f"{for_profile(self.maker.held.profile)}.",
                code="secret_missing",
            )
        cluster, indexes = self.maker.connect_with(self.key), self.maker.request.indexes
        try:
            report = prove(cluster, self.key.api_key_id, indexes, self.maker.reporter, patience=0)
        finally:
            cluster.close()
        demand(report, indexes)

    def carry_out(self, plan: OldKeysPlan) -> RotationOutcome:
        """Revoke, then forget, so that a run cut short can be run again."""
        revoker = Revoker(self.maker.keys, self.maker.held, self.maker.reporter)
        forgotten: list[str] = []
        for record in plan.older:
            revoker.revoke(record.id)
            forgotten += revoker.forget(record.id)
        for key_id in plan.settled:
            revoker.settle(key_id)
        for key_id in plan.dead:
            forgotten += revoker.forget(key_id)
        revoker.settle_forgotten()
        return self.outcome(plan, tuple(forgotten), done=True)

    def outcome(self, plan: OldKeysPlan, forgotten: tuple[str, ...] = (), *, done: bool) -> RotationOutcome:
        """Return what was done, or with `done` false what would be."""
        of = for_profile(self.maker.held.profile)
        return RotationOutcome(
            step=RotationStep.REVOKE_OLD if plan.changes_something else RotationStep.NOTHING,
            done=done,
            profile=self.maker.held.profile,
            url=self._url,
            name=plan.name,
            api_key_id=self.current.id,
            expires_at=self.current.expires_at,
            integrations=None,
            still_valid=() if done else plan.older,
            revoked=tuple(record.id for record in plan.older) if done else (),
            forgotten=forgotten,
            next_steps=(f"asayer-cli verify{of}",),
        )


def current_record(
    keys: ApiKeys, held: Held, key: ElasticKey | None, connect_with: Callable[[ElasticKey], Cluster]
) -> ApiKeyRecord:
    """Return the profile's key as the cluster has it, from the user's view or else from the key's own.

    RefusedError where neither shows it.
    """
    record = keys.by_id(held.key_id) or (_own_view(connect_with(key)) if key else None)
    if record is None:
        raise RefusedError(
            f"API key {held.key_id}, which profile {held.profile} uses, is not to be seen on "
            f"{keys.cluster.endpoint.url} by {keys.cluster.who}: it is gone, or another user's.",
            hint="Run it as the key's owner, or as a user with manage_api_key. If the key is gone, make a new one: "
            f"asayer-cli elastic create-key --replace{for_profile(held.profile)}.",
            code="key_unknown",
        )
    return record


def _own_view(cluster: Cluster) -> ApiKeyRecord | None:
    try:
        key_id = identity_of(cluster.ask(lambda client: client.security.authenticate().body)).api_key_id
        return ApiKeys(cluster).by_id(key_id)
    except AccessRefusedError:
        return None
    finally:
        cluster.close()


def _after_rotation(held: Held, *, old: bool) -> tuple[str, ...]:
    of = for_profile(held.profile)
    steps = (
        f"asayer-cli integrations show --reveal{of}  # enter the new key under Preferences > Integrations",
        f"asayer-cli verify{of}",
    )
    return (*steps, f"asayer-cli elastic rotate-key --revoke-old{of}  # once the product has it") if old else steps
