"""Verify every configured source, side by side, and wait for what is not there yet."""

from __future__ import annotations

import contextlib
import threading
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Final, Protocol

from asayer_cli.entries import Window
from asayer_cli.errors import AsayerError
from asayer_cli.exit_codes import ExitCode, first_of
from asayer_cli.times import format_duration
from asayer_cli.together import together
from asayer_cli.verification import entry_checks
from asayer_cli.verification.checklist import exit_code_of, failed, passed
from asayer_cli.verification.model import SourceReport, Verification

if TYPE_CHECKING:
    from collections.abc import Sequence

    from asayer_cli.reporting import Reporter
    from asayer_cli.verification.checklist import Checklist
    from asayer_cli.verification.tally import Tally
    from asayer_cli.verification.wishes import Wishes

_FIRST_PAUSE: Final = 1.0
_LONGEST_PAUSE: Final = 10.0


class Source(Protocol):
    """A source that can be verified."""

    @property
    def name(self) -> str:
        """`aws` or `elastic`."""

    @property
    def place(self) -> str:
        """Where the entries are read, for people."""

    @property
    def checklist(self) -> Checklist:
        """The checks made so far."""

    @property
    def incomplete(self) -> Sequence[str]:
        """Why the source could not be read to the end; empty when it was."""

    def prepare(self) -> bool:
        """Make the checks that reading rests on; False when there is no use in reading."""

    def search(self, window: Window, wishes: Wishes) -> Tally:
        """Read and judge the entries of a window."""

    def newest(self, window: Window) -> datetime | None:
        """Return the time of the newest entry of any kind."""

    def entry_findings(self, tally: Tally) -> None:
        """Write down what the entries tell about this source alone."""


@dataclass(frozen=True, slots=True)
class _Read:
    window: Window
    tally: Tally
    lateness: str


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
    window = wishes.window(datetime.now(UTC))
    read: _Read | None = None
    if source.prepare():
        with contextlib.suppress(AsayerError):  # recorded as the failed check `read`
            read = _read(source, window, wishes, reporter, stopped)
    if read is None:
        source.checklist.skip(entry_checks.IDS)
        nothing = () if wishes.explain else None
        return SourceReport(source.name, window.start, window.end, False, 0, 0, {}, entries=nothing)
    _record(source, read, wishes)
    return _report(source, read, wishes)


def _read(source: Source, window: Window, wishes: Wishes, reporter: Reporter, stopped: threading.Event) -> _Read:
    try:
        return _search_until_satisfied(source, window, wishes, reporter, stopped)
    except AsayerError as error:
        source.checklist.record("read", failed(error.message, error.hint, exit_code_of(error)))
        raise


def _search_until_satisfied(
    source: Source, window: Window, wishes: Wishes, reporter: Reporter, stopped: threading.Event
) -> _Read:
    began = datetime.now(UTC)
    pause = _FIRST_PAUSE
    while True:
        tally = source.search(window, wishes)
        left = (began + wishes.wait - datetime.now(UTC)).total_seconds()
        if not wishes.wait or entry_checks.satisfied(tally, wishes):
            return _Read(window, tally, "")
        if left <= 0 or stopped.is_set() or not wishes.grows:
            return _Read(window, tally, _lateness(source, window, began))
        reporter.progress(f"waiting for entries in {source.place}: {tally.collectible} of {wishes.min_entries} so far")
        stopped.wait(min(pause, left))
        pause = min(pause * 1.5, _LONGEST_PAUSE)
        window = Window(window.start, wishes.window(datetime.now(UTC)).end)


def _lateness(source: Source, window: Window, began: datetime) -> str:
    newest = source.newest(window)
    if newest is None:
        return "not yet, for nothing at all has arrived in the window; the log may be late, or the wrong one"
    if newest < began:
        age = format_duration(datetime.now(UTC) - newest)
        return f"not yet, for the newest entry of any kind is {age} old; what was logged since is still on its way"
    return f"not there, for entries up to {newest:%H:%M:%S}Z have arrived and none of them serves"


def _record(source: Source, read: _Read, wishes: Wishes) -> None:
    if source.incomplete:
        remedy = "Ask again; when it stays, look at the health of what could not be read."
        source.checklist.record("read", failed("; ".join(source.incomplete), remedy, ExitCode.UNREACHABLE))
    else:
        source.checklist.record("read", passed("the collector's search is allowed and was read to its end"))
    source.entry_findings(read.tally)
    entry_checks.record(source.checklist, read.tally, wishes, read.lateness)


def _report(source: Source, read: _Read, wishes: Wishes) -> SourceReport:
    tally = read.tally
    return SourceReport(
        source.name,
        read.window.start,
        read.window.end,
        not source.incomplete,
        tally.tagged,
        tally.collectible,
        dict(tally.rejected.most_common()),
        entry_checks.near_misses(tally, wishes),
        tally.in_order() if wishes.explain else None,
    )
