"""Settings: profile file < environment < flags, read when asked, never at import, and never a secret."""

from __future__ import annotations

import os
import tomllib
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, Literal

from asayer_cli import network
from asayer_cli.errors import UsageError
from asayer_cli.timeline.replay_url import check_template

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

Value = str | tuple[str, ...]
Origin = Literal["file", "environment"]
DEFAULT_PROFILE: Final = "default"
FILE_NAME: Final = "config.toml"
_NO_HOME: Final = Path(os.devnull, "no-home")


@dataclass(frozen=True, slots=True)
class Key:
    """One setting: its dotted `name`, the environment `variable` that overrides it, `many` for a list.

    `check` raises UsageError for a value that the setting does not take. A path is kept as an absolute one.
    """

    name: str
    variable: str
    help: str
    many: bool = False
    choices: tuple[str, ...] = ()
    check: Callable[[str], object] | None = None
    is_path: bool = False


KEYS: Final = (
    Key("aws.account", "ASAYER_AWS_ACCOUNT", "AWS account id that the collector's user lives in"),
    Key("aws.user_name", "ASAYER_AWS_USER_NAME", "IAM user of the collector"),
    Key("aws.access_key_id", "ASAYER_AWS_ACCESS_KEY_ID", "access key id of the collector's user"),
    Key("aws.region", "ASAYER_AWS_REGION", "region that the product collects from"),
    Key("aws.log_groups", "ASAYER_AWS_LOG_GROUPS", "log groups; the first is collected", many=True),
    Key("elastic.url", "ASAYER_ELASTIC_URL", "URL of the Elasticsearch cluster"),
    Key("elastic.cloud_id", "ASAYER_ELASTIC_CLOUD_ID", "Elastic Cloud id, instead of a URL"),
    Key("elastic.api_key_id", "ASAYER_ELASTIC_API_KEY_ID", "id of the API key"),
    Key("elastic.indexes", "ASAYER_ELASTIC_INDEXES", "index patterns that the product collects from", many=True),
    Key(
        "elastic.ca_cert",
        "ASAYER_ELASTIC_CA_CERT",
        "file with the certificate authority of the cluster",
        is_path=True,
    ),
    Key("elastic.fingerprint", "ASAYER_ELASTIC_FINGERPRINT", "SHA-256 fingerprint of the cluster's certificate"),
    Key(
        "network.ca_bundle",
        "ASAYER_CA_BUNDLE",
        "file with the certificate authorities to trust, for both services",
        is_path=True,
    ),
    Key("network.proxy", "ASAYER_PROXY", "proxy on the way to both services", check=network.parse_proxy),
    Key("network.timeout", "ASAYER_TIMEOUT", "how long to wait for each answer", check=network.parse_timeout),
    Key("replay_url", "ASAYER_REPLAY_URL", "link to a replay, with {session_id} in it", check=check_template),
    Key("convention", "ASAYER_CONVENTION", "how the tag is named", choices=("asayer", "openreplay")),
    Key("secret_store", "ASAYER_SECRET_STORE", "where secrets are kept", choices=("keyring", "file", "environment")),
)
_BY_NAME: Final = {key.name: key for key in KEYS}


@dataclass(frozen=True, slots=True)
class Setting:
    """A setting's value and where it comes from."""

    value: Value
    origin: Origin


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings of one profile, file and environment merged."""

    profile: str
    values: Mapping[str, Setting]

    def text(self, name: str, default: str = "") -> str:
        """Return a setting of one value, `default` when it is not set."""
        setting = self.values.get(name)
        return setting.value if setting and isinstance(setting.value, str) else default

    def many(self, name: str, default: tuple[str, ...] = ()) -> tuple[str, ...]:
        """Return a setting that is a list, `default` when it is not set."""
        setting = self.values.get(name)
        return setting.value if setting and isinstance(setting.value, tuple) else default

    def origin(self, name: str) -> Origin | None:
        """Return where a setting comes from, None when it is not set."""
        setting = self.values.get(name)
        return setting.origin if setting else None


def find_key(name: str) -> Key:
    """Return the key called `name`; UsageError, with the keys there are, for any other."""
    if key := _BY_NAME.get(name):
        return key
    raise UsageError(
        f"There is no setting {name!r}.", hint="The settings are: " + ", ".join(_BY_NAME) + ".", code="unknown_setting"
    )


def parse_value(key: Key, given: Iterable[str]) -> Value:
    """Turn command line or environment text into a key's value; commas part a list."""
    parts = tuple(part.strip() for text in given for part in (text.split(",") if key.many else [text]) if part.strip())
    if key.many and parts:
        return parts
    if len(parts) != 1:
        wanted = "at least one value" if key.many else f"one value, not {len(parts)}"
        raise UsageError(f"The setting {key.name} ({key.variable}) takes {wanted}.", code="bad_setting")
    return parts[0]


def check_value(key: Key, value: Value) -> Value:
    """Return `value` when the key takes it; UsageError, with the choices, when it does not."""
    if key.choices and value not in key.choices:
        raise UsageError(
            f"The setting {key.name} ({key.variable}) does not take {value!r}.",
            hint=f"It is one of: {', '.join(key.choices)}.",
            code="bad_setting",
        )
    if key.check and isinstance(value, str):
        key.check(value)
    return value


