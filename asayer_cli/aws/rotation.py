"""`aws rotate-key`: a new key beside the old one, and later the end of the old one."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Final

from asayer_cli.aws.claim import release
from asayer_cli.aws.identity import refuse_other_account
from asayer_cli.aws.interrupted import CREATE_KEY, close_changes
from asayer_cli.aws.key_facts import KeyFacts, gather
from asayer_cli.aws.life import LifeKind, LifeStatus, LifeStep, Revoked, Rotated
from asayer_cli.aws.life_changes import LifeChanges
from asayer_cli.aws.new_key import NewKey
from asayer_cli.aws.proof import KeyProof, Patience
from asayer_cli.aws.rotation_plan import LifePlan, Revoking, plan_revocation, plan_rotation
from asayer_cli.errors import CredentialsRejectedError, NotConfiguredError, PermissionDeniedError, RefusedError
from asayer_cli.integrations import AwsIntegration
from asayer_cli.integrations_view import view
from asayer_cli.profile_option import for_profile
from asayer_cli.secret_store import prove_writable, secret_name
from asayer_cli.undisturbed import undisturbed

if TYPE_CHECKING:
    from collections.abc import Callable

    from asayer_cli.aws.access import UserAccess
    from asayer_cli.aws.model import UserState
    from asayer_cli.aws.setup import Collection, Desk
    from asayer_cli.errors import AccessRefusedError
    from asayer_cli.integrations import AwsKey
    from asayer_cli.integrations_view import IntegrationsView
    from asayer_cli.journal import Record

_NEW_FOR: Final = timedelta(minutes=5)


class UserKeys:
    """The keys of the profile's user, read from AWS and from this machine."""

    def __init__(self, access: UserAccess, collection: Collection, desk: Desk) -> None:
        self.access = access
        self.collection = collection
        self.desk = desk

    def read(self) -> KeyFacts:
        """Return what is known of the keys; RefusedError where the user is not there, or not this profile's."""
        self._refuse_others()
        state = self.access.state()
        if state is None or not state.managed:
            raise self._no_user(state)
        desk = self.desk
        return gather(state, self.access.name, self.collection.identity.account, desk.secrets, desk.journal)

    def changes(self) -> LifeChanges:
        """Return what makes changes of the user, and writes them down."""
        desk = self.desk
        account = self.collection.identity.account
        return LifeChanges(account, self.access.name, desk.profile, desk.journal, desk.reporter)

    def prove(self, key_id: str, patience: Patience) -> tuple[str, ...]:
        """Return what was seen to hold of a key whose secret is here."""
        key = self.desk.secrets.get(key_id)
        if key is None:
            raise NotConfiguredError(f"The secret of access key {key_id} has just vanished from the secret store.")
        return self.prove_key(key, patience)

    def prove_key(self, key: AwsKey, patience: Patience) -> tuple[str, ...]:
        """Return what was seen to hold of a key."""
        session = self.desk.key_session(key)
        proof = KeyProof(session, self.access.name, self.collection.log_groups[0], patience)
        try:
            return proof.prove(denials_may_be_late=False)
        except PermissionDeniedError as error:
            raise PermissionDeniedError(
                error.message,
                hint=f"The user {self.access.name} lacks its rights. Give them back, then run this again: "
                f"asayer-cli aws setup{for_profile(self.desk.profile)}",
                code=error.code,
                action=error.action,
            ) from error

    def _refuse_others(self) -> None:
        saved, profile = self.desk.saved, self.desk.profile
        refuse_other_account(profile, saved.get("aws.account"), self.collection.identity)
        if (user := saved.get("aws.user_name")) and user != self.access.name:
            raise RefusedError(
                f"Profile {profile} is set up for the IAM user {user}, not for {self.access.name}.",
                hint="Leave --user-name out, or name the profile of that user: --profile NAME.",
                code="other_user",
            )

    def _no_user(self, state: UserState | None) -> RefusedError:
        option = for_profile(self.desk.profile)
        name, account = self.access.name, self.collection.identity.account
        if state is None:
            return RefusedError(
                f"There is no IAM user {name} in account {account}.",
                hint=f"Make it, with a key: asayer-cli aws setup{option} --user-name {name}.",
                code="user_missing",
            )
        return RefusedError(
            f"The IAM user {name} is not managed by asayer-cli (it lacks the tag managed-by=asayer-cli).",
            hint=f"If it is the collector's, adopt it first: asayer-cli aws setup{option} --user-name {name} --adopt.",
            code="user_not_managed",
        )


