"""The bytes of a file as text in UTF-8: decompressed by its magic number, decoded by its byte order mark."""

from __future__ import annotations

import codecs
import os
import stat
import sys
import zlib
from io import FileIO
from typing import TYPE_CHECKING, Final

from asayer_cli.files.blocks import blocks_of
from asayer_cli.files.events import is_export, unwrapped
from asayer_cli.files.places import STANDARD_INPUT

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from asayer_cli.files.blocks import Block
    from asayer_cli.files.notes import Notes
    from asayer_cli.files.places import Place

PIECE: Final = 1 << 20
_HEAD: Final = 4096
_GZIP: Final = b"\x1f\x8b"
_ZSTD: Final = b"\x28\xb5\x2f\xfd"
# skippable frames, of which the last half byte is free
_ZSTD_SKIPPABLE: Final = b"\x2a\x4d\x18"
_ZSTD_STEP: Final = 4096
_UTF16: Final = {codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}
# window and 32: a header of gzip's is expected
_GZIP_WINDOW: Final = 31


def opened(place: Place) -> FileIO:
    """Open a file unbuffered; OSError when it cannot be."""
    if place.path == STANDARD_INPUT:
        return FileIO(os.dup(sys.stdin.fileno()))
    return FileIO(place.path)


class Text:
    """One file's text; `zipped` tells, once reading has begun, whether it came out of gzip.

    A regular file is read as far as it reaches now: what is written meanwhile is for `follow`; `end` is where that was,
    in bytes of the file. CloudWatch's events as its command line or its subscriptions write them come as one line of
    JSON for each.
    """

    def __init__(self, place: Place, notes: Notes) -> None:
        self.zipped = False
        self.end = 0
        self._place = place
        self._notes = notes

    def blocks(self) -> Iterator[Block]:
        """Yield the text in blocks of whole lines."""
        return blocks_of(self.pieces(), self._place.name, self._notes)

    def pieces(self) -> Iterator[bytes]:
        """Yield the text in UTF-8, in pieces that end anywhere; what goes wrong becomes a note."""
        try:
            with opened(self._place) as stream:
                yield from gathered(self._decoded(self._raw(stream)))
        except OSError as error:
            self._notes.missing(f"{self._place.name} cannot be read to its end: {error.strerror or error}")

    def _raw(self, stream: FileIO) -> Iterator[bytes]:
        found = os.fstat(stream.fileno())
        left = found.st_size if stat.S_ISREG(found.st_mode) and found.st_size else None
        while left is None or left > 0:
            piece = stream.read(PIECE if left is None else min(PIECE, left))
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


def is_plain(head: bytes) -> bool:
    """Tell whether a file that begins so is text whose bytes need no change, so that each part stands for itself."""
    marks = (_GZIP, _ZSTD, codecs.BOM_UTF8, *_UTF16)
    return not (head.startswith(marks) or head[1:4] == _ZSTD_SKIPPABLE or is_export(head))


def head_of(place: Place) -> bytes:
    """Return the first bytes of a regular file."""
    with opened(place) as stream:
        return stream.read(_HEAD)


def gathered(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Join small pieces, so that what is done once for a piece is done seldom."""
    held: list[bytes] = []
    size = 0
    for piece in pieces:
        held.append(piece)
        size += len(piece)
        if size >= PIECE:
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
