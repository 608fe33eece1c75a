"""What this room's work results in: plain data, without the client library."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum, unique
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from datetime import datetime

    from asayer_cli.secret import Secret

MANAGED_BY: Final = "asayer-cli"
API_KEY_AUTHENTICATION: Final = "api_key"


@dataclass(frozen=True, slots=True)
class UserPassword:
    """Who makes a key: a user of the cluster."""

    username: str
    password: Secret


@dataclass(frozen=True, slots=True)
class KeyIdentity:
    """Who the cluster says is asking; `api_key_id` is empty for a user."""

    username: str
    authentication_type: str
    api_key_id: str = ""
    realm: str = ""

    @property
    def is_api_key(self) -> bool:
        """Whether an API key is asking, not a user."""
        return bool(self.api_key_id) or self.authentication_type == API_KEY_AUTHENTICATION


@dataclass(frozen=True, slots=True)
class ApiKeyRecord:
    """What the cluster keeps about an API key; `expires_at` is None for a key that never does.

    `managed` tells that asayer-cli made it, `run` in which run of it.
    """

    id: str
    name: str
    created_at: datetime
    expires_at: datetime | None
    invalidated: bool
    username: str
    realm: str
    managed: bool = False
    run: str = ""

    def alive_at(self, now: datetime) -> bool:
        """Tell whether the key is neither revoked nor expired."""
        return not self.invalidated and (self.expires_at is None or now < self.expires_at)


@unique
class IndexKind(StrEnum):
    """What an index expression can match."""

    INDEX = "index"
    ALIAS = "alias"
    DATA_STREAM = "data_stream"


@dataclass(frozen=True, slots=True)
class IndexMatch:
    """One name that the index expressions match, and whether it looks like logs at all."""

    name: str
    kind: IndexKind
    looks_like_log: bool


@dataclass(frozen=True, slots=True)
class FieldProblem:
    """Indices in which a field that the collector searches is mapped so that its search finds nothing.

    `mapped_as` is the field's type there, `unmapped` where it has none; `effect` is what follows from it.
    """

    field: str
    mapped_as: str
    indices: tuple[str, ...]
    effect: str
