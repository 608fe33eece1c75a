"""The secrets of the collector's keys that this machine has: in the environment, or in the secret store."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from asayer_cli.integrations import AWS_SECRET_VARIABLE, AwsKey
from asayer_cli.secret import Secret
from asayer_cli.secret_store import SecretStore, secret_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from asayer_cli.known_secrets import KeyHolders


@dataclass(frozen=True, slots=True)
class KnownSecrets:
    """Secrets by key id; `preferred` is the key id of the settings, `holders` are all profiles of this machine."""

    profile: str
    holders: KeyHolders
    preferred: str
    store: SecretStore
    environ: Mapping[str, str]

    def get(self, key_id: str) -> AwsKey | None:
        """Return a key of this profile with its secret; the environment's secret belongs to the settings' key id."""
        if self.is_given(key_id):
            return AwsKey(key_id, Secret(self.environ[AWS_SECRET_VARIABLE].strip()))
        secret = self.store.get(secret_name(self.profile, "aws", key_id))
        return None if secret is None else AwsKey(key_id, secret)

    def is_given(self, key_id: str) -> bool:
        """Tell whether the secret is the one in the environment."""
        return key_id == self.preferred and bool(self.environ.get(AWS_SECRET_VARIABLE, "").strip())

    def held(self, key_ids: Iterable[str]) -> frozenset[str]:
        """Return those of the ids whose secrets this profile has."""
        return frozenset(key_id for key_id in key_ids if self.get(key_id))

    def held_by_any_profile(self, key_ids: Iterable[str]) -> frozenset[str]:
        """Return those of the ids that any profile of this machine uses, or has the secret of."""
        return self.holders.held_by_any_profile(key_ids)

    def others_with(self, key_id: str) -> tuple[str, ...]:
        """Return the other profiles of this machine that use a key."""
        return tuple(profile for profile in self.holders.profiles_with(key_id) if profile != self.profile)

    def keep(self, key: AwsKey) -> None:
        """Keep a key's secret."""
        self.store.put(secret_name(self.profile, "aws", key.access_key_id), key.secret_access_key)

    def forget(self, key_id: str) -> None:
        """Forget a key's secret; nothing happens where there is none."""
        self.store.remove(secret_name(self.profile, "aws", key_id))
