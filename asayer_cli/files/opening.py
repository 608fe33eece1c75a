"""The bytes of a file as text in UTF-8: decompressed by its magic number, decoded by its byte order mark."""

from __future__ import annotations

import codecs
import os
import stat
import sys
import zlib
from dataclasses import dataclass
from io import FileIO
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from asayer_cli.files.blocks import blocks_of
from asayer_cli.files.events import is_export, unwrapped
from asayer_cli.files.places import STANDARD_INPUT

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from asayer_cli.files.blocks import Block
    from asayer_cli.files.notes import Notes
    from asayer_cli.files.places import Place

PIECE: Final = 1 << 20
_HEAD: Final = 4096
_GZIP: Final = b"\x1f\x8b"
_ZSTD: Final = b"\x28\xb5\x2f\xfd"
# skippable frames, of which the last half byte is free
_ZSTD_SKIPPABLE: Final = b"\x2a\x4d\x18"
# What is read by a process of its own is worth starting one.
_LEAST_PART: Final = 16 << 20
# 4 bytes of it may be a block of 128 KB
_ZSTD_STEP: Final = 512
_LOOKED_AT: Final = 8192
_UTF16: Final = {codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}
# window and 32: a header of gzip's is expected
_GZIP_WINDOW: Final = 31

# device and inode
Identity = tuple[int, int]


def opened(place: Place, *, waits: bool = True) -> FileIO:
    """Open a file unbuffered; OSError when it cannot be. A pipe waits for its writer unless it shall not."""
    if place.path == STANDARD_INPUT:
        return FileIO(os.dup(sys.stdin.fileno()))
    if place.again or waits:
        return FileIO(place.path)
    return FileIO(os.open(place.path, os.O_RDONLY | os.O_NONBLOCK))


def identity(stream: FileIO) -> Identity:
    """Return what tells an open file from all others."""
    found = os.fstat(stream.fileno())
    return found.st_dev, found.st_ino


@dataclass(frozen=True, slots=True)
class Span:
    """A part of a plain file that begins and ends with lines; `before` and `after` are the lines beside it."""

    begin: int
    end: int
    before: bytes
    after: bytes


class Text:
    """One file's text; `zipped` tells, once reading has begun, whether it came out of gzip, `identity` what file it is.

    A regular file is read as far as it reaches now: what is written meanwhile is for `follow`; `end` is where that was,
    in bytes of the file. CloudWatch's events as its command line or its subscriptions write them come as one line of
    JSON for each.
    """

    def __init__(self, place: Place, notes: Notes, span: Span | None = None) -> None:
        self.zipped = False
        self.end = 0
        self.identity: Identity = (0, 0)
        self._place = place
        self._notes = notes
        self._span = span

    def blocks(self) -> Iterator[Block]:
        """Yield the text in blocks of whole lines."""
        name, span = self._place.name, self._span
        if span is None:
            return blocks_of(self._pieces(), name, self._notes)
        return blocks_of(self._pieces(), name, self._notes, span.begin, span.before, span.after)

    def _pieces(self) -> Iterator[bytes]:
        """Yield the text in UTF-8, in pieces that end anywhere; what goes wrong becomes a note."""
        try:
            with opened(self._place) as stream:
                self.identity = identity(stream)
                if self._span is None:
                    yield from gathered(self._decoded(self._raw(stream, _size(stream))))
                else:
                    stream.seek(self._span.begin)
                    yield from self._raw(stream, self._span.end - self._span.begin)
        except OSError as error:
            self._notes.missing(f"{self._place.name} cannot be read to its end: {error.strerror or error}")

    def _raw(self, stream: FileIO, left: int | None) -> Iterator[bytes]:
        while left is None or left > 0:
            piece = stream.read(PIECE if left is None else min(_to_line_end(stream), left))
            if not piece:
                break
            self._notes.read_bytes += len(piece)
            self.end += len(piece)
            left = None if left is None else left - len(piece)
            yield piece
        if left:
            self._notes.missing(f"{self._place.name} became shorter while it was read")

    def _decoded(self, pieces: Iterator[bytes]) -> Iterator[bytes]:
        head, pieces = _peeked(pieces)
        if head.startswith(_GZIP):
            self.zipped = True
            head, pieces = _peeked(_unzipped(pieces, self._place, self._notes))
        elif head.startswith(_ZSTD) or head[1:4] == _ZSTD_SKIPPABLE:
            head, pieces = _peeked(_unzstd(pieces, self._place, self._notes))
        if head.startswith(tuple(_UTF16)):
            head, pieces = _peeked(_recoded(pieces, _UTF16[head[:2]]))
        elif head.startswith(codecs.BOM_UTF8):
            head, pieces = _peeked(_without_mark(pieces))
        return unwrapped(pieces, self._place.name, self._notes) if is_export(head) else pieces


