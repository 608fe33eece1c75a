"""Read several sources at the same time, each in a thread of its own, and merge what they find in the order of time."""

from __future__ import annotations

import contextlib
import heapq
import threading
import time
from collections import deque
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from asayer_cli.entries import by_time
from asayer_cli.errors import AsayerError, NotConfiguredError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from asayer_cli.collector import Collector
    from asayer_cli.entries import LogEntry
    from asayer_cli.sources import Found, Reading, SessionSearch, SessionSource
    from asayer_cli.timeline.model import TimelineEntry

TICK_SECONDS: Final = 0.2
# how long an entry that arrives while following waits for earlier ones of other sources
HOLD_BACK_SECONDS: Final = 2.0
# how long readers that were told to stop may take to say how far they came
GRACE_SECONDS: Final = 2.0
_MOST_QUEUED: Final = 512
# entries of so many characters wait one by one, for they may have a million
_LARGE: Final = 50_000
_MOST_LARGE: Final = 4
_MOST_HELD: Final = 10_000


@dataclass(frozen=True, slots=True)
class SourceRules:
    """What holds for the entries of one source: whose they are, by which rules they are collected, and where from."""

    name: str
    collector: Collector
    collects: Callable[[LogEntry], bool]


@dataclass(frozen=True, slots=True)
class Opened:
    """A source, and what holds for its entries."""

    source: SessionSource
    rules: SourceRules


@dataclass(frozen=True, slots=True)
class Opening:
    """Sources that are yet to be opened, which may take a while; `open` gives none where nothing is configured.

    `name` and `place` are for people, should that fail.
    """

    name: str
    place: str
    open: Callable[[], Sequence[Opened]]


class Reader:
    """Reads one source; its thread is a daemon, so that an interrupt ends the program without waiting for an answer.

    Where opening gives several sources, it reads the first; the others get readers of their own by `_join`.
    """

    def __init__(self, opening: Opening, work: SideBySide, number: int) -> None:
        self.number = number
        self.name, self.place = opening.name, opening.place
        self.configured = True
        self.count = 0
        self.reading: Reading | None = None
        self.error: AsayerError | None = None
        self.bug: BaseException | None = None
        self.finding = True  # False: it follows, or has ended
        self.ended = False
        self.found_all = False
        self.follows = False
        self._come: deque[TimelineEntry | None] = deque()
        self._room = threading.Event()
        self._opening = opening
        self._work = work
        self._stopped = work.stopped

    def start(self) -> None:
        """Begin to read."""
        threading.Thread(target=self._run, name=f"read {self.name}", daemon=True).start()

    def _run(self) -> None:
        try:
            self._read()
        except AsayerError as error:
            self.error = error
        except OSError as error:
            self.error = _of_this_computer(error)
        except BaseException as error:  # noqa: BLE001 - a bug; it is raised again in the main thread
            self.bug = error
        finally:
            self._put(None)

    def _read(self) -> None:
        opened = self._opening.open()
        if not opened:
            self.configured = False
            return
        for other in opened[1:]:
            self._work.join(other)
        source, rules = opened[0].source, opened[0].rules
        self.place = source.place
        try:
            self._find(source, rules)
        finally:
            source.close()

    def _find(self, source: SessionSource, rules: SourceRules) -> None:
        self.found_all = self._take_all(source.find(self._work.search), rules)
        if self._work.follow and self.found_all:
            self.follows = True
            self._put(None)
            self._take_all(source.follow(self._work.search, self._stopped), rules)
        with contextlib.suppress(AsayerError):  # the entries are there; only what is said about them is missing
            self.reading = source.reading()

    def _take_all(self, entries: Iterator[Found], rules: SourceRules) -> bool:
        """Hand the entries on; False when that was stopped before their end."""
        for found in entries:
            # imported when the first questions have been answered, for a fast start
            from asayer_cli.timeline.readable import readable  # noqa: PLC0415

            if not self._put(readable(found, rules)):
                return False
            self.count += 1
            if self._stopped.is_set() and not self.follows:
                return False
        return True

    def take(self) -> TimelineEntry | None:
        """Take what came next, None where finding or all has ended; IndexError when nothing has come."""
        item = self._come.popleft()
        if len(self._come) <= _MOST_QUEUED // 2 and not self._room.is_set():
            self._room.set()
        return item

    def _put(self, item: TimelineEntry | None) -> bool:
        """Hand an item on when there is room again, for half of what fits: waiting for each place would cost more."""
        while item is not None and self._is_full_for(item):
            if self._stopped.is_set():
                return False
            self._room.clear()
            if self._is_full_for(item):
                self._room.wait(TICK_SECONDS)
        self._come.append(item)
        if not self._work.arrived.is_set():  # which is cheaper
            self._work.arrived.set()
        return True

    def _is_full_for(self, item: TimelineEntry) -> bool:
        return len(self._come) >= (_MOST_QUEUED if len(item.raw) <= _LARGE else _MOST_LARGE)


