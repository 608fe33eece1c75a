"""What `aws status` tells, as plain data: the account on one side, this machine on the other."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum, unique
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from asayer_cli.aws.model import Identity


@unique
class Verdict(StrEnum):
    """How it is, in one word; `unclear` where the account could not be asked."""

    NOTHING = "nothing"
    NOT_HERE = "not_here"
    READY = "ready"
    BROKEN = "broken"
    UNCLEAR = "unclear"


@unique
class Place(StrEnum):
    """Who on this machine has a key; `unknown` where the secret store cannot be read."""

    IN_USE = "in_use"
    SECRET_MISSING = "secret_missing"  # noqa: S105 - a state
    KEPT = "kept"
    OTHER_PROFILE = "other_profile"
    NOBODY = "nobody"
    UNKNOWN = "unknown"


@unique
class Leftover(StrEnum):
    """Whether an interrupted run made a key whose secret nobody has."""

    NO = "no"
    PERHAPS = "perhaps"
    CERTAINLY = "certainly"


@unique
class Answer(StrEnum):
    """Whether a key may do something."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class KeyStatus:
    """A key of the user; `state` is active, inactive, gone (AWS has none of that id) or unknown (nobody could ask)."""

    id: str
    state: str
    place: Place
    profiles: tuple[str, ...] = ()
    leftover: Leftover = Leftover.NO
    created_at: datetime | None = None
    last_used_at: datetime | None = None
    last_used_service: str = ""
    last_used_region: str = ""


@dataclass(frozen=True, slots=True)
class PolicyStatus:
    """A source of rights: `kind` is attached, inline or group, `name` an ARN or a name.

    `ours` tells that setup gives it, `grants` in words what it lets the collector do, empty for those of others.
    """

    kind: str
    name: str
    ours: bool
    grants: str = ""


@dataclass(frozen=True, slots=True)
class UserStatus:
    """The collector's user in the account; `boundary` is an ARN or empty."""

    name: str
    arn: str
    path: str
    managed: bool
    boundary: str
    policies: tuple[PolicyStatus, ...]


@dataclass(frozen=True, slots=True)
class MachineStatus:
    """What the profile's settings say on this machine, empty where they say nothing."""

    account: str
    user_name: str
    access_key_id: str
    region: str
    log_groups: tuple[str, ...]
    secret_store: str


@dataclass(frozen=True, slots=True)
class Ability:
    """What the key was asked, with the key itself: a sentence, the answer, and whether it is as it should be."""

    what: str
    answer: Answer
    as_wanted: bool
    sentence: str


@dataclass(frozen=True, slots=True)
class OpenChange:
    """A change whose outcome was never written down: a run was cut off in it."""

    time: str
    action: str
    target: str
    sentence: str


@dataclass(frozen=True, slots=True)
class AwsStatus:
    """Both sides. `user` is None where there is none, and where `user_known` is False: nobody could ask IAM.

    `caller` is None where there were no credentials to ask with; ages in text are counted from `asked_at`.
    """

    verdict: Verdict
    profile: str
    asked_at: datetime
    caller: Identity | None
    user_name: str
    user_known: bool
    user: UserStatus | None
    machine: MachineStatus
    keys: tuple[KeyStatus, ...]
    abilities: tuple[Ability, ...]
    open_changes: tuple[OpenChange, ...]
    next_steps: tuple[str, ...]