class Rotation:
    """One run that gives the profile a new key."""

    def __init__(self, user: UserKeys, again: str) -> None:
        self._user = user
        self._desk = user.desk
        self._again = again
        self._facts: KeyFacts | None = None
        self._pending: list[Record] = []

    def plan(self) -> LifePlan:
        """Read what is there and return what to do; RefusedError where the user must decide. Changes nothing."""
        account = self._user.collection.identity.account
        self._pending = self._desk.journal.open_changes(account, CREATE_KEY, f"user/{self._user.access.name}")
        self._facts = self._user.read()
        try:
            return plan_rotation(self._facts, self._again)
        except RefusedError:
            if not self._facts.abandoned:
                self._close_changes()
            raise

    def planned(self, plan: LifePlan) -> Rotated:
        """Return what a dry run shows."""
        return self._outcome(LifeStatus.PLANNED, plan, plan.use_key)

    def carry_out(self, plan: LifePlan, wait: timedelta, *, reveal: bool = False) -> Rotated:
        """Make the key or take the one that is ready, prove it, write it into the settings."""
        self._desk.save({})
        changes = self._user.changes()
        with changes.told_on_failure():
            for step in plan.steps:
                if step.kind is LifeKind.DELETE_KEY:
                    changes.make(step, partial(self._user.access.delete_key, step.target))
            key, proofs = self._take(plan.use_key, wait) if plan.use_key else self._make(wait)
            changes.settle()
        where = self._user.collection
        shown = view(self._desk.profile, AwsIntegration(key, where.region, where.log_groups), None, revealed=reveal)
        return self._outcome(LifeStatus.DONE, plan, key.access_key_id, shown, proofs)

    def _take(self, key_id: str, wait: timedelta) -> tuple[AwsKey, tuple[str, ...]]:
        key = self._desk.secrets.get(key_id)
        if key is None or self._facts is None:
            raise NotConfiguredError(f"The secret of access key {key_id} has just vanished from the secret store.")
        young = any(k.id == key_id and self._facts.now - k.created_at < _NEW_FOR for k in self._facts.keys)
        late: tuple[type[AccessRefusedError], ...] = (CredentialsRejectedError, PermissionDeniedError) if young else ()
        proofs = self._user.prove_key(key, Patience(wait, self._desk.reporter, late))
        self._save(key_id)
        self._close_changes()
        return key, proofs

    def _make(self, wait: timedelta) -> tuple[AwsKey, tuple[str, ...]]:
        """Make a key, keep its secret, prove it and save; whatever fails in between, the key is deleted again."""
        desk = self._desk
        prove_writable(desk.secrets.store)
        account = self._user.collection.identity.account
        new_key = NewKey(self._user.access, account, desk.secrets, desk.journal, desk.reporter)
        late = (CredentialsRejectedError, PermissionDeniedError)
        with new_key.undone_on_failure():
            key = new_key.make({key.id for key in self._facts.keys} if self._facts else (), _at_once)
            proofs = self._user.prove_key(key, Patience(wait, desk.reporter, late))
            with undisturbed():  # what the settings name already is not to be undone
                self._save(key.access_key_id)
        self._close_changes()
        return key, proofs

    def _close_changes(self) -> None:
        """Write down how interrupted runs ended, where that is known now."""
        if self._facts is None or self._facts.leftovers - {self._facts.abandoned}:
            return
        close_changes(self._desk.journal, self._pending, self._facts.held)
        if self._facts.claim:
            release(self._user.access, self._facts.claim)

    def _save(self, key_id: str) -> None:
        where = self._user.collection
        self._desk.save(
            {
                "aws.account": where.identity.account,
                "aws.user_name": self._user.access.name,
                **self._desk.also_save,
                "aws.access_key_id": key_id,
            }
        )

    def _outcome(
        self,
        status: LifeStatus,
        plan: LifePlan,
        key_id: str,
        shown: IntegrationsView | None = None,
        proofs: tuple[str, ...] = (),
    ) -> Rotated:
        old = self._facts.current if self._facts else None
        return Rotated(
            status=status,
            profile=self._desk.profile,
            identity=self._user.collection.identity,
            user_name=self._user.access.name,
            access_key_id=key_id,
            old_key_id=old.id if old else "",
            secret_store=self._desk.secrets.store.label,
            plan=plan.steps,
            integrations=shown,
            proofs=proofs,
            next_steps=self._next(old.id if old else "") if shown else (),
        )

    def _next(self, old: str) -> tuple[str, ...]:
        option = for_profile(self._desk.profile)
        steps = [
            f"asayer-cli integrations show --reveal{option}  # enter the new key under Preferences > Integrations",
            f"asayer-cli verify{option}",
        ]
        if old:
            steps.append(f"{self._again} --revoke-old  # end {old}, once nothing uses it any more")
        return tuple(steps)


