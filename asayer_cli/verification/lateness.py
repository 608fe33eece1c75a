"""What did arrive, where something wanted did not: it tells "not yet" from "not there"."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Protocol

from asayer_cli.errors import AsayerError
from asayer_cli.times import format_duration

if TYPE_CHECKING:
    from asayer_cli.entries import Window


class Dated(Protocol):
    """A source that knows how new its newest entry is."""

    def newest(self, window: Window) -> datetime | None:
        """Return the time of the newest entry of any kind."""


@dataclass(frozen=True, slots=True)
class Lateness:
    """What arrived, by a stable `code`: `unknown`, `nothing`, `old`, or `new`; and in words."""

    code: str
    words: str


def lateness(source: Dated, window: Window, began: datetime) -> Lateness:
    """Return what has arrived in a window, and whether any of it was logged since `began`."""
    try:
        newest = source.newest(window)
    except AsayerError as error:
        return Lateness("unknown", f"whether anything arrived cannot be told ({error.message})")
    if newest is None:
        words = "not yet, for nothing at all has arrived in the window; the log may be late, or the wrong one"
        return Lateness("nothing", words)
    if newest < began:
        age = format_duration(datetime.now(UTC) - newest)
        words = f"not yet, for the newest entry of any kind is {age} old: nothing that was logged since is there"
        return Lateness("old", words)
    words = f"not there, for entries up to {newest:%H:%M:%S}Z have arrived and none of them serves"
    return Lateness("new", words)
