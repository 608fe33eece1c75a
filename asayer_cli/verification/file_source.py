"""Local files as `verify` sees them: what the product's collector would take, were their lines in its log store."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING

from asayer_cli.collector import CloudWatchCollector, collector_for_elasticsearch, has_error_tag
from asayer_cli.entries import EARLIEST, LATEST
from asayer_cli.files.assembling import Assembler
from asayer_cli.files.notes import Notes
from asayer_cli.files.opening import Text, shares
from asayer_cli.files.places import described, places
from asayer_cli.files.scan import candidates, scan_for
from asayer_cli.files.sure_cases import SureCases
from asayer_cli.files.times import UTC_ASSUMED, YEAR_ASSUMED, Clock
from asayer_cli.files.workers import Worker, processors
from asayer_cli.verification.checklist import Checklist, Finding, passed, warned
from asayer_cli.verification.tally import Tally

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from asayer_cli.collector import Collector
    from asayer_cli.entries import LogEntry, Window
    from asayer_cli.files.opening import Span
    from asayer_cli.files.places import Place
    from asayer_cli.tag import TagConvention
    from asayer_cli.verification.wishes import Wishes

    _Judged = tuple[Tally, Notes, Clock]


class FileSource:
    """The checks of local files: `collector` is `cloudwatch` or `elasticsearch`, by whose rules lines are judged.

    For CloudWatch each line is an event, as its agents make them as a rule; for Elasticsearch each line of JSON is a
    document. UsageError for a path that cannot be read.
    """

    name = "file"

    def __init__(self, paths: Sequence[str], collector: str) -> None:
        self.checklist = Checklist(self.name)
        self._paths = tuple(paths)
        self._places = places(paths)
        self._documents = collector == "elasticsearch"
        self._notes = Notes()
        self._clock = Clock()
        self._parts: list[_Part] = []

    @property
    def place(self) -> str:
        """The paths."""
        return described(self._paths)

    @property
    def again(self) -> bool:
        """Whether everything can be read more than once."""
        return all(place.again for place in self._places)

    def prepare(self) -> bool:
        """Begin anew; whether the files can be read shows when they are."""
        self.checklist.begin()
        return True

    def begin(self, wishes: Wishes) -> None:
        """Begin the first search, in processes of their own where much is to be read, while the program gets ready."""
        window = wishes.window(datetime.now(UTC))
        questions = [
            partial(self._judged, share, window=window, wishes=wishes) for share in shares(self._places, processors())
        ]
        self._parts = [_Part(question, begun=len(questions) > 1) for question in questions]

    def search(self, window: Window, wishes: Wishes) -> Tally:
        """Read every line once and judge those that were meant to be tagged; those without any time always count."""
        whole = [(place, None) for place in places(self._paths)]
        parts = self._parts or [_Part(partial(self._judged, whole, window=window, wishes=wishes))]
        self._parts = []
        tally = self._tally(wishes)
        self._notes, self._clock = Notes(), Clock()
        for part in parts:
            counted, notes, clock = part.result()
            tally.take(counted)
            self._notes.add(notes)
            self._clock.assumed_utc |= clock.assumed_utc
            self._clock.assumed_year |= clock.assumed_year
        tally.notes = tuple(self._notes.incomplete)
        return tally

    def newest(self, window: Window) -> datetime | None:
        """Return the time of the newest line that has one, in a window."""
        from asayer_cli.files.entries import read_entries  # noqa: PLC0415 - after a wait in vain only

        times = (entry.time for entry in read_entries(self._paths) if entry.time)
        return max((time for time in times if window.start <= time < window.end), default=None)

    def mentions(self, texts: Sequence[str], window: Window) -> Iterator[LogEntry]:
        """Yield the lines in which one of the texts stands."""
        from asayer_cli.files.entries import read_entries  # noqa: PLC0415 - for canaries only

        for entry in read_entries(self._paths):
            if any(text in entry.message for text in texts) and (entry.time is None or entry.time < window.end):
                yield entry

    def entry_findings(self, tally: Tally) -> None:
        """Write down how much was read, and what had to be assumed."""
        self.checklist.record("readable", self._readable(tally))

    def _readable(self, tally: Tally) -> Finding:
        size = f"{len(self._places)} file{'' if len(self._places) == 1 else 's'}, {self._notes.read_bytes:,} bytes"
        assumed = [UTC_ASSUMED] if self._clock.assumed_utc else []
        assumed += [YEAR_ASSUMED] if self._clock.assumed_year else []
        words = "; ".join([f"read {size} of {self.place}", *assumed])
        if tally.notes:
            return warned("; ".join((words, *tally.notes)), "What could be read counts; there may be more.")
        if not self._notes.read_bytes:
            return warned(f"{words}: nothing is in there", "Name the file that the application writes to.")
        return passed(words)

    def _judged(self, share: Sequence[tuple[Place, Span | None]], *, window: Window, wishes: Wishes) -> _Judged:
        """Judge the lines of files, or of parts of them, that were meant to be tagged."""
        notes, clock, tally = Notes(), Clock(), self._tally(wishes)
        bounded = (window.start, window.end) != (EARLIEST, LATEST)
        finds = self._finds(wishes.convention)
        simple = not (self._documents or wishes.explain or wishes.session_ids)
        sure = SureCases(wishes.convention, window) if simple else None
        timed = bounded or wishes.explain
        for place, span in share:
            start = span.begin if span else 0
            read = partial(Assembler, place, clock, documents=self._documents, timed=timed, start=start)
            for entry in self._meant(Text(place, notes, span), read, wishes.convention, sure):
                if entry is None:
                    tally.add_sure()
                elif not bounded or entry.time is None or window.start <= entry.time < window.end:
                    tally.add(entry, found=finds(entry))
        return tally, notes, clock

    def _meant(
        self, text: Text, read: Callable[..., Assembler], convention: TagConvention, sure: SureCases | None
    ) -> Iterator[LogEntry | None]:
        """Yield the entries that may be tagged, None for each that is surely taken."""
        hits = scan_for(convention, frozenset())
        assembler: Assembler | None = None
        for block in text.blocks():
            if assembler is None:
                assembler = read(joins=text.zipped)
                sure = None if text.zipped else sure
            for begin, end, hit in candidates(block.data, hits):
                if sure and sure.hold(block.data, begin, end, hit):
                    yield None
                elif made := assembler.entry(block, begin, end):
                    yield made[0]

    def _tally(self, wishes: Wishes) -> Tally:
        return Tally(self._collector(wishes.convention), wishes.session_ids, wishes.explain)

    def _collector(self, convention: TagConvention) -> Collector:
        return collector_for_elasticsearch(convention) if self._documents else CloudWatchCollector(convention)

    def _finds(self, convention: TagConvention) -> Callable[[LogEntry], bool]:
        """Return whether the collector's own search would find an entry, as far as it is documented."""
        flags = re.IGNORECASE if self._documents else 0
        word = re.compile(rf"(?<![A-Za-z0-9_]){re.escape(convention.tag_name)}(?![A-Za-z0-9_])", flags)
        if self._documents and collector_for_elasticsearch(convention).strict:
            return lambda entry: bool(word.search(entry.message)) and has_error_tag(entry.fields.get("tags"))
        return lambda entry: bool(word.search(entry.message))


class _Part:
    """A part of the files that is judged when its result is asked for, or by then by a process of its own."""

    def __init__(self, question: Callable[[], _Judged], *, begun: bool = False) -> None:
        self._question = question
        self._worker = _worker(question) if begun else None

    def result(self) -> _Judged:
        """Return what was counted; what another process did not do is done here."""
        answer: _Judged | None = self._worker.result() if self._worker else None
        return answer or self._question()


def _worker(question: Callable[[], _Judged]) -> Worker | None:
    try:
        return Worker(question)
    except OSError:  # too many processes are running, or too little memory is left
        return None
