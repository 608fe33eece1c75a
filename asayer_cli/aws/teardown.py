"""`aws teardown`: everything of the collector's user, and what this machine has of it; can be cut off and run again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from asayer_cli.aws.identity import home_of, refuse_other_account, who_am_i
from asayer_cli.aws.interrupted import CREATE_KEY, close_changes
from asayer_cli.aws.key_facts import KeyFacts, gather
from asayer_cli.aws.life import LOCAL, LifeKind, LifeStatus, LifeStep, TornDown
from asayer_cli.aws.life_changes import LifeChanges
from asayer_cli.aws.proof import Patience
from asayer_cli.aws.teardown_plan import TeardownPlan, Traces, plan_teardown
from asayer_cli.aws.user_end import Belongings, UserEnd
from asayer_cli.errors import CredentialsRejectedError, DeadlineError, RefusedError
from asayer_cli.secret_store import secret_name

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import timedelta

    from asayer_cli.aws.model import Identity, UserState
    from asayer_cli.aws.setup import Desk
    from asayer_cli.integrations import AwsKey
    from asayer_cli.settings import Value

_PAUSE_SECONDS: Final = 1.0


@dataclass(frozen=True, slots=True)
class Neighbours:
    """The settings of this machine's other profiles, by their names."""

    settings: Mapping[str, Mapping[str, Value]]

    def living_on(self, user_name: str, account: str, key_ids: frozenset[str]) -> tuple[str, ...]:
        """Return the profiles that are set up for a user, or use one of its keys."""
        return tuple(name for name, values in self.settings.items() if lives_on(values, user_name, account, key_ids))


def lives_on(settings: Mapping[str, Value], user_name: str, account: str, key_ids: frozenset[str]) -> bool:
    """Tell whether a profile's settings are about a user of an account."""
    if settings.get("aws.access_key_id") in key_ids:
        return True
    return settings.get("aws.user_name") == user_name and settings.get("aws.account", account) == account