def _at_once(call: Callable[[], AwsKey]) -> AwsKey:
    return call()


class Revocation:
    """One run that ends the keys that the profile does not use any more."""

    def __init__(self, user: UserKeys, wish: Revoking) -> None:
        self._user = user
        self._desk = user.desk
        self._wish = wish

    def plan(self) -> LifePlan:
        """Read what is there and return what to do; RefusedError where the user must decide. Changes nothing."""
        facts = self._user.read()
        forgettable = self._forgettable(facts) if self._wish.delete else ()
        wish = Revoking(self._wish.delete, self._wish.named, self._wish.again, forgettable)
        return plan_revocation(facts, wish)

    def _forgettable(self, facts: KeyFacts) -> tuple[str, ...]:
        """Return the ids of this user's keys that were made or ended here, are gone, and have a secret here still."""
        there = {key.id for key in facts.keys}
        known = dict.fromkeys((*facts.made_here, *facts.ended_here))
        gone = [key_id for key_id in known if key_id not in there and key_id != facts.current_id]
        store = self._desk.secrets.store
        return tuple(key_id for key_id in gone if store.get(secret_name(self._desk.profile, "aws", key_id)))

    def planned(self, plan: LifePlan) -> Revoked:
        """Return what a dry run shows."""
        return self._outcome(LifeStatus.PLANNED, plan, ())

    def carry_out(self, plan: LifePlan) -> Revoked:
        """Prove the key in use, make the others inactive, prove again, and only then delete, where that is wished."""
        final = Patience(timedelta(0), self._desk.reporter, ())
        self._desk.reporter.progress(f"Proving the key in use, {plan.use_key}, before any other is ended ...")
        proofs = self._user.prove(plan.use_key, final)
        changes = self._user.changes()
        with changes.told_on_failure():
            first = [step for step in plan.steps if step.kind is LifeKind.DEACTIVATE_KEY]
            for step in first:
                self._make(step, changes)
            if first and plan.has(LifeKind.DELETE_KEY):
                self._user.prove(plan.use_key, final)
            for step in plan.steps:
                if step not in first:
                    self._make(step, changes)
            changes.settle()
        return self._outcome(LifeStatus.DONE if plan.steps else LifeStatus.IN_PLACE, plan, proofs)

    def _make(self, step: LifeStep, changes: LifeChanges) -> None:
        access, secrets = self._user.access, self._desk.secrets
        calls: dict[LifeKind, Callable[[], object]] = {
            LifeKind.DEACTIVATE_KEY: lambda: access.set_active(step.target, active=False),
            LifeKind.DELETE_KEY: lambda: access.delete_key(step.target),
            LifeKind.FORGET_SECRET: lambda: secrets.forget(step.target),
        }
        changes.make(step, calls[step.kind])

    def _outcome(self, status: LifeStatus, plan: LifePlan, proofs: tuple[str, ...]) -> Revoked:
        def targets(kind: LifeKind) -> tuple[str, ...]:
            return tuple(step.target for step in plan.steps if step.kind is kind)

        deleted = targets(LifeKind.DELETE_KEY)
        return Revoked(
            status=status,
            profile=self._desk.profile,
            identity=self._user.collection.identity,
            user_name=self._user.access.name,
            access_key_id=plan.use_key,
            deactivated=tuple(key_id for key_id in targets(LifeKind.DEACTIVATE_KEY) if key_id not in deleted),
            deleted=deleted,
            plan=plan.steps,
            proofs=proofs,
            next_steps=self._next(plan) if status is LifeStatus.DONE else (),
        )

    def _next(self, plan: LifePlan) -> tuple[str, ...]:
        name = self._user.access.name
        inactive = [step.target for step in plan.steps if step.kind is LifeKind.DEACTIVATE_KEY]
        if self._wish.delete or not inactive:
            return ()
        (key_id, *_) = inactive
        named = "".join(f" --old-key {key_id}" for key_id in self._wish.named if key_id in inactive)
        back = f"aws iam update-access-key --user-name {name} --access-key-id {key_id} --status Active"
        return (
            f"{back}  # make it valid again, should anything miss it",
            f"{self._wish.again} --revoke-old{named} --delete  # delete it for good, once nothing has missed it",
        )
