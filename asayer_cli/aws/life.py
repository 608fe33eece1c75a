"""What happens to a user and its keys after setup, as plain data: steps of plans, and how commands ended."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum, unique
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from asayer_cli.aws.model import AccessKey, Identity
    from asayer_cli.integrations_view import IntegrationsView


@unique
class LifeKind(StrEnum):
    """What a step does."""

    CREATE_KEY = "create_key"
    USE_KEY = "use_key"
    SAVE_SETTINGS = "save_settings"
    DEACTIVATE_KEY = "deactivate_key"
    DELETE_KEY = "delete_key"
    DETACH_POLICY = "detach_policy"
    DELETE_POLICY = "delete_policy"
    LEAVE_GROUP = "leave_group"
    DELETE_PASSWORD = "delete_password"  # noqa: S105 - the name of a step
    DELETE_MFA_DEVICE = "delete_mfa_device"
    DELETE_CERTIFICATE = "delete_certificate"
    DELETE_SSH_KEY = "delete_ssh_key"
    DELETE_SERVICE_CREDENTIAL = "delete_service_credential"
    DELETE_USER = "delete_user"
    FORGET_SECRET = "forget_secret"  # noqa: S105 - the name of a step
    FORGET_SETTINGS = "forget_settings"


LOCAL: frozenset[LifeKind] = frozenset(
    {LifeKind.SAVE_SETTINGS, LifeKind.USE_KEY, LifeKind.FORGET_SECRET, LifeKind.FORGET_SETTINGS}
)


@dataclass(frozen=True, slots=True)
class LifeStep:
    """One change: `text` says it to a person, `target` is what AWS (or the secret store) calls the thing.

    `ours` is False for what asayer-cli did not put there; `key` is what is known of a key.
    """

    kind: LifeKind
    text: str
    target: str = ""
    ours: bool = True
    key: AccessKey | None = None


@unique
class LifeStatus(StrEnum):
    """How a command ended."""

    PLANNED = "planned"
    IN_PLACE = "in_place"
    DONE = "done"


@dataclass(frozen=True, slots=True)
class Rotated:
    """What `aws rotate-key` did or would do.

    `access_key_id` is the key in the settings now, `old_key_id` the one that was there before and stays valid.
    """

    status: LifeStatus
    profile: str
    identity: Identity
    user_name: str
    access_key_id: str
    old_key_id: str
    secret_store: str
    plan: tuple[LifeStep, ...]
    integrations: IntegrationsView | None = None
    proofs: tuple[str, ...] = ()
    next_steps: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Revoked:
    """What `aws rotate-key --revoke-old` did or would do: which keys AWS does not accept any more, or has no more."""

    status: LifeStatus
    profile: str
    identity: Identity
    user_name: str
    access_key_id: str
    deactivated: tuple[str, ...]
    deleted: tuple[str, ...]
    plan: tuple[LifeStep, ...]
    proofs: tuple[str, ...] = ()
    next_steps: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TornDown:
    """What `aws teardown` did or would do; `forgotten` are settings and secrets of this machine."""

    status: LifeStatus
    profile: str
    identity: Identity
    user_name: str
    plan: tuple[LifeStep, ...]
    forgotten: tuple[str, ...] = ()
    proofs: tuple[str, ...] = ()
