"""The settings as `config` shows them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from asayer_cli.elastic.endpoint import parse_url
from asayer_cli.errors import UsageError
from asayer_cli.secret import MASK
from asayer_cli.settings import FILE_NAME, KEYS, Origin, Settings, Value, profile_names

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

# A secret access key is 40 characters of base64; an API key's `encoded` form is base64 of 40 characters and more.
_SECRET_LIKE: Final = re.compile(r"(?=[^a-z]*[a-z])(?=[^A-Z]*[A-Z])(?=[^0-9]*[0-9])[A-Za-z0-9/+]{40,}={0,2}")
_MAY_BE_PATHS: Final = frozenset({"aws.log_groups", "elastic.indexes", "elastic.ca_cert", "network.ca_bundle"})
_USER_INFORMATION: Final = re.compile(r"//.*@")


@dataclass(frozen=True, slots=True)
class SettingsPath:
    """Where the settings file is, whether it exists or not."""

    path: Path


@dataclass(frozen=True, slots=True)
class SettingLine:
    """One setting that is set; `variable` is the environment variable that overrides it."""

    name: str
    value: Value
    origin: Origin
    variable: str


@dataclass(frozen=True, slots=True)
class SettingsView:
    """A profile's settings, and the names of all profiles in the file."""

    path: Path
    profile: str
    profiles: tuple[str, ...]
    settings: tuple[SettingLine, ...]


@dataclass(frozen=True, slots=True)
class SettingChange:
    """A setting that was set, or removed (`value` None)."""

    name: str
    value: Value | None
    profile: str


def view(settings: Settings, folder: Path) -> SettingsView:
    """Return what is set, in the order of the keys."""
    lines = tuple(
        SettingLine(key.name, _masked(setting.value), setting.origin, key.variable)
        for key in KEYS
        if (setting := settings.values.get(key.name))
    )
    return SettingsView(folder / FILE_NAME, settings.profile, tuple(profile_names(folder)), lines)


def _masked(value: Value) -> Value:
    """Return a value without the password of a URL, which the environment may hold and no command takes."""
    return _USER_INFORMATION.sub(f"//{MASK}@", value) if isinstance(value, str) else value


def check_storable(name: str, values: Iterable[str]) -> None:
    """Raise UsageError when a value looks like a secret, or a URL has one: the settings file is no place for it."""
    for value in values:
        if name == "elastic.url":
            parse_url(value)
        if _looks_secret(name, value):
            raise UsageError(
                "That looks like a secret, and settings are kept in plain text; it was not saved.",
                hint="asayer-cli aws setup and asayer-cli elastic create-key put secrets into the secret store.",
                code="secret_in_settings",
            )


def _looks_secret(name: str, value: str) -> bool:
    if name == "elastic.api_key_id" and ":" in value:
        return True
    return bool(_SECRET_LIKE.fullmatch(value)) and not (name in _MAY_BE_PATHS and value.startswith("/"))
