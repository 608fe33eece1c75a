"""Standard output and error whose lines begin with the tag of the session that wrote them.

A `TaggedOutput` stands before a text stream and hands everything but writing on to it, so that whoever asks for a file
number, the binary buffer, a terminal or the encoding has the stream's own answer. It is no stream over the same buffer:
two text layers over one buffer would mix up the order of what is written through the one and the other.
"""

from __future__ import annotations

import atexit
import os
import sys
import weakref
from typing import TYPE_CHECKING, Any

from asayer_cli.propagation.conventions import ASAYER
from asayer_cli.propagation.lines import LineWriter
from asayer_cli.propagation.session import current_session_id

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable


class TaggedOutput:
    r"""Writes to `stream`; each physical line that a session writes begins with `[tag_name=id] `.

    A session's line is kept for each thread until it ends with "\n" or is flushed, and goes out in one write. Blank
    lines are left, and lines that begin with the tag, and JSON objects that have it inside, as formatters make them.
    Without a session all goes straight through. Whatever the stream raises comes out; what is not written here is the
    stream's own, its `buffer` too, which tags nothing.
    """

    def __init__(
        self,
        stream: Any,
        tag_name: str = ASAYER.tag_name,
        session_id: Callable[[], str | None] = current_session_id,
    ) -> None:
        self.stream = stream
        self._writer = LineWriter(stream, tag_name, session_id)
        self.write = self._writer.write
        _watch_process()
        _writers.add(self._writer)

    @property  # type: ignore[misc]
    def __class__(self) -> Any:
        """The stream's: programs ask `isinstance(sys.stdout, io.TextIOWrapper)` before they use its methods."""
        return type(self.stream)

    def __getattr__(self, name: str) -> Any:
        if name == "stream":  # not made yet
            raise AttributeError(name)
        return getattr(self.stream, name)

    def __repr__(self) -> str:
        return f"<TaggedOutput {self.stream!r}>"

    def __iter__(self) -> Any:
        iter(self.stream)
        return self

    def __next__(self) -> Any:
        return next(self.stream)

    def __enter__(self) -> Any:
        self.stream.__enter__()
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    def writelines(self, lines: Iterable[str]) -> None:
        """Write each of `lines`."""
        for line in lines:
            self.write(line)

    def flush(self) -> None:
        """Write the line in the making of this thread and session, of all its sessions when none is current."""
        self._writer.flush()

    def close(self) -> None:
        """Write what is held, and close the stream."""
        try:
            if not getattr(self.stream, "closed", False):
                self._writer.finish()
        finally:
            self.stream.close()

    def detach(self) -> Any:
        """Write what is held, and detach the stream's buffer."""
        self._writer.finish()
        return self.stream.detach()

    def reconfigure(self, **settings: Any) -> None:
        """Reconfigure the stream, which flushes it."""
        self.flush()
        self.stream.reconfigure(**settings)

    def seek(self, *position: int) -> Any:
        """Write what is held, and move the stream."""
        self._writer.finish()
        return self.stream.seek(*position)

    def tell(self) -> Any:
        """Write what is held, and return where the stream is."""
        self._writer.finish()
        return self.stream.tell()

    def truncate(self, *size: int | None) -> Any:
        """Write what is held, and cut the stream."""
        self._writer.finish()
        return self.stream.truncate(*size)

    def use_tag_name(self, tag_name: str) -> None:
        """Tag from now on by another convention."""
        self._writer.use_tag_name(tag_name)

    def release(self) -> None:
        """Write what is held, and tag nothing any more."""
        self._writer.release()


_writers: weakref.WeakSet[LineWriter] = weakref.WeakSet()
_wrapped: list[tuple[str, TaggedOutput]] = []
_watched: list[bool] = []


def wrap_output(tag_name: str = ASAYER.tag_name) -> None:
    """Put a TaggedOutput before standard output and standard error; one that is there gets the name."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name, None)
        if type(stream) is TaggedOutput:
            stream.use_tag_name(tag_name)
        elif stream is not None:
            output = TaggedOutput(stream, tag_name)
            _wrapped.append((name, output))
            setattr(sys, name, output)


def unwrap_output() -> None:
    """Undo `wrap_output`; where somebody else has put a stream over ours, ours tags nothing any more."""
    while _wrapped:
        name, output = _wrapped.pop()
        if getattr(sys, name, None) is output:
            setattr(sys, name, output.stream)
        output.release()


def _watch_process() -> None:
    """Let nothing be lost when this process ends, or doubled when it forks."""
    if not _watched:
        _watched.append(True)
        atexit.register(_finish_outputs)
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=_begin_as_child)


def _finish_outputs() -> None:
    for writer in list(_writers):
        writer.finish_at_exit()


def _begin_as_child() -> None:
    for writer in list(_writers):
        writer.begin_as_child()
