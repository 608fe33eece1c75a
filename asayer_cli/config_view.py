"""The settings as `config` shows them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from asayer_cli.errors import UsageError
from asayer_cli.settings import FILE_NAME, KEYS, Origin, Settings, Value, profile_names

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

# A secret access key is 40 characters of base64; an API key's `encoded` form is base64 of 40 characters and more.
_SECRET_LIKE: Final = re.compile(r"(?=[^a-z]*[a-z])(?=[^A-Z]*[A-Z])(?=[^0-9]*[0-9])[A-Za-z0-9/+]{40,}={0,2}")


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
        SettingLine(key.name, setting.value, setting.origin, key.variable)
        for key in KEYS
        if (setting := settings.values.get(key.name))
    )
    return SettingsView(folder / FILE_NAME, settings.profile, tuple(profile_names(folder)), lines)


def refuse_secret(values: Iterable[str]) -> None:
    """Raise UsageError when a value looks like a secret: the settings file is no place for one."""
    if any(_SECRET_LIKE.fullmatch(value) for value in values):
        raise UsageError(
            "That looks like a secret, and settings are kept in plain text; it was not saved.",
            hint="asayer-cli aws setup and asayer-cli elastic create-key put secrets into the secret store.",
            code="secret_in_settings",
        )
