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

    `managed` tells that asayer-cli made it, `run` in which run of it, `replaces` the id of the key whose place it took.
    `indexes` are its index patterns, `index_privileges` what it may do there, `cluster_privileges` elsewhere; all empty
    where the server does not tell. `limited` tells that it may not see all documents or fields of its indices.
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
    indexes: tuple[str, ...] = ()
    index_privileges: tuple[str, ...] = ()
    cluster_privileges: tuple[str, ...] = ()
    replaces: str = ""
    limited: bool = False

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


@dataclass(frozen=True, slots=True)
class RequestForms:
    """The request that makes a key, to be sent by hand."""

    dev_tools: str
    curl: str


@dataclass(frozen=True, slots=True)
class CreatorRights:
    """What the user who makes a key lacks: index privileges by pattern, and cluster privileges.

    `own_only` tells that the user may revoke no other user's keys.
    """

    may_create: bool
    own_only: bool
    missing: tuple[tuple[str, tuple[str, ...]], ...] = ()
    missing_cluster: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class KeyReport:
    """What was proved with a key: whom the cluster takes it for, what it may do, and which indices it sees."""

    api_key_id: str
    made_by: str
    readable: bool
    writable: bool
    matches: tuple[IndexMatch, ...]

    @property
    def not_logs(self) -> tuple[str, ...]:
        """The names matched that look like no log at all."""
        return tuple(match.name for match in self.matches if not match.looks_like_log)


@unique
class KeyAction(StrEnum):
    """What `elastic create-key` does, or would do."""

    CREATE = "create"
    ADOPT = "adopt"
    KEEP = "keep"


@dataclass(frozen=True, slots=True)
class FormerKey:
    """The key that a profile has on another cluster; it stays valid there when the profile leads elsewhere."""

    api_key_id: str
    url: str


@dataclass(frozen=True, slots=True)
class CreateKeyOutcome:
    """What `elastic create-key` did, or with `done` false would do.

    `existing` are the live keys of the same name that were found; `to_revoke` the ids of keys that this one takes the
    place of, which stay valid until `revoke_request` is sent; `report` is what was proved. `settings_change` tells that
    a key stays in place and the settings that lead to it change; `former` is the key that the profile had elsewhere.
    """

    action: KeyAction
    done: bool
    profile: str
    url: str
    name: str
    api_key_id: str
    expires_at: datetime | None
    indexes: tuple[str, ...]
    cluster_privileges: tuple[str, ...]
    existing: tuple[ApiKeyRecord, ...]
    cleaned_up: tuple[str, ...]
    to_revoke: tuple[str, ...]
    revoke_request: str
    report: KeyReport | None
    secret_store: str
    settings_change: bool = False
    former: FormerKey | None = None
