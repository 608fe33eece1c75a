"""The errors of local files, counted here: every line that may be one is judged by the collector's rules."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from asayer_cli.collector import CloudWatchCollector, collector_for_elasticsearch
from asayer_cli.coverage.measure import summed
from asayer_cli.coverage.model import By, SourceCoverage
from asayer_cli.coverage.rules import class_of
from asayer_cli.coverage.steps import begin_of, step_for
from asayer_cli.coverage.tally import Tally
from asayer_cli.entries import Window
from asayer_cli.files.assembling import Assembler
from asayer_cli.files.notes import Notes
from asayer_cli.files.opening import Text
from asayer_cli.files.places import described, places
from asayer_cli.files.scan import candidates, line_places
from asayer_cli.files.times import Clock
from asayer_cli.stack_traces import trace_behind

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from asayer_cli.collector import Collector
    from asayer_cli.coverage.measure import Wishes
    from asayer_cli.coverage.rules import ErrorClass
    from asayer_cli.entries import LogEntry
    from asayer_cli.files.blocks import Block
    from asayer_cli.files.places import Place
    from asayer_cli.tag import TagConvention

# One of them stands, in any case, in whatever is an error by the rules, or by the level of a document.
_WORDS: Final = (
    b"error",
    b"exception",
    b"critical",
    b"fatal",
    b"severe",
    b"emergency",
    b"panic",
    b"traceback",
    b"alert",
)
MOST_KEYS: Final = 50_000
_UNNAMED: Final = "(no service.name)"


class FileSource:
    """Files, folders and standard input, read once; UsageError when one cannot be."""

    name = "file"

    def __init__(self, paths: Sequence[str], collector: str, *, most_keys: int = MOST_KEYS) -> None:
        self._most_keys = most_keys
        self._places = places(paths)
        self._paths = tuple(paths)
        self._documents = collector == "elasticsearch"
        self._notes = Notes()
        self._clock = Clock()
        self.ways = (By.GROUP, By.STREAM, *((By.SERVICE,) if self._documents else ()))

    @property
    def place(self) -> str:
        """The paths."""
        return described(self._paths)

    def count(self, wishes: Wishes, by: By) -> SourceCoverage:
        """Count the errors of the window, of all times where none is asked for; those without a time always count."""
        counts = _Counts(self._most_keys)
        for entry, error in self._errors(wishes):
            counts.add(_name(entry, by), entry, error)
        if wishes.any_time and (window := counts.window()):
            wishes = replace(wishes, window=window, step=step_for(window))
        tally = Tally(wishes.convention, wishes.window, wishes.step)
        if by is By.GROUP:
            for place in self._places:
                tally.show(place.name)
        counts.pour(tally)
        return replace(
            summed(self, wishes, by, tally),
            complete=not self._notes.incomplete,
            notes=tuple(self._notes.incomplete),
            remarks=tuple(self._remarks(wishes)),
        )

    def close(self) -> None:
        """Hold nothing: every file is closed when it has been read."""

    def _errors(self, wishes: Wishes) -> Iterator[tuple[LogEntry, ErrorClass]]:
        collector = self._collector(wishes.convention)
        for place in self._places:
            for entry in self._suspects(place):
                error = class_of(entry, collector)
                if error and (wishes.any_time or entry.time is None or _holds(wishes.window, entry.time)):
                    yield entry, error

    def _suspects(self, place: Place) -> Iterator[LogEntry]:
        """Yield the entries of a file in which one of the words stands, each once, without the lines of traces."""
        text = Text(place, self._notes)
        assembler: Assembler | None = None
        of_traces: set[str] = set()
        for block in text.blocks():
            assembler = assembler or Assembler(place, self._clock, joins=text.zipped, documents=self._documents)
            for begin, end, _ in candidates(block.data, _hits):
                if (made := assembler.entry(block, begin, end)) is None:
                    continue
                entry, behind = made
                if entry.entry_id in of_traces:
                    of_traces.discard(entry.entry_id)
                    continue
                trace = trace_behind(entry.message, _beside(entry, block, behind, assembler), lambda line: line.message)
                of_traces.update(line.entry_id for line in trace if _hits(line.message.encode()))
                yield entry

    def _collector(self, convention: TagConvention) -> Collector:
        return collector_for_elasticsearch(convention) if self._documents else CloudWatchCollector(convention)

    def _remarks(self, wishes: Wishes) -> Iterator[str]:
        if wishes.any_time:
            yield "entries of all times were counted; a window is chosen with --since and --until"
        if self._clock.assumed_utc:
            yield "times without a zone were taken for UTC"
        if self._clock.assumed_year:
            yield "times without a year were taken for the newest that is not in the future"
        yield from self._notes.remarks


@dataclass
class _Counts:
    """Counts in steps that grow with the time that they span, for which window they are is known last.

    `most_keys` of them are held at once; the sample of a class is its last error.
    """

    most_keys: int
    step: timedelta = timedelta(minutes=1)
    counts: dict[tuple[str, datetime | None, ErrorClass], int] = field(default_factory=dict)
    samples: dict[tuple[str, ErrorClass], LogEntry] = field(default_factory=dict)
    first: datetime | None = None
    last: datetime | None = None

    def add(self, name: str, entry: LogEntry, error: ErrorClass) -> None:
        """Count one error."""
        self.samples[name, error] = entry
        when = entry.time
        if when is not None:
            self.first = min(when, self.first or when)
            self.last = max(when, self.last or when)
            when = begin_of(when, self.step)
        self._count(name, when, error, 1)
        if len(self.counts) > self.most_keys:
            self._coarsen()

    def window(self) -> Window | None:
        """Return the window of all errors that have a time, None where none has."""
        if self.first is None or self.last is None:
            return None
        return Window(self.first, self.last + timedelta(milliseconds=1))

    def pour(self, tally: Tally) -> None:
        """Count everything in a tally."""
        for (name, when, error), count in self.counts.items():
            tally.add(name, when, error, count)
        for (name, error), entry in self.samples.items():
            tally.add(name, entry.time, error, 0, entry.message)

    def _coarsen(self) -> None:
        before, self.counts, self.step = self.counts, {}, self.step * 4
        for (name, when, error), count in before.items():
            self._count(name, begin_of(when, self.step) if when else None, error, count)

    def _count(self, name: str, when: datetime | None, error: ErrorClass, count: int) -> None:
        key = name, when, error
        self.counts[key] = self.counts.get(key, 0) + count


def _beside(entry: LogEntry, block: Block, behind: int, assembler: Assembler) -> Iterator[LogEntry]:
    """Yield the lines behind an entry that are of its stream."""
    for offset, data in block.lines_after(behind):
        line = assembler.neighbour(offset, data, entry.time)
        if line.stream == entry.stream:
            yield line


def _hits(block: bytes) -> list[int]:
    """Return places of the words in a block, at least one in each line that has one, in order."""
    lowered = block.lower()
    return sorted({place for word in _WORDS for place in line_places(lowered, word)})


def _holds(window: Window, when: datetime) -> bool:
    return window.start <= when < window.end


def _name(entry: LogEntry, by: By) -> str:
    if by is By.STREAM:
        return entry.stream
    return _service(entry) if by is By.SERVICE else entry.place


def _service(entry: LogEntry) -> str:
    service = entry.fields.get("service")
    name = entry.fields.get("service.name") or (service.get("name") if isinstance(service, dict) else None)
    return str(name) if name else _UNNAMED
