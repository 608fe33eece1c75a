"""What `verify` finds out, as plain data."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum, unique
from typing import TYPE_CHECKING

from asayer_cli.exit_codes import ExitCode

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from asayer_cli.session_id import SessionId
    from asayer_cli.tag import Reason


@unique
class Status(StrEnum):
    """How a check ended."""

    PASS = "pass"  # noqa: S105 - no password
    WARN = "warn"
    FAIL = "fail"
    SKIP = "skip"


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that `verify` proves.

    `id` is stable (`aws.credentials`), `source` is `aws`, `elastic` or `file`, `summary` says what was found, `remedy`
    what to do about it, `sample` is one log message that shows it: text from strangers. `code` is a stable name of why,
    where the id does not say it all.
    """

    id: str
    source: str
    status: Status
    summary: str
    remedy: str = ""
    sample: str = ""
    exit_code: ExitCode = field(default=ExitCode.OK, metadata={"json": False})
    code: str = ""


@dataclass(frozen=True, slots=True)
class JudgedEntry:
    """One tagged entry with the collector's verdict; `reason` says why it is not collectible.

    `found` says whether the collector's own search returned it, `near_miss` whether it was meant to be taken.
    """

    time: datetime | None
    place: str
    session_id: SessionId | None
    collectible: bool
    reason: Reason | None
    message: str
    found: bool = field(default=True, metadata={"json": False})
    near_miss: bool = field(default=False, metadata={"json": False})


@dataclass(frozen=True, slots=True)
class NearMiss:
    """Entries that were meant to be collected and are not, for one reason: how many, one of their messages, the fix."""

    reason: Reason
    count: int
    sample: str
    remedy: str


@dataclass(frozen=True, slots=True)
class SourceReport:
    """What a source holds in the window.

    `complete` is False when the store could not be read to the end; `tagged` counts entries that carry an id,
    `collectible` those that the collector takes, `rejected` the others by reason, of which `near_misses` were meant to
    be taken; `entries` only with `--explain`, and `unlisted` those that are too many to be listed. Files are searched
    from begin to end where no window is asked for: then both ends are None.
    """

    name: str
    searched_from: datetime | None
    searched_to: datetime | None
    complete: bool
    tagged: int
    collectible: int
    rejected: Mapping[Reason, int]
    near_misses: tuple[NearMiss, ...] = ()
    entries: tuple[JudgedEntry, ...] | None = None
    unlisted: int = 0


@dataclass(frozen=True, slots=True)
class Verification:
    """The whole answer of `verify`."""

    checks: tuple[Check, ...]
    sources: tuple[SourceReport, ...]