class Teardown:
    """One run of teardown."""

    def __init__(self, access: UserEnd, identity: Identity, desk: Desk, neighbours: Neighbours) -> None:
        self._access = access
        self._identity = identity
        self._desk = desk
        self._neighbours = neighbours
        self._owned = Belongings()
        self._facts = KeyFacts(desk.profile, access.name, datetime.now(UTC))
        self._traces = Traces()

    def plan(self) -> TeardownPlan:
        """Read what is there and return what will go; RefusedError for a user that is not ours. Changes nothing."""
        refuse_other_account(self._desk.profile, self._desk.saved.get("aws.account"), self._identity)
        state = self._access.state()
        if state is not None:
            self._refuse_unmanaged(state)
            self._owned = self._access.belongings()
        desk = self._desk
        self._facts = gather(state, self._access.name, self._identity.account, desk.secrets, desk.journal)
        self._traces = self._find_traces()
        return plan_teardown(state, self._owned, self._facts, self._traces)

    def planned(self, plan: TeardownPlan) -> TornDown:
        """Return what a dry run shows."""
        return self._outcome(LifeStatus.PLANNED, plan)

    def carry_out(self, plan: TeardownPlan, wait: timedelta) -> TornDown:
        """Take everything away, prove that nothing is left, then forget it on this machine."""
        desk, account = self._desk, self._identity.account
        changes = LifeChanges(account, self._access.name, desk.profile, desk.journal, desk.reporter)
        if not plan.steps:
            changes.settle()
            return self._outcome(LifeStatus.IN_PLACE, plan)
        key = self._key_to_try()
        with changes.told_on_failure():
            patience = Patience(wait, desk.reporter, (CredentialsRejectedError,))
            for step in plan.steps:
                if step.kind not in LOCAL:
                    changes.make(step, self._change(step, patience))
            proofs = self._prove(key, patience)
            close_changes(desk.journal, desk.journal.open_changes(account, CREATE_KEY, self._target), frozenset())
            for step in plan.steps:
                if step.kind in LOCAL:
                    changes.make(step, self._change(step, patience))
            changes.settle()
        return self._outcome(LifeStatus.DONE, plan, proofs)

    @property
    def _target(self) -> str:
        return f"user/{self._access.name}"

    def _refuse_unmanaged(self, state: UserState) -> None:
        if self._identity.arn.lower() == state.arn.lower():
            raise RefusedError(
                f"You act as {state.arn} yourself, and it cannot delete all of itself.",
                hint="Use credentials of an administrator: --aws-profile NAME.",
                code="own_user",
            )
        if state.managed:
            return
        raise RefusedError(
            f"The IAM user {state.name} ({state.arn}) is not managed by asayer-cli: it lacks the tag "
            "managed-by=asayer-cli, so that others may have made it, or need it. It is left alone.",
            hint=f"If it is the collector's, adopt it first: asayer-cli aws setup --user-name {state.name} --adopt. To "
            "forget only what is on this machine: asayer-cli integrations remove --only aws.",
            code="user_not_managed",
        )

    def _find_traces(self) -> Traces:
        desk, name, account = self._desk, self._access.name, self._identity.account
        facts = self._facts
        ids = frozenset((*(key.id for key in facts.keys), *facts.made_here, *facts.ended_here))
        mine = lives_on(desk.saved, name, account, ids)
        candidates = [*ids, *([str(desk.saved.get("aws.access_key_id", ""))] if mine else [])]
        store = desk.secrets.store
        kept = [one for one in dict.fromkeys(candidates) if one and store.get(secret_name(desk.profile, "aws", one))]
        return Traces(
            settings=tuple(one for one in desk.saved if one.startswith("aws.")) if mine else (),
            secrets=tuple(sorted(kept)),
            neighbours=self._neighbours.living_on(name, account, ids),
        )

    def _key_to_try(self) -> AwsKey | None:
        """Return a key of the user whose secret is here, best the one in use: AWS must refuse it in the end."""
        secrets = self._desk.secrets
        ids = dict.fromkeys((secrets.preferred, *self._traces.secrets))
        ours = (key_id for key_id in ids if key_id in self._traces.secrets or key_id in self._facts.held)
        return next(filter(None, map(secrets.get, ours)), None)

    def _change(self, step: LifeStep, patience: Patience) -> Callable[[], object]:
        access, desk, target = self._access, self._desk, step.target
        calls: dict[LifeKind, Callable[[], object]] = {
            LifeKind.DELETE_KEY: lambda: access.delete_key(target),
            LifeKind.DETACH_POLICY: lambda: access.detach_policy(target),
            LifeKind.DELETE_POLICY: lambda: access.delete_policy(target),
            LifeKind.LEAVE_GROUP: lambda: access.leave_group(target),
            LifeKind.DELETE_PASSWORD: access.delete_password,
            LifeKind.DELETE_MFA_DEVICE: lambda: access.delete_mfa_device(target),
            LifeKind.DELETE_CERTIFICATE: lambda: access.delete_certificate(target),
            LifeKind.DELETE_SSH_KEY: lambda: access.delete_ssh_key(target),
            LifeKind.DELETE_SERVICE_CREDENTIAL: lambda: access.delete_service_credential(target),
            LifeKind.DELETE_USER: lambda: self._delete_user(patience),
            LifeKind.FORGET_SECRET: lambda: desk.secrets.forget(target),
            LifeKind.FORGET_SETTINGS: lambda: desk.save(dict.fromkeys(self._traces.settings)),
        }
        return calls[step.kind]

    def _delete_user(self, patience: Patience) -> None:
        """Delete the user; AWS may see for a moment what was taken away just now."""
        while True:
            try:
                return self._access.delete_user()
            except RefusedError as error:
                if error.code != "delete_conflict":
                    raise
                if not patience.pause("AWS sees that nothing of the user is left", _PAUSE_SECONDS):
                    raise self._conflict(error) from error

    def _conflict(self, error: RefusedError) -> RefusedError:
        hint = "Somebody may have added something meanwhile: run it again, it shows what is there now."
        if self._owned.unknown:
            hint = f"You may not ask for all that it owns. {' '.join(one.hint for one in self._owned.unknown)}"
        return RefusedError(error.message, hint=hint, code=error.code)

    def _prove(self, key: AwsKey | None, patience: Patience) -> tuple[str, ...]:
        """Ask until AWS says that there is no such user, and refuses the key; DeadlineError when it goes on not to."""
        name, proofs = self._access.name, []
        self._until(self._access.is_gone, f"AWS says that there is no user {name}", patience)
        proofs.append(f"AWS says that there is no IAM user {name} in account {self._identity.account}")
        if key is not None:
            key_id = key.access_key_id
            self._until(lambda: self._is_refused(key), f"AWS refuses the key {key_id}", patience)
            proofs.append(f"AWS does not accept the access key {key_id} any more")
        return tuple(proofs)

    def _until(self, question: Callable[[], bool], what: str, patience: Patience) -> None:
        while not question():
            if not patience.pause(what, _PAUSE_SECONDS):
                raise DeadlineError(
                    f"Everything was deleted, and AWS does not show it yet: waited in vain until {what}.",
                    hint="AWS is slow to spread changes at times. Run it again in a few minutes: it looks again, and "
                    "then forgets what is on this machine.",
                    code="not_gone",
                )

    def _is_refused(self, key: AwsKey) -> bool:
        """Ask STS where no region can be switched off, for a refusal would mean nothing there."""
        session = self._desk.key_session(key)
        try:
            who_am_i(session, home_of(self._identity, session))
        except CredentialsRejectedError as error:
            if error.code == "clock_skew":
                raise
            return error.code == CredentialsRejectedError.default_code
        return False

    def _outcome(self, status: LifeStatus, plan: TeardownPlan, proofs: tuple[str, ...] = ()) -> TornDown:
        done = status is LifeStatus.DONE
        secrets = (secret_name(self._desk.profile, "aws", key_id) for key_id in self._traces.secrets)
        return TornDown(
            status=status,
            profile=self._desk.profile,
            identity=self._identity,
            user_name=self._access.name,
            plan=plan.steps,
            forgotten=(*self._traces.settings, *secrets) if done else (),
            proofs=proofs,
        )
