"""What is there before a key is made: keys of the name, this profile's own key, and what an interrupted run left."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from asayer_cli.elastic.proof import prove
from asayer_cli.errors import CredentialsRejectedError
from asayer_cli.integrations import ElasticKey
from asayer_cli.secret_store import secret_name

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from asayer_cli.elastic.api_keys import ApiKeys
    from asayer_cli.elastic.connection import Cluster
    from asayer_cli.elastic.model import ApiKeyRecord, KeyReport
    from asayer_cli.journal import Journal, Record
    from asayer_cli.known_secrets import KeyHolders
    from asayer_cli.reporting import Reporter
    from asayer_cli.secret_store import SecretStore

ACTION: Final = "elastic.create_api_key"


@dataclass(frozen=True, slots=True)
class Leftover:
    """A live key that an interrupted run made; `key` where its secret got as far as the store."""

    change: Record
    record: ApiKeyRecord
    key: ElasticKey | None


@dataclass(frozen=True, slots=True)
class Situation:
    """What was found.

    `existing` are the live keys of the wanted name, `leftovers` those among them that interrupted runs made;
    `settled` are interrupted runs that left nothing to do, with the id of the key that each made, if any: a run whose
    key is not to be seen counts as such only where no key is hidden. `ended` are the ids of revoked keys of the name.
    `current` is this profile's key as the cluster has it (of any name), `current_key` its secret where that is held,
    `report` what was proved with it; `used_by` has for each existing key the other profiles of this machine that use
    it.
    """

    existing: tuple[ApiKeyRecord, ...]
    leftovers: tuple[Leftover, ...]
    settled: tuple[tuple[Record, str], ...]
    ended: frozenset[str]
    current: ApiKeyRecord | None
    current_key: ElasticKey | None
    report: KeyReport | None
    used_by: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Held:
    """What this machine holds: a profile's store and the id of its key, empty where it has none for this cluster.

    `holders` knows the keys of all profiles; `given` is the id of the key that the environment gives, if it does.
    """

    profile: str
    store: SecretStore
    key_id: str
    journal: Journal
    holders: KeyHolders
    given: str = ""

    def target(self, name: str) -> str:
        """Return what the journal calls this profile's key of a name."""
        return f"profile/{self.profile}/api_key/{name}"

    def is_in_use(self, key_id: str) -> bool:
        """Tell whether a key is this profile's, or any other's: as settings or environment say, or by its secret."""
        own = (self.key_id, self.given, self.holders.key_ids[self.profile])
        return key_id in own or bool(self.other_profiles_with(key_id))

    def other_profiles_with(self, key_id: str) -> tuple[str, ...]:
        """Return the other profiles of this machine that use a key, or have its secret."""
        return tuple(profile for profile in self.holders.profiles_with(key_id) if profile != self.profile)

    def secret_name(self, key_id: str) -> str:
        """Return the name of a key's secret in the store."""
        return secret_name(self.profile, "elastic", key_id)

    def key(self, key_id: str) -> ElasticKey | None:
        """Return a key whose secret is in the store, None when it is not."""
        secret = self.store.get(self.secret_name(key_id))
        return ElasticKey(key_id, secret) if secret else None


def survey(
    keys: ApiKeys,
    held: Held,
    name: str,
    indexes: tuple[str, ...],
    connect_with: Callable[[ElasticKey], Cluster],
    reporter: Reporter,
) -> Situation:
    """Look at the cluster and this machine; the profile's own key is tried out where its secret is held."""
    now = datetime.now(UTC)
    found = keys.by_name(name)
    existing = tuple(record for record in found.records if record.alive_at(now))
    changes = held.journal.open_changes(keys.cluster.endpoint.url, ACTION, held.target(name))
    made = {record.run: record.id for record in found.records}
    leftovers = tuple(_leftovers(changes, existing, held))
    unsettled = {leftover.change for leftover in leftovers}
    current = keys.by_id(held.key_id) if held.key_id else None
    current_key = held.key(held.key_id) if current and current.alive_at(now) else None
    return Situation(
        existing=existing,
        leftovers=leftovers,
        settled=tuple(
            (change, made.get(change.change, ""))
            for change in changes
            if change not in unsettled and (found.everybodys or change.change in made)
        ),
        ended=frozenset(record.id for record in found.records if record.invalidated),
        current=current,
        current_key=current_key,
        report=_try(current_key, indexes, connect_with, reporter) if current_key else None,
        used_by={record.id: held.other_profiles_with(record.id) for record in existing},
    )


def _leftovers(changes: Iterable[Record], existing: tuple[ApiKeyRecord, ...], held: Held) -> Iterable[Leftover]:
    for change in changes:
        for record in existing:
            if record.run == change.change and not held.is_in_use(record.id):
                yield Leftover(change, record, held.key(record.id))


def _try(
    key: ElasticKey, indexes: tuple[str, ...], connect_with: Callable[[ElasticKey], Cluster], reporter: Reporter
) -> KeyReport | None:
    """Prove a key that is held; None when the cluster does not accept it."""
    cluster = connect_with(key)
    try:
        return prove(cluster, key.api_key_id, indexes, reporter, patience=0)
    except CredentialsRejectedError:
        return None
    finally:
        cluster.close()
