"""What the journal of this machine tells: one line for each change, with how it ended."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum, unique
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Final

from asayer_cli.entries import rfc3339
from asayer_cli.result import Column, Level, Message, Result, RowStream

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    from asayer_cli.journal import Journal, Record

# How the journal words a change that was made and taken back.
_UNDONE: Final = ("undone", "revoked")


@unique
class Outcome(StrEnum):
    """How a change ended; `UNKNOWN` where the program was cut off before it could tell.

    `SETTLED` is one of these whose object a later run has found, or made, as it was to be.
    """

    DONE = "done"
    FAILED = "failed"
    UNDONE = "undone"
    SETTLED = "settled"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Change:
    """One change of an account, a cluster or this machine (`account` is empty then).

    `time` is when it was begun; `ended_at` is None while the outcome is unknown; `why` is the reason of a failure;
    `made` the id of what was made; `before` what there was of the kind, or what is forgotten.
    """

    time: datetime
    outcome: Outcome
    account: str
    action: str
    object: str
    made: str
    why: str
    ended_at: datetime | None
    change: str
    before: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which changes to show; empty for all. Actions may have wildcards: `iam:*`."""

    since: datetime | None = None
    account: str = ""
    actions: tuple[str, ...] = ()

    def has(self, change: Change) -> bool:
        """Tell whether a change is to be shown."""
        return (
            (self.since is None or change.time >= self.since)
            and self.account in ("", change.account)
            and (not self.actions or any(fnmatchcase(change.action, pattern) for pattern in self.actions))
        )


@dataclass(frozen=True, slots=True)
class Reading:
    """The changes of a journal, oldest first, and how many of its lines are none of ours."""

    changes: tuple[Change, ...]
    unreadable: int


def read(journal: Journal) -> Reading:
    """Read the whole journal; NotConfiguredError when it is there and cannot be read."""
    lines = _lines(journal)
    usable = list(journal.records())
    return Reading(tuple(_paired(usable)), max(0, lines - len(usable)))


def _lines(journal: Journal) -> int:
    """Count the lines that hold anything, before the records are read: another run may be adding some."""
    try:
        text = journal.path.read_text(encoding="utf-8", errors="replace")
    except OSError:  # the reading of the records tells what is wrong
        return 0
    return sum(1 for line in text.split("\n") if line.strip())


def _paired(records: Iterable[Record]) -> Iterator[Change]:
    """Join the records of each change, in the order in which the changes began."""
    first: dict[str, Record] = {}
    last: dict[str, Record] = {}
    for record in records:
        first.setdefault(record.change, record)
        if record.state != "begun":
            last[record.change] = record
    for change, begun in first.items():
        yield _change(begun, last.get(change))


def _change(begun: Record, ended: Record | None) -> Change:
    outcome = _outcome(ended)
    return Change(
        time=begun.at,
        outcome=outcome,
        account=begun.account,
        action=begun.action,
        object=begun.target,
        made=ended.made if ended else "",
        why=ended.outcome if ended and outcome is not Outcome.DONE else "",
        ended_at=ended.at if ended else None,
        change=begun.change,
        before=begun.before,
    )


def _outcome(ended: Record | None) -> Outcome:
    if ended is None:
        return Outcome.UNKNOWN
    if ended.state in (Outcome.DONE, Outcome.SETTLED):
        return Outcome(ended.state)
    return Outcome.UNDONE if ended.outcome.startswith(_UNDONE) else Outcome.FAILED


COLUMNS: Final = (
    Column("time", "time"),
    Column("outcome", "outcome"),
    Column("account", "account"),
    Column("action", "action"),
    Column("object", "object"),
    Column("made", "made"),
    Column("why", "why"),
    Column("ended_at", "ended"),
    Column("change", "change"),
)


def stream(journal: Journal, wanted: Wanted) -> RowStream:
    """Return what the command prints, newest last; NotConfiguredError when the journal cannot be read."""
    reading = read(journal)
    shown = [change for change in reading.changes if wanted.has(change)]
    return RowStream(
        "changes", COLUMNS, iter(shown), lambda: _finish(journal, reading, shown), tuple(_text_columns(shown))
    )


def _text_columns(shown: list[Change]) -> Iterator[Column]:
    widths = {
        name: max((len(str(getattr(change, name))) for change in shown), default=0)
        for name in ("account", "action", "object")
    }
    yield Column("time", "time (UTC)", 20, shown=lambda time: f"{rfc3339(time)[:19]}Z")
    yield Column("outcome", "outcome", 7)
    yield Column("action", "action", widths["action"])
    yield Column("object", "object", widths["object"])
    yield Column("account", "account", widths["account"], shown=lambda account: account or "this machine")
    yield Column("made", "made", shown=lambda made: made or "-")
    yield Column("why", "why")


def _finish(journal: Journal, reading: Reading, shown: list[Change]) -> Result:
    messages = []
    if not shown:
        which = "No such change" if reading.changes else "No change"
        messages.append(Message(Level.NOTE, f"{which} was made from this machine, as {journal.path} tells."))
    if unknown := sum(change.outcome is Outcome.UNKNOWN for change in shown):
        text = "1 change has" if unknown == 1 else f"{unknown} changes have"
        messages.append(
            Message(
                Level.WARNING,
                f"{text} an unknown outcome: the program was cut off, or is at it still. Run the same command again: "
                "what is in place stays, what is missing is done.",
            )
        )
    if reading.unreadable:
        text = "1 line is" if reading.unreadable == 1 else f"{reading.unreadable} lines are"
        messages.append(
            Message(Level.WARNING, f"{text} torn or none of asayer-cli's in {journal.path}, and left out here.")
        )
    return Result(messages=tuple(messages))
