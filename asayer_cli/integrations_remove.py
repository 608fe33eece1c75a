"""Forget integrations on this machine, and say what stays alive elsewhere."""

from __future__ import annotations

import contextlib
import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from asayer_cli.errors import AsayerError
from asayer_cli.integrations_view import Forgotten
from asayer_cli.profile_option import for_profile
from asayer_cli.secret_store import SecretStore, secret_name

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from asayer_cli.journal import Journal, Record
    from asayer_cli.settings import Settings, Value

FORGET: Final = "local.forget"
_KEY_IDS: Final = {"aws": "aws.access_key_id", "elastic": "elastic.api_key_id"}


@dataclass(frozen=True, slots=True)
class Part:
    """What is to be forgotten of one integration: names of settings, names of secrets; and what lives on."""

    service: str
    settings: tuple[str, ...]
    secrets: tuple[str, ...]
    alive: tuple[str, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """Everything that is to be forgotten."""
        return (*self.settings, *self.secrets)


@dataclass(frozen=True, slots=True)
class Removal:
    """What is to be forgotten of a profile; what lives on comes with how to end it."""

    profile: str
    parts: tuple[Part, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """Everything that is to be forgotten."""
        return tuple(name for part in self.parts for name in part.names)

    @property
    def alive(self) -> tuple[str, ...]:
        """What lives on elsewhere."""
        return tuple(line for part in self.parts for line in part.alive)

    def lines(self) -> tuple[str, ...]:
        """Return the plan for people."""
        forget = [f"forget the setting {name}" for part in self.parts for name in part.settings]
        forget += [f"forget the secret {name}" for part in self.parts for name in part.secrets]
        lines = ("Plan:", *(f"  - {line}" for line in forget))
        return (*lines, "Stays alive:", *(f"  - {line}" for line in self.alive)) if self.alive else lines


@dataclass(frozen=True, slots=True)
class Machine:
    """What this machine knows: a profile's `settings` as the file has them, its secrets, the journal's records."""

    settings: Settings
    store: SecretStore
    records: tuple[Record, ...]

    def plan(self, only: str | None) -> Removal:
        """Work out what there is of the integrations `aws`, `elastic` or both (None)."""
        return Removal(
            self.settings.profile, tuple(self._part(service) for service in _KEY_IDS if only in (None, service))
        )

    def _part(self, service: str) -> Part:
        current = self.settings.text(_KEY_IDS[service])
        kept = self._kept(service, current)
        return Part(
            service,
            tuple(name for name in self.settings.values if name.partition(".")[0] == service),
            tuple(secret_name(self.settings.profile, service, key_id) for key_id in kept),
            tuple(self._alive(service, key_id) for key_id in dict.fromkeys((current, *kept)) if key_id),
        )

    def _kept(self, service: str, current: str) -> list[str]:
        """Return the ids of the keys whose secrets are here, the current one first, then as they are known."""
        prefix = secret_name(self.settings.profile, service, "")
        listed = (name.removeprefix(prefix) for name in self.store.names() if name.startswith(prefix))
        made = (record.made for record in self.records)
        candidates = dict.fromkeys(key_id for key_id in (current, *listed, *made) if key_id)
        return [key_id for key_id in candidates if self.store.get(prefix + key_id)]

    def _alive(self, service: str, key_id: str) -> str:
        origin = next((record for record in self.records if record.made == key_id), None)
        current = key_id == self.settings.text(_KEY_IDS[service])
        place = origin.account if origin else ""
        if service == "aws":
            user = origin.target.removeprefix("user/") if origin else ""
            user = user or (self.settings.text("aws.user_name", "asayer_cw") if current else "")
            return _access_key(key_id, user, place or self.settings.text("aws.account", "unknown"), ours=bool(origin))
        return self._api_key(key_id, place, current=current)

    def _api_key(self, key_id: str, url: str, *, current: bool) -> str:
        """Tell of an API key with the command that ends it, which has to say what is forgotten here by then."""
        cloud_id = "" if url or self.settings.text("elastic.url") else self.settings.text("elastic.cloud_id")
        url = url or self.settings.text("elastic.url")
        where = f" in {url or cloud_id}" if url or cloud_id else ""
        options = {"--cloud-id": cloud_id} if cloud_id else {"--url": url or "URL"}
        if current:
            certificate = {"--ca-cert": "elastic.ca_cert", "--fingerprint": "elastic.fingerprint"}
            options |= {option: self.settings.text(name) for option, name in certificate.items()}
        given = "".join(f" {option} {shlex.quote(value)}" for option, value in options.items() if value)
        return (
            f"API key {key_id}{where}; revoke it, as the user who made it, with: "
            f"asayer-cli elastic revoke-key {key_id}{given} --username NAME{for_profile(self.settings.profile)}"
        )


def _access_key(key_id: str, user: str, account: str, *, ours: bool) -> str:
    option = f"--user-name {user} " if user else ""
    whole = f"; or the whole user with: asayer-cli aws teardown --user-name {user}" if ours and user else ""
    return (
        f"access key {key_id} of {f'IAM user {user}' if user else 'an IAM user'} in account {account}; delete it with: "
        f"aws iam delete-access-key {option}--access-key-id {key_id}{whole}"
    )


def carry_out(
    removal: Removal, store: SecretStore, save: Callable[[Mapping[str, Value | None]], object], journal: Journal
) -> Forgotten:
    """Forget the secrets, then the settings that name them, so that a run cut short can be run again."""
    forgotten: list[str] = []
    for part in removal.parts:
        with _journalled(journal, removal.profile, part):
            secrets = [name for name in part.secrets if store.remove(name)]
            if part.settings:
                save(dict.fromkeys(part.settings))
            forgotten += [*part.settings, *secrets]
    return outcome(removal, forgotten)


@contextlib.contextmanager
def _journalled(journal: Journal, profile: str, part: Part) -> Iterator[None]:
    """Write down what is forgotten; the same that an earlier run was cut off at ends with it."""
    target = f"profile/{profile}/{part.service}"
    records = journal.open_changes("", FORGET, target)
    if part.names:
        records = [*records, journal.begin("", FORGET, target, part.names)]
    try:
        yield
    except AsayerError as error:
        if part.names:
            journal.failed(records[-1], error.code)
        raise
    for record in records:
        journal.done(record)


def outcome(removal: Removal, forgotten: Iterable[str] = ()) -> Forgotten:
    """Return the result, in which nothing need be forgotten."""
    return Forgotten(removal.profile, removal.names, tuple(forgotten), removal.alive)
