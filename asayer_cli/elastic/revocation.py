"""End an API key for good: journalled, and its secret forgotten on this machine."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from asayer_cli.elastic.key_words import facts, whereabouts
from asayer_cli.elastic.life_model import KeyState, KnownKey, RevocationOutcome
from asayer_cli.elastic.lineage import REVOCATION, made_here
from asayer_cli.elastic.status import known_key
from asayer_cli.errors import AsayerError, RefusedError, UnreachableError
from asayer_cli.integrations_remove import FORGET
from asayer_cli.profile_option import for_profile
from asayer_cli.secret_store import secret_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from asayer_cli.elastic.api_keys import ApiKeys
    from asayer_cli.elastic.situation import Held
    from asayer_cli.reporting import Reporter


@dataclass(frozen=True, slots=True)
class Revoker:
    """Ends keys of a cluster, as the user that `keys` are seen by, and forgets their secrets on this machine."""

    keys: ApiKeys
    held: Held
    reporter: Reporter

    @property
    def url(self) -> str:
        """The cluster's address, as the journal names it."""
        return self.keys.cluster.endpoint.url

    def revoke(self, key_id: str, which: str = "") -> None:
        """Revoke a key, and say `which`; one revoked already is fine. AsayerError when it is not certain that it is."""
        change = self.held.journal.begin(self.url, REVOCATION, self._target(key_id))
        try:
            self.keys.revoke(key_id)
        except AsayerError as error:
            if not isinstance(error, UnreachableError):  # else it may be revoked all the same
                self.held.journal.failed(change, error.code)
            raise
        self.settle(key_id)
        self.reporter.say(f"Revoked API key {key_id}{which}.")

    def settle(self, key_id: str) -> None:
        """Write down that a key is revoked, for the runs too that were cut off at that."""
        try:
            for change in self.held.journal.open_changes(self.url, REVOCATION, self._target(key_id)):
                self.held.journal.done(change)
        except AsayerError as error:
            self.reporter.warn(f"API key {key_id} is revoked; that is not in the journal: {error.message}")

    def forget(self, key_id: str) -> tuple[str, ...]:
        """Forget the secret of a key that is revoked, in each profile of this machine; return the secrets' names."""
        forgotten = []
        for profile in self.held.holders.kept_by(key_id):
            name = secret_name(profile, "elastic", key_id)
            change = self.held.journal.begin("", FORGET, f"profile/{profile}/elastic", (name,))
            if self.held.store.remove(name):
                forgotten.append(name)
            self.held.journal.done(change)
        self.settle_forgotten()
        return tuple(forgotten)

    def settle_forgotten(self) -> None:
        """Write down the end of runs that were cut off after they forgot nothing but secrets."""
        of_secrets = secret_name(self.held.profile, "elastic", "")
        for change in self.held.journal.open_changes("", FORGET, f"profile/{self.held.profile}/elastic"):
            if all(name.startswith(of_secrets) and self.held.store.get(name) is None for name in change.before):
                self.held.journal.done(change)

    @staticmethod
    def _target(key_id: str) -> str:
        return f"api_key/{key_id}"


@dataclass(frozen=True, slots=True)
class RevocationPlan:
    """What `elastic revoke-key` is about to do to one key."""

    known: KnownKey
    revokes: bool

    @property
    def changes_something(self) -> bool:
        """Whether anything is changed, so that it must be confirmed."""
        return self.revokes or bool(self.known.secret_of)

    def lines(self) -> Iterator[str]:
        """Yield the plan for people, a line each."""
        record = self.known.record
        if self.revokes:
            yield f"  - revoke API key {record.id} ({record.name}) of {record.username}: it ends at once, and for good"
        for profile in self.known.secret_of:
            yield f"  - forget its secret, which profile {profile} keeps"
        for profile in self.known.used_by if self.revokes else ():
            yield f"  ! profile {profile} is left with a key that does not work"


@dataclass(frozen=True, slots=True)
class Revocation:
    """`elastic revoke-key`: one key, named by its id."""

    revoker: Revoker
    key_id: str

    def plan(self, known: KnownKey, *, made_elsewhere: bool, in_use: bool) -> RevocationPlan:
        """Decide; RefusedError where something else made the key, or it is in use, and that was not said."""
        if known.state is KeyState.REVOKED:
            return RevocationPlan(known, revokes=False)
        if not made_elsewhere:
            self._refuse_strangers(known)
        if not in_use:
            self._refuse_used(known)
        return RevocationPlan(known, revokes=True)

    def facts(self, known: KnownKey) -> Iterator[str]:
        """Yield what is known of the key, a line each."""
        record, held = known.record, self.revoker.held
        given = record.id == held.given
        here = whereabouts(known, held.profile, record.id if given else held.key_id, held.store.label, given=given)
        yield f"API key {record.id}, {record.name}, {known.state.value}"
        for name, value in (*facts(record), ("here", here)):
            yield f"  {name:<9}{value}"

    def find(self) -> KnownKey:
        """Look at the key; AsayerError where there is none."""
        found = self.revoker.keys.find(self.key_id)
        if found.records:
            held = self.revoker.held
            return known_key(found.records[0], held, held.key_id)
        hidden = "" if found.everybodys else ", or it is another user's, which this one may not see"
        raise AsayerError(
            f"There is no API key {self.key_id} on {self.revoker.url}{hidden}.",
            hint="List the keys there are: asayer-cli elastic status --username NAME. The cluster forgets a key some "
            "days after it was revoked."
            + ("" if found.everybodys else " To see everybody's keys, a user needs read_security or manage_api_key."),
            code="no_such_key",
        )

    def _refuse_strangers(self, known: KnownKey) -> None:
        record = known.record
        if record.managed or record.id in made_here(self.revoker.held, self.revoker.url):
            return
        raise RefusedError(
            f"asayer-cli did not make API key {record.id} ({record.name}) of {record.username}.",
            hint="Something else may depend on it. If it is the right one all the same, add --made-elsewhere.",
            code="not_ours",
        )

    def _refuse_used(self, known: KnownKey) -> None:
        held = self.revoker.held
        users = known.used_by or ((held.profile,) if known.record.id in (held.key_id, held.given) else ())
        if not users:
            return
        of = for_profile(users[0])
        raise RefusedError(
            f"API key {known.record.id} is in use: profile {', '.join(users)} reads with it, and so may the product.",
            hint=f"To have another first: asayer-cli elastic rotate-key{of}. To end it all the same, add --in-use.",
            code="in_use",
        )

    def carry_out(self, plan: RevocationPlan) -> RevocationOutcome:
        """Revoke the key where it is not yet, then forget its secret, so that a run cut short can be run again."""
        if plan.revokes:
            self.revoker.revoke(self.key_id)
        else:
            self.revoker.settle(self.key_id)
        return self.outcome(plan, self.revoker.forget(self.key_id), done=True)

    def outcome(self, plan: RevocationPlan, forgotten: tuple[str, ...] = (), *, done: bool) -> RevocationOutcome:
        """Return what was done, or with `done` false what would be."""
        steps = tuple(
            f"asayer-cli elastic create-key --replace{for_profile(profile)}  # it has no key that works"
            for profile in plan.known.used_by
        )
        held = self.revoker.held
        return RevocationOutcome(done, held.profile, self.revoker.url, plan.known, plan.known.state, forgotten, steps)
