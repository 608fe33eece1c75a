"""Verify every configured source, side by side, and wait for what is not there yet."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Final, Protocol

from asayer_cli.entries import EARLIEST, LATEST, Window
from asayer_cli.errors import AsayerError
from asayer_cli.exit_codes import ExitCode, first_of
from asayer_cli.together import together
from asayer_cli.verification import entry_checks
from asayer_cli.verification.checklist import exit_code_of, failed, passed, warned
from asayer_cli.verification.lateness import lateness
from asayer_cli.verification.model import SourceReport, Verification

if TYPE_CHECKING:
    from collections.abc import Sequence

    from asayer_cli.reporting import Reporter
    from asayer_cli.verification.checklist import Checklist, Finding
    from asayer_cli.verification.tally import Tally
    from asayer_cli.verification.wishes import Wishes

_FIRST_PAUSE: Final = 1.0
_LONGEST_PAUSE: Final = 10.0
# What is not there yet when an application was just deployed, and may come while waiting.
MAY_COME: Final = frozenset({"log_group", "indexes"})


class Source(Protocol):
    """A source that can be verified."""

    @property
    def name(self) -> str:
        """`aws`, `elastic` or `file`."""

    @property
    def place(self) -> str:
        """Where the entries are read, for people."""

    @property
    def checklist(self) -> Checklist:
        """The checks made so far."""

    def prepare(self) -> bool:
        """Make the checks that reading rests on, anew at each call; False when there is no use in reading."""

    def search(self, window: Window, wishes: Wishes) -> Tally:
        """Read and judge the entries of a window, as the store is now."""

    def newest(self, window: Window) -> datetime | None:
        """Return the time of the newest entry of any kind."""

    def entry_findings(self, tally: Tally) -> None:
        """Write down what the entries, and the place that they lie in by now, tell about this source alone."""


@dataclass(frozen=True, slots=True)
class _Look:
    """One look at a source: `tally` is None where it could not be read."""

    window: Window
    tally: Tally | None


def verify(sources: Sequence[Source], wishes: Wishes, reporter: Reporter) -> tuple[Verification, ExitCode]:
    """Make every check of every source and return them with the exit code that they add up to."""
    stopped = threading.Event()
    try:
        reports = together([partial(_verify_source, source, wishes, reporter, stopped) for source in sources])
    finally:
        stopped.set()
    checks = tuple(check for source in sources for check in source.checklist.checks)
    return Verification(checks, tuple(reports)), first_of(check.exit_code for check in checks)


def _verify_source(source: Source, wishes: Wishes, reporter: Reporter, stopped: threading.Event) -> SourceReport:
    began = datetime.now(UTC)
    look = _look_until_satisfied(source, wishes, reporter, stopped, began)
    late = bool(wishes.wait) and datetime.now(UTC) >= began + wishes.wait
    if look.tally is None:
        source.checklist.skip(entry_checks.IDS)
        if late:
            source.checklist.end_late(MAY_COME)
        nothing = () if wishes.explain else None
        return SourceReport(source.name, *_ends(look.window), False, 0, 0, {}, entries=nothing)
    _record(source, look.tally, wishes, lateness(source, look.window, began).words if late else "")
    return report_of(source, look.window, look.tally, wishes)


def _look_until_satisfied(
    source: Source, wishes: Wishes, reporter: Reporter, stopped: threading.Event, began: datetime
) -> _Look:
    window, pause, ready = wishes.window(began), _FIRST_PAUSE, False
    while True:
        ready = ready or source.prepare()
        look = _Look(window, _search(source, window, wishes) if ready else None)
        now = datetime.now(UTC)
        left = (began + wishes.wait - now).total_seconds()
        if _is_settled(source, look, wishes) or left <= 0 or stopped.is_set() or not wishes.grows(now):
            return look
        reporter.progress(_waiting_for(source, look, wishes))
        stopped.wait(min(pause, left))
        pause = min(pause * 1.5, _LONGEST_PAUSE)
        window = Window(window.start, wishes.window(datetime.now(UTC)).end)


def _search(source: Source, window: Window, wishes: Wishes) -> Tally | None:
    try:
        return source.search(window, wishes)
    except AsayerError as error:
        check_id = "readable" if source.name == "file" else "read"
        source.checklist.record(check_id, failed(error.message, error.hint, exit_code_of(error)))
        return None


def _is_settled(source: Source, look: _Look, wishes: Wishes) -> bool:
    """Tell whether waiting is of no use: all is there, or something failed that time does not mend."""
    if look.tally is None:
        return not source.checklist.fails_only(MAY_COME)
    return entry_checks.satisfied(look.tally, wishes) and not look.tally.partial


def _waiting_for(source: Source, look: _Look, wishes: Wishes) -> str:
    found = look.tally.collectible if look.tally else 0
    return f"waiting for entries in {source.place}: {found} of {wishes.min_entries} so far"


def _record(source: Source, tally: Tally, wishes: Wishes, lateness: str) -> None:
    if source.name != "file":  # which has a check of its own for it
        source.checklist.record("read", read_finding(tally))
    source.entry_findings(tally)
    entry_checks.record(source.checklist, tally, wishes, lateness)


def read_finding(tally: Tally) -> Finding:
    """Tell whether a source was read to its end."""
    if tally.partial:
        remedy = "Ask again; when it stays, look at the health of what could not be read."
        return failed("; ".join(tally.partial), remedy, ExitCode.UNREACHABLE)
    if tally.notes:
        return warned("; ".join(tally.notes), "There may be more near misses than those shown.")
    return passed("the collector's search is allowed and was read to its end")


def report_of(source: Source, window: Window, tally: Tally, wishes: Wishes) -> SourceReport:
    """Return what a source holds in a window."""
    return SourceReport(
        source.name,
        *_ends(window),
        not tally.partial and not tally.notes,
        tally.tagged,
        tally.collectible,
        dict(tally.rejected.most_common()),
        entry_checks.near_misses(tally, wishes),
        tally.in_order() if wishes.explain else None,
        tally.unlisted,
    )


def _ends(window: Window) -> tuple[datetime | None, datetime | None]:
    """Return where a window begins and ends, None where it is open."""
    return None if window.start == EARLIEST else window.start, None if window.end == LATEST else window.end
