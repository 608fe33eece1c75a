"""Writes text line by line for many threads and sessions, each line begun with its session's tag."""

from __future__ import annotations

import contextlib
import os
import sys
import threading
import time
import weakref
from _thread import get_ident
from typing import TYPE_CHECKING, Any

from asayer_cli.propagation.session import unfinished_outputs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

# A longer line in the making goes out in parts, as a text stream's own buffer does.
_LONGEST_HELD = 8192
_MOST_HELD = 128
_PATIENCE = 1.0
_MOMENT = 0.001
_BLANKS = " \t\r\n\x0b\x0c"
# What a line may begin with that is blank, has the tag already, or has it inside.
_LOOK_CLOSER = frozenset(_BLANKS + "[{")
_ALL_BUT_LAST = slice(None, -1)
_UNTAGGED = (0, "")
_ANOTHER_PROCESS = (0, "another process")


# Only CPython counts; elsewhere an unfinished line does not wait for the whole ones of other threads.
_references: Callable[[Any], int] = getattr(sys, "getrefcount", lambda _passing: 0)


class _Passing:
    """What those refer to who write a whole line."""

    __slots__ = ()


class _ThreadEnd:
    """Dies with its thread, and has what the thread left written."""

    def __init__(self, writer: LineWriter) -> None:
        self._writer = weakref.ref(writer)
        self._ident = get_ident()
        self._process = os.getpid()

    def __del__(self) -> None:
        writer = self._writer()
        if writer is not None and self._process == os.getpid():  # a forked child has no other threads
            writer.finish_quietly(self._ident)


