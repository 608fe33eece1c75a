"""`aws log-groups`: whose credentials, which regions, and the rows as they arrive."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from asayer_cli.aws.identity import who_am_i_anywhere
from asayer_cli.aws.log_groups import Sweep, by_cause
from asayer_cli.aws.model import LogGroup, why_not_collectible
from asayer_cli.aws.regions import check_region, enabled_regions
from asayer_cli.entries import rfc3339
from asayer_cli.errors import UsageError
from asayer_cli.exit_codes import first_of
from asayer_cli.result import Column, Failure, Level, Message, Result, RowStream
from asayer_cli.sizes import human_size

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from asayer_cli.aws.session import AwsSession
    from asayer_cli.reporting import Reporter

COLUMNS: Final = (
    Column("region", "region"),
    Column("name", "name"),
    Column("log_class", "class"),
    Column("retention_days", "retention"),
    Column("stored_bytes", "stored"),
    Column("created_at", "created"),
    Column("collectible", "collectible"),
    Column("why_not", "why not"),
)


class Listing:
    """The log groups of some regions, counted as they are printed."""

    def __init__(self, session: AwsSession, regions: Sequence[str], *, prefix: str, contains: str) -> None:
        self._regions = regions
        self._prefix = prefix
        self._contains = contains
        self._sweep = Sweep(session, regions, prefix=prefix, contains=contains)
        self._count = 0
        self._unreadable: dict[str, int] = {}

    def stream(self) -> RowStream:
        """Return what the command prints."""
        return RowStream("log_groups", COLUMNS, self._rows(), self._finish, _text_columns(self._regions))

    def _rows(self) -> Iterator[LogGroup]:
        for group in self._sweep:
            self._count += 1
            if not group.collectible:
                self._unreadable[group.log_class] = self._unreadable.get(group.log_class, 0) + 1
            yield group

    def _finish(self) -> Result:
        failures = by_cause(self._sweep.failures)
        errors = tuple(Failure.of(_with_regions(error, regions)) for error, regions in failures)
        code = first_of(error.exit_code for error, _ in failures)
        return Result(messages=tuple(self._notes()), errors=errors, exit_code=code)

    def _notes(self) -> Iterator[Message]:
        for log_class, count in sorted(self._unreadable.items()):
            counted = "1 log group" if count == 1 else f"{count} log groups"
            yield _note(f"{MARK_NO} {counted} cannot be collected: {why_not_collectible(log_class)}.")
        if self._sweep.not_enabled:
            yield _note(f"Not enabled in this account: {', '.join(sorted(self._sweep.not_enabled))}.")
        asked = sorted(
            set(self._regions) - set(self._sweep.not_enabled) - {region for region, _ in self._sweep.failures}
        )
        if not self._count and asked:
            yield _note(f"There is no log group{self._filters()} in {', '.join(asked)}.")

    def _filters(self) -> str:
        prefix = f" whose name begins with {self._prefix}" if self._prefix else ""
        joint = " and" if self._prefix else " whose name"
        return prefix + (f"{joint} has {self._contains} in it" if self._contains else "")


MARK_NO: Final = "✗"


def choose_regions(
    session: AwsSession, named: Sequence[str], default: str, reporter: Reporter, *, everywhere: bool
) -> Sequence[str]:
    """Return the regions to ask, having proved the credentials with STS.

    A region that is not enabled answers as if the credentials were wrong, so that must be known beforehand. UsageError
    for a region that does not exist, and when none is named anywhere.
    """
    if not everywhere and not named and not default:
        raise UsageError(
            "No region is named.",
            hint="Name one with --region (or AWS_REGION), or use --all-regions.",
            code="no_region",
        )
    identity = who_am_i_anywhere(session, session.region or default)
    reporter.detail(f"Acting as {identity.arn} in account {identity.account} ({identity.partition}).")
    if everywhere:
        return enabled_regions(session, identity)
    regions = tuple(dict.fromkeys(named)) or (default,)
    for region in regions:
        check_region(session, identity, region)
    return regions


def _with_regions(error: Any, regions: list[str]) -> Any:  # noqa: ANN401 - any of our errors, of its own class
    """Name the other regions in which the same went wrong."""
    if len(regions) > 1:
        error.message = f"{error.message} The same in {len(regions)} regions: {', '.join(regions)}."
    return error


def _text_columns(regions: Sequence[str]) -> tuple[Column, ...]:
    """Return the columns for people: the name last, where it can be as long as it is and still be copied whole."""
    widest = max((len(region) for region in regions), default=0)
    return (
        Column("collectible", "", 1, shown=lambda collectible: "✓" if collectible else MARK_NO),
        Column("region", "region", widest),
        Column("log_class", "class", 10, shown=lambda name: name.removesuffix("_ACCESS").lower()),
        Column("retention_days", "keeps", 7, right=True, shown=lambda days: f"{days} d" if days else "forever"),
        Column("stored_bytes", "stored", 8, right=True, shown=human_size),
        Column("created_at", "created", 10, shown=lambda moment: rfc3339(moment)[:10]),
        Column("name", "name"),
    )


def _note(text: str) -> Message:
    return Message(Level.NOTE, text)
