"""`elastic status`: the API keys in a cluster and on this machine, side by side. Nothing is changed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from asayer_cli.elastic.ability import ability_of
from asayer_cli.elastic.api_keys import ApiKeys, FoundKeys
from asayer_cli.elastic.cut_off import explain
from asayer_cli.elastic.life_model import ElasticStatus, Holder, KeyState, KnownKey, Sight
from asayer_cli.elastic.lineage import cut_off, older_keys
from asayer_cli.errors import CredentialsRejectedError, PermissionDeniedError
from asayer_cli.profile_option import for_profile, led_to

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from asayer_cli.elastic.connection import Cluster
    from asayer_cli.elastic.life_model import InterruptedRun, KeyAbility
    from asayer_cli.elastic.model import ApiKeyRecord
    from asayer_cli.elastic.situation import Held
    from asayer_cli.errors import AsayerError
    from asayer_cli.integrations import ElasticKey
    from asayer_cli.reporting import Reporter

_SOON: Final = timedelta(days=14)


@dataclass(frozen=True, slots=True)
class Findings:
    """What was found, and what is wrong with this profile's key, if anything."""

    status: ElasticStatus
    problem: AsayerError | None


@dataclass(frozen=True, slots=True)
class Inspector:
    """Looks at a cluster's keys, with this profile's key and as a user where one is given.

    `key` is this profile's key; `missing` tells why its secret is not at hand, where it should be. `names` are key
    names of interest, beside whatever asayer-cli made.
    """

    url: str
    held: Held
    key: ElasticKey | None
    missing: AsayerError | None
    names: tuple[str, ...]
    indexes: tuple[str, ...]
    connect_with: Callable[[ElasticKey], Cluster]
    reporter: Reporter

    @property
    def key_id(self) -> str:
        """The id of this profile's key, empty where it has none."""
        return self.key.api_key_id if self.key else self.held.key_id

    def look(self, user: Cluster | None) -> Findings:
        """Ask the cluster; AsayerError when it cannot be asked, or does not accept the user."""
        ability, own, rejection = self._ask_key()
        found, sight, asked_as = FoundKeys((own,) if own else (), everybodys=False), Sight.NONE, "nobody"
        if self.key and ability:
            sight, asked_as = Sight.ITSELF, f"API key {self.key.api_key_id}"
        if user:
            found, sight = self._ask_user(user, found, sight)
            asked_as = user.who
        keys = tuple(self._known(found.records))
        interrupted = tuple(explain(change, found, self.held) for change in cut_off(self.held, self.url))
        problem = self._problem(keys, rejection)
        status = ElasticStatus(
            profile=self.held.profile,
            url=self.url,
            asked_as=asked_as,
            sight=sight,
            api_key_id=self.key_id,
            secret_store=self.held.store.label,
            keys=keys,
            interrupted=interrupted,
            ability=ability,
            next_steps=tuple(dict.fromkeys(self._next_steps(keys, interrupted, problem))),
        )
        return Findings(status, problem)

    def _ask_key(self) -> tuple[KeyAbility | None, ApiKeyRecord | None, AsayerError | None]:
        """Ask with the key itself: it may read its own record without any privilege."""
        if not self.key:
            return None, None, None
        cluster = self.connect_with(self.key)
        try:
            ability = ability_of(cluster, self.indexes)
            return ability, _own_record(cluster, self.key.api_key_id), None
        except CredentialsRejectedError as error:
            return None, None, error
        finally:
            cluster.close()

    def _ask_user(self, user: Cluster, found: FoundKeys, sight: Sight) -> tuple[FoundKeys, Sight]:
        try:
            seen = ApiKeys(user).all()
        except PermissionDeniedError as error:
            self.reporter.warn(f"{error.message} So no other keys than this profile's can be shown.")
            return found, sight
        known = {record.id for record in seen.records}
        own = tuple(record for record in found.records if record.id not in known)
        return FoundKeys((*seen.records, *own), seen.everybodys), Sight.EVERYBODYS if seen.everybodys else Sight.OWN

    def _known(self, records: tuple[ApiKeyRecord, ...]) -> Iterator[KnownKey]:
        current = next((record for record in records if record.id == self.key_id), None)
        names = {*self.names, *([current.name] if current else ())}
        ours = [
            record
            for record in records
            if record.managed
            or record.name in names
            or record.id == self.key_id
            or self.held.holders.named_by(record.id)
        ]
        older = {record.id for record in older_keys(ours, self.held, self.url, current)}
        for record in ours:
            yield known_key(record, self.held, self.key_id, older=record.id in older)

    def _problem(self, keys: tuple[KnownKey, ...], rejection: AsayerError | None) -> AsayerError | None:
        mine = next((known for known in keys if known.record.id == self.key_id), None)
        if mine and mine.state is not KeyState.VALID:
            ended = "expired" if mine.state is KeyState.EXPIRED else "been revoked"
            return CredentialsRejectedError(
                f"API key {self.key_id}, which this profile uses, has {ended}.",
                hint=f"Make another: asayer-cli elastic create-key --replace{for_profile(self.held.profile)}.",
                code="api_key_expired" if mine.state is KeyState.EXPIRED else "api_key_invalidated",
            )
        problem = rejection or self.missing
        if problem:
            problem.hint = led_to(self.held.profile, problem.hint)
        return problem

    def _next_steps(
        self, keys: tuple[KnownKey, ...], interrupted: tuple[InterruptedRun, ...], problem: AsayerError | None
    ) -> Iterator[str]:
        of = for_profile(self.held.profile)
        if problem:
            yield f"asayer-cli elastic create-key --replace{of}"
        elif not self.key_id:
            yield f"asayer-cli elastic create-key{of}"
        yield from (run.next_step for run in interrupted if run.next_step)
        left = {run.api_key_id for run in interrupted}
        if any(known.older for known in keys) and not problem:
            yield f"asayer-cli elastic rotate-key --revoke-old{of}"
        for known in keys:
            if known.state is KeyState.VALID and known.record.id == self.key_id and expires_soon(known.record):
                yield f"asayer-cli elastic rotate-key{of}"
        for known in keys:
            alive = known.state is KeyState.VALID and known.record.managed
            if alive and known.holder is Holder.NOBODY and not known.older and known.record.id not in left:
                yield f"asayer-cli elastic revoke-key {known.record.id}{of}  # if nothing elsewhere uses it"


def known_key(record: ApiKeyRecord, held: Held, key_id: str, *, older: bool = False) -> KnownKey:
    """Return a key with who on this machine has it; `key_id` is this profile's."""
    used_by, secret_of = held.holders.named_by(record.id), held.holders.kept_by(record.id)
    holders = {*used_by, *secret_of}
    here = record.id == key_id or held.profile in holders
    holder = Holder.THIS_PROFILE if here else Holder.OTHER_PROFILE if holders else Holder.NOBODY
    return KnownKey(record, state_of(record), holder, used_by, secret_of, older)


def state_of(record: ApiKeyRecord) -> KeyState:
    """Tell whether the cluster accepts a key now."""
    if record.invalidated:
        return KeyState.REVOKED
    return KeyState.VALID if record.alive_at(datetime.now(UTC)) else KeyState.EXPIRED


def expires_soon(record: ApiKeyRecord) -> bool:
    """Tell whether a key ends within two weeks."""
    return record.expires_at is not None and record.expires_at - datetime.now(UTC) < _SOON


def _own_record(cluster: Cluster, key_id: str) -> ApiKeyRecord | None:
    try:
        return ApiKeys(cluster).by_id(key_id)
    except PermissionDeniedError:  # older versions do not let a key read its own record
        return None
