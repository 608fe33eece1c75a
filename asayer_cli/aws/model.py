"""What is known about an AWS account, as plain data."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum, unique
from itertools import takewhile
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from asayer_cli.aws.claim import Claim

STANDARD: Final = "STANDARD"
_WHY_NOT: Final = {
    "INFREQUENT_ACCESS": "class Infrequent Access: AWS has no FilterLogEvents for it",
    "ESSENTIALS": "class Essentials: AWS has no FilterLogEvents for it",
    "DELIVERY": "class Delivery: its events only pass through to S3 or Firehose",
}


@dataclass(frozen=True, slots=True)
class Identity:
    """Whose credentials these are; `user_id` is AWS's own id, `account` twelve digits."""

    arn: str
    account: str
    partition: str
    user_id: str


@dataclass(frozen=True, slots=True)
class LogGroup:
    """A log group; `retention_days` is None where events are kept for ever, `why_not` empty where it is collectible."""

    region: str
    name: str
    log_class: str
    retention_days: int | None
    stored_bytes: int
    created_at: datetime
    collectible: bool
    why_not: str


def why_not_collectible(log_class: str) -> str:
    """Say why the collector, which calls FilterLogEvents, cannot read groups of a class; empty when it can.

    Classes: "Log classes" in the CloudWatch Logs user guide.
    """
    if log_class == STANDARD:
        return ""
    return _WHY_NOT.get(log_class, f"class {log_class}: only {STANDARD} is known to be readable")


@unique
class Scope(StrEnum):
    """Which rights the collector's user gets."""

    MANAGED_POLICY = "managed-policy"
    LOG_GROUPS = "log-groups"


@dataclass(frozen=True, slots=True)
class AccessKey:
    """An access key without its secret; `last_used_at` is None when it was never used, and its service empty then."""

    id: str
    status: str
    created_at: datetime
    last_used_at: datetime | None = None
    last_used_service: str = ""
    last_used_region: str = ""

    @property
    def active(self) -> bool:
        """Whether AWS accepts it."""
        return self.status == "Active"


@dataclass(frozen=True, slots=True)
class UserState:
    """An IAM user as it is: `attached` are policy ARNs, `inline` the names of its own policies, `groups` names.

    `group_policy` is the document of our own inline policy, None when it has none; `boundary` an ARN or empty; `claim`
    that of a run that makes a key, or was cut off while it did.
    """

    name: str
    arn: str
    path: str
    managed: bool
    boundary: str = ""
    attached: tuple[str, ...] = ()
    inline: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    group_policy: Mapping[str, object] | None = None
    keys: tuple[AccessKey, ...] = ()
    claim: Claim | None = None


@unique
class StepKind(StrEnum):
    """What a step of a plan does."""

    CREATE_USER = "create_user"
    ADOPT_USER = "adopt_user"
    PUT_BOUNDARY = "put_boundary"
    ATTACH_POLICY = "attach_policy"
    PUT_GROUP_POLICY = "put_group_policy"
    DETACH_POLICY = "detach_policy"
    DELETE_GROUP_POLICY = "delete_group_policy"
    DELETE_KEY = "delete_key"
    CREATE_KEY = "create_key"
    SAVE_SETTINGS = "save_settings"


TAKES_RIGHTS: Final = frozenset({StepKind.DETACH_POLICY, StepKind.DELETE_GROUP_POLICY})
_TAKING: Final = TAKES_RIGHTS | {StepKind.DELETE_KEY}


@dataclass(frozen=True, slots=True)
class Step:
    """One change: `text` says it to a person, `target` is what AWS calls the thing, `key` what is known of a key."""

    kind: StepKind
    text: str
    target: str = ""
    key: AccessKey | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """What setup is about to do, in this order; `use_key` is the id of a key that is in place, empty for a new one."""

    steps: tuple[Step, ...]
    scope: Scope
    use_key: str = ""
    warnings: tuple[str, ...] = ()

    def has(self, *kinds: StepKind) -> bool:
        """Tell whether a step of one of these kinds is planned."""
        return any(step.kind in kinds for step in self.steps)

    @property
    def takes_last(self) -> tuple[Step, ...]:
        """What is taken away once the key in use is proven: the rights and keys behind everything else."""
        behind = takewhile(lambda step: step.kind in _TAKING, reversed(self.steps))
        return tuple(reversed(tuple(behind)))


@unique
class SetupStatus(StrEnum):
    """How a setup ended."""

    PLANNED = "planned"
    IN_PLACE = "in_place"
    DONE = "done"


@dataclass(frozen=True, slots=True)
class SetupOutcome:
    """What `aws setup` did or would do; `proofs` are the rights that the key was seen to have or to lack."""

    status: SetupStatus
    profile: str
    identity: Identity
    user_name: str
    scope: Scope
    region: str
    log_groups: tuple[str, ...]
    access_key_id: str
    secret_store: str
    plan: tuple[Step, ...]
    proofs: tuple[str, ...] = ()
    next_steps: tuple[str, ...] = ()
