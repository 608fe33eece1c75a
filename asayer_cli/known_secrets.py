"""Which keys the profiles of this machine use: named in their settings, or with a secret in the store."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from asayer_cli.secret_store import SecretStore, secret_name
from asayer_cli.settings import profile_names, read_profile

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

_KEY_ID_SETTINGS: Final = {"aws": "aws.access_key_id", "elastic": "elastic.api_key_id"}


@dataclass(frozen=True, slots=True)
class KeyHolders:
    """The profiles of this machine and their keys: `key_ids` has for each profile the id in its settings, or ''."""

    service: str
    store: SecretStore
    key_ids: Mapping[str, str]

    def profiles_with(self, key_id: str) -> tuple[str, ...]:
        """Return the profiles that use a key, or have its secret."""
        return tuple(
            profile for profile, named in self.key_ids.items() if named == key_id or self._has(profile, key_id)
        )

    def named_by(self, key_id: str) -> tuple[str, ...]:
        """Return the profiles whose settings name a key."""
        return tuple(profile for profile, named in self.key_ids.items() if named == key_id)

    def kept_by(self, key_id: str) -> tuple[str, ...]:
        """Return the profiles that have the secret of a key."""
        return tuple(profile for profile in self.key_ids if self._has(profile, key_id))

    def held_by_any_profile(self, key_ids: Iterable[str]) -> frozenset[str]:
        """Return those of the ids that any profile of this machine uses, or has the secret of."""
        return frozenset(key_id for key_id in key_ids if self.profiles_with(key_id))

    def _has(self, profile: str, key_id: str) -> bool:
        return self.store.get(secret_name(profile, self.service, key_id)) is not None


def key_holders(service: str, folder: Path, profile: str, store: SecretStore) -> KeyHolders:
    """Return the holders of `aws` or `elastic` keys: all profiles of the settings file, and `profile`."""
    names = sorted({profile, *profile_names(folder)})
    settings = {name: read_profile(folder, name).get(_KEY_ID_SETTINGS[service], "") for name in names}
    return KeyHolders(service, store, {name: str(value) for name, value in settings.items()})
