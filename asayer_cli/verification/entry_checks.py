"""The checks on entries, the same for each source: queryable, collectible, near misses."""

from __future__ import annotations

from typing import TYPE_CHECKING

from asayer_cli.exit_codes import ExitCode
from asayer_cli.verification.checklist import Finding, failed, passed, warned
from asayer_cli.verification.model import NearMiss, Status
from asayer_cli.verification.remedies import remedy

if TYPE_CHECKING:
    from asayer_cli.verification.checklist import Checklist
    from asayer_cli.verification.tally import Tally
    from asayer_cli.verification.wishes import Wishes

IDS = ("queryable", "collectible", "near_misses")


def satisfied(tally: Tally, wishes: Wishes) -> bool:
    """Tell whether the source has what is asked for, so that there is nothing to wait for."""
    return tally.collectible >= wishes.min_entries


def record(checklist: Checklist, tally: Tally, wishes: Wishes, lateness: str) -> None:
    """Write down the checks on entries; `lateness`, after a wait in vain, tells "not there" from "not yet"."""
    checklist.record("queryable", _queryable(tally, wishes, lateness))
    checklist.record("collectible", _collectible(tally, wishes, lateness))
    checklist.record("near_misses", _near_misses(tally, wishes))


def _queryable(tally: Tally, wishes: Wishes, lateness: str) -> Finding:
    if tally.queryable:
        return passed(f"the collector's search finds {_entries(tally.queryable, 'tagged')}")
    if wishes.allow_empty and tally.quiet:
        return passed("no entry to be collected in the window, which --allow-empty allows")
    if tally.near_misses:
        return failed(
            "the collector's search finds no entry with a readable tag, though there are some that were meant to be",
            "See the near misses below.",
        )
    return _absent(wishes, lateness)


def _absent(wishes: Wishes, lateness: str) -> Finding:
    what = f"entry of session {wishes.session_id}" if wishes.session_id else "tagged entry"
    remedy_text = (
        "Cause one error in a request that carries the session id, and look again: verify --wait 3m. "
        "If it stays away: does the application write the tag, and does its log reach this place?"
    )
    if lateness:
        return failed(f"no {what} before the deadline: {lateness}", remedy_text, ExitCode.NOT_THERE)
    return failed(f"no {what} in the window", remedy_text)


def _collectible(tally: Tally, wishes: Wishes, lateness: str) -> Finding:
    count = tally.collectible
    if count >= wishes.min_entries:
        return passed(f"the collector takes {count} of {_entries(tally.tagged, 'tagged')}")
    if wishes.allow_empty and tally.quiet:
        return passed("no error to take, which --allow-empty allows")
    code = ExitCode.NOT_THERE if lateness else ExitCode.CHECK_FAILED
    reasons = ", ".join(f"{reason.value} {number}" for reason, number in tally.rejected.most_common())
    why = f"; dropped: {reasons}" if reasons else ""
    advice = "Cause one error in a request that carries the session id."
    for reason, _ in (tally.near_misses or tally.rejected).most_common(1):
        advice = remedy(reason, wishes.convention)
    return failed(f"the collector takes {count} of the {wishes.min_entries} asked for{why}", advice, code)


def near_misses(tally: Tally, wishes: Wishes) -> tuple[NearMiss, ...]:
    """Return the near misses by reason, the most frequent first, with one sample and the fix for each."""
    return tuple(
        NearMiss(reason, number, tally.samples[reason].message, remedy(reason, wishes.convention))
        for reason, number in tally.near_misses.most_common()
    )


def _near_misses(tally: Tally, wishes: Wishes) -> Finding:
    found = near_misses(tally, wishes)
    if not found:
        return passed("no entry was meant to be collected and is not")
    names = ", ".join(f"{miss.reason.value} {miss.count}" for miss in found)
    total = _entries(tally.near_misses.total(), "near-miss")
    finding = warned(f"the collector drops {total}: {names}", found[0].remedy, found[0].sample)
    if wishes.strict:
        return Finding(Status.FAIL, finding.summary, finding.remedy, finding.sample)
    return finding


def _entries(number: int, kind: str) -> str:
    return f"{number} {kind} {'entry' if number == 1 else 'entries'}"
