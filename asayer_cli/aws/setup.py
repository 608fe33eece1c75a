"""`aws setup`: read what is there, plan, carry out, prove; what fails after a key was made undoes that key."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from asayer_cli.aws.changes import Changes, Target
from asayer_cli.aws.claim import release
from asayer_cli.aws.identity import refuse_other_account
from asayer_cli.aws.interrupted import CREATE_KEY, abandoned_key, close_changes, leftover_keys
from asayer_cli.aws.key_choice import Known
from asayer_cli.aws.model import TAKES_RIGHTS, Plan, Scope, SetupOutcome, SetupStatus, StepKind
from asayer_cli.aws.new_key import NewKey
from asayer_cli.aws.permissions import group_arns
from asayer_cli.aws.proof import KeyProof, Patience
from asayer_cli.aws.setup_plan import Surroundings, group_policy_of, make_plan
from asayer_cli.errors import (
    AccessRefusedError,
    CredentialsRejectedError,
    NotConfiguredError,
    PermissionDeniedError,
    RefusedError,
)
from asayer_cli.integrations import AWS_SECRET_VARIABLE
from asayer_cli.profile_option import for_profile
from asayer_cli.secret_store import prove_writable
from asayer_cli.undisturbed import undisturbed

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from asayer_cli.aws.access import UserAccess
    from asayer_cli.aws.known_secrets import KnownSecrets
    from asayer_cli.aws.model import AccessKey, Identity, UserState
    from asayer_cli.aws.session import AwsSession
    from asayer_cli.aws.setup_plan import Wishes
    from asayer_cli.integrations import AwsKey
    from asayer_cli.journal import Journal
    from asayer_cli.reporting import Reporter
    from asayer_cli.settings import Value

_RIGHTS: Final = (
    StepKind.CREATE_USER,
    StepKind.PUT_BOUNDARY,
    StepKind.ATTACH_POLICY,
    StepKind.PUT_GROUP_POLICY,
)
_NEW_FOR: Final = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Collection:
    """What the product shall collect, and in whose account; the first of `log_groups` is collected."""

    identity: Identity
    region: str
    log_groups: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Desk:
    """What setup works with on this machine.

    `saved` are the profile's settings in the file, `also_save` settings beside AWS's own; `save` writes some;
    `key_session` opens a session with one key only.
    """

    profile: str
    secrets: KnownSecrets
    journal: Journal
    reporter: Reporter
    saved: Mapping[str, Value]
    also_save: Mapping[str, Value]
    save: Callable[[Mapping[str, Value | None]], object]
    key_session: Callable[[AwsKey], AwsSession]


class Setup:
    """One run of setup."""

    def __init__(self, access: UserAccess, collection: Collection, wishes: Wishes, desk: Desk) -> None:
        self._access = access
        self._collection = collection
        self._wishes = wishes
        self._desk = desk
        self._state: UserState | None = None
        self._open = desk.journal.open_changes(collection.identity.account, CREATE_KEY, f"user/{access.name}")
        self._held: frozenset[str] = frozenset()
        self._leftovers: frozenset[str] = frozenset()
        self._abandoned = ""

    def plan(self) -> Plan:
        """Read what is there and return what to do; RefusedError where the user must decide. Changes nothing."""
        refuse_other_account(self._desk.profile, self._desk.saved.get("aws.account"), self._collection.identity)
        self._state = self._access.state()
        ids = frozenset(key.id for key in self._keys)
        self._held = self._desk.secrets.held(ids)
        anywhere = self._desk.secrets.held_by_any_profile(ids)
        self._leftovers = leftover_keys(self._open, self._keys, anywhere)
        claim = self._state.claim if self._state else None
        self._abandoned = abandoned_key(self._open, self._keys, anywhere, claim)
        plan = make_plan(self._state, self._wishes, self._surroundings())
        if plan.has(StepKind.ATTACH_POLICY) and not self._access.policy_is_there(self._access.managed_policy):
            raise RefusedError(
                f"There is no policy {self._access.managed_policy} in this partition.",
                hint=f"Give rights on the log groups alone instead: {self._wishes.again} --scope log-groups.",
                code="policy_missing",
            )
        return plan

    @property
    def _keys(self) -> tuple[AccessKey, ...]:
        return self._state.keys if self._state else ()

    def planned(self, plan: Plan) -> SetupOutcome:
        """Return what a dry run shows."""
        return self._outcome(SetupStatus.PLANNED, plan, plan.use_key)

    def carry_out(self, plan: Plan, wait: timedelta) -> SetupOutcome:
        """Do what is planned and prove the key; `wait` bounds how long AWS may take to know what is new."""
        desk, account = self._desk, self._collection.identity.account
        self._prove_this_machine(plan)
        target = Target(self._access, account, self._wishes, group_policy_of(self._state, self._wishes, self._arns()))
        changes = Changes(target, desk.secrets, desk.journal, desk.reporter)
        with changes.told_on_failure():
            last = plan.takes_last
            changes.make(step for step in plan.steps if step not in last)
            if not self._abandoned:
                self._close_changes()
            key_id, proofs = self._prove_held(plan, wait) if plan.use_key else self._prove_new(plan, wait, changes)
            changes.make(last)
            self._close_changes()
            if plan.has(*TAKES_RIGHTS):
                self._prove_again(key_id, plan, wait)
        desk.journal.settle(account, f"user/{self._access.name}", but=CREATE_KEY)
        self._tell_of_the_old_key(key_id)
        return self._outcome(SetupStatus.DONE if plan.steps else SetupStatus.IN_PLACE, plan, key_id, proofs)

    def _close_changes(self) -> None:
        """Write down how interrupted runs ended, unless a key of theirs may be left."""
        if not self._leftovers <= {*self._wishes.delete_keys, self._abandoned}:
            return
        close_changes(self._desk.journal, self._open, self._held)
        self._open = []
        claim = self._state.claim if self._state else None
        if claim and claim.change in {record.change for record in self._desk.journal.records()}:
            release(self._access, claim.change)
            self._state = replace(self._state, claim=None) if self._state else None

    def _tell_of_the_old_key(self, key_id: str) -> None:
        """Say that the key of before stays valid, unless it was deleted or another profile uses it."""
        old, user = (str(self._desk.saved.get(name, "")) for name in ("aws.access_key_id", "aws.user_name"))
        gone = old in self._wishes.delete_keys or (user == self._access.name and old not in {k.id for k in self._keys})
        if not old or old == key_id or gone or self._desk.secrets.others_with(old):
            return
        self._desk.reporter.warn(
            f"The access key of before, {old} of the user {user}, is still valid. When nothing uses it any more, "
            f"delete it: aws iam delete-access-key --user-name {user} --access-key-id {old}"
        )

    def _surroundings(self) -> Surroundings:
        desk = self._desk
        wanted = self._wanted()
        return Surroundings(
            partition=self._collection.identity.partition,
            group_arns=self._arns(),
            saved={name: desk.saved[name] for name in (*wanted, "aws.access_key_id") if name in desk.saved},
            wanted=wanted,
            profile=desk.profile,
            keys=Known(
                now=datetime.now(UTC),
                again=self._wishes.again,
                held=self._held,
                preferred=desk.secrets.preferred,
                leftovers=self._leftovers,
                abandoned=self._abandoned,
                used_by={key.id: desk.secrets.others_with(key.id) for key in self._keys},
            ),
        )

    def _wanted(self) -> dict[str, Value]:
        """Return the settings to save, without the key id."""
        return {
            "aws.account": self._collection.identity.account,
            "aws.user_name": self._access.name,
            "aws.region": self._collection.region,
            "aws.log_groups": self._collection.log_groups,
            **self._desk.also_save,
        }

    def _arns(self) -> tuple[str, ...]:
        where = self._collection
        return group_arns(where.identity.partition, where.region, where.identity.account, where.log_groups)

    def _prove_this_machine(self, plan: Plan) -> None:
        """Write to the secret store and the settings file before anything is made that would have to be kept there."""
        if plan.has(StepKind.CREATE_KEY):
            prove_writable(self._desk.secrets.store)
        if plan.has(StepKind.SAVE_SETTINGS):
            self._desk.save({})

    def _prove_held(self, plan: Plan, wait: timedelta) -> tuple[str, tuple[str, ...]]:
        key = self._desk.secrets.get(plan.use_key)
        if key is None:
            raise NotConfiguredError(
                f"The secret of access key {plan.use_key} has just vanished from the secret store."
            )
        try:
            proofs = self._prove(key, plan, Patience(wait, self._desk.reporter, self._late(plan)))
        except CredentialsRejectedError as error:
            if error.code != "wrong_secret":
                raise
            raise self._wrong_secret(key.access_key_id) from error
        self._save(plan, key.access_key_id)
        return key.access_key_id, proofs

    def _wrong_secret(self, key_id: str) -> CredentialsRejectedError:
        secrets = self._desk.secrets
        given = secrets.is_given(key_id)
        where = f"in the variable {AWS_SECRET_VARIABLE}" if given else f"that is kept in {secrets.store.label}"
        first = f"Correct {AWS_SECRET_VARIABLE}, or unset it. Else, replace the key" if given else "Replace it"
        return CredentialsRejectedError(
            f"AWS knows the access key {key_id}, and does not accept it with the secret {where}.",
            hint=f"{first}: {self._wishes.again} --delete-key {key_id}.",
            code="wrong_secret",
        )

    def _prove_again(self, key_id: str, plan: Plan, wait: timedelta) -> None:
        """Prove that the key reads with the rights that are left."""
        if key := self._desk.secrets.get(key_id):
            self._prove(key, plan, Patience(wait, self._desk.reporter, (PermissionDeniedError,)))

    def _late(self, plan: Plan) -> tuple[type[AccessRefusedError], ...]:
        """Return the refusals that may only be delays: of anything for a young key, of rights that just changed."""
        now = datetime.now(UTC)
        if not plan.use_key or any(key.id == plan.use_key and now - key.created_at < _NEW_FOR for key in self._keys):
            return (CredentialsRejectedError, PermissionDeniedError)
        return (PermissionDeniedError,) if plan.has(*_RIGHTS) else ()

    def _prove(self, key: AwsKey, plan: Plan, patience: Patience) -> tuple[str, ...]:
        session = self._desk.key_session(key)
        proof = KeyProof(session, self._access.name, self._collection.log_groups[0], patience)
        return proof.prove(denials_may_be_late=bool(self._wishes.boundary) and plan.has(*_RIGHTS))

    def _prove_new(self, plan: Plan, wait: timedelta, changes: Changes) -> tuple[str, tuple[str, ...]]:
        """Make a key, keep its secret, prove it and save; whatever fails in between, the key is deleted again."""
        desk = self._desk
        new_key = NewKey(self._access, self._collection.identity.account, desk.secrets, desk.journal, desk.reporter)
        with new_key.undone_on_failure():
            key = new_key.make({key.id for key in self._keys}, changes.settled)
            proofs = self._prove(key, plan, Patience(wait, self._desk.reporter, self._late(plan)))
            with undisturbed():  # what the settings name already is not to be undone
                self._save(plan, key.access_key_id)
        changes.note(f"make, prove and save the access key {key.access_key_id}")
        return key.access_key_id, proofs

    def _save(self, plan: Plan, key_id: str) -> None:
        if plan.has(StepKind.SAVE_SETTINGS):
            self._desk.save({**self._wanted(), "aws.access_key_id": key_id})

    def _outcome(self, status: SetupStatus, plan: Plan, key_id: str, proofs: tuple[str, ...] = ()) -> SetupOutcome:
        profile = for_profile(self._desk.profile)
        following = (f"asayer-cli integrations show{profile}", f"asayer-cli verify{profile}")
        return SetupOutcome(
            status=status,
            profile=self._desk.profile,
            identity=self._collection.identity,
            user_name=self._access.name,
            scope=Scope(plan.scope),
            region=self._collection.region,
            log_groups=self._collection.log_groups,
            access_key_id=key_id,
            secret_store=self._desk.secrets.store.label,
            plan=plan.steps,
            proofs=proofs,
            next_steps=() if status is SetupStatus.PLANNED else following,
        )