def config_folder(environ: Mapping[str, str]) -> Path:
    """Return the folder of the settings file: ASAYER_CONFIG_DIR, or the platform's."""
    if folder := environ.get("ASAYER_CONFIG_DIR"):
        return Path(folder)
    from platformdirs import user_config_path  # noqa: PLC0415 - only when settings are read, for a fast start

    return _at_home(user_config_path)


def state_folder(environ: Mapping[str, str]) -> Path:
    """Return the folder of the journal: ASAYER_STATE_DIR, or the platform's."""
    if folder := environ.get("ASAYER_STATE_DIR"):
        return Path(folder)
    from platformdirs import user_state_path  # noqa: PLC0415 - only when the journal is used, for a fast start

    return _at_home(user_state_path)


def cache_folder(environ: Mapping[str, str]) -> Path:
    """Return the folder of what may be forgotten: ASAYER_CACHE_DIR, or the platform's."""
    if folder := environ.get("ASAYER_CACHE_DIR"):
        return Path(folder)
    from platformdirs import user_cache_path  # noqa: PLC0415 - only for completion of what services know

    return _at_home(user_cache_path)


def _at_home(folder_of: Callable[..., Path]) -> Path:
    """Return the program's folder; for a user without a home, one that is empty to read and cannot be written."""
    try:
        folder = folder_of("asayer-cli", appauthor=False)
    except RuntimeError:
        return _NO_HOME
    return _NO_HOME if folder.parts[:1] == ("~",) else folder  # older versions of platformdirs leave it at that


def load(profile: str, environ: Mapping[str, str]) -> Settings:
    """Read a profile: what the file says, overridden by the environment; UsageError when the file is broken."""
    values = dict(load_file(profile, environ).values)
    for key in KEYS:
        if text := environ.get(key.variable, "").strip():
            values[key.name] = Setting(check_value(key, parse_value(key, [text])), "environment")
    return Settings(profile, MappingProxyType(values))


def load_file(profile: str, environ: Mapping[str, str]) -> Settings:
    """Read a profile as the file has it, whatever the environment sets; UsageError when the file is broken."""
    values = read_profile(config_folder(environ), profile)
    return Settings(profile, MappingProxyType({name: Setting(value, "file") for name, value in values.items()}))


def read_profile(folder: Path, profile: str) -> dict[str, Value]:
    """Read one profile of the file, dotted names to values; empty when there is no such file or profile."""
    path = folder / FILE_NAME
    return parse_profile(path, _read_text(path), profile)


def parse_profile(path: Path, text: str, profile: str) -> dict[str, Value]:
    """Read one profile of the file's text; UsageError, which names `path`, when the text is broken."""
    table = _profiles(path, text).get(profile, {})
    if not isinstance(table, dict):
        raise _broken(path, f"profiles.{profile} is no table")
    return {name: _checked(path, name, value) for name, value in _flatten(table)}


def profile_names(folder: Path) -> list[str]:
    """Return the names of the profiles in the file; UsageError when the file is broken."""
    path = folder / FILE_NAME
    return sorted(_profiles(path, _read_text(path)))


def _profiles(path: Path, text: str) -> dict[str, object]:
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise _broken(path, str(error)) from error
    for name in document:
        if name != "profiles":
            raise _broken(path, f"there is no table {name!r}; settings stand in [profiles.{DEFAULT_PROFILE}]")
    profiles: object = document.get("profiles", {})
    if not isinstance(profiles, dict):
        raise _broken(path, "profiles is no table")
    return profiles


def _read_text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (FileNotFoundError, NotADirectoryError):
        return ""
    except UnicodeDecodeError as error:
        raise _broken(path, "it is not UTF-8") from error
    except OSError as error:
        raise UsageError(
            f"The settings file {path} cannot be read: {error.strerror}.",
            hint="Make it readable, or point ASAYER_CONFIG_DIR to another folder.",
            code="settings_unreadable",
        ) from error


def _broken(path: Path, why: str) -> UsageError:
    return UsageError(
        f"The settings file {path} is broken: {why}.",
        hint=f"Mend it in an editor, or move it away: mv {os.fspath(path)} {os.fspath(path)}.broken",
        code="settings_broken",
    )


def _flatten(table: Mapping[str, object], prefix: str = "") -> list[tuple[str, object]]:
    pairs: list[tuple[str, object]] = []
    for name, value in table.items():
        pairs += _flatten(value, f"{prefix}{name}.") if isinstance(value, dict) else [(prefix + name, value)]
    return pairs


def _checked(path: Path, name: str, value: object) -> Value:
    key = _BY_NAME.get(name)
    if key is None:
        raise _broken(path, f"there is no setting {name!r}")
    if key.many and isinstance(value, list) and all(isinstance(item, str) for item in value):
        return tuple(value)
    if not key.many and isinstance(value, str):
        if key.choices and value not in key.choices:
            raise _broken(path, f"{name} is one of: {', '.join(key.choices)}")
        return _accepted(path, key, value)
    raise _broken(path, f"{name} must be {'a list of texts' if key.many else 'a text'}")


def _accepted(path: Path, key: Key, value: str) -> Value:
    try:
        return check_value(key, value)
    except UsageError as error:
        raise _broken(path, f"{key.name} is wrong. {error.message.rstrip('.')}") from error
