"""Every entry of some files, in the order of their lines: for counting."""

from __future__ import annotations

from typing import TYPE_CHECKING

from asayer_cli.files.assembling import Assembler
from asayer_cli.files.formats import Kind, kind_of
from asayer_cli.files.notes import Notes
from asayer_cli.files.opening import Text
from asayer_cli.files.places import places
from asayer_cli.files.times import Clock
from asayer_cli.stack_traces import TraceLines, opens_trace

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from asayer_cli.entries import LogEntry
    from asayer_cli.files.blocks import Block
    from asayer_cli.files.places import Place


def read_entries(
    paths: Sequence[str], *, documents: bool = False, notes: Notes | None = None, clock: Clock | None = None
) -> Iterator[LogEntry]:
    """Yield every entry of the files; the lines of a stack trace are none of their own, nor are blank ones.

    With `documents`, lines of JSON are taken apart into fields, as Elasticsearch stores them. What cannot be read is
    told in `notes`, what had to be assumed about times by `clock`. UsageError for a path that cannot be read at all.
    """
    found = places(paths)
    return _entries(found, documents, Notes() if notes is None else notes, clock or Clock())


def _entries(found: Sequence[Place], documents: bool, notes: Notes, clock: Clock) -> Iterator[LogEntry]:  # noqa: FBT001 - of this module alone
    for place in found:
        text = Text(place, notes)
        assembler: Assembler | None = None
        traces = _Traces()
        for block in text.blocks():
            assembler = assembler or Assembler(place, clock, joins=text.zipped, documents=documents)
            for entry in _in_block(block, assembler):
                if entry.message.strip() and not traces.hold(entry):
                    yield entry


def _in_block(block: Block, assembler: Assembler) -> Iterator[LogEntry]:
    begin, size = 0, len(block.data)
    while begin < size:
        end = block.data.find(b"\n", begin) + 1 or size
        made = assembler.entry(block, begin, end)
        if made is not None:
            yield made[0]
        begin = end


class _Traces:
    """Knows of each stream the entry that lines of a trace may follow."""

    def __init__(self) -> None:
        self._last: dict[str, str | TraceLines | None] = {}

    def hold(self, entry: LogEntry) -> bool:
        """Tell whether an entry is a line of the trace that its stream is in."""
        before = self._last.get(entry.stream)
        if before is not None and _may_continue(entry.message):
            trace = before if isinstance(before, TraceLines) else _opened(before)
            self._last[entry.stream] = trace
            if trace is not None and trace.takes(entry.message):
                trace.add(entry.message)
                return True
        self._last[entry.stream] = entry.message
        return False


def _opened(message: str) -> TraceLines | None:
    return TraceLines(message) if opens_trace(message) else None


def _may_continue(message: str) -> bool:
    """Tell whether a line may be one of a trace: it has no time at its head, and is no document."""
    return not message[:1].isdigit() and kind_of(message[:2].encode("utf-8", "replace")) is not Kind.JSON