def _of_this_computer(error: OSError) -> NotConfiguredError:
    where = f" ({error.filename})" if error.filename else ""
    return NotConfiguredError(
        f"This computer refuses something that is needed: {error.strerror or error}{where}.",
        hint="Look at the file's rights, at the room there is, and at limits.",
        code="system",
    )


class SideBySide:
    """The merged entries of all readers; iterating yields None when nothing has come for a moment.

    An entry comes as soon as no reader can have an earlier one: all that is held is the next entry of each, and while
    following what came in the last seconds.
    """

    def __init__(
        self, openings: Sequence[Opening], search: SessionSearch, stopped: threading.Event, *, follow: bool
    ) -> None:
        self.search = search
        self.stopped = stopped
        self.follow = follow
        self.arrived = threading.Event()  # set whenever there is something new
        self.readers = [Reader(opening, self, number) for number, opening in enumerate(openings)]
        self._heap: list[tuple[datetime, int, int, float, Reader, TimelineEntry]] = []
        self._waiting = set(self.readers)  # those whose next entry is not known
        self._number = 0

    def start(self) -> None:
        """Begin to read everywhere."""
        for reader in tuple(self.readers):
            reader.start()

    def join(self, opened: Opened) -> None:
        """Read one source more; to be called by a reader that has found nothing yet, for which all wait."""
        opening = Opening(opened.rules.name, opened.source.place, lambda: (opened,))
        reader = Reader(opening, self, len(self.readers))
        self._waiting.add(reader)
        self.readers.append(reader)
        reader.start()

    def __iter__(self) -> Iterator[TimelineEntry | None]:
        """Yield the entries; whatever is no error of ours is a bug, and raised."""
        stopped_at = 0.0
        while True:
            self.arrived.clear()
            self._fill()
            if self._is_ready():
                yield self._next()
            elif self._have_ended() or (stopped_at and time.monotonic() - stopped_at > GRACE_SECONDS):
                break
            elif not self.arrived.wait(TICK_SECONDS):
                stopped_at = stopped_at or (time.monotonic() if self.stopped.is_set() else 0.0)
                yield None
        while self._heap:
            yield self._next()

    def held_up_by(self) -> list[Reader]:
        """Return the readers whose next entries must be known before what the others have can be shown."""
        return [reader for reader in self.readers if reader in self._waiting] if self._heap else []

    def _have_ended(self) -> bool:
        return all(reader.ended for reader in self.readers)

    def _fill(self) -> None:
        for reader in self.readers:
            while not reader.ended and (reader in self._waiting or not reader.finding) and len(self._heap) < _MOST_HELD:
                try:
                    item = reader.take()
                except IndexError:
                    break
                if item is None:
                    self._pass_mark(reader)
                else:
                    self._hold(reader, item)

    def _pass_mark(self, reader: Reader) -> None:
        """Go on after the end of finding, behind which there may be following, or after the end of all."""
        if reader.bug is not None:
            self.stopped.set()
            raise reader.bug
        follows = reader.finding and reader.follows
        reader.finding = False
        reader.ended = not follows
        self._waiting.discard(reader)

    def _hold(self, reader: Reader, entry: TimelineEntry) -> None:
        self._number += 1
        since = 0.0 if reader.finding else time.monotonic()
        # what has no time would wait for the end of all that has one, which never comes while following
        when = by_time(entry) if reader.finding or entry.time else datetime.now(UTC)
        heapq.heappush(self._heap, (when, reader.number, self._number, since, reader, entry))
        self._waiting.discard(reader)

    def _is_ready(self) -> bool:
        if not self._heap or self._waiting:
            return False
        since = self._heap[0][3]
        if not since or len(self._heap) >= _MOST_HELD or self._have_ended():
            return True
        return time.monotonic() - since >= HOLD_BACK_SECONDS

    def _next(self) -> TimelineEntry:
        *_, reader, entry = heapq.heappop(self._heap)
        if reader.finding:
            self._waiting.add(reader)
        return entry
