"""Send canaries and follow them into every log store; the checks tell which hop lost one."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from asayer_cli.canary.arrival import SKEW, CanarySource, Watch, follow
from asayer_cli.canary.diagnosis import Diagnosis
from asayer_cli.canary.model import CanaryReport, CanaryVerification
from asayer_cli.canary.requests import Requests, Sends
from asayer_cli.entries import Window
from asayer_cli.exit_codes import ExitCode, first_of
from asayer_cli.together import together
from asayer_cli.verification.checklist import skipped
from asayer_cli.verification.model import SourceReport
from asayer_cli.verification.verify import MAY_COME, read_finding, report_of
from asayer_cli.verification.wishes import Wishes

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime, timedelta

    from asayer_cli.canary.order import Order
    from asayer_cli.reporting import Reporter
    from asayer_cli.tag import TagConvention


@dataclass(frozen=True, slots=True)
class Choices:
    """How to look for the canaries: how the tag is named, how long to wait, and what `verify` has for any entry."""

    convention: TagConvention
    wait: timedelta
    strict: bool = False
    explain: bool = False


def verify(
    order: Order, sources: Sequence[CanarySource], choices: Choices, sender: Sends, reporter: Reporter, now: datetime
) -> tuple[CanaryVerification, ExitCode]:
    """Make every check and return them with the exit code that they add up to.

    The stores come first: nothing is sent where none of them can be read.
    """
    reporter.progress("asking the log stores")
    ready = together([source.prepare for source in sources])
    usable = [
        source for source, fine in zip(sources, ready, strict=True) if fine or source.checklist.fails_only(MAY_COME)
    ]
    requests = Requests(order, sender)
    if usable:
        reporter.progress(f"sending the canary to {order.place.shown}")
        requests.make()
    else:
        requests.skip()
    watches = _follow_all(usable, dict(zip(sources, ready, strict=True)), requests, choices, reporter)
    reports = tuple(_close(source, watches.get(source), order, choices, now) for source in sources)
    checks = (*requests.checklist.checks, *(check for source in sources for check in source.checklist.checks))
    found = CanaryVerification(
        order.place.shown, order.method, checks, reports, _reports(requests, watches), order.count
    )
    return found, first_of(check.exit_code for check in checks)


def _follow_all(
    sources: Sequence[CanarySource],
    ready: dict[CanarySource, bool],
    requests: Requests,
    choices: Choices,
    reporter: Reporter,
) -> dict[CanarySource, Watch]:
    if not requests.sent:
        return {}
    stopped = threading.Event()
    follow_one: Callable[..., Watch] = partial(
        follow,
        sent=tuple(requests.sent),
        convention=choices.convention,
        wait=choices.wait,
        reporter=reporter,
        stopped=stopped,
    )
    try:
        watches = together([partial(follow_one, source, ready=ready[source]) for source in sources])
    finally:
        stopped.set()
    return dict(zip(sources, watches, strict=True))


def _close(source: CanarySource, watch: Watch | None, order: Order, choices: Choices, now: datetime) -> SourceReport:
    """Write down the last checks of a source and return what it holds of the canaries."""
    if watch is None or (watch.tally is None and watch.error is None):
        source.checklist.record("canary", skipped("not looked for: an earlier check failed"))
        if watch is not None:
            source.checklist.end_late(MAY_COME)
        return _empty(source, watch.window if watch else Window(now - SKEW, now))
    if watch.tally is not None:
        source.checklist.record("read", read_finding(watch.tally))
        source.entry_findings(watch.tally)
    diagnosis = Diagnosis(order, choices.convention, strict=choices.strict)
    source.checklist.record("canary", diagnosis.of(watch))
    if watch.tally is None:
        return _empty(source, watch.window)
    return report_of(source, watch.window, watch.tally, Wishes(choices.convention, explain=choices.explain))


def _empty(source: CanarySource, window: Window) -> SourceReport:
    return SourceReport(source.name, window.start, window.end, False, 0, 0, {})


def _reports(requests: Requests, watches: dict[CanarySource, Watch]) -> tuple[CanaryReport, ...]:
    return tuple(
        CanaryReport(
            one.canary.session_id,
            one.canary.mark,
            one.sent_at,
            None if number else requests.preflight_seconds,
            one.answer_seconds,
            one.status,
            {source.name: watch.arrival(one) for source, watch in watches.items()},
        )
        for number, one in enumerate(requests.sent)
    )