def shares(places: Sequence[Place], most: int) -> list[list[tuple[Place, Span | None]]]:
    """Return the files, or parts of them, as shares of about the same size that are read side by side, in order.

    There are `most` of them, fewer where little is to be read, one where something can be read only once.
    """
    sizes = [_size_of(place) for place in places]
    total = sum(sizes)
    count = min(most, total // _LEAST_PART) if all(place.again for place in places) else 1
    if count < 2:  # noqa: PLR2004 - one is the whole
        return [[(place, None) for place in places]]
    found: list[list[tuple[Place, Span | None]]] = [[] for _ in range(count)]
    begun = 0
    for place, size in zip(places, sizes, strict=True):
        for span in spans(place, count) or (None,):
            length = span.end - span.begin if span else size
            found[min((2 * begun + length) * count // (2 * total), count - 1)].append((place, span))
            begun += length
    return [share for share in found if share]


def spans(place: Place, most: int) -> list[Span]:
    """Return parts of a file that can be read side by side: at most so many, of equal size; none where it has none.

    A file whose bytes are not its text, one that is soon read, and one that cannot be read have no parts.
    """
    try:
        with opened(place) as stream:
            size = _size(stream) or 0
            count = min(most, size // _LEAST_PART)
            if count < 2 or not _is_plain(stream.read(_HEAD)):  # noqa: PLR2004 - one is the whole
                return []
            borders = [0, *(_next_line(stream, size * number // count) for number in range(1, count)), size]
            return [_span(stream, begin, end) for begin, end in pairwise(borders) if begin < end]
    except OSError:
        return []


def _size_of(place: Place) -> int:
    try:
        return os.stat(place.path).st_size if place.again else 0  # noqa: PTH116 - paths stay as they were typed
    except OSError:
        return 0


def _size(stream: FileIO) -> int | None:
    """Return how long a file is now, None where that is not known."""
    found = os.fstat(stream.fileno())
    return found.st_size if stat.S_ISREG(found.st_mode) and found.st_size else None


def _is_plain(head: bytes) -> bool:
    marks = (_GZIP, _ZSTD, codecs.BOM_UTF8, *_UTF16)
    return not (head.startswith(marks) or head[1:4] == _ZSTD_SKIPPABLE or is_export(head))


def _to_line_end(stream: FileIO) -> int:
    """Return how much to read so that a piece of a file ends with a line, which spares copying it."""
    end = stream.tell() + PIECE
    newline = os.pread(stream.fileno(), _LOOKED_AT, end - _LOOKED_AT).rfind(b"\n")
    return PIECE if newline < 0 else PIECE - _LOOKED_AT + newline + 1


def _next_line(stream: FileIO, position: int) -> int:
    """Return where the first line behind a position begins, the end of the file where none does."""
    stream.seek(position)
    while piece := stream.read(PIECE):
        newline = piece.find(b"\n")
        if newline >= 0:
            return position + newline + 1
        position += len(piece)
    return position


def _span(stream: FileIO, begin: int, end: int) -> Span:
    start = max(begin - PIECE, 0)
    stream.seek(start)
    before = stream.read(begin - start)
    stream.seek(end)
    after = stream.read(PIECE)
    return Span(begin, end, before[before.find(b"\n") + 1 :] if start else before, after[: after.rfind(b"\n") + 1])


def gathered(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Join small pieces, so that what is done once for a piece is done seldom."""
    held: list[bytes] = []
    size = 0
    for piece in pieces:
        held.append(piece)
        size += len(piece)
        if size >= PIECE // 2:
            yield b"".join(held)
            held, size = [], 0
    if held:
        yield b"".join(held)


def _without_mark(pieces: Iterator[bytes]) -> Iterator[bytes]:
    yield next(pieces)[len(codecs.BOM_UTF8) :]
    yield from pieces


def _peeked(pieces: Iterator[bytes]) -> tuple[bytes, Iterator[bytes]]:
    """Return the first bytes, enough to know a file by, and all pieces, those included."""
    head = b""
    for piece in pieces:
        head += piece
        if len(head) >= _HEAD or head.endswith(b"\n"):
            break
    return head[:_HEAD], _chained(head, pieces)


def _chained(head: bytes, pieces: Iterator[bytes]) -> Iterator[bytes]:
    if head:
        yield head
    yield from pieces


def _recoded(pieces: Iterable[bytes], encoding: str) -> Iterator[bytes]:
    decoder = codecs.getincrementaldecoder(encoding)("replace")
    skip = 1
    for piece in pieces:
        text = decoder.decode(piece)
        yield text[skip:].encode("utf-8", "replace")
        skip = 0 if text else skip
    yield decoder.decode(b"", final=True).encode("utf-8", "replace")


def _unzipped(pieces: Iterator[bytes], place: Place, notes: Notes) -> Iterator[bytes]:
    """Decompress all members; what follows the last one and is none is left out, as gzip does with padding."""
    member = None
    try:
        for piece in pieces:
            rest = piece
            while rest := (rest if member else rest.lstrip(b"\0")):
                member = member or zlib.decompressobj(_GZIP_WINDOW)
                yield member.decompress(rest, PIECE)
                rest = member.unused_data if member.eof else member.unconsumed_tail
                member = None if member.eof else member
    except zlib.error:
        notes.missing(f"{place.name} is damaged: what comes after the damage is incomplete")
        return
    if member:
        yield member.flush()
        notes.missing(f"{place.name} ends too early: its last part is incomplete")


def _slices(piece: bytes) -> Iterator[bytes]:
    """Yield a piece little by little: its decompressor returns all that comes out, however much that is."""
    return (piece[begin : begin + _ZSTD_STEP] for begin in range(0, len(piece), _ZSTD_STEP))


def _unzstd(pieces: Iterator[bytes], place: Place, notes: Notes) -> Iterator[bytes]:
    import zstandard  # noqa: PLC0415 - only for files that need it

    frame, begun = zstandard.ZstdDecompressor().decompressobj(), False
    try:
        for piece in pieces:
            for part in _slices(piece):
                rest = part
                while rest:
                    begun = True
                    yield frame.decompress(rest)
                    rest = frame.unused_data if frame.eof else b""
                    if frame.eof:
                        frame, begun = zstandard.ZstdDecompressor().decompressobj(), False
    except zstandard.ZstdError:
        notes.missing(f"{place.name} is damaged: what comes after the damage is incomplete")
        return
    if begun:
        notes.missing(f"{place.name} ends too early: its last part is incomplete")
