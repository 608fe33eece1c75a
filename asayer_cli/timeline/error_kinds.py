"""Errors of the same kind, counted: their messages with what varies left out."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from asayer_cli.secret import redact
from asayer_cli.stack_traces import gist
from asayer_cli.timeline.levels import without_level
from asayer_cli.timeline.model import ErrorKind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from asayer_cli.timeline.model import TimelineEntry

MOST_KINDS: Final = 500
OTHERS: Final = "(errors of other kinds)"
LEFT_OUT: Final = "…"
_LONGEST: Final = 300
_VARYING: Final = re.compile(
    r"""
    \b[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}\b        # a UUID
    | (?<!\w)'[^'\n]{0,200}'(?!\w) | "[^"\n]{0,200}" | `[^`\n]{0,200}`
    | \b0x[0-9a-f]+\b
    | \b(?=[0-9a-f]*[0-9])(?=[0-9]*[a-f])[0-9a-f]{7,}\b     # a hash
    | \b(?=\w*[0-9])(?=\w*[A-Za-z])[A-Za-z0-9_]{16,}\b      # an id
    | (?<![A-Za-z_])[+-]?[0-9]+(?:[.,:/T-]+[0-9]+)*Z?       # a number, a time, an address
    """,
    re.VERBOSE | re.IGNORECASE | re.ASCII,
)
_ADJACENT: Final = re.compile(rf"{LEFT_OUT}(?:[\s.,:/=-]*{LEFT_OUT})+")


def kind_of(entry: TimelineEntry) -> str:
    """Return what errors of the same kind have in common; of a bare traceback, the error that it ends with."""
    message = without_level(entry.message.strip())
    if not message or message.startswith("Traceback ("):
        message = gist(entry.trace) or message
    return generalised(redact(message))  # half a secret is none that is known


def generalised(message: str) -> str:
    """Return a message with its numbers, ids and quoted values left out."""
    return _ADJACENT.sub(LEFT_OUT, _VARYING.sub(LEFT_OUT, message[:_LONGEST]))


class ErrorCounts:
    """A table of error kinds of at most `MOST_KINDS` lines; what comes when it is full is counted in one of its own."""

    def __init__(self) -> None:
        self._kinds: dict[str, ErrorKind] = {}
        self.errors = 0

    def add(self, entry: TimelineEntry) -> None:
        """Count an entry with its repeats, if it is an error."""
        if entry.level != "error":
            return
        name = kind_of(entry)
        if name not in self._kinds and len(self._kinds) >= MOST_KINDS:
            name = OTHERS
        count = 1 + entry.repeats
        self.errors += count
        known = self._kinds.get(name)
        first = entry.time if known is None or known.first is None else known.first
        last = entry.last_time or entry.time or (known.last if known else None)
        self._kinds[name] = ErrorKind(name, count + (known.count if known else 0), first, last)

    def kinds(self) -> tuple[ErrorKind, ...]:
        """Return the kinds, the most frequent first, of the same number in the order of their first time."""
        return tuple(sorted(self._in_order(), key=lambda kind: -kind.count))

    def _in_order(self) -> Iterator[ErrorKind]:
        yield from (kind for name, kind in self._kinds.items() if name != OTHERS)
        if OTHERS in self._kinds:
            yield self._kinds[OTHERS]
