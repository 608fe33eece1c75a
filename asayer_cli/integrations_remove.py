"""Forget integrations on this machine, and say what stays alive elsewhere."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from asayer_cli.integrations_view import Forgotten
from asayer_cli.secret_store import SecretStore, secret_name

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from asayer_cli.settings import Settings, Value

_KEY_IDS: Final = {"aws": "aws.access_key_id", "elastic": "elastic.api_key_id"}


@dataclass(frozen=True, slots=True)
class Removal:
    """What is to be forgotten: names of settings, names of secrets; and what lives on, with how to end it."""

    settings: tuple[str, ...]
    secrets: tuple[str, ...]
    alive: tuple[str, ...]

    def lines(self) -> tuple[str, ...]:
        """Return the plan for people."""
        forget = [f"forget the setting {name}" for name in self.settings]
        forget += [f"forget the secret {name}" for name in self.secrets]
        lines = ("Plan:", *(f"  - {line}" for line in forget))
        return (*lines, "Stays alive:", *(f"  - {line}" for line in self.alive)) if self.alive else lines

    def outcome(self, profile: str, *, done: bool) -> Forgotten:
        """Return the result; with nothing forgotten when it was not `done`."""
        return Forgotten(profile, (*self.settings, *self.secrets) if done else (), self.alive)


def plan(settings: Settings, only: str | None) -> Removal:
    """Work out what the file's `settings` name of the integrations, `aws`, `elastic` or both (None)."""
    services = [service for service in _KEY_IDS if only in (None, service)]
    names = [name for name in settings.values if name.partition(".")[0] in services]
    kept = [service for service in services if _KEY_IDS[service] in names]
    secrets = tuple(secret_name(settings.profile, service, settings.text(_KEY_IDS[service])) for service in kept)
    return Removal(tuple(names), secrets, tuple(_alive(settings, service) for service in kept))


def carry_out(
    removal: Removal, profile: str, store: SecretStore, save: Callable[[Mapping[str, Value | None]], object]
) -> Forgotten:
    """Forget the secrets, then the settings that name them, so that a run cut short can be run again."""
    for name in removal.secrets:
        store.remove(name)
    save(dict.fromkeys(removal.settings))
    return removal.outcome(profile, done=True)


def _alive(settings: Settings, service: str) -> str:
    key_id = settings.text(_KEY_IDS[service])
    if service == "aws":
        user = settings.text("aws.user_name", "asayer_cw")
        return (
            f"access key {key_id} of IAM user {user} in account {settings.text('aws.account', 'unknown')}; delete it "
            f"with: aws iam delete-access-key --user-name {user} --access-key-id {key_id}"
        )
    place = settings.text("elastic.url") or settings.text("elastic.cloud_id")
    request = f'DELETE /_security/api_key {{"ids": ["{key_id}"]}}'
    return f"API key {key_id} in {place}; revoke it in Kibana's Dev Tools with: {request}"
