"""What was read lately, so that reading the same times again gives nothing twice."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from datetime import datetime

    from asayer_cli.entries import LogEntry

_MOST: Final = 100_000


class Seen:
    """The ids of the entries since a moment; of those before it, and of too many, the oldest are forgotten."""

    def __init__(self) -> None:
        self._since: datetime | None = None
        self._times: dict[str, datetime | None] = {}

    def begin(self, since: datetime) -> None:
        """Forget the entries from before `since`: they are not read again. Those without a time are kept."""
        self._since = since
        self._times = {name: time for name, time in self._times.items() if time is None or time >= since}

    def is_new(self, entry: LogEntry) -> bool:
        """Tell whether an entry has not been seen; now it has."""
        if entry.entry_id in self._times:
            return False
        if entry.time is None or self._since is None or entry.time >= self._since:
            self._times[entry.entry_id] = entry.time
            if len(self._times) > _MOST:
                del self._times[next(iter(self._times))]
        return True
