"""What a canary is, and what became of it, as plain data."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final, Self

from asayer_cli.session_id import SessionId

if TYPE_CHECKING:
    from collections.abc import Mapping

    from asayer_cli.verification.model import Check, SourceReport

MARK_NAME: Final = "asayer_canary"
# What the routes of the snippets log, and nobody else.
ROUTE_MESSAGE: Final = "asayer canary error"
# Other computers' clocks may be a little behind; an id from the future is taken for one that the product did not make.
_AGE: Final = timedelta(seconds=30)
_RANDOM_BITS: Final = 24


@dataclass(frozen=True, slots=True)
class Canary:
    """One request's own names: the session id in its header, the `mark` in its query, which access logs show."""

    session_id: SessionId
    mark: str

    @classmethod
    def hatch(cls) -> Self:
        """Make a canary; shard and sequence of its id are random, so that it meets no real session's."""
        started_at = datetime.now(UTC) - _AGE
        session_id = SessionId.starting_at(started_at, secrets.randbits(_RANDOM_BITS))
        return cls(session_id, f"c{secrets.token_hex(8)}")

    @property
    def query(self) -> str:
        """The mark as it stands in the URL."""
        return f"{MARK_NAME}={self.mark}"


@dataclass(frozen=True, slots=True)
class Arrival:
    """When a canary was first seen in a source, in seconds after its request was sent; None for not at all.

    `logged_at` is the time that its collectible entry itself has.
    """

    queryable_seconds: float | None = None
    collectible_seconds: float | None = None
    logged_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class SentCanary:
    """A canary that an application answered: when it was sent, with which status and how soon it was answered."""

    canary: Canary
    sent_at: datetime
    status: int
    answer_seconds: float


@dataclass(frozen=True, slots=True)
class CanaryReport:
    """One canary's way: the latency of each hop, None where it did not come so far."""

    session_id: SessionId
    mark: str
    sent_at: datetime
    preflight_seconds: float | None
    answer_seconds: float
    status: int
    arrivals: Mapping[str, Arrival]


@dataclass(frozen=True, slots=True)
class CanaryVerification:
    """The whole answer of `verify --canary`; `url` is without its query."""

    url: str
    method: str
    checks: tuple[Check, ...]
    sources: tuple[SourceReport, ...]
    canaries: tuple[CanaryReport, ...]
    expected: int = field(default=1, metadata={"json": False})
