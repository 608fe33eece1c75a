"""What is written to files from now on, as `tail -F` reads it."""

from __future__ import annotations

import os
import select
import stat
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from asayer_cli.files.blocks import LONGEST_LINE, Block
from asayer_cli.files.opening import PIECE, identity, opened

if TYPE_CHECKING:
    import threading
    from collections.abc import Iterator, Mapping, Sequence
    from io import FileIO

    from asayer_cli.files.notes import Notes
    from asayer_cli.files.opening import Identity
    from asayer_cli.files.places import Place

_PAUSE: Final = 0.3
# A stack trace is written line by line: what comes together is waited for this long.
_SETTLING: Final = 0.2


@dataclass(frozen=True, slots=True)
class End:
    """How far a file was read, in bytes, and which one stood at its path then."""

    position: int
    identity: Identity


@dataclass(slots=True)
class _Tail:
    """One file: where it is open, and what of its last line was read."""

    place: Place
    stream: FileIO | None
    position: int = 0
    rest: bytes = b""
    before: bytes = b""
    read: int = field(default=0)

    def block(self, data: bytes) -> Block | None:
        """Return the lines that are complete by now, None for none."""
        text = self.rest + data
        end = text.rfind(b"\n") + 1
        if not end and len(text) <= LONGEST_LINE:
            self.rest = text
            return None
        lines, self.rest = (text[:end], text[end:]) if end else (text, b"")
        block = Block(lines, self.read, self.before)
        self.read += len(lines)
        self.before = (self.before + lines)[-PIECE:] if len(lines) < PIECE else lines
        return block


def followed(
    places: Sequence[Place], ends: Mapping[str, End], stopped: threading.Event, notes: Notes
) -> Iterator[tuple[Place, Block]]:
    """Yield what is added to each file behind the end that it had, until `stopped`, or until every pipe has ended.

    A file that was put in the place of another is read from its begin, and so is one that became shorter.
    """
    tails = [_opened(place, ends.get(place.path), notes) for place in places]
    try:
        while not stopped.is_set() and tails:
            for tail in list(tails):
                yield from ((tail.place, block) for block in _blocks(tail, tails, notes))
            if not _waits(tails, stopped):
                stopped.wait(_PAUSE)
    finally:
        for tail in tails:
            if tail.stream:
                tail.stream.close()


def _opened(place: Place, end: End | None, notes: Notes) -> _Tail:
    try:
        stream = opened(place, waits=False)
    except OSError as error:
        notes.missing(f"{place.name} cannot be read: {error.strerror or error}")
        return _Tail(place, None)
    position = end.position if end and end.identity == identity(stream) else 0
    if place.again:
        stream.seek(position)
    return _Tail(place, stream, position, read=position)


def _waits(tails: Sequence[_Tail], stopped: threading.Event) -> bool:
    """Wait for pipes; False where there are none, so that waiting is left to the caller."""
    pipes = [tail.stream for tail in tails if not tail.place.again and tail.stream]
    if not pipes or len(pipes) < len(tails):
        return False
    ready, _, _ = select.select(pipes, [], [], _PAUSE)
    if ready:
        stopped.wait(_SETTLING / 4)
    return True


def _blocks(tail: _Tail, tails: list[_Tail], notes: Notes) -> Iterator[Block]:
    replaced = tail.place.again and _is_replaced(tail)
    yield from _added(tail, tails, notes)
    if replaced:
        yield from _ended(tail)
        if tail.stream:
            tail.stream.close()
        fresh = _opened(tail.place, None, notes)
        tail.stream, tail.position, tail.rest, tail.before = fresh.stream, 0, b"", b""
        yield from _added(tail, tails, notes)


def _added(tail: _Tail, tails: list[_Tail], notes: Notes) -> Iterator[Block]:
    # a pipe that has nothing would hold up the others; what it shares with other programs stays as it is
    while tail.stream and (tail.place.again or select.select([tail.stream], [], [], 0)[0]):
        try:
            data = tail.stream.read(PIECE)
        except OSError as error:
            notes.missing(f"{tail.place.name} cannot be read further: {error.strerror or error}")
            tails.remove(tail)
            return
        if data:
            notes.read_bytes += len(data)
            tail.position += len(data)
            if block := tail.block(data):
                yield block
            continue
        if not tail.place.again:  # its writer has gone
            yield from _ended(tail)
            tails.remove(tail)
        return


def _ended(tail: _Tail) -> Iterator[Block]:
    if tail.rest:
        rest, tail.rest = tail.rest, b""
        yield Block(rest, tail.read, tail.before)


def _is_replaced(tail: _Tail) -> bool:
    """Tell whether another file stands where this one was opened, or whether it was cut."""
    if tail.stream is None:
        return os.path.isfile(tail.place.path)  # noqa: PTH113 - paths stay as they were typed
    try:
        there = os.stat(tail.place.path)  # noqa: PTH116 - the same
    except OSError:
        return False
    own = os.fstat(tail.stream.fileno())
    cut = stat.S_ISREG(own.st_mode) and own.st_size < tail.position
    return cut or (there.st_dev, there.st_ino) != (own.st_dev, own.st_ino)
