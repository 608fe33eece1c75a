"""What the commands about a key's life result in: status, rotation, revocation; plain data."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum, unique
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from asayer_cli.elastic.model import ApiKeyRecord, IndexMatch
    from asayer_cli.integrations_view import IntegrationsView


@unique
class KeyState(StrEnum):
    """Whether the cluster accepts a key."""

    VALID = "valid"
    EXPIRED = "expired"
    REVOKED = "revoked"


@unique
class Holder(StrEnum):
    """Who on this machine uses a key or keeps its secret."""

    THIS_PROFILE = "this_profile"
    OTHER_PROFILE = "other_profile"
    NOBODY = "nobody"


@unique
class Sight(StrEnum):
    """Which keys of the cluster could be looked at."""

    EVERYBODYS = "everybodys"
    OWN = "own"
    ITSELF = "itself"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class KnownKey:
    """A key in the cluster and on this machine.

    `used_by` are the profiles whose settings name it, `secret_of` those that keep its secret; `older` tells that it is
    a former key of this profile.
    """

    record: ApiKeyRecord
    state: KeyState
    holder: Holder
    used_by: tuple[str, ...]
    secret_of: tuple[str, ...]
    older: bool = False


@dataclass(frozen=True, slots=True)
class InterruptedRun:
    """A change of this machine whose outcome is not in the journal; `api_key_id` is empty where no key is known.

    `next_step` is the command that settles it, empty where none is needed.
    """

    change: str
    time: str
    action: str
    target: str
    api_key_id: str
    explanation: str
    next_step: str


@dataclass(frozen=True, slots=True)
class KeyAbility:
    """What a key can do, asked with the key itself; `can` and `cannot` are sentences without their subject."""

    api_key_id: str
    made_by: str
    can: tuple[str, ...]
    cannot: tuple[str, ...]
    matches: tuple[IndexMatch, ...]
    readable: bool
    writable: bool


@dataclass(frozen=True, slots=True)
class ElasticStatus:
    """What there is of asayer-cli's API keys in a cluster and on this machine.

    `asked_as` is who asked, such as `user elastic`; `api_key_id` this profile's key, empty where it has none.
    """

    profile: str
    url: str
    asked_as: str
    sight: Sight
    api_key_id: str
    secret_store: str
    keys: tuple[KnownKey, ...]
    interrupted: tuple[InterruptedRun, ...]
    ability: KeyAbility | None
    next_steps: tuple[str, ...]


@unique
class RotationStep(StrEnum):
    """What `elastic rotate-key` did, or would do."""

    ROTATE = "rotate"
    FINISH = "finish"
    REVOKE_OLD = "revoke_old"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class RotationOutcome:
    """What `elastic rotate-key` did, or with `done` false would do.

    `integrations` is what Preferences > Integrations asks for, None before there is a new key; `still_valid` are the
    old keys that work on, `revoked` the ids of those that were revoked, `forgotten` the names of secrets that were
    forgotten.
    """

    step: RotationStep
    done: bool
    profile: str
    url: str
    name: str
    api_key_id: str
    expires_at: datetime | None
    integrations: IntegrationsView | None
    still_valid: tuple[ApiKeyRecord, ...]
    revoked: tuple[str, ...]
    forgotten: tuple[str, ...]
    next_steps: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RevocationOutcome:
    """What `elastic revoke-key` did, or with `done` false would do; `was` is the key's state before."""

    done: bool
    profile: str
    url: str
    key: KnownKey
    was: KeyState
    forgotten: tuple[str, ...]
    next_steps: tuple[str, ...]