class LineWriter:
    """Writes to a stream line by line, for many threads and sessions; what `TaggedOutput` promises of `write`.

    A whole line, the usual case, needs no lock: one write of the stream is as whole as without us. Only an unfinished
    line must not come between its look at `_begun` and its write, so that whoever begins one says so there, and then
    waits for the whole lines that are on their way.
    """

    __slots__ = (
        "__weakref__",
        "_begun",
        "_ends",
        "_held",
        "_lock",
        "_longest",
        "_passing",
        "_tag_start",
        "_unpassed",
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
        self._ends = threading.local()
        # Who writes a whole line refers to it, which costs less than a count and ends by itself.
        self._passing = _Passing()
        self._unpassed = _references(self._passing)
        # Who has begun the physical line that is not ended yet.
        self._begun: tuple[int, str] | None = None
        self._longest = _LONGEST_HELD

    def write(self, text: str) -> Any:
        """Write `text`; return how many of its characters that were, all of them."""
        session_id = self.session_id()
        passing = self._passing
        try:
            if type(text) is str and self._begun is None and not self._held:
                if session_id is None:
                    if text[-1:] == "\n":
                        return self.stream.write(text)
                elif "\n" in text and "\n" not in text[_ALL_BUT_LAST]:
                    if text[0] not in _LOOK_CLOSER:
                        self.stream.write(f"{self._tag_start}{session_id}] {text}")
                        return len(text)
                    if text.startswith(f"{self._tag_start}{session_id}] "):
                        return self.stream.write(text)
        finally:
            del passing
        return self._write_otherwise(text, session_id)

    def use_tag_name(self, tag_name: str) -> None:
        """Tag from now on by another convention."""
        self._tag_start = f"[{tag_name}="

    def flush(self) -> None:
        """Write the line in the making of this thread and session, of all its sessions when none is current."""
        if self._held:
            self._put_held(self._keys(get_ident(), self.session_id()))
        self.stream.flush()

    def finish(self) -> None:
        """Write the lines in the making of every thread."""
        self._put_held(list(self._held))

    def finish_quietly(self, ident: int, session_id: str | None = None) -> None:
        """Write the lines in the making of a thread and session, or of all its sessions, where nobody can be told."""
        with contextlib.suppress(Exception):  # whatever the stream raises, the session or the thread must end
            self._put_held(self._keys(ident, session_id))

    def end_session(self, session_id: str | None) -> None:
        """Write what this thread holds of a session that it leaves; never raises."""
        if session_id is not None:
            self.finish_quietly(get_ident(), session_id)
        if not self._held:
            unfinished_outputs.discard(self)
            if self._held:  # another thread has come in between
                unfinished_outputs.add(self)

    def release(self) -> None:
        """Write what is held, and then only what is given."""
        self.session_id = _no_session
        self.finish()
        unfinished_outputs.discard(self)
        if self._begun is not None:
            self._begun = _UNTAGGED

    def finish_at_exit(self) -> None:
        """Write what is held; what is written later goes out at once."""
        self._longest = 0
        if self._lock.acquire(timeout=_PATIENCE):
            with contextlib.suppress(Exception):  # the process must end
                self.finish()
            self._lock.release()

    def begin_as_child(self) -> None:
        """Leave to the parent process what it holds, and the lock."""
        self._lock = threading.RLock()
        self._ends = threading.local()
        self._held.clear()
        self._passing = _Passing()
        if self._begun is not None and self._begun is not _UNTAGGED:
            self._begun = _ANOTHER_PROCESS

    def _keys(self, ident: int, session_id: str | None) -> list[tuple[int, str]]:
        return [key for key in list(self._held) if key[0] == ident and session_id in (None, key[1])]

    def _write_otherwise(self, text: str, session_id: str | None) -> Any:
        """Write what may be no whole line, or may come after one that is not ended."""
        if type(text) is not str:
            if not isinstance(text, str):
                return self.stream.write(text)  # raises what it raises
            text = str.__str__(text)
        if session_id is None:
            return self._write_untagged(text)
        key = (get_ident(), session_id)
        if text != "\n":
            self._write_tagged(key, text)
        elif key in self._held:
            self.write(self._held.pop(key, "") + text)  # the end of a print
        else:
            self._put(key, text)
        return len(text)

    def _write_tagged(self, key: tuple[int, str], text: str) -> None:
        """Write the lines that `text` ends, and hold its rest."""
        whole, newline, rest = text.rpartition("\n")
        if rest or not text:
            self._check(rest)
        if newline:
            self._put(key, self._held.pop(key, "") + whole + newline)
        if rest:
            self._hold(key, self._held.pop(key, "") + rest)

    def _check(self, text: str) -> None:
        """Raise now what the stream would raise if `text` were not held."""
        if not text or getattr(self.stream, "closed", False):
            self.stream.write(text)
        encoding = None if text.isascii() else getattr(self.stream, "encoding", None)
        if isinstance(encoding, str):
            text.encode(encoding, getattr(self.stream, "errors", None) or "strict")

    def _hold(self, key: tuple[int, str], text: str) -> None:
        self._held[key] = text
        unfinished_outputs.add(self)
        if not hasattr(self._ends, "end"):
            self._ends.end = _ThreadEnd(self)
        if len(text) > self._longest:
            self._put_held([key])
        elif len(self._held) > _MOST_HELD:
            self._put_held(list(self._held)[:1])

    def _put_held(self, keys: Iterable[tuple[int, str]]) -> None:
        with self._lock:
            for key in keys:
                text = self._held.pop(key, "")
                if text:
                    self._put(key, text)

    def _put(self, key: tuple[int, str], text: str) -> None:
        """Write `text`, not empty, of one writer; where a line of another is not ended, on the next."""
        with self._lock:
            begun, first = self._begun, ""
            if begun == key:
                first, newline, text = text.partition("\n")
                first += newline
            elif begun is not None:
                first = "\n"
            tagged = _tag_text(text, f"{self._tag_start}{key[1]}]") if text else ""
            self._write_after(begun, first + tagged, key)

    def _write_untagged(self, text: str) -> Any:
        with self._lock:
            begun = self._begun
            if not text:
                return self.stream.write(text)
            if begun is None or begun is _UNTAGGED:
                return self._write_after(begun, text, _UNTAGGED)
            self._write_after(begun, "\n" + text, _UNTAGGED)
            return len(text)

    def _write_after(self, begun: tuple[int, str] | None, text: str, key: tuple[int, str]) -> Any:
        """Write `text`; others, a signal handler or a greenlet too, may come in between and must know who began."""
        ends = text[-1] == "\n"
        if not ends:
            self._begun = key
            if begun is None:
                self._await_whole_lines()
        written = self.stream.write(text)
        if ends and self._begun is begun:
            self._begun = None
        return written

    def _await_whole_lines(self) -> None:
        """Wait for the whole lines on their way, but for those that this very thread is interrupted in."""
        own, patience = 0, _PATIENCE / _MOMENT
        while patience > 0 and _references(self._passing) > self._unpassed + own:
            own = own or _interrupted_lines()
            if _references(self._passing) > self._unpassed + own:
                patience -= 1
                time.sleep(_MOMENT)


_WHOLE_LINES = LineWriter.write.__code__
_OTHERWISE = LineWriter._write_otherwise.__code__  # noqa: SLF001 - of this very module


def _interrupted_lines() -> int:
    """Return how many whole lines a signal handler or a finalizer that runs now has interrupted."""
    found = 0
    called: Any = None
    frame: Any = sys._getframe()  # noqa: SLF001 - the documented way
    while frame is not None:
        found += frame.f_code is _WHOLE_LINES and called is not _OTHERWISE
        called, frame = frame.f_code, frame.f_back
    return found


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
