"""What the user asked `verify` to prove."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from asayer_cli.entries import Window
from asayer_cli.errors import UsageError

if TYPE_CHECKING:
    from datetime import datetime

    from asayer_cli.session_id import SessionId
    from asayer_cli.tag import TagConvention

DEFAULT_AGE: Final = timedelta(hours=1)
BEFORE_SESSION: Final = timedelta(minutes=1)
LONGEST_SESSION: Final = timedelta(hours=3)
SHORTEST: Final = timedelta(milliseconds=1)


@dataclass(frozen=True, slots=True)
class Wishes:
    """The window (`since`, `until` may be open), how much must be there, and how long to wait for it.

    `canaries` are the sessions that count where several do.
    """

    convention: TagConvention
    since: datetime | None = None
    until: datetime | None = None
    session_id: SessionId | None = None
    min_entries: int = 1
    wait: timedelta = timedelta(0)
    strict: bool = False
    explain: bool = False
    allow_empty: bool = False
    canaries: frozenset[SessionId] = frozenset()

    @property
    def session_ids(self) -> frozenset[SessionId]:
        """The sessions that count; empty when all do."""
        return self.canaries or (frozenset({self.session_id}) if self.session_id else frozenset())

    def window(self, now: datetime) -> Window:
        """Return the span to search; UsageError when it is empty.

        A session id tells when its session began, and sessions last hours at most (the product's cap is 2 h), so it
        bounds the window where the user does not.
        """
        try:
            start, end = self._bounds(now)
        except OverflowError as error:
            raise UsageError("The window lies outside the calendar.", code="bad_window") from error
        if end - start < SHORTEST:
            raise UsageError(
                f"The window is empty: it begins at {start:%Y-%m-%dT%H:%M:%SZ} and ends at {end:%Y-%m-%dT%H:%M:%SZ}.",
                hint="Let --since lie before --until, and before now.",
                code="empty_window",
            )
        return Window(start, end)

    def _bounds(self, now: datetime) -> tuple[datetime, datetime]:
        session = self.session_id
        if session is None or not session.may_be_real(now):
            end = self.until or now
            return self.since or end - DEFAULT_AGE, end
        start = self.since or session.started_at - BEFORE_SESSION
        return start, self.until or min(now, max(start, session.started_at) + LONGEST_SESSION)

    def grows(self, now: datetime) -> bool:
        """Tell whether entries that come after `now` still fall into the window."""
        return self._bounds(now)[1] >= now
