"""Why a canary that the application answered is not in a log store: a stable code, what was seen, what to do. Pure."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from asayer_cli.canary.arrival import holds, without_address
from asayer_cli.canary.model import ROUTE_MESSAGE
from asayer_cli.collector import has_error_tag, says_error
from asayer_cli.entries import rfc3339
from asayer_cli.exit_codes import ExitCode
from asayer_cli.tag import read_tag
from asayer_cli.times import format_duration
from asayer_cli.verification.checklist import Finding, failed, passed, warned
from asayer_cli.verification.remedies import remedy

if TYPE_CHECKING:
    from collections.abc import Sequence

    from asayer_cli.canary.arrival import Watch
    from asayer_cli.canary.model import SentCanary
    from asayer_cli.canary.order import Order
    from asayer_cli.entries import LogEntry
    from asayer_cli.session_id import SessionId
    from asayer_cli.tag import TagConvention
    from asayer_cli.verification.model import JudgedEntry

# An entry of the route that is older than the request is of another canary's; clocks differ by a little.
_CLOCKS: Final = timedelta(seconds=2)
_ANY_MARK: Final = re.compile(r"\bc[0-9a-f]{16}\b")
_STRANGE_CLOCK: Final = timedelta(minutes=1)


class Diagnosis:
    """Words the check `SOURCE.canary` from what was seen in the source."""

    def __init__(self, order: Order, convention: TagConvention, *, strict: bool = False) -> None:
        self._order = order
        self._convention = convention
        self._strict = strict

    def of(self, watch: Watch) -> Finding:
        """Return the finding: all canaries arrived, or why the first one that is missing did not."""
        if not watch.missing:
            return self._arrived(watch)
        one = watch.missing[0]
        if watch.error:
            code = ExitCode.CHECK_FAILED if watch.error.exit_code is ExitCode.USAGE else watch.error.exit_code
            return failed(watch.error.message, watch.error.hint, code, code=watch.error.code)
        entries = watch.entries_of(one)
        if watch.meant(one):
            return self._dropped(watch, entries)
        found = self._misplaced(watch) or self._sighted(watch, one)
        return found or (self._no_error(watch, entries) if entries else self._absent(watch, one))

    def _arrived(self, watch: Watch) -> Finding:
        slowest = max(watch.arrival(one).collectible_seconds or 0 for one in watch.sent)
        what = "the canary" if len(watch.sent) == 1 else f"all {len(watch.sent)} canaries"
        summary = f"the collector takes {what}, {slowest:.1f} s after the request"
        missed = [entry for one in watch.sent for entry in watch.meant(one)]
        if missed and missed[0].reason:
            words = f"{summary}; and it drops another entry of it: {missed[0].reason.value}"
            advice, sample, code = remedy(missed[0].reason, self._convention), missed[0].message, missed[0].reason.value
            if self._strict:
                return failed(words, advice, sample=sample, code=code)
            return warned(words, advice, sample, code)
        return self._strange_clock(watch, summary) or passed(summary)

    def _strange_clock(self, watch: Watch, summary: str) -> Finding | None:
        for one in watch.sent:
            logged_at = watch.arrival(one).logged_at
            if logged_at and abs(logged_at - one.sent_at) > _STRANGE_CLOCK:
                return warned(f"{summary}; {_off(logged_at - one.sent_at)}", _CLOCK_ADVICE, code="clock")
        return None

    def _dropped(self, watch: Watch, entries: Sequence[JudgedEntry], doubt: str = "") -> Finding:
        entry = next((entry for entry in entries if entry.near_miss), entries[0])
        reasons = ", ".join(dict.fromkeys(entry.reason.value for entry in entries if entry.reason))
        reason = entry.reason.value if entry.reason else ""
        return failed(
            f"{_missing(watch)} is there, and the collector drops it: {reasons}",
            (remedy(entry.reason, self._convention) if entry.reason else "") + doubt,
            sample=entry.message,
            code=reason,
        )

    def _no_error(self, watch: Watch, entries: Sequence[JudgedEntry]) -> Finding:
        """Judge tagged entries of which none says that it is an error."""
        doubt = (
            " Where that is only the server's line about the request: does the route log an error, and to this place? "
            "Or it is still on its way: wait longer with --wait."
        )
        return self._dropped(watch, entries, doubt)

    def _misplaced(self, watch: Watch) -> Finding | None:
        entry = watch.elsewhen
        if entry is None or entry.time is None:
            return None
        return failed(
            f"{_missing(watch)} is there at {rfc3339(entry.time)}; {_off(entry.time - watch.missing[0].sent_at)}",
            _CLOCK_ADVICE,
            sample=entry.message,
            code="clock",
        )

    def _sighted(self, watch: Watch, one: SentCanary) -> Finding | None:
        """Judge what mentions the canary, the most telling first: a wrong id, a broken tag, none, no error at all."""
        seen = [(entry, read_tag(entry.message, self._convention)) for entry in _own(watch, one)]
        for entry, reading in seen:
            other = reading.session_id if reading else None
            if other and other != one.canary.session_id and holds(entry, one.canary.mark):
                return self._other_session(entry, other, one.canary.session_id)
        for entry, reading in seen:
            if reading and reading.reason and not reading.blank:
                return failed(
                    "the canary's entry is there, and its tag cannot be read: " + reading.reason.value,
                    remedy(reading.reason, self._convention),
                    sample=entry.message,
                    code=reading.reason.value,
                )
        for entry, reading in sorted(seen, key=lambda pair: (pair[1] is None, not self._is_error(pair[0]))):
            if reading and not reading.blank:
                continue
            if not watch.entries_of(one):
                return self._untagged(entry, blank=reading is not None)
            if self._is_error(entry):
                return self._tagged_elsewhere(entry)
        return None

    def _tagged_elsewhere(self, entry: LogEntry) -> Finding:
        return failed(
            "the canary's error was logged without a tag, and another entry of its request has it",
            f"{self._order.session_header} arrived, so no proxy drops it. The error is logged outside of the request, "
            "in a thread or a task without its context, or by a handler whose formatter writes no tag: asayer-cli "
            "snippet python shows both.",
            sample=entry.message,
            code="untagged",
        )

    def _other_session(self, entry: LogEntry, other: SessionId, own: SessionId) -> Finding:
        if self._convention.write(own) in entry.message:
            return failed(
                f"the canary's line is in one entry with another session's, {other}, and the collector takes the first",
                "The shipper joins lines of several requests into one entry: let it begin a new one at each line, or "
                "at each that has a time.",
                sample=entry.message,
                code="joined_lines",
            )
        if str(own).startswith(str(other)):
            return failed(
                f"the canary's entry is cut off within its tag, so that its id reads {other}",
                "Something on the way limits the length of an entry: raise the limit, and write the tag at the "
                "beginning of each line (install() of asayer-cli snippet python does).",
                sample=entry.message,
                code="cut_off",
            )
        return failed(
            f"the canary's request is logged under another session's id, {other}",
            "The application keeps one id for all requests, or does not reset it. Take the id from the request's own "
            "context: asayer-cli snippet flask (django, fastapi) has a middleware that does.",
            sample=entry.message,
            code="other_session",
        )

    def _untagged(self, entry: LogEntry, *, blank: bool) -> Finding:
        header = self._order.session_header
        apart = (
            f"To tell them apart, call the application past its proxy: asayer-cli verify --canary "
            f"http://localhost:8000{self._order.place.target.partition('?')[0]}"
        )
        if blank:
            return failed(
                f"the application logged the canary with an empty tag: {header} did not reach it",
                f"A proxy, CDN or gateway on the way drops the header: let it pass {header} on (asayer-cli snippet "
                f"nginx). Or the middleware reads another header. {apart}",
                sample=entry.message,
                code="blank_tag",
            )
        if not self._is_error(entry):
            return failed(
                "the canary's request was logged, untagged, and no error of it",
                "Does the route log an error, and do errors go to this place? Or they are still on their way: wait "
                f"longer with --wait. What was seen may be the line of a proxy, which has no tag. {apart}",
                ExitCode.NOT_THERE,
                sample=entry.message,
                code="no_error_entry",
            )
        return failed(
            f"the canary's error was logged without a tag, so {header} was lost on the way or not used",
            f"Likely causes: a proxy, CDN or gateway drops {header} (asayer-cli snippet nginx); the application lacks "
            "the middleware, or it stands behind the part that logs; the entry is logged outside of the request, in a "
            f"thread or a task without its context. {apart}; if it arrives so, it is the proxy.",
            sample=entry.message,
            code="untagged",
        )

    def _is_error(self, entry: LogEntry) -> bool:
        """Tell whether an entry is an error's; the route's address, which proxies may change, can have the word too."""
        place, text = self._order.place, without_address(entry.message)
        for own in (place.target.partition("?")[0], place.host):
            text = text.replace(own, " ")
        return has_error_tag(entry.fields.get("tags")) or says_error(text)

    def _absent(self, watch: Watch, one: SentCanary) -> Finding:
        late = watch.late
        codes = {"nothing": "nothing_arrived", "old": "not_yet", "new": "not_there"}
        search = f"Search the application's own output for {one.canary.query}: "
        advice = {
            "nothing": f"Is this where the application logs? {search}where it is there, the shipper does not bring it.",
            "old": f"Wait longer (--wait 10m), or look at the shipper. {search}where it is there, it is on its way; "
            "where it is not, the route logs no error.",
        }.get(
            late.code if late else "",
            f"Does the route log an error, and to here? {search}where it is not, the route did not run in this "
            "application; where it is, the shipper or a filter keeps it back.",
        )
        return failed(
            f"{_missing(watch)} did not arrive before the deadline: {late.words if late else 'nobody knows why'}",
            advice,
            ExitCode.NOT_THERE,
            code=codes.get(late.code if late else "", "not_there"),
        )


_CLOCK_ADVICE: Final = (
    "Write times in UTC with a zone, and set the clocks by NTP: the collector asks for what is newer than the newest "
    "entry it has seen, and misses what carries an earlier time."
)


def _missing(watch: Watch) -> str:
    if len(watch.sent) == 1:
        return "the canary"
    return f"canary {watch.missing[0].canary.session_id} (of {len(watch.missing)} missing, {len(watch.sent)} sent)"


def _off(difference: timedelta) -> str:
    side = "behind" if difference < timedelta(0) else "ahead of"
    return f"its time is {format_duration(abs(difference))} {side} the request's"


def _own(watch: Watch, one: SentCanary) -> list[LogEntry]:
    """Return the sightings that are of this canary: by its mark, or by the route's words since its request."""
    return [
        entry
        for entry in watch.sightings
        if holds(entry, one.canary.mark)
        or (_is_of_some_canary(entry) and entry.time is not None and entry.time >= one.sent_at - _CLOCKS)
    ]


def _is_of_some_canary(entry: LogEntry) -> bool:
    """Whether the route logged it without a mark; one with another's mark is that canary's."""
    return ROUTE_MESSAGE in entry.message and not _ANY_MARK.search(entry.message)
