"""Writes text line by line for many threads and sessions, each line begun with its session's tag."""

from __future__ import annotations

import sys
import threading
import time
import weakref
from _thread import get_ident
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

# A longer line in the making goes out in parts, as a text stream's own buffer does.
_LONGEST_HELD = 8192
_MOST_HELD = 128
_STALE_AFTER = 1.0
_FORK_PATIENCE = 1.0
_PATIENCE = 50
_MOMENT = 0.001
# What a stream raises, where a process or thread ends and no caller is left.
_NOBODY_TO_TELL = (OSError, ValueError, RuntimeError)
_BLANKS = " \t\r\n\x0b\x0c"
# What a line may begin with that is blank, has the tag already, or has it inside.
_LOOK_CLOSER = frozenset(_BLANKS + "[{")
_UNTAGGED = (0, "")
_ANOTHER_PROCESS = (0, "another process")


class _ThreadEnd:
    """Dies with its thread, and has what the thread left written."""

    def __init__(self, writer: LineWriter) -> None:
        self._writer = weakref.ref(writer)
        self._ident = get_ident()

    def __del__(self) -> None:
        writer = self._writer()
        if writer is not None:
            writer.end_thread(self._ident)


class LineWriter:
    """Writes to a stream line by line, for many threads and sessions; what `TaggedOutput` promises of `write`.

    A whole line of a session, the usual case, needs no lock: one write of the stream is as whole as without us. Only an
    unfinished line must not come between its check and its write, so that whoever writes one says so, and then waits
    for the whole lines that are on their way.
    """

    __slots__ = (
        "__weakref__",
        "_begun",
        "_ends",
        "_held",
        "_lock",
        "_longest",
        "_next_look",
        "_on_their_way",
        "_seen",
        "_tag_start",
        "_threads",
        "session_id",
        "stream",
    )

    def __init__(self, stream: Any, tag_name: str, session_id: Callable[[], str | None]) -> None:
        self.stream = stream
        self.session_id = session_id
        self._tag_start = f"[{tag_name}="
        # A signal handler or a finalizer may write while its thread does.
        self._lock = threading.RLock()
        # The lines in the making, by thread and session.
        self._held: dict[tuple[int, str], str] = {}
        self._seen: dict[tuple[int, str], str] = {}
        self._next_look = 0.0
        self._threads: set[int] = set()
        self._ends = threading.local()
        self._on_their_way: list[int] = []
        # Who has begun the physical line that is not ended yet.
        self._begun: tuple[int, str] | None = None
        self._longest = _LONGEST_HELD

    def __del__(self) -> None:
        if getattr(self, "_held", None):
            self._hold_and_finish(hold=False)

    def write(self, text: str) -> Any:
        """Write `text`; return how many of its characters that were, all of them."""
        if type(text) is not str:
            if not isinstance(text, str):
                return self.stream.write(text)  # raises what it raises
            text = str.__str__(text)
        session_id = self.session_id()
        if session_id is None:
            return self._write_untagged(text)
        held = self._held
        line = text
        if held and text == "\n":
            line = held.pop((get_ident(), session_id), "") + text
        if not held and line and line[0] not in _LOOK_CLOSER:
            end = line.find("\n") + 1
            if end == len(line):
                on_their_way, ident = self._on_their_way, get_ident()
                on_their_way.append(ident)
                try:
                    if self._begun is None:
                        self.stream.write(f"{self._tag_start}{session_id}] {line}")
                        return len(text)
                finally:
                    on_their_way.remove(ident)
            elif not end and self._may_hold(line):
                held[get_ident(), session_id] = line
                return len(text)
        self._write_tagged(line, session_id)
        return len(text)

    def use_tag_name(self, tag_name: str) -> None:
        """Tag from now on by another convention."""
        self._tag_start = f"[{tag_name}="

    def flush(self) -> None:
        """Write the line in the making of this thread and session, of all its sessions when none is current."""
        if self._held:
            session_id = self.session_id()
            with self._lock:
                self._put_held(self._keys(session_id))
                if sys.is_finalizing():
                    self._put_held(self._held)
        self.stream.flush()

    def finish(self) -> None:
        """Write the lines in the making of every thread."""
        with self._lock:
            self._put_held(self._held)

    def release(self) -> None:
        """Write what is held, and then only what is given."""
        self.session_id = _no_session
        with self._lock:
            self._put_held(self._held)
            if self._begun is not None:
                self._begun = _UNTAGGED

    def finish_at_exit(self) -> None:
        """Write what is held; what is written later goes out at once."""
        self._longest = 0
        self._hold_and_finish(hold=False)

    def end_thread(self, ident: int) -> None:
        """Write what a thread left that has ended."""
        self._threads.discard(ident)
        if self._held:
            try:
                with self._lock:
                    self._put_held([key for key in list(self._held) if key[0] == ident])
            except _NOBODY_TO_TELL:
                return

    def _may_hold(self, text: str) -> bool:
        """Tell whether `text` may begin a line in the making, that is, whether the stream would take it."""
        return (
            get_ident() in self._threads
            and len(text) <= self._longest
            and text.isascii()
            and not getattr(self.stream, "closed", False)
        )

    def _keys(self, session_id: str | None) -> list[tuple[int, str]]:
        """Return whose lines of this thread are held: the session's, or all when there is none."""
        ident = get_ident()
        return [key for key in list(self._held) if key[0] == ident and session_id in (None, key[1])]

    def _write_tagged(self, text: str, session_id: str) -> None:
        """Write the lines that `text` ends, and hold its rest."""
        key = (get_ident(), session_id)
        whole, newline, rest = text.rpartition("\n")
        if rest or not text:
            self._check(rest)
        with self._lock:
            self._put_others(session_id)
            if newline:
                self._put(key, self._held.pop(key, "") + whole + newline)
            if rest:
                self._hold(key, self._held.pop(key, "") + rest)

    def _hold(self, key: tuple[int, str], text: str) -> None:
        if key[0] not in self._threads:
            self._threads.add(key[0])
            self._ends.end = _ThreadEnd(self)
        self._held[key] = text
        if len(text) > self._longest:
            self._put_held([key])
        elif len(self._held) > _MOST_HELD:
            self._put_held([next(iter(self._held))])

    def _check(self, text: str) -> None:
        """Raise now what the stream would raise if `text` were not held."""
        if not text or getattr(self.stream, "closed", False):
            self.stream.write(text)
        encoding = None if text.isascii() else getattr(self.stream, "encoding", None)
        if isinstance(encoding, str):
            text.encode(encoding, getattr(self.stream, "errors", None) or "strict")

    def _put(self, key: tuple[int, str], text: str) -> None:
        """Write `text`, not empty, of one writer; where a line of another is not ended, on the next."""
        begun = self._begun
        first = ""
        if begun == key:
            first, newline, text = text.partition("\n")
            first += newline
        elif begun is not None:
            first = "\n"
        tagged = first + _tag_text(text, f"{self._tag_start}{key[1]}]") if text else first
        self._write_after(begun, tagged, key)

    def _write_after(self, begun: tuple[int, str] | None, text: str, key: tuple[int, str]) -> Any:
        """Write `text`; others, a signal handler or a greenlet too, may come in between and must know who began."""
        ends = text[-1] == "\n"
        if not ends:
            self._begin_line(key)
        written = self.stream.write(text)
        if ends and self._begun is begun:
            self._begun = None
        return written

    def _begin_line(self, key: tuple[int, str]) -> None:
        self._begun = key
        own, patience = get_ident(), _PATIENCE
        # A line of this very thread stays on its way when a signal handler has interrupted it.
        while self._on_their_way and patience and any(ident != own for ident in list(self._on_their_way)):
            patience -= 1
            time.sleep(_MOMENT)

    def _write_untagged(self, text: str) -> Any:
        if not self._held and text[-1:] == "\n":
            on_their_way, ident = self._on_their_way, get_ident()
            on_their_way.append(ident)
            try:
                if self._begun is None:
                    return self.stream.write(text)
            finally:
                on_their_way.remove(ident)
        with self._lock:
            self._put_others(None)
            begun = self._begun
            if not text:
                return self.stream.write(text)
            if begun is None or begun is _UNTAGGED:
                return self._write_after(begun, text, _UNTAGGED)
            self._write_after(begun, "\n" + text, _UNTAGGED)
            return len(text)

    def _put_held(self, keys: Iterable[tuple[int, str]]) -> None:
        for key in list(keys):
            held = self._held.pop(key, "")
            if held:
                self._put(key, held)

    def _put_others(self, session_id: str | None) -> None:
        """Write this thread's lines of other sessions: it has left those, unless it runs many tasks by turns."""
        if self._held:
            if not _in_event_loop():
                self._put_held([key for key in self._keys(None) if key[1] != session_id])
            self._put_stale()

    def _put_stale(self) -> None:
        """Write the lines that nobody has gone on with for a second: of tasks that have ended, say."""
        now = time.monotonic()
        if now >= self._next_look:
            self._next_look = now + _STALE_AFTER
            stale = [key for key, text in list(self._held.items()) if self._seen.get(key) is text]
            self._seen = dict(self._held)
            self._put_held(stale)

    def _hold_and_finish(self, *, hold: bool = True) -> bool:
        """Write what is held and keep the lock, if both are possible in time."""
        if not self._lock.acquire(timeout=_FORK_PATIENCE):
            return False
        try:
            if self._held:
                self._put_held(self._held)
                self.stream.flush()
        except _NOBODY_TO_TELL:
            pass
        if not hold:
            self._lock.release()
        return hold

    def prepare_fork(self) -> bool:
        """Write what is held, so that it is not there twice, and let nobody write; False when that takes too long."""
        return self._hold_and_finish()

    def end_fork(self) -> None:
        """Let others write again."""
        self._lock.release()

    def begin_as_child(self) -> None:
        """Hold nothing of what the parent process holds, no lock either."""
        self._lock = threading.RLock()
        self._held.clear()
        self._on_their_way = []
        if self._begun is not None and self._begun is not _UNTAGGED:
            self._begun = _ANOTHER_PROCESS


def _tag_text(text: str, tag: str) -> str:
    """Begin each line of `text` that is not blank with the tag; an unfinished line at its end is not blank."""
    lines = text.split("\n")
    end = lines.pop()
    tagged = [_tag_line(line, tag) if line.strip(_BLANKS) else line for line in lines]
    tagged.append(_tag_line(end, tag) if end else end)
    return "\n".join(tagged)


def _tag_line(line: str, tag: str) -> str:
    if line.startswith(tag) or (line[0] == "{" and tag in line and _first_is(line, tag)):
        return line
    return f"{tag} {line}"


def _first_is(line: str, tag: str) -> bool:
    """Tell whether the collectors, which take the first tag in any case, would find this one in a line."""
    name = tag[1 : tag.index("=") + 1].lower()
    return line.lower().find(name) == line.find(tag) + 1


def _no_session() -> None:
    return None


def _in_event_loop() -> bool:
    events = sys.modules.get("asyncio.events")
    return events is not None and events._get_running_loop() is not None  # noqa: SLF001 - asks without an exception
