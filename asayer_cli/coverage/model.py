"""How much of what the back end logs as errors reaches replays, as data."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum, unique
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from datetime import datetime, timedelta

    from asayer_cli.result import Failure

# Beside the codes of `tag.Reason`: an error in which nothing was meant as a tag.
UNTAGGED: Final = "untagged"


@unique
class By(StrEnum):
    """What the errors of a source are grouped by."""

    GROUP = "group"
    STREAM = "stream"
    INDEX = "index"
    SERVICE = "service"


@dataclass(frozen=True, slots=True)
class Rejection:
    """Errors that reach no replay for one `reason`: a code of `tag.Reason` or `UNTAGGED`; the samples are strangers'.

    `sample` is one of the messages, `remedy` what to do.
    """

    reason: str
    count: int
    sample: str
    remedy: str


@dataclass(frozen=True, slots=True)
class Point:
    """The errors of one span of time, which begins at `time` and is as long as the source's `interval`."""

    time: datetime
    errors: int
    collectible: int


@dataclass(frozen=True, slots=True)
class GroupCoverage:
    """The errors of one log group, stream prefix, index, service or file.

    `tagged` counts those with a readable session id, `collectible` those that the collector takes; `share` is the
    percentage of collectible ones, None where there is no error. `rejected` are the others by reason, most first; its
    counts and `collectible` add up to `errors`. `series` covers the whole window in equal steps, oldest first.
    `collected` says whether the product collects from this place at all; `exact` that nothing was estimated; `timeless`
    counts the errors that have no time and are in no point of the series. `passed` is False where the share is under
    the wanted one.
    """

    name: str
    errors: int
    tagged: int
    collectible: int
    share: float | None
    rejected: tuple[Rejection, ...] = ()
    series: tuple[Point, ...] = ()
    collected: bool = True
    exact: bool = True
    timeless: int = 0
    passed: bool = True


@dataclass(frozen=True, slots=True)
class SourceCoverage:
    """The errors of one source in a window.

    `source` is `aws`, `elastic` or `file`; `place` where it lies, for people; `interval` the step of the series.
    `notes` say why there may be more than was counted, empty when all was; `remarks` what else is worth telling.
    `cost` is in US dollars. `failure` is what ended the reading; there are no groups then. The totals leave out groups
    that are not `collected`.
    """

    source: str
    place: str
    searched_from: datetime
    searched_to: datetime
    by: By
    interval: timedelta
    groups: tuple[GroupCoverage, ...] = ()
    errors: int = 0
    tagged: int = 0
    collectible: int = 0
    share: float | None = None
    scanned_bytes: int | None = None
    cost: float | None = None
    complete: bool = True
    notes: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()
    failure: Failure | None = None


@dataclass(frozen=True, slots=True)
class Coverage:
    """The whole answer of `coverage`: `fail_under` is the share that each collected group must have, None for any.

    The totals are those of all sources; `passed` is False where a group that the product collects is under the wanted
    share.
    """

    sources: tuple[SourceCoverage, ...]
    errors: int = 0
    tagged: int = 0
    collectible: int = 0
    share: float | None = None
    fail_under: float | None = None
    complete: bool = True
    passed: bool = True
