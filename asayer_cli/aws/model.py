"""What is known about an AWS account, as plain data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from datetime import datetime

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
