"""Read the timeline of sessions: every source at once, in order, while the entries arrive."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from asayer_cli.errors import NotConfiguredError
from asayer_cli.settings import DEFAULT_PROFILE
from asayer_cli.sources import SessionSearch
from asayer_cli.timeline.completeness import ARRIVES_WITHIN, completeness, led_to_profile, window_of
from asayer_cli.timeline.model import Session, Timeline
from asayer_cli.timeline.replay_url import replay_url
from asayer_cli.timeline.side_by_side import Opening, SideBySide

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from datetime import timedelta

    from asayer_cli.exit_codes import ExitCode
    from asayer_cli.tag import TagConvention
    from asayer_cli.timeline.asked import Asked
    from asayer_cli.timeline.model import Completeness, TimelineEntry


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to read: `stopped` ends it from outside, `follow` goes on until then, `template` links to replays."""

    asked: Asked
    convention: TagConvention
    context: int = 0
    follow: bool = False
    follow_for: timedelta | None = None
    template: str = ""
    profile: str = DEFAULT_PROFILE
    stopped: threading.Event = field(default_factory=threading.Event)

    @property
    def search(self) -> SessionSearch:
        """What each source is asked."""
        return SessionSearch(self.convention, self.asked.spans, self.context)


_LET_ASK_SECONDS: Final = 0.4


class TimelineReader:
    """Reads one timeline; its sources are asked from `start` on."""

    def __init__(self, openings: Sequence[Opening], wanted: Wanted, progress: Callable[[str], None]) -> None:
        self._wanted = wanted
        self._progress = progress
        self._merged = SideBySide(openings, wanted.search, wanted.stopped, follow=wanted.follow)
        self._shown = 0
        self._follow_until: datetime | None = None
        self._end: tuple[Completeness, ExitCode] | None = None

    def start(self) -> None:
        """Begin to read, in threads of its own."""
        self._merged.start()
        # what is imported from here on would keep the sources from asking their first questions
        self._merged.arrived.wait(_LET_ASK_SECONDS)
        # these take a while to import: time enough while the first questions are on their way
        from asayer_cli.timeline.error_kinds import ErrorCounts  # noqa: PLC0415
        from asayer_cli.timeline.folding import Repeats, TraceFolding  # noqa: PLC0415

        self._folding = TraceFolding()
        self._repeats = Repeats()
        self._counts = ErrorCounts()

    def timeline(self, zone: str) -> Timeline:
        """Return the timeline, whose entries may be iterated once; `zone` names the one that times are shown in."""
        sessions = tuple(
            Session(session_id, session_id.started_at, replay_url(self._wanted.template, session_id))
            for session_id in self._wanted.asked.session_ids
        )
        return Timeline(sessions, zone, self._entries(), self._finish)

    def _entries(self) -> Iterator[TimelineEntry]:
        """Yield what is shown; NotConfiguredError where there is no source to read."""
        try:
            for entry in self._merged:
                self._stop_in_time()
                if entry is None:
                    self._tell()
                    yield from self._counted(self._flushed())
                else:
                    yield from self._counted(self._together(self._folding.add(entry)))
            yield from self._counted(self._flushed())
            self._require_a_source()
        finally:
            self._wanted.stopped.set()

    def _together(self, entries: Iterator[TimelineEntry]) -> Iterator[TimelineEntry]:
        for entry in entries:
            yield from self._repeats.add(entry)

    def _flushed(self) -> Iterator[TimelineEntry]:
        yield from self._together(self._folding.flush())
        yield from self._repeats.flush()

    def _counted(self, entries: Iterator[TimelineEntry]) -> Iterator[TimelineEntry]:
        for entry in entries:
            self._shown += 1 + entry.repeats
            self._counts.add(entry)
            yield entry

    def _tell(self) -> None:
        reading = [reader for reader in self._merged.readers if reader.configured and not reader.ended]
        if not reading:
            return
        found = sum(reader.count for reader in self._merged.readers)
        doing = "following" if not any(reader.finding for reader in reading) else "reading"
        if waited_for := self._merged.held_up_by():
            doing, reading = "waiting for", waited_for
        self._progress(f"{found:,} entries so far, {doing} {', '.join(reader.place for reader in reading)}")

    def _stop_in_time(self) -> None:
        """End following when it has lasted long enough, or when nothing may arrive any more."""
        readers = self._merged.readers
        if not self._wanted.follow or any(reader.finding for reader in readers):
            return
        now = datetime.now(UTC)
        if self._follow_until is None:
            self._follow_until = window_of(self._wanted.asked)[1] + ARRIVES_WITHIN
            if self._wanted.follow_for is not None:
                self._follow_until = min(self._follow_until, now + self._wanted.follow_for)
        if now >= self._follow_until:
            self._wanted.stopped.set()

    def _require_a_source(self) -> None:
        if not any(reader.configured for reader in self._merged.readers):
            raise NotConfiguredError(
                "There is no integration to read.",
                hint="Run asayer-cli aws setup or asayer-cli elastic create-key; in CI, set ASAYER_AWS_ACCESS_KEY_ID "
                "and what belongs to it, or ASAYER_ELASTIC_URL and ASAYER_ELASTIC_API_KEY. Or read files, which needs "
                "no account: --file PATH.",
            )

    def _finish(self) -> tuple[Completeness, ExitCode]:
        if self._end is None:
            wanted = self._wanted
            found = self._shown + self._folding.folded
            now = datetime.now(UTC)
            told, code = completeness(self._merged.readers, wanted.asked, wanted.convention, found, self._counts, now)
            self._end = led_to_profile(told, wanted.profile), code
        return self._end
