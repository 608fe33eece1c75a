"""What this machine has changed in accounts and clusters: an append-only file, written before and after each change.

A change whose `begun` record has no `done` or `failed` record behind it has an unknown outcome: the program was killed
or the connection broke. The record says what there was before, so that a later run can tell new from old; once it has
found or made things as they were to be, it writes `settled`. Lines are JSON; no secret is ever in one.
"""

from __future__ import annotations

import errno
import json
import os
import uuid
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Literal, get_args

from asayer_cli.entries import rfc3339
from asayer_cli.errors import NotConfiguredError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

State = Literal["begun", "done", "failed", "settled"]


@dataclass(frozen=True, slots=True)
class Record:
    """One line: `change` joins a change's records, `account` is an AWS account id or a cluster's URL.

    `target` is what is changed (such as `user/asayer_cw`), `before` the ids that existed already, `made` the
    id of what was made.
    """

    change: str
    time: str
    state: State
    account: str
    action: str
    target: str
    before: tuple[str, ...] = field(default=())
    made: str = ""
    outcome: str = ""

    @property
    def at(self) -> datetime:
        """The time, in UTC."""
        return datetime.fromisoformat(self.time).astimezone(UTC)


@dataclass(frozen=True, slots=True)
class Journal:
    """The journal in a file; each record is on disk when the method that writes it returns."""

    path: Path

    def begin(self, account: str, action: str, target: str, before: tuple[str, ...] = ()) -> Record:
        """Write down that a change is about to be made."""
        record = Record(uuid.uuid4().hex, rfc3339(datetime.now(UTC)), "begun", account, action, target, before)
        self._append(record)
        return record

    def done(self, begun: Record, made: str = "") -> None:
        """Write down that a change was made."""
        self._append(_closing(begun, "done", made, ""))

    def failed(self, begun: Record, outcome: str, made: str = "") -> None:
        """Write down that a change was not made, or was undone."""
        self._append(_closing(begun, "failed", made, outcome))

    def settled(self, begun: Record, made: str = "") -> None:
        """Write down that what was unknown of a change does not matter any more; `made` where it was found."""
        self._append(_closing(begun, "settled", made, ""))

    def records(self) -> Iterator[Record]:
        """Read all records, oldest first; a line that is torn by a crash, or none of ours, is passed over.

        NotConfiguredError when the file is there and cannot be read.
        """
        try:
            text = self.path.read_text(encoding="utf-8", errors="replace")
        except (FileNotFoundError, NotADirectoryError):
            return
        except OSError as error:
            raise _unusable(self.path, "read", error) from error
        yield from filter(None, map(_parse, text.split("\n")))

    def open_changes(self, account: str, action: str, target: str) -> list[Record]:
        """Return the changes of this kind whose outcome is unknown, oldest first."""
        kind = (account, action, target)
        return [record for record in self.unfinished() if (record.account, record.action, record.target) == kind]

    def settle(self, account: str, target: str, *, but: str = "") -> None:
        """Write down that what is unknown of a target and its parts does not matter any more: all is as it was to be.

        Changes of the action `but` stay open: what came of them is found out in another way.
        """
        for record in self.unfinished():
            within = record.target == target or record.target.startswith(f"{target}/")
            if record.account == account and within and record.action != but:
                self.settled(record)

    def unfinished(self) -> list[Record]:
        """Return all changes whose outcome is unknown, oldest first."""
        pending: dict[str, Record] = {}
        for record in self.records():
            if record.state == "begun":
                pending[record.change] = record
            else:
                pending.pop(record.change, None)
        return list(pending.values())

    def _append(self, record: Record) -> None:
        line = json.dumps(asdict(record), separators=(",", ":")) + "\n"
        try:
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
            try:
                _write_whole(descriptor, (_missing_newline(descriptor) + line).encode())
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
        except OSError as error:
            raise _unusable(self.path, "written", error) from error


def _unusable(path: Path, what: str, error: OSError) -> NotConfiguredError:
    return NotConfiguredError(
        f"The journal {path} cannot be {what}: {error.strerror}.",
        hint="Changes are written down before they are made: make its folder writable or set ASAYER_STATE_DIR.",
        code="journal_unwritable",
    )


def _write_whole(descriptor: int, data: bytes) -> None:
    if os.write(descriptor, data) != len(data):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def _missing_newline(descriptor: int) -> str:
    size = os.fstat(descriptor).st_size
    return "\n" if size and os.pread(descriptor, 1, size - 1) != b"\n" else ""


def _closing(begun: Record, state: State, made: str, outcome: str) -> Record:
    now = rfc3339(datetime.now(UTC))
    return Record(begun.change, now, state, begun.account, begun.action, begun.target, (), made, outcome)


def _parse(line: str) -> Record | None:
    try:
        values = json.loads(line)
        record = Record(**{**values, "before": tuple(values.get("before", ()))})
        return record if _is_sound(record) else None
    except (ValueError, TypeError, AttributeError, OverflowError, RecursionError):
        return None


def _is_sound(record: Record) -> bool:
    """Tell whether a record has the shape that the journal writes; ValueError or OverflowError for no time."""
    parts = (*record.before, *(part for name, part in asdict(record).items() if name != "before"))
    if not all(isinstance(part, str) for part in parts):
        return False
    has_zone = datetime.fromisoformat(record.time).tzinfo is not None and record.at.tzinfo is UTC
    return record.state in get_args(State) and bool(record.change) and has_zone
